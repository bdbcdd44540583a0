//! Verdicts that can be contradicted: what the gate says of a world is held against an actual pull, by the puller's own
//! identity, from a registry that enforces the world's role assignments by an evaluator of its own. Then what the gate
//! tells to do is done, and both are asked again.

use std::path::Path;
use std::process::Command;

use lab::az::az;
use lab::{Azure, Refusal, World, pull};
use serde_json::{Value, json};

/// A world that is up.
struct Lab {
    azure: Azure,
}

/// What the gate said.
struct Said {
    code: Option<i32>,
    report: Value,
    words: String,
}

impl Said {
    /// The codes of what would fail.
    fn failing(&self) -> Vec<&str> {
        let all = self.report["judgements"].as_array().unwrap().iter();
        let failing = all.filter(|one| one["verdict"] == "fail" && one["severity"] == "error");
        failing.map(|one| one["code"].as_str().unwrap()).collect()
    }

    /// The commands of what would fail.
    fn commands(&self) -> Vec<String> {
        let all = self.report["judgements"].as_array().unwrap().iter();
        let failing = all.filter(|one| one["verdict"] == "fail" && one["severity"] == "error");
        let commands = failing.flat_map(|one| one["commands"].as_array().unwrap());
        commands.map(|one| one.as_str().unwrap().to_owned()).collect()
    }
}

impl Lab {
    fn up(world: &str) -> Lab {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lab/worlds").join(world);
        Lab { azure: Azure::start(World::load(&folder).unwrap(), 0).unwrap() }
    }

    fn gate(&self) -> Said {
        let folder = tempfile::tempdir().unwrap();
        let report = folder.path().join("report.json");
        let manifest = self.azure.change(|world| world.manifest.clone());
        let output = Command::new(env!("CARGO_BIN_EXE_pullgate"))
            .arg("check")
            .arg(manifest)
            .args(["--report", "text", "--report", &format!("json={}", report.display())])
            .args(["--connect-to", &self.azure.connect_to()])
            .arg("--ca-file")
            .arg(&self.azure.ca_file)
            .env("DOCKER_CONFIG", folder.path())
            .envs(self.azure.login("gate").unwrap())
            .output()
            .unwrap();
        let words = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        let report = std::fs::read(report).unwrap_or_else(|_| panic!("no report: {words}"));
        Said { code: output.status.code(), report: serde_json::from_slice(&report).unwrap(), words }
    }

    fn pull(&self) -> Result<(), Refusal> {
        let wanted = self.azure.change(|world| world.written.pull.clone()).unwrap();
        pull(&self.azure, &wanted.by, &wanted.image)
    }

    #[track_caller]
    fn opens(&self) {
        let said = self.gate();
        assert_eq!(said.code, Some(0), "{}", said.words);
        assert_eq!(self.pull(), Ok(()), "the gate opened for what cannot be pulled:\n{}", said.words);
    }

    #[track_caller]
    fn closes(&self, code: &str) -> Said {
        let said = self.gate();
        assert_eq!((said.code, said.failing()), (Some(1), vec![code]), "{}", said.words);
        assert!(self.pull().is_err(), "the gate closed for what can be pulled:\n{}", said.words);
        said
    }
}

#[track_caller]
fn healthy(world: &str) {
    Lab::up(world).opens();
}

/// The gate is closed, its commands are typed in, and the gate is open.
#[track_caller]
fn mended_by_its_remedy(world: &str, code: &str) {
    let lab = Lab::up(world);
    let said = lab.closes(code);
    // A remedy may come with commands that only look.
    let typed = said.commands().iter().map(|line| az(&lab.azure, "operator", line)).collect::<Vec<_>>();
    assert!(typed.iter().any(Result::is_ok), "{typed:?}");
    lab.opens();
}

/// The same where the remedy is no command that can be typed as it stands.
#[track_caller]
fn mended_by(world: &str, code: &str, mend: impl FnOnce(&Azure)) {
    let lab = Lab::up(world);
    lab.closes(code);
    mend(&lab.azure);
    lab.opens();
}

#[test]
fn a_user_assigned_identity_with_acrpull_pulls() {
    healthy("healthy-user-identity");
}

#[test]
fn a_system_identity_with_acrpull_pulls() {
    healthy("healthy-system-identity");
}

#[test]
fn a_group_in_a_group_grants() {
    healthy("granted-to-a-group");
}

#[test]
fn a_management_group_above_the_subscription_grants() {
    healthy("granted-by-a-management-group");
}

#[test]
fn reader_pulls_where_repositories_have_no_permissions() {
    healthy("reader-pulls");
}

#[test]
fn a_condition_that_names_the_repository_grants() {
    healthy("abac-condition-includes");
}

#[test]
fn an_open_registry_needs_nothing() {
    healthy("open-to-everybody");
}

#[test]
fn a_token_of_the_registry_pulls() {
    healthy("repository-token");
}

#[test]
fn a_missing_role_is_mended_by_what_the_gate_says() {
    mended_by_its_remedy("missing-acrpull", "pull-role-missing");
}

#[test]
fn a_role_on_the_wrong_scope_is_mended_by_what_the_gate_says() {
    mended_by_its_remedy("acrpull-on-the-app", "role-at-other-scope");
}

#[test]
fn acrpull_on_a_registry_with_repository_permissions_is_mended_by_what_the_gate_says() {
    mended_by_its_remedy("abac-with-acrpull-only", "role-ineffective");
}

#[test]
fn a_condition_that_keeps_the_repository_out_is_mended_by_what_the_gate_says() {
    mended_by_its_remedy("abac-condition-excludes", "role-condition-excludes");
}

#[test]
fn an_eligible_role_is_mended_by_what_the_gate_says() {
    mended_by_its_remedy("eligible-only", "role-eligible-only");
}

#[test]
fn a_role_that_takes_pulling_out_is_mended_by_what_the_gate_says() {
    mended_by_its_remedy("custom-role-without-pull", "pull-role-missing");
}

#[test]
fn a_grant_to_the_client_id_is_mended_by_what_the_gate_says() {
    mended_by_its_remedy("granted-to-the-client-id", "pull-role-missing");
}

#[test]
fn refused_tokens_are_mended_by_what_the_gate_says() {
    mended_by_its_remedy("arm-tokens-refused", "arm-tokens-refused");
}

#[test]
fn a_missing_tag_is_mended_by_what_the_gate_says() {
    mended_by_its_remedy("tag-missing", "tag-missing");
}

#[test]
fn a_wrong_platform_is_mended_by_what_the_gate_says() {
    mended_by_its_remedy("arm64-only", "platform-mismatch");
}

#[test]
fn a_closed_registry_is_mended_by_what_the_gate_says() {
    mended_by_its_remedy("registry-closed", "registry-closed");
}

#[test]
fn a_deny_assignment_goes_with_its_owner() {
    mended_by("deny-assignment", "deny-assignment", |azure| {
        azure.change(|world| world.resources.retain(|id, _| !id.contains("/denyassignments/")));
    });
}

#[test]
fn an_admin_user_who_is_switched_off_is_switched_on() {
    mended_by("admin-disabled", "admin-disabled", |azure| az(azure, "operator", "az acr update -n labacr --admin-enabled true").unwrap());
}

#[test]
fn a_caller_without_rights_is_not_a_puller_without_rights() {
    let lab = Lab::up("healthy-user-identity");
    lab.azure.change(|world| {
        let gate = world.principal("gate").unwrap().object_id;
        world.resources.retain(|_, one| one["properties"]["principalId"] != json!(gate));
    });
    let said = lab.gate();
    assert_eq!((said.code, said.failing()), (Some(3), vec![]), "{}", said.words);
    assert_eq!(lab.pull(), Ok(()));
}
