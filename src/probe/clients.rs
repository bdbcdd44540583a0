//! The client of reqwest, once for all ports, or for each port where a rule of `--connect-to` is about one.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use reqwest::{Certificate, Client, Url};
use tokio::time::Instant;

use super::connect::{ConnectTo, Resolver};
use super::http::{HttpError, HttpOptions};

/// How long a connection may take to come up, TLS included.
const CONNECT: Duration = Duration::from_secs(10);

/// The clients that there are so far.
pub struct Clients {
    main: Client,
    rules: Vec<ConnectTo>,
    own: Vec<Certificate>,
    deadline: Instant,
    by_port: Mutex<HashMap<u16, Client>>,
}

impl Clients {
    /// Reads the certificates, and sets up the client that serves all ports that no rule names.
    pub fn new(options: &HttpOptions, deadline: Instant) -> Result<Clients, HttpError> {
        let own = match &options.ca_pem {
            None => Vec::new(),
            Some(pem) => Certificate::from_pem_bundle(pem).map_err(HttpError::Certificates)?,
        };
        if options.ca_pem.is_some() && own.is_empty() {
            return Err(HttpError::NoCertificate);
        }
        let rules = options.connect_to.clone();
        let main = client(&rules, 443, &own, deadline)?;
        Ok(Clients { main, rules, own, deadline, by_port: Mutex::default() })
    }

    pub fn has_own_authority(&self) -> bool {
        !self.own.is_empty()
    }

    /// The client for a URL.
    pub fn of(&self, url: &Url) -> Client {
        let port = url.port_or_known_default().unwrap_or(443);
        if port == 443 || !self.rules.iter().any(ConnectTo::names_a_port) {
            return self.main.clone();
        }
        let mut clients = self.by_port.lock().expect("nobody panics while holding it");
        let made = || client(&self.rules, port, &self.own, self.deadline).unwrap_or_else(|_| self.main.clone());
        clients.entry(port).or_insert_with(made).clone()
    }
}

fn client(rules: &[ConnectTo], port: u16, own: &[Certificate], deadline: Instant) -> Result<Client, HttpError> {
    // Machines without a certificate store (scratch images) still know the public authorities.
    let public = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
    let roots = public.filter_map(|root| Certificate::from_der(root).ok()).chain(own.iter().cloned());
    let mut builder = Client::builder()
        .user_agent(concat!("pullgate/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .tls_certs_merge(roots)
        .tls_info(true)
        .tcp_nodelay(true)
        .connect_timeout(CONNECT)
        .dns_resolver(Resolver::new(rules, port, deadline));
    if !rules.is_empty() {
        // Who says where to connect does not mean a proxy to decide it.
        builder = builder.no_proxy();
    }
    builder.build().map_err(HttpError::Client)
}
