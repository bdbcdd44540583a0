//! What this machine sees on its way to a host: names, addresses, certificate, status. It is the runner's view, never the
//! environment's.

mod certificate;
mod proxy;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::lock::Mutex;
use hickory_resolver::TokioResolver;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::rr::{RData, RecordType};
use reqwest::Url;
use tokio::sync::OnceCell;

use super::connect::ConnectTo;
use super::environment::Environment;
use super::http::{Http, Request, Response};
use crate::evidence::{Answer, Failure, Resolution};
use crate::image::Host;
use proxy::Proxies;

/// How long a name server is waited for, and how often it is asked.
const PATIENCE: Duration = Duration::from_secs(3);
const ATTEMPTS: usize = 2;

/// Looks at hosts.
pub struct Network {
    http: Arc<Http>,
    proxies: Proxies,
    resolver: OnceCell<Option<TokioResolver>>,
    chains: Mutex<HashMap<String, Arc<OnceCell<Chain>>>>,
}

/// What the name servers say of a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Chain {
    aliases: Vec<String>,
    addresses: Vec<IpAddr>,
}

impl Network {
    pub fn new(http: Arc<Http>, environment: &Environment) -> Network {
        let proxies = Proxies::of(environment);
        Network { http, proxies, resolver: OnceCell::new(), chains: Mutex::default() }
    }

    /// The chain of aliases, the addresses, the certificate's issuer and the status of `/v2/` without credentials.
    ///
    /// Fails where the way ends: the name, the connection, TLS, the time. A closed firewall is an answer with status 403.
    pub async fn reach(&self, host: &Host, plain: bool) -> Answer<Resolution> {
        let scheme = if plain { "http" } else { "https" };
        let url = Url::parse(&format!("{scheme}://{host}/v2/"))
            .map_err(|_| Failure::unreadable(format!("{host} is no host")))?;
        let proxy = self.proxies.of_url(&url).filter(|_| self.http.connect_to().is_empty());
        // A proxy looks the name up itself, so that what it is here decides nothing; it is still worth telling.
        let (chain, response) = futures::join!(self.chain(&url), self.ask(url.clone()));
        match response {
            Ok(response) => Ok(Resolution {
                aliases: chain.aliases,
                addresses: chain.addresses,
                issuer: response.certificate.as_deref().and_then(certificate::issuer),
                status: Some(response.status.as_u16()),
                proxy,
            }),
            Err(Failure::Name { host, last: None }) => Err(Failure::Name { host, last: chain.aliases.last().cloned() }),
            Err(failure) => Err(failure),
        }
    }

    /// The last alias of a name that does not resolve: a dangling private link has one.
    pub async fn last_alias(&self, host: &str) -> Option<String> {
        let url = Url::parse(&format!("https://{host}/")).ok()?;
        self.chain(&url).await.aliases.pop()
    }

    async fn ask(&self, url: Url) -> Answer<Response> {
        self.http.send(&Request::get(url).limit(1 << 20)).await
    }

    /// Asked once for each name. Where `--connect-to` decides, or the host is an address, nobody is asked.
    async fn chain(&self, url: &Url) -> Chain {
        let (Some(name), Some(port)) = (url.domain(), url.port_or_known_default()) else { return Chain::default() };
        if self.http.connect_to().iter().any(|rule: &ConnectTo| rule.applies(name, port)) {
            return Chain::default();
        }
        let cell = self.chains.lock().await.entry(name.to_owned()).or_default().clone();
        cell.get_or_init(|| self.look_up(name)).await.clone()
    }

    async fn look_up(&self, name: &str) -> Chain {
        let Some(resolver) = self.resolver.get_or_init(|| async { resolver() }).await else { return Chain::default() };
        let whole = format!("{}.", name.trim_end_matches('.'));
        let both = async {
            futures::join!(
                resolver.lookup(whole.as_str(), RecordType::A),
                resolver.lookup(whole.as_str(), RecordType::AAAA)
            )
        };
        let patience = (PATIENCE * 2).min(self.http.left());
        let Ok((four, six)) = tokio::time::timeout(patience, both).await else { return Chain::default() };
        let mut chain = Chain::default();
        for answer in [four, six] {
            match answer {
                Ok(found) => found.answers().iter().for_each(|record| chain.keep(&record.data)),
                Err(NetError::Dns(DnsError::NoRecordsFound(none))) => {
                    // The question that failed is the last name that an alias led to.
                    let last = text(none.query.name());
                    if chain.aliases.is_empty() && last != text_of(name) {
                        chain.aliases.push(last);
                    }
                }
                Err(_) => {}
            }
        }
        chain
    }
}

impl Chain {
    fn keep(&mut self, data: &RData) {
        match data {
            RData::A(address) => self.addresses.push(IpAddr::V4(address.0)),
            RData::AAAA(address) => self.addresses.push(IpAddr::V6(address.0)),
            RData::CNAME(alias) => {
                let alias = text(&alias.0);
                if !self.aliases.contains(&alias) {
                    self.aliases.push(alias);
                }
            }
            _ => {}
        }
    }
}

/// The name servers of the system; `None` where there are none to be read.
fn resolver() -> Option<TokioResolver> {
    let mut builder = TokioResolver::builder_tokio().ok()?;
    let options = builder.options_mut();
    options.timeout = PATIENCE;
    options.attempts = ATTEMPTS;
    builder.build().ok()
}

fn text(name: &hickory_resolver::proto::rr::Name) -> String {
    text_of(&name.to_string())
}

fn text_of(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}
