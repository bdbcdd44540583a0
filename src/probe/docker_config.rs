//! The Docker configuration: `auths`, `credHelpers`, `credsStore`.
//! <https://docs.docker.com/reference/cli/docker/login/#credential-stores>

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::environment::Environment;
use super::registry::Credential;
use super::secret::Secret;
use crate::evidence::{Answer, Failure};
use crate::image::{Host, is_docker_hub};

/// Longest configuration and longest answer of a helper.
const LIMIT: u64 = 1 << 20;
/// How long a credential helper may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// What helpers take and give for a token instead of a password.
const TOKEN_USER: &str = "<token>";

/// What `docker login` left behind. Unreadable files count as empty, with the reason kept.
#[derive(Debug, Default)]
pub struct DockerConfig {
    file: File,
    trouble: Option<String>,
    /// Where helpers are found.
    environment: Environment,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct File {
    auths: HashMap<String, Auth>,
    cred_helpers: HashMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Auth {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Helped {
    username: String,
    secret: String,
}

impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<secret>")
    }
}

impl DockerConfig {
    /// Reads `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`.
    pub fn from_environment(environment: &Environment) -> DockerConfig {
        let folder = environment.get("DOCKER_CONFIG").map(PathBuf::from);
        let home = || environment.first(&["HOME", "USERPROFILE"]).map(|home| PathBuf::from(home).join(".docker"));
        let Some(folder) = folder.or_else(home) else { return DockerConfig::default() };
        DockerConfig { environment: environment.clone(), ..DockerConfig::read(&folder.join("config.json")) }
    }

    /// Reads a file; one that is not there is empty.
    pub fn read(path: &Path) -> DockerConfig {
        let length = match std::fs::metadata(path) {
            Ok(metadata) => metadata.len(),
            Err(_) => return DockerConfig::default(),
        };
        let read = if length > LIMIT { Err(std::io::Error::other("it is too large")) } else { std::fs::read(path) };
        let file = read
            .map_err(|error| error.to_string())
            .and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string()));
        match file {
            Ok(file) => DockerConfig { file, ..DockerConfig::default() },
            Err(reason) => {
                let trouble = Some(format!("{} cannot be read: {reason}", path.display()));
                DockerConfig { trouble, ..DockerConfig::default() }
            }
        }
    }

    /// The credential for a registry, if there is one.
    pub async fn credential(&self, registry: &Host) -> Answer<Option<Credential>> {
        if let Some(trouble) = &self.trouble {
            return Err(Failure::unreadable(trouble.clone()));
        }
        let names = names(registry);
        let helper = names.iter().find_map(|name| self.file.cred_helpers.get(name));
        if let Some(helper) = helper.or(self.file.creds_store.as_ref()) {
            for name in &names {
                if let Some(credential) = self.ask(helper, name).await? {
                    return Ok(Some(credential));
                }
            }
        }
        let auth =
            self.file.auths.iter().find(|(key, _)| names.iter().any(|name| bare(key).eq_ignore_ascii_case(bare(name))));
        Ok(auth.and_then(|(_, auth)| auth.credential()))
    }
}

impl DockerConfig {
    /// Asks `docker-credential-NAME get`. That it has none is no failure.
    async fn ask(&self, helper: &str, server: &str) -> Answer<Option<Credential>> {
        let program = format!("docker-credential-{helper}");
        let failed = |reason: String| Failure::unreadable(format!("{program} failed: {reason}"));
        let path = self.environment.program(&program).ok_or_else(|| failed("it is not on the PATH".to_owned()))?;
        let mut child = Command::new(path)
            .arg("get")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed(error.to_string()))?;
        let mut input = child.stdin.take().expect("stdin was asked to be piped");
        let exchange = async {
            // A helper that does not read its input closes it; what it prints still counts.
            let _ = input.write_all(server.as_bytes()).await;
            drop(input);
            child.wait_with_output().await
        };
        let output = tokio::time::timeout(PATIENCE, exchange)
            .await
            .map_err(|_| failed(format!("no answer in {} s", PATIENCE.as_secs())))?;
        let output = output.map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            return Ok(None);
        }
        let helped: Helped =
            serde_json::from_slice(&output.stdout).map_err(|_| failed("its answer is not understood".to_owned()))?;
        Ok((!helped.secret.is_empty()).then(|| login(helped.username, helped.secret)))
    }
}

impl Auth {
    fn credential(&self) -> Option<Credential> {
        if let Some(token) = self.identitytoken.as_ref().filter(|token| !token.is_empty()) {
            return Some(Credential::Refresh(Secret::new(token)));
        }
        let pair = self.auth.as_ref().filter(|auth| !auth.is_empty()).and_then(|auth| {
            let bytes = base64::engine::general_purpose::STANDARD.decode(auth.trim()).ok()?;
            let text = String::from_utf8(bytes).ok()?;
            let (username, password) = text.split_once(':')?;
            Some((username.to_owned(), password.trim_end_matches('\0').to_owned()))
        });
        let (username, password) = pair.or_else(|| Some((self.username.clone()?, self.password.clone()?)))?;
        Some(login(username, password))
    }
}

/// ACR's name for a refresh token in the place of a password (`az acr login --expose-token`).
fn login(username: String, password: String) -> Credential {
    if username == TOKEN_USER || username == "00000000-0000-0000-0000-000000000000" {
        return Credential::Refresh(Secret::new(password));
    }
    Credential::Basic { username, password: Secret::new(password) }
}

/// The keys that may hold a registry's credential. Docker Hub's is the address of its first version.
fn names(registry: &Host) -> Vec<String> {
    if is_docker_hub(registry) {
        let names = ["https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io"];
        return names.map(str::to_owned).to_vec();
    }
    vec![registry.to_string(), format!("https://{registry}")]
}

/// A key without scheme and path, as clients compare them.
fn bare(key: &str) -> &str {
    let key = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    key.split('/').next().unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(json: &str) -> DockerConfig {
        DockerConfig { file: serde_json::from_str(json).unwrap(), ..DockerConfig::default() }
    }

    #[track_caller]
    fn finds(json: &str, registry: &str, expected: &str) {
        let host = Host::parse(registry).unwrap();
        let found = futures::executor::block_on(config(json).credential(&host)).unwrap();
        let told = match found {
            None => "none".to_owned(),
            Some(Credential::Basic { username, password }) => format!("{username} {}", password.reveal()),
            Some(Credential::Refresh(token)) => format!("token {}", token.reveal()),
            Some(Credential::Anonymous) => "anonymous".to_owned(),
        };
        assert_eq!(told, expected);
    }

    #[test]
    fn logins_are_found_under_every_spelling_of_the_server() {
        let auths = r#"{"auths":{"https://index.docker.io/v1/":{"auth":"YWxpY2U6c2VjcmV0"},"acme.azurecr.io":{"auth":"Ym9iOng6eQ=="}}}"#;
        finds(auths, "docker.io", "alice secret");
        finds(auths, "acme.azurecr.io", "bob x:y");
        finds(auths, "other.azurecr.io", "none");
        finds(r#"{"auths":{"https://acme.example/v2/":{"username":"u","password":"p"}}}"#, "acme.example", "u p");
    }

    #[test]
    fn a_token_in_the_place_of_a_password_is_a_token() {
        let zero =
            r#"{"auths":{"acme.azurecr.io":{"username":"00000000-0000-0000-0000-000000000000","password":"t"}}}"#;
        finds(zero, "acme.azurecr.io", "token t");
        finds(r#"{"auths":{"acme.azurecr.io":{"auth":"","identitytoken":"t"}}}"#, "acme.azurecr.io", "token t");
    }

    #[test]
    fn an_empty_entry_is_no_login() {
        finds(r#"{"auths":{"acme.azurecr.io":{}}}"#, "acme.azurecr.io", "none");
        finds("{}", "acme.azurecr.io", "none");
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", config(r#"{"auths":{"a.example":{"username":"u","password":"hunter2"}}}"#));
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[cfg(unix)]
    fn helped(script: &str) -> Answer<Option<Credential>> {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("docker-credential-rig");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let environment = Environment::from([("PATH", folder.path().to_str().unwrap())]);
        let config = DockerConfig { environment, ..config(r#"{"credHelpers":{"acme.example":"rig"}}"#) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(config.credential(&Host::parse("acme.example").unwrap()))
    }

    #[cfg(unix)]
    #[test]
    fn a_helper_is_told_the_server_and_gives_the_login() {
        let script = r#"read server; [ "$1 $server" = "get acme.example" ] && echo '{"Username":"u","Secret":"s"}'"#;
        assert!(matches!(helped(script), Ok(Some(Credential::Basic { username, .. })) if username == "u"));
        assert!(matches!(helped(r#"echo '{"Username":"<token>","Secret":"s"}'"#), Ok(Some(Credential::Refresh(_)))));
        assert!(matches!(helped("echo 'credentials not found in native keychain'; exit 1"), Ok(None)));
        assert!(matches!(helped("echo nonsense"), Err(Failure::Unreadable { .. })));
    }

    #[test]
    fn a_helper_that_is_not_there_is_told() {
        let config = config(r#"{"credsStore":"desktop"}"#);
        let host = Host::parse("acme.example").unwrap();
        let said = futures::executor::block_on(config.credential(&host)).unwrap_err();
        assert_eq!(said.to_string(), "docker-credential-desktop failed: it is not on the PATH");
    }
}
