//! A world that is up: one port of loopback that answers for every host of it.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hyper::{Request, Response, StatusCode};

use crate::authority::Authority;
use crate::client::Client;
use crate::server::{Server, plain};
use crate::token::Mint;
use crate::world::{Principal, World};
use crate::{acr, arm, directory, entra};

/// Where callers come from unless they say otherwise: a CI runner on the internet.
pub const RUNNER: &str = "203.0.113.24";

/// The address of a virtual machine's own identity.
pub const IDENTITY: &str = "169.254.169.254";

/// Azure, on one port of this machine.
pub struct Azure {
    pub port: u16,
    /// What to trust, PEM.
    pub ca_file: PathBuf,
    authority: String,
    inside: Arc<Mutex<Inside>>,
}

struct Inside {
    world: World,
    mint: Mint,
    log: Vec<String>,
}

impl Azure {
    /// Brings a world up; port 0 is any that is free.
    ///
    /// # Errors
    /// When the port is taken or the certificate cannot be written.
    pub fn start(world: World, port: u16) -> Result<Azure, String> {
        let authority = Authority::new().map_err(|error| format!("cannot make a certificate: {error}"))?;
        let mut names: Vec<String> = [entra::HOST, arm::HOST, directory::HOST, "localhost"].map(str::to_owned).to_vec();
        names.extend(world.registry_hosts());
        let tls = authority.server(&names).map_err(|error| format!("cannot make a certificate: {error}"))?;
        let inside = Arc::new(Mutex::new(Inside { world, mint: Mint::new(), log: Vec::new() }));
        let served = inside.clone();
        let server = Server::start_tls(port, tls, Arc::new(move |request| lock(&served).answer(&request)))
            .map_err(|error| format!("cannot listen on loopback: {error}"))?;
        let port = server.address.port();
        let ca_file = std::env::temp_dir().join(format!("pullgate-lab-{port}.pem"));
        fs::write(&ca_file, &authority.pem).map_err(|error| format!("cannot write {}: {error}", ca_file.display()))?;
        Ok(Azure { port, ca_file, authority: authority.pem, inside })
    }

    /// What a client needs to be sent here instead of to Azure, in the words of curl's `--connect-to`.
    pub fn connect_to(&self) -> String {
        format!("::127.0.0.1:{}", self.port)
    }

    /// The environment in which a program is a principal of the world.
    ///
    /// # Errors
    /// When the world has no such principal.
    pub fn login(&self, name: &str) -> Result<Vec<(&'static str, String)>, String> {
        let principal = self.principal(name)?;
        let tenant = lock(&self.inside).world.written.tenant.clone();
        let secret = principal.secret.unwrap_or_default();
        Ok(vec![("AZURE_TENANT_ID", tenant), ("AZURE_CLIENT_ID", principal.client_id), ("AZURE_CLIENT_SECRET", secret)])
    }

    /// A principal of the world by any of its names.
    ///
    /// # Errors
    /// When the world has no such principal.
    pub fn principal(&self, name: &str) -> Result<Principal, String> {
        lock(&self.inside).world.principal(name).ok_or_else(|| format!("the world has no principal `{name}`"))
    }

    /// Changes the world, as somebody would who may everything.
    pub fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut lock(&self.inside).world)
    }

    /// Every request so far, as `METHOD https://host/path`.
    pub fn log(&self) -> Vec<String> {
        lock(&self.inside).log.clone()
    }

    /// A client that asks this Azure, whatever host is named, and comes from an address.
    ///
    /// # Errors
    /// When the system gives no thread to wait with.
    pub fn client(&self, from: &str) -> Result<Client, String> {
        Client::new(self.port, &self.authority, from)
    }
}

impl Drop for Azure {
    fn drop(&mut self) {
        // What is left of it is only litter.
        let _ = fs::remove_file(&self.ca_file);
    }
}

impl Inside {
    fn answer(&mut self, request: &Request<Bytes>) -> Response<Bytes> {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let host = header("host").or(request.uri().host().map(str::to_owned)).unwrap_or_default().to_ascii_lowercase();
        let host = host.split(':').next().unwrap_or_default();
        self.log.push(format!("{} https://{host}{}", request.method(), request.uri().path()));
        let from = header("x-forwarded-for").unwrap_or_else(|| RUNNER.to_owned());
        let Inside { world, mint, .. } = self;
        match host {
            entra::HOST => entra::answer(world, mint, request),
            arm::HOST => arm::answer(world, mint, request),
            directory::HOST => directory::answer(world, mint, request),
            IDENTITY => entra::managed_identity(world, mint, request),
            "localhost" | "127.0.0.1" if request.uri().path().starts_with("/msi/token") => {
                entra::managed_identity(world, mint, request)
            }
            "localhost" | "127.0.0.1" => arm::answer(world, mint, request),
            _ if host.ends_with(".data.azurecr.io") || host.ends_with(".blob.core.windows.net") => {
                acr::layer(world, mint, request)
            }
            _ if world.registry(host).is_some() => acr::answer(world, mint, host, &from, request),
            _ => plain(StatusCode::NOT_FOUND, "the lab has no such host"),
        }
    }
}

/// A panic of another thread leaves the world as it was; the lab goes on with it.
fn lock(inside: &Mutex<Inside>) -> MutexGuard<'_, Inside> {
    inside.lock().unwrap_or_else(PoisonError::into_inner)
}
