//! A server on loopback that stands for every host at once, over TLS, and writes down what each was told.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::authority::Authority;

/// Every host that tests ask under its real name.
const NAMES: &[&str] = &[
    "localhost",
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "management.azure.com",
    "management.usgovcloudapi.net",
    "graph.microsoft.com",
    "*.azurecr.io",
    "*.azurecr.us",
    "acme.azurecr.io.evil.example",
    "evil.example",
    "registry.example",
    "*.blob.core.windows.net",
    "*.actions.githubusercontent.com",
];

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub host: String,
    pub target: String,
    pub authorization: Option<String>,
    pub body: String,
}

/// What is done about it.
pub enum Reply {
    Answer {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    },
    /// Nothing, until the client leaves.
    Hang,
}

type Respond = dyn Fn(&Seen, usize) -> Reply + Send + Sync;

/// The server. It ends with the test's process.
pub struct Double {
    pub port: u16,
    /// The certificate to trust, PEM.
    pub ca: Vec<u8>,
    log: Arc<Mutex<Vec<Seen>>>,
}

impl Double {
    /// `respond` is given a request and how many with the same method, host and path there were before.
    pub fn start(respond: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Double {
        Double::signed_by(&Authority::new("Test Authority"), respond)
    }

    /// With a certificate of this authority.
    pub fn signed_by(authority: &Authority, respond: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Double {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Double::at(listener, authority, respond)
    }

    /// The same where `listener` listens.
    pub fn at(
        listener: TcpListener,
        authority: &Authority,
        respond: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static,
    ) -> Double {
        let (config, ca) = (authority.leaf(NAMES).server(), authority.pem.clone().into_bytes());
        let port = listener.local_addr().unwrap().port();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (kept, respond): (_, Arc<Respond>) = (log.clone(), Arc::new(respond));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, log, respond) = (config.clone(), kept.clone(), respond.clone());
                std::thread::spawn(move || serve(stream, config, &log, &*respond));
            }
        });
        Double { port, ca, log }
    }

    /// Everything that was asked so far.
    pub fn log(&self) -> Vec<Seen> {
        self.log.lock().unwrap().clone()
    }

    /// What was asked at a host.
    pub fn asked(&self, host: &str) -> Vec<Seen> {
        self.log().into_iter().filter(|seen| seen.host == host).collect()
    }
}

impl Seen {
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Everything that was told, to search it for a secret.
    pub fn text(&self) -> String {
        format!("{} {} {:?} {}", self.host, self.target, self.authorization, self.body)
    }
}

impl Reply {
    pub fn json(status: u16, json: serde_json::Value) -> Reply {
        let headers = vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
        Reply::Answer { status, headers, body: json.to_string().into_bytes() }
    }

    pub fn page(status: u16) -> Reply {
        let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
        Reply::Answer { status, headers, body: b"<html>This site is blocked</html>".to_vec() }
    }

    pub fn with(mut self, name: &str, value: &str) -> Reply {
        if let Reply::Answer { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

fn serve(stream: TcpStream, config: Arc<ServerConfig>, log: &Mutex<Vec<Seen>>, respond: &Respond) {
    let Ok(connection) = ServerConnection::new(config) else { return };
    // Without it an answer waits for the other side's delayed acknowledgement, and every timing is that of the double.
    let _ = stream.set_nodelay(true);
    let mut stream = BufReader::new(StreamOwned::new(connection, stream));
    while let Some(seen) = read(&mut stream) {
        let before = {
            let mut log = log.lock().unwrap();
            let same =
                |other: &&Seen| (&other.method, &other.host, other.path()) == (&seen.method, &seen.host, seen.path());
            let before = log.iter().filter(same).count();
            log.push(seen.clone());
            before
        };
        let Reply::Answer { status, headers, body } = respond(&seen, before) else {
            std::thread::sleep(Duration::from_secs(60));
            return;
        };
        let mut head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let out = stream.get_mut();
        let body = if seen.method == "HEAD" { &[][..] } else { &body };
        let whole = [head.as_bytes(), body].concat();
        if out.write_all(&whole).and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

fn read(stream: &mut impl BufRead) -> Option<Seen> {
    let mut first = String::new();
    stream.read_line(&mut first).ok().filter(|read| *read > 0)?;
    let mut parts = first.split_whitespace();
    let (method, target) = (parts.next()?.to_owned(), parts.next()?.to_owned());
    let mut seen = Seen { method, target, host: String::new(), authorization: None, body: String::new() };
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "host" => seen.host = value.split(':').next().unwrap_or_default().to_owned(),
            "authorization" => seen.authorization = Some(value.to_owned()),
            "content-length" => length = value.parse().ok()?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    seen.body = String::from_utf8_lossy(&body).into_owned();
    Some(seen)
}
