//! Secrets that are planted everywhere a secret may come from are looked for in everything that pullgate writes.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use lab::{Azure, World};

const PARAMETER: &str = "planted-parameter-9c41";
const CLIENT: &str = "planted-client-7d20";
const DOCKER: &str = "planted-docker-55ab";

const TEMPLATE: &str = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": {"password": {"type": "secureString"}, "bag": {"type": "secureObject", "defaultValue": {}}},
  "resources": [{
    "type": "Microsoft.App/containerApps", "apiVersion": "2025-01-01", "name": "api", "location": "westeurope",
    "properties": {
      "environmentId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/managedEnvironments/e",
      "configuration": {
        "secrets": [{"name": "pw", "value": "[parameters('password')]"}, {"name": "two", "value": "[concat('x', parameters('password'))]"}],
        "registries": [{"server": "labacr.azurecr.io", "username": "labacr", "passwordSecretRef": "pw"}]
      },
      "template": {"containers": [
        {"name": "api", "image": "labacr.azurecr.io/labacr:v1"},
        {"name": "odd", "image": "[format('labacr.azurecr.io/{0}:v1', parameters('password'))]"}
      ]}
    }
  }],
  "outputs": {"told": {"type": "string", "value": "[parameters('password')]"}}
}"#;

fn run(folder: &Path, words: &[&str], azure: Option<&Azure>) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pullgate"));
    command.args(words).current_dir(folder).env("DOCKER_CONFIG", folder).env("RUST_LOG", "trace");
    command.env("AZURE_TENANT_ID", "t").env("AZURE_CLIENT_ID", "c").env("AZURE_CLIENT_SECRET", CLIENT);
    if let Some(azure) = azure {
        command.args(["--connect-to", &azure.connect_to()]).arg("--ca-file").arg(&azure.ca_file);
    }
    let Output { stdout, stderr, .. } = command.output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr))
}

/// Everything that was written beside what was planted, file by file.
fn written(folder: &Path) -> Vec<(String, String)> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let own = |path: &std::path::PathBuf| {
        !["main.json", "config.json"].contains(&path.file_name().unwrap().to_str().unwrap())
    };
    let read = |path: std::path::PathBuf| {
        (path.display().to_string(), String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned())
    };
    files.filter(own).map(read).collect()
}

#[test]
fn no_planted_secret_is_written_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.json"), TEMPLATE).unwrap();
    let login = format!(r#"{{"auths":{{"labacr.azurecr.io":{{"username":"bot","password":"{DOCKER}"}}}}}}"#);
    fs::write(folder.path().join("config.json"), login).unwrap();
    let world = Path::new(env!("CARGO_MANIFEST_DIR")).join("lab/worlds/healthy-system-identity");
    let azure = Azure::start(World::load(&world).unwrap(), 0).unwrap();

    let parameter = format!("password={PARAMETER}");
    let bag = format!(r#"bag={{"inner":"{PARAMETER}"}}"#);
    let reports = ["text", "github", "azure-devops", "junit", "sarif", "json", "markdown"];
    let mut check =
        vec!["check", "main.json", "-p", &parameter, "-p", &bag, "--verify-secrets", "--record", "evidence.json"];
    let paths: Vec<String> = reports.iter().map(|format| format!("{format}=report-{format}")).collect();
    check.extend(paths.iter().flat_map(|path| ["--report", path]));

    let mut said = vec![run(folder.path(), &check, Some(&azure))];
    said.push(run(folder.path(), &["check", "main.json", "-p", &parameter, "--offline"], None));
    said.push(run(
        folder.path(),
        &["expand", "main.json", "-p", &parameter, "-p", &bag, "--resources", "--format", "json"],
        None,
    ));
    said.push(run(folder.path(), &["expand", "main.json", "-p", &parameter, "--resources"], None));
    said.push(run(folder.path(), &["check", "main.json", "-p", &parameter, "--evidence", "evidence.json"], None));

    let files = written(folder.path());
    assert!(
        files.len() >= 8,
        "the reports were not written: {:?}; {}",
        files.iter().map(|file| &file.0).collect::<Vec<_>>(),
        said[0]
    );
    let all = files.into_iter().chain(said.into_iter().map(|text| ("the output".to_owned(), text)));
    for (name, text) in all {
        for secret in [PARAMETER, CLIENT, DOCKER] {
            assert!(!text.contains(secret), "{secret} is in {name}:\n{text}");
        }
    }
}
