//! Debian's docker-registry on loopback, with images that real tools made.
//!
//! Images are pushed once, through an open registry; others serve the same folder with a login, a token service or TLS.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::authority::{Authority, Leaf};

pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// What a registry needs to be installed for.
const TOOLS: &[&str] = &["docker-registry", "skopeo", "umoci", "htpasswd"];

/// The folder that registries serve.
pub struct Store {
    folder: TempDir,
}

/// How a registry is to be asked.
pub enum Variant<'v> {
    Open,
    /// User name and password.
    Basic(&'v str, &'v str),
    /// Tokens of a service at this address, signed by this authority's key.
    Token {
        realm: &'v str,
        signer: &'v Authority,
        tls: Option<&'v Leaf>,
    },
    /// Open, over TLS.
    Tls(&'v Leaf),
}

/// A running registry. It ends with this value.
pub struct Registry {
    child: Child,
    folder: TempDir,
    port: u16,
}

/// Whether the tools are there. Where they are not, the test says so and passes, except in CI, which installs them.
pub fn is_installed() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let has = |tool: &&&str| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file());
    let missing: Vec<_> = TOOLS.iter().filter(|tool| !has(tool)).collect();
    if missing.is_empty() {
        return true;
    }
    let hint = "apt-get install -y --no-install-recommends docker-registry skopeo umoci apache2-utils";
    assert!(std::env::var_os("CI").is_none(), "{missing:?} missing: {hint}");
    eprintln!("SKIPPED: {missing:?} missing: {hint}");
    false
}

impl Store {
    pub fn new() -> Store {
        Store { folder: tempfile::tempdir().unwrap() }
    }

    /// With one image of each kind:
    /// `app/amd64`, `app/arm64`, `app/schema2` (Docker's format), `app/index` (both, with attestations), `app/hollow` (an
    /// index whose amd64 child is gone), `chart/web` (no image), each as `1.0`.
    pub fn with_images() -> Store {
        let store = Store::new();
        let open = Registry::start(&store, Variant::Open);
        for architecture in ["amd64", "arm64"] {
            open.push_made(&format!("app/{architecture}"), "1.0", architecture, "oci");
        }
        open.push_made("app/schema2", "1.0", "amd64", "v2s2");
        let children = |repository: &str| {
            let architectures = ["amd64", "arm64"];
            architectures.map(|architecture| {
                let digest = open.push_image(repository, architecture, architecture);
                json!({"mediaType": MANIFEST, "digest": digest, "size": 1, "platform": {"os": "linux", "architecture": architecture}})
            })
        };
        let mut entries = children("app/index").to_vec();
        let attestation = open.push_image("app/index", "attestation", "unknown");
        entries.push(json!({"mediaType": MANIFEST, "digest": attestation, "size": 1,
            "platform": {"os": "unknown", "architecture": "unknown"},
            "annotations": {"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": entries[0]["digest"]}}));
        open.push_index("app/index", "1.0", entries);

        let entries = children("app/hollow").to_vec();
        let gone = entries[0]["digest"].as_str().unwrap().to_owned();
        open.push_index("app/hollow", "1.0", entries);
        open.send("DELETE", &format!("/v2/app/hollow/manifests/{gone}"), None, Vec::new());

        let config = open.push_blob("chart/web", br#"{"name": "web"}"#.to_vec());
        let chart = json!({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [],
            "config": {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": config, "size": 15}});
        open.push_manifest("chart/web", "1.0", MANIFEST, &chart);
        store
    }
}

impl Registry {
    /// Starts a registry on a free port and waits until it answers.
    pub fn start(store: &Store, variant: Variant) -> Registry {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let configuration = configuration(store.folder.path(), folder.path(), port, &variant);
        let file = folder.path().join("config.json");
        fs::write(&file, configuration.to_string()).unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(&file).stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let registry = Registry { child: command.spawn().unwrap(), folder, port };
        let started = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < Duration::from_secs(20), "the registry does not start: {}", registry.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        registry
    }

    pub fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// `METHOD path status` of every request so far.
    pub fn requests(&self) -> Vec<String> {
        // The log is written a moment after the answer.
        std::thread::sleep(Duration::from_millis(100));
        let request = |line: &str| {
            let (_, rest) = line.split_once("] \"")?;
            let (first, rest) = rest.split_once("\" ")?;
            let mut words = first.split(' ');
            let (method, path) = (words.next()?, words.next()?);
            Some(format!("{method} {path} {}", rest.split(' ').next()?))
        };
        self.log().lines().filter_map(request).collect()
    }

    /// Pushes an image that umoci makes and skopeo copies in a format (`oci`, `v2s2`).
    pub fn push_made(&self, repository: &str, tag: &str, architecture: &str, format: &str) {
        let work = tempfile::tempdir().unwrap();
        let run = |program: &str, arguments: &[&str]| {
            let done = Command::new(program).args(arguments).current_dir(work.path()).output().unwrap();
            assert!(done.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        };
        run("umoci", &["init", "--layout", "oci"]);
        run("umoci", &["new", "--image", "oci:made"]);
        run("umoci", &["config", "--image", "oci:made", "--architecture", architecture, "--os", "linux"]);
        fs::write(work.path().join("hello"), "hello").unwrap();
        run("umoci", &["insert", "--rootless", "--image", "oci:made", "hello", "/hello"]);
        let target = format!("docker://{}/{repository}:{tag}", self.host());
        run(
            "skopeo",
            &["copy", "--insecure-policy", "--dest-tls-verify=false", "--format", format, "oci:oci:made", &target],
        );
    }

    /// Pushes an image without layers over HTTP and returns its digest.
    pub fn push_image(&self, repository: &str, tag: &str, architecture: &str) -> String {
        let config = json!({"os": "linux", "architecture": architecture, "config": {}, "rootfs": {"type": "layers", "diff_ids": []}});
        let config = config.to_string().into_bytes();
        let size = config.len();
        let digest = self.push_blob(repository, config);
        let config = json!({"mediaType": CONFIG, "digest": digest, "size": size});
        let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []});
        self.push_manifest(repository, tag, MANIFEST, &manifest)
    }

    pub fn push_index(&self, repository: &str, tag: &str, entries: Vec<Value>) -> String {
        self.push_manifest(
            repository,
            tag,
            INDEX,
            &json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}),
        )
    }

    pub fn push_manifest(&self, repository: &str, tag: &str, kind: &str, manifest: &Value) -> String {
        let body = manifest.to_string().into_bytes();
        let digest = digest(&body);
        self.send("PUT", &format!("/v2/{repository}/manifests/{tag}"), Some(kind), body);
        digest
    }

    pub fn push_blob(&self, repository: &str, bytes: Vec<u8>) -> String {
        let digest = digest(&bytes);
        let location = self.send("POST", &format!("/v2/{repository}/blobs/uploads/"), None, Vec::new()).unwrap();
        self.send("PUT", &format!("{location}&digest={digest}"), Some("application/octet-stream"), bytes);
        digest
    }

    /// Sends a request that must succeed, and returns its `Location`.
    fn send(&self, method: &str, target: &str, kind: Option<&str>, body: Vec<u8>) -> Option<String> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let url = if target.starts_with('/') { format!("http://{}{target}", self.host()) } else { target.to_owned() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut request = reqwest::Client::new().request(method.parse().unwrap(), &url).body(body);
            if let Some(kind) = kind {
                request = request.header("content-type", kind);
            }
            let response = request.send().await.unwrap();
            let (status, location) = (response.status(), response.headers().get("location").cloned());
            assert!(status.is_success(), "{method} {url}: {status} {}", response.text().await.unwrap());
            location.map(|location| location.to_str().unwrap().to_owned())
        })
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// JSON is YAML, so that nothing needs to be quoted.
fn configuration(store: &Path, folder: &Path, port: u16, variant: &Variant) -> Value {
    let mut configuration = json!({
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": false}},
        "storage": {"filesystem": {"rootdirectory": store}, "delete": {"enabled": true}},
        "http": {"addr": format!("127.0.0.1:{port}")},
    });
    let write = |name: &str, text: &str| {
        let file = folder.join(name);
        fs::write(&file, text).unwrap();
        file
    };
    let tls = match variant {
        Variant::Tls(leaf) => Some(*leaf),
        Variant::Token { tls, .. } => *tls,
        _ => None,
    };
    if let Some(leaf) = tls {
        let (certificate, key) = (write("leaf.pem", &leaf.pem), write("leaf.key", &leaf.key.serialize_pem()));
        configuration["http"]["tls"] = json!({"certificate": certificate, "key": key});
    }
    match variant {
        Variant::Open | Variant::Tls(_) => {}
        Variant::Basic(username, password) => {
            let made = Command::new("htpasswd").args(["-Bbn", username, password]).output().unwrap();
            let file = write("htpasswd", &String::from_utf8(made.stdout).unwrap());
            configuration["auth"] = json!({"htpasswd": {"realm": "rig", "path": file}});
        }
        Variant::Token { realm, signer, .. } => {
            let bundle = write("signer.pem", &signer.pem);
            configuration["auth"] =
                json!({"token": {"realm": realm, "service": "rig", "issuer": "rig", "rootcertbundle": bundle}});
        }
    }
    configuration
}

pub fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}
