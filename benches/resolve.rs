//! Resolving 1, 10 and 100 distinct images at a real registry with TLS and bearer tokens, against `xargs -P8 skopeo`; once on
//! loopback and once through a relay that adds 20 ms each way.
//!
//! ```sh
//! cargo bench --bench resolve
//! ```
//!
//! Needs docker-registry, skopeo and umoci. pullgate fetches the manifest and the configuration of each image, skopeo the manifest.

#[path = "../tests/support/authority.rs"]
mod authority;
#[allow(dead_code, reason = "shared with tests, which use the rest")]
#[path = "../tests/support/registry.rs"]
mod rig;
#[path = "../tests/support/tokens.rs"]
mod tokens;

use std::convert::Infallible;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use authority::Authority;
use base64::Engine;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rig::{Registry, Store, Variant};
use rustls::ServerConfig;
use serde_json::json;
use tokio_rustls::TlsAcceptor;

const IMAGES: usize = 100;
const ROUNDS: usize = 5;
const EACH_WAY: Duration = Duration::from_millis(20);

fn main() {
    assert!(rig::is_installed(), "the tools of the bench are missing");
    let store = Store::new();
    let open = Registry::start(&store, Variant::Open);
    for number in 0..IMAGES {
        open.push_image(&format!("team/service-{number}"), "1.0", "amd64");
    }
    let signer = Authority::new("Signer");
    let leaf = signer.leaf(&["localhost"]);
    let service = token_service(&signer);
    println!("path       images   pullgate     skopeo   skopeo/pullgate   round trips of 40 ms");
    for relayed in [false, true] {
        let token_port = if relayed { relay(service) } else { service };
        let realm = format!("https://localhost:{token_port}/token");
        let registry = Registry::start(&store, Variant::Token { realm: &realm, signer: &signer, tls: Some(&leaf) });
        let port: u16 = registry.host().rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        let host = format!("localhost:{}", if relayed { relay(port) } else { port });
        for count in [1, 10, IMAGES] {
            row(&signer, &host, count, relayed);
        }
    }
}

fn row(signer: &Authority, host: &str, count: usize, relayed: bool) {
    let folder = tempfile::tempdir().expect("a folder");
    let images: Vec<String> = (0..count).map(|number| format!("{host}/team/service-{number}:1.0")).collect();
    prepare(folder.path(), signer, host, &images);
    let own = median(|| pullgate(folder.path()));
    let peer = median(|| skopeo(folder.path()));
    let trips =
        if relayed { format!("{:.1}", own.as_secs_f64() / (2.0 * EACH_WAY.as_secs_f64())) } else { String::new() };
    let path = if relayed { "relay" } else { "loopback" };
    let (own, peer) = (own.as_secs_f64() * 1e3, peer.as_secs_f64() * 1e3);
    println!("{path:10} {count:6} {own:7.0} ms {peer:7.0} ms {:>17.1} {trips:>22}", peer / own);
}

fn prepare(folder: &Path, signer: &Authority, host: &str, images: &[String]) {
    let write = |name: &str, text: String| std::fs::write(folder.join(name), text).expect("the folder can be written");
    // Compose pulls with this machine's login, as skopeo does: nobody has to be asked what others may.
    let service = |(number, image): (usize, &String)| format!("  s{number}: {{image: '{image}'}}\n");
    let services: String = images.iter().enumerate().map(service).collect();
    write("compose.yaml", format!("services:\n{services}"));
    write("images", images.join("\n"));
    write("ca.crt", signer.pem.clone());
    let auth = base64::engine::general_purpose::STANDARD.encode("alice:secret");
    write("config.json", json!({"auths": {host: {"auth": auth}}}).to_string());
}

fn pullgate(folder: &Path) -> Duration {
    let started = Instant::now();
    let report = folder.join("report.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_pullgate"));
    command.args(["check", "compose.yaml", "--ca-file", "ca.crt", "--concurrency", "128", "--report"]);
    command
        .arg(format!("json={}", report.display()))
        .env("DOCKER_CONFIG", folder)
        .current_dir(folder)
        .stdout(Stdio::null());
    command.status().expect("pullgate runs");
    let elapsed = started.elapsed();
    let text = std::fs::read_to_string(report).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let judgements = report["judgements"].as_array().expect("judgements");
    let wrong = judgements.iter().find(|one| one["hypothesis"] == "H2" && one["verdict"] == "unverified");
    assert!(wrong.is_none(), "an image was not resolved: {wrong:?}");
    elapsed
}

fn skopeo(folder: &Path) -> Duration {
    let started = Instant::now();
    let line = "xargs -P8 -I{} skopeo inspect --raw --creds alice:secret --cert-dir . docker://{} < images > answers";
    let status = Command::new("sh").args(["-c", line]).current_dir(folder).status().expect("sh runs");
    assert!(status.success(), "skopeo failed");
    started.elapsed()
}

fn median(run: impl Fn() -> Duration) -> Duration {
    run();
    let mut times: Vec<Duration> = (0..ROUNDS).map(|_| run()).collect();
    times.sort();
    times[ROUNDS / 2]
}

/// Gives everybody what is asked for; the clients compared ask in the same way. It speaks what they prefer, as the token services
/// of Azure, Docker Hub and GitHub do: HTTP/2 or HTTP/1.1.
fn token_service(signer: &Authority) -> u16 {
    let mut tls = ServerConfig::clone(&signer.leaf(&["localhost"]).server());
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let (acceptor, signer) = (TlsAcceptor::from(Arc::new(tls)), signer.clone());
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    listener.set_nonblocking(true).expect("a socket");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, signer) = (acceptor.clone(), signer.clone());
                tokio::spawn(async move {
                    let _ = stream.set_nodelay(true);
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let give = service_fn(|request: Request<Incoming>| {
                        let token = token(&signer, request.uri().query().unwrap_or_default());
                        async move { Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(token))) }
                    });
                    let server = auto::Builder::new(TokioExecutor::new());
                    let _ = server.serve_connection(TokioIo::new(stream), give).await;
                });
            }
        });
    });
    port
}

fn token(signer: &Authority, query: &str) -> String {
    let scope = query.split("scope=repository%3A").nth(1).unwrap_or_default();
    let repository = scope.split("%3Apull").next().unwrap_or_default().replace("%2F", "/");
    json!({"token": tokens::token(signer, "rig", &repository, &["pull"])}).to_string()
}

/// A port whose connections reach another one with [`EACH_WAY`] added in both directions.
fn relay(to: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let server = TcpStream::connect(("127.0.0.1", to)).expect("the server listens");
                let (back, forth) = (server.try_clone().expect("a socket"), client.try_clone().expect("a socket"));
                late(client, server);
                late(back, forth);
            });
        }
    });
    port
}

fn late(mut from: TcpStream, mut to: TcpStream) {
    let (sender, receiver) = mpsc::channel::<(Instant, Vec<u8>)>();
    let _ = (from.set_nodelay(true), to.set_nodelay(true));
    std::thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(read) = from.read(&mut buffer) {
            if read == 0 || sender.send((Instant::now() + EACH_WAY, buffer[..read].to_vec())).is_err() {
                break;
            }
        }
    });
    std::thread::spawn(move || {
        for (due, bytes) in receiver {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}
