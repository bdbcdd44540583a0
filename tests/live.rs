//! What runs: read from Azure in a box, alone and beneath a manifest, from evidence, and waited for.

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use lab::az::az;
use lab::{Azure, World};
use serde_json::{Value, json};
use tempfile::TempDir;

const GROUP: &str = "/subscriptions/5b3f9c1e-7a42-4d86-9e0f-2c81d4a6b730/resourceGroups/rg-aca-lab-acr";
const WHERE: [&str; 4] = ["--subscription", "5b3f9c1e-7a42-4d86-9e0f-2c81d4a6b730", "-g", "rg-aca-lab-acr"];

/// A world that is up, and a folder to work in.
struct Lab {
    azure: Azure,
    folder: TempDir,
}

/// What was said.
struct Said {
    code: Option<i32>,
    report: Value,
    words: String,
}

impl Said {
    /// The codes of what fails, with their severity and where they point.
    fn found(&self) -> Vec<String> {
        let judgements = self.report["judgements"].as_array().map(Vec::as_slice).unwrap_or_default();
        let failing = judgements.iter().filter(|one| one["verdict"] == "fail");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let line =
            |one: &Value| format!("{} {} {}", text(&one["severity"]), text(&one["code"]), text(&one["at"]["file"]));
        failing.map(line).collect()
    }
}

impl Lab {
    fn up(world: &str) -> Lab {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lab/worlds").join(world);
        let azure = Azure::start(World::load(&folder).unwrap(), 0).unwrap();
        Lab { azure, folder: tempfile::tempdir().unwrap() }
    }

    fn run(&self, command: &str, words: &[&str]) -> Said {
        let report = self.folder.path().join("report.json");
        let _ = std::fs::remove_file(&report);
        let output = Command::new(env!("CARGO_BIN_EXE_pullgate"))
            .arg(command)
            .args(words)
            .args(["--report", "text", "--report", &format!("json={}", report.display())])
            .args(["--connect-to", &self.azure.connect_to()])
            .arg("--ca-file")
            .arg(&self.azure.ca_file)
            .current_dir(self.folder.path())
            .env("DOCKER_CONFIG", self.folder.path())
            .envs(self.azure.login("gate").unwrap())
            .output()
            .unwrap();
        let words = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        let report = std::fs::read(report).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        Said { code: output.status.code(), report, words }
    }

    fn check(&self, words: &[&str]) -> Said {
        self.run("check", &[words, &WHERE[..]].concat())
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn manifest(&self) -> String {
        self.azure.change(|world| world.manifest.display().to_string())
    }
}

#[track_caller]
fn is(said: &Said, code: i32, found: &[&str]) {
    assert_eq!(
        (said.code, said.found()),
        (Some(code), found.iter().map(|one| (*one).to_owned()).collect()),
        "{}",
        said.words
    );
}

const SHOWN: &str = "containerApps/ca-labacr (live)";

#[test]
fn what_runs_is_judged_as_it_would_start_again() {
    let lab = Lab::up("healthy-system-identity");
    is(&lab.check(&["--app", "ca-labacr"]), 0, &[]);
    // Without the subscription it is looked for, and an id says everything.
    is(&lab.run("check", &["--app", "ca-labacr"]), 0, &[]);
    is(&lab.run("check", &["--app", &format!("{GROUP}/providers/Microsoft.App/containerApps/ca-labacr")]), 0, &[]);
    lab.azure.change(|world| {
        world.resources.values_mut().filter(|one| one["name"] == "ca-labacr").for_each(|one| {
            one["properties"]["template"]["containers"][0]["image"] = "labacr.azurecr.io/labacr:v9".into();
        });
    });
    is(&lab.check(&["--app", "ca-labacr"]), 1, &[&format!("error tag-missing {SHOWN}")]);
}

#[test]
fn the_image_of_an_update_takes_the_place_of_the_one_that_runs() {
    let lab = Lab::up("healthy-system-identity");
    let absent = lab.check(&["--app", "ca-labacr", "--image", "labacr.azurecr.io/labacr:v9"]);
    is(&absent, 1, &[&format!("error tag-missing {SHOWN}")]);
    let same = lab.check(&["--app", "ca-labacr", "--image", "ca-labacr=labacr.azurecr.io/labacr:v1"]);
    assert_eq!(same.code, Some(2), "{}", same.words);
    let same = lab.check(&["--app", "ca-labacr", "--image", "labacr=labacr.azurecr.io/labacr:v1"]);
    is(&same, 0, &[&format!("note reference-unchanged {SHOWN}")]);
}

#[test]
fn a_file_is_laid_over_what_runs() {
    let lab = Lab::up("healthy-system-identity");
    lab.write("update.yaml", "template:\n  containers:\n  - name: labacr\n    image: labacr.azurecr.io/labacr:v9\n");
    is(&lab.check(&["update.yaml", "--app", "ca-labacr"]), 1, &["error tag-missing update.yaml"]);
    lab.write("update.yaml", "configuration:\n  registries:\n  - server: other.azurecr.io\n    identity: system\n");
    let dropped = lab.check(&["update.yaml", "--app", "ca-labacr"]);
    assert_eq!(dropped.code, Some(1), "{}", dropped.words);
    let found = dropped.found();
    assert!(found.contains(&"warning update-drops update.yaml".to_owned()), "{found:?}");
    assert!(found.iter().any(|one| one.starts_with("error credentials-missing")), "{found:?}");
    lab.write("other.yaml", "name: other\ntemplate: {containers: [{name: a, image: nginx}]}");
    let other = lab.check(&["other.yaml", "--app", "ca-labacr"]);
    assert!(
        other.code == Some(2) && other.words.contains("do not deploy the container app `ca-labacr`"),
        "{}",
        other.words
    );
}

#[test]
fn what_is_not_there_or_not_readable_is_told() {
    let lab = Lab::up("healthy-system-identity");
    let absent = lab.check(&["--app", "ca-absent"]);
    assert!(
        absent.code == Some(2) && absent.words.contains("cannot read the container app `ca-absent`"),
        "{}",
        absent.words
    );
    let job = lab.run("check", &["--job", "ca-labacr"]);
    assert!(job.code == Some(2) && job.words.contains("the job `ca-labacr`"), "{}", job.words);
    let offline = lab.check(&["--app", "ca-labacr", "--offline"]);
    assert!(offline.code == Some(2) && offline.words.contains("--evidence FILE"), "{}", offline.words);
    // Beneath a file, it is the app that the file creates.
    lab.write("new.yaml", "name: ca-absent\ntemplate: {containers: [{name: a, image: 'labacr.azurecr.io/labacr:v1'}]}");
    let new = lab.check(&["new.yaml", "--app", "ca-absent"]);
    assert!(!new.found().iter().any(|one| one.contains("update-drops")), "{}", new.words);
}

#[test]
fn what_ran_is_judged_again_from_evidence() {
    let lab = Lab::up("healthy-system-identity");
    is(&lab.check(&["--app", "ca-labacr", "--record", "evidence.json"]), 0, &[]);
    let again = lab.check(&["--app", "ca-labacr", "--evidence", "evidence.json"]);
    is(&again, 0, &[]);
    assert_eq!(again.report["summary"]["requests"], 0);
    let other = lab.check(&["--app", "ca-other", "--evidence", "evidence.json"]);
    assert_eq!(other.code, Some(2), "{}", other.words);
}

#[test]
fn a_revision_is_judged_with_its_own_images() {
    let lab = Lab::up("healthy-system-identity");
    lab.azure.change(|world| {
        world.add(json!({
            "id": format!("{GROUP}/providers/Microsoft.App/containerApps/ca-labacr/revisions/ca-labacr--old"),
            "name": "ca-labacr--old",
            "type": "Microsoft.App/containerApps/revisions",
            "properties": {"template": {"containers": [{"name": "labacr", "image": "labacr.azurecr.io/labacr:v0"}]}},
        }));
    });
    let shown = "error tag-missing containerApps/ca-labacr/revisions/ca-labacr--old (live)";
    is(&lab.check(&["--app", "ca-labacr", "--revision", "old"]), 1, &[shown]);
}

/// A template as azd's are: the app keeps the image that it has, unless another one is given.
const KEEPS: &str = r#"{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "languageVersion": "2.0",
  "parameters": {"image": {"type": "string", "defaultValue": ""}},
  "resources": {
    "running": {
      "existing": true,
      "type": "Microsoft.App/containerApps",
      "apiVersion": "2024-03-01",
      "name": "ca-labacr"
    },
    "app": {
      OPTIONS
      "type": "Microsoft.App/containerApps",
      "apiVersion": "2024-03-01",
      "name": "ca-labacr",
      "location": "koreacentral",
      "identity": {"type": "SystemAssigned"},
      "properties": {
        "environmentId": "[resourceId('Microsoft.App/managedEnvironments', 'cae-labacr')]",
        "configuration": {"registries": [{"server": "labacr.azurecr.io", "identity": "system"}]},
        "template": {
          "containers": [
            {
              "name": "labacr",
              "image": "[if(empty(parameters('image')), reference('running').template.containers[0].image, parameters('image'))]"
            }
          ]
        }
      }
    }
  }
}"#;

#[test]
fn an_image_that_a_template_takes_from_the_running_app_is_asked_for() {
    let lab = Lab::up("healthy-system-identity");
    lab.write("main.json", &KEEPS.replace("OPTIONS", ""));
    let kept = lab.check(&["main.json", "--record", "evidence.json"]);
    is(&kept, 0, &[]);
    assert_eq!(kept.report["judgements"][0]["workload"], "ca-labacr");
    let judgements = kept.report["judgements"].as_array().unwrap();
    let asked = judgements.iter().find(|one| one["code"] == "tag-missing").unwrap();
    assert_eq!((&asked["image"], &asked["verdict"]), (&json!("labacr.azurecr.io/labacr:v1"), &json!("pass")));
    is(&lab.check(&["main.json", "--evidence", "evidence.json"]), 0, &[]);
    // With the app it is said as well that the image stays.
    is(&lab.check(&["main.json", "--app", "ca-labacr"]), 0, &[&format!("note reference-unchanged {SHOWN}")]);
    let offline = lab.check(&["main.json", "--offline"]);
    let image = &offline.report["judgements"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["code"] == "tag-missing")
        .unwrap()["image"];
    assert_eq!((offline.code, image), (Some(0), &json!("…")), "{}", offline.words);
}

#[test]
fn what_is_deployed_only_where_it_does_not_exist_is_looked_for() {
    let lab = Lab::up("healthy-system-identity");
    lab.write("main.json", &KEEPS.replace("OPTIONS", r#""@options": {"onlyIfNotExists": []},"#));
    let given = "image=labacr.azurecr.io/labacr:v9";
    is(&lab.check(&["main.json", "-p", given]), 0, &["note image-not-applied main.json"]);
    lab.azure.change(|world| world.resources.retain(|_, one| one["name"] != "ca-labacr"));
    let first = lab.check(&["main.json", "-p", given]);
    assert_eq!(first.code, Some(1), "{}", first.words);
    assert!(first.found().iter().any(|one| one.starts_with("error tag-missing")), "{:?}", first.found());
}

/// Runs while something happens after two seconds, and says how long it took.
fn waiting(lab: &Lab, words: &[&str], happens: impl FnOnce(&Azure) + Send) -> (Said, Duration) {
    let started = Instant::now();
    let manifest = lab.manifest();
    let said = thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_secs(2));
            happens(&lab.azure);
        });
        lab.run("check", &[&[manifest.as_str()], words].concat())
    });
    (said, started.elapsed())
}

#[test]
fn an_image_that_is_being_pushed_is_waited_for() {
    let lab = Lab::up("tag-missing");
    let (said, took) = waiting(&lab, &["--wait-for", "tag,role", "--timeout", "1m"], |azure| {
        az(azure, "operator", "az acr build -r labacr -t labacr:v2 --platform linux/amd64 .").unwrap();
    });
    assert_eq!(said.code, Some(0), "{}", said.words);
    assert!(took < Duration::from_secs(40), "{took:?}");
}

#[test]
fn a_role_that_is_being_assigned_is_waited_for() {
    let lab = Lab::up("missing-acrpull");
    let registry = format!("{GROUP}/providers/Microsoft.ContainerRegistry/registries/labacr");
    let grant = format!(
        "az role assignment create --assignee c4a1f0d2-93b7-4e58-a6c0-7d12e5f8b904 --role AcrPull --scope {registry}"
    );
    let (said, _) = waiting(&lab, &["--wait-for", "role", "--timeout", "60s"], |azure| {
        az(azure, "operator", &grant).unwrap();
    });
    assert_eq!(said.code, Some(0), "{}", said.words);
}

#[test]
fn a_role_that_azure_may_not_know_everywhere_is_waited_for() {
    let lab = Lab::up("healthy-user-identity");
    let manifest = lab.manifest();
    let started = Instant::now();
    let settled = lab.run("check", &[&manifest, "--wait-for", "role", "--timeout", "60s"]);
    assert_eq!((settled.code, started.elapsed().as_secs() < 30), (Some(0), true), "{}", settled.words);
    let now = Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ"]).output().unwrap().stdout;
    lab.azure.change(|world| {
        let assignments = world.resources.iter_mut().filter(|(id, _)| id.contains("/roleassignments/"));
        let now = String::from_utf8_lossy(&now);
        assignments.for_each(|(_, one)| one["properties"]["createdOn"] = now.trim().into());
    });
    let started = Instant::now();
    let young = lab.run("check", &[&manifest, "--wait-for", "role", "--timeout", "4s"]);
    assert_eq!((young.code, started.elapsed().as_secs() >= 4), (Some(0), true), "{}", young.words);
}

#[test]
fn what_does_not_come_in_time_has_its_usual_verdict() {
    let lab = Lab::up("tag-missing");
    let started = Instant::now();
    let manifest = lab.manifest();
    let said = lab.run("check", &[&manifest, "--wait-for", "tag", "--timeout", "3s"]);
    assert_eq!((said.code, said.found()[0].starts_with("error tag-missing")), (Some(1), true), "{}", said.words);
    assert!((3..20).contains(&started.elapsed().as_secs()), "{:?}", started.elapsed());
    // What is not awaited is not waited for.
    let role = lab.run("check", &[&manifest, "--wait-for", "role", "--timeout", "60s"]);
    assert_eq!(role.code, Some(1), "{}", role.words);
}

#[test]
fn everything_that_runs_is_audited() {
    let lab = Lab::up("healthy-system-identity");
    lab.azure.change(|world| {
        let mut other = world.get(&format!("{GROUP}/providers/Microsoft.App/containerApps/ca-labacr")).unwrap().clone();
        other["id"] = format!("{GROUP}/providers/Microsoft.App/containerApps/ca-second").into();
        other["name"] = "ca-second".into();
        other["properties"]["template"]["containers"][0]["image"] = "labacr.azurecr.io/labacr:v9".into();
        world.add(other);
    });
    let said = lab.run("audit", &[]);
    is(&said, 1, &["error tag-missing containerApps/ca-second (live)"]);
    // Seeing nothing proves nothing.
    let none = lab.run("audit", &["--subscription", "00000000-0000-0000-0000-000000000000"]);
    assert!(none.code == Some(2) && none.words.contains("no container app and no job in 0000"), "{}", none.words);
    let said = lab.run("audit", &["-g", "rg-aca-lab-acr", "--record", "evidence.json"]);
    assert_eq!(said.code, Some(1), "{}", said.words);
    is(&lab.run("audit", &["--evidence", "evidence.json"]), 1, &["error tag-missing containerApps/ca-second (live)"]);
}
