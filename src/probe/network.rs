//! What this machine sees on its way to a host: names, addresses, certificate, status. It is the runner's view, never the
//! environment's.

mod certificate;
mod names;
mod proxy;
mod stranger;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use futures::lock::Mutex;
use reqwest::Url;
use tokio::sync::OnceCell;

use super::environment::Environment;
use super::http::{Http, Request};
use crate::evidence::{Answer, Failure, Resolution};
use crate::image::Host;
use names::Names;
use proxy::Proxies;

/// Looks at hosts.
pub struct Network {
    http: Arc<Http>,
    proxies: Proxies,
    names: Names,
    aliases: Mutex<HashMap<String, Arc<OnceCell<Vec<String>>>>>,
}

impl Network {
    pub fn new(http: Arc<Http>, environment: &Environment) -> Network {
        let proxies = Proxies::of(environment);
        Network { http, proxies, names: Names::default(), aliases: Mutex::default() }
    }

    /// The chain of aliases, the addresses, the certificate's issuer and the status of `/v2/` without credentials.
    ///
    /// Fails where the name leads nowhere. A connection that fails is part of the answer, so that what the name is from here is
    /// told with it; a closed firewall is an answer with status 403.
    pub async fn reach(&self, host: &Host, plain: bool) -> Answer<Resolution> {
        let scheme = if plain { "http" } else { "https" };
        let url = Url::parse(&format!("{scheme}://{host}/v2/"));
        let url = url.map_err(|_| Failure::unreadable(format!("{host} is no host")))?;
        let proxy = self.proxies.of_url(&url).filter(|_| self.http.connect_to().is_empty());
        let request = Request::get(url.clone()).limit(1 << 20);
        // A proxy looks the name up itself, so that what it is here decides nothing; it is still worth telling.
        let (aliases, addresses, response) =
            futures::join!(self.aliases(&url), self.addresses(&url), self.http.send(&request));
        match response {
            Ok(response) => Ok(Resolution {
                aliases,
                addresses,
                issuer: response.certificate.as_deref().and_then(certificate::issuer),
                status: Some(response.status.as_u16()),
                proxy,
                failure: None,
            }),
            Err(Failure::Name { host, last: None }) => Err(Failure::Name { host, last: aliases.last().cloned() }),
            Err(failure) if addresses.is_empty() => Err(failure),
            Err(failure) => {
                Ok(Resolution { aliases, addresses, proxy, failure: Some(failure), ..Resolution::default() })
            }
        }
    }

    /// The last alias of a name that does not resolve: a dangling private link has one. `host` may have a port.
    pub async fn last_alias(&self, host: &str) -> Option<String> {
        let url = Url::parse(&format!("https://{host}/")).ok()?;
        self.aliases(&url).await.pop()
    }

    /// Who signed the certificate that `host` shows, trusted or not; `host` may have a port. Nothing where a proxy or a rule of
    /// `--connect-to` stands in between, or after a while.
    pub async fn stranger(&self, host: &str) -> Option<String> {
        let url = Url::parse(&format!("https://{host}/")).ok()?;
        if self.proxies.of_url(&url).is_some() {
            return None;
        }
        let (name, port) = (self.looked_up(&url)?, url.port_or_known_default()?);
        stranger::issuer(name, port, self.http.left()).await
    }

    /// Asked once for each name.
    async fn aliases(&self, url: &Url) -> Vec<String> {
        let Some(name) = self.looked_up(url) else { return Vec::new() };
        let cell = self.aliases.lock().await.entry(name.to_owned()).or_default().clone();
        cell.get_or_init(|| self.names.aliases(name, self.http.left())).await.clone()
    }

    async fn addresses(&self, url: &Url) -> Vec<IpAddr> {
        let Some(name) = self.looked_up(url) else { return Vec::new() };
        let found = tokio::time::timeout(self.http.left(), tokio::net::lookup_host((name, 0))).await;
        let Ok(Ok(found)) = found else { return Vec::new() };
        let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
        addresses.sort();
        addresses.dedup();
        addresses
    }

    /// The name of a URL. Where `--connect-to` decides, or the host is an address, nothing is looked up.
    fn looked_up<'u>(&self, url: &'u Url) -> Option<&'u str> {
        let (name, port) = (url.domain()?, url.port_or_known_default()?);
        let is_routed = self.http.connect_to().iter().any(|rule| rule.applies(name, port));
        (!is_routed).then_some(name)
    }
}
