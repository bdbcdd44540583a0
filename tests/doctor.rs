//! `pullgate doctor`: who asks, what cannot be read, and the smallest role that mends it, from tables of evidence.

use std::path::PathBuf;
use std::process::Command;

use pullgate::cli::Input;
use pullgate::cloud::Cloud;
use pullgate::doctor::{Caller, Doctor, Seen, State, doctor, write};
use pullgate::evidence::{Evidence, Failure};
use pullgate::judge::judge;
use pullgate::source::Sources;

/// An app that pulls with a user-assigned identity, and everything that is asked about it, answered.
const CASE: &str = "tests/cases/18-deployer-may-not-assign";
const REGISTRY: &str = "/subscriptions/3c9a2b1e-5f70-4d6a-9b1c-8e2f4a7d0c35/resourceGroups/rg-shop/providers/Microsoft.ContainerRegistry/registries/contososhop";
const GROUP: &str = "/subscriptions/3c9a2b1e-5f70-4d6a-9b1c-8e2f4a7d0c35/resourceGroups/rg-shop";
const CALLER: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

fn caller() -> Caller {
    Caller {
        source: "GitHub's federated token".to_owned(),
        object_id: Some(CALLER.to_owned()),
        application_id: Some("7c9e6679-7425-40de-944b-e07fc1f90ae7".to_owned()),
        tenant: Some("9d1f0c7a-2b6e-4e53-8a47-c05b3e9f6d12".to_owned()),
    }
}

/// What is reported of [`CASE`] when these questions, by a piece of their JSON, fail so.
#[track_caller]
fn failing(changes: &[(&str, Failure)]) -> Doctor {
    let text = std::fs::read_to_string(format!("{CASE}/after/evidence.json")).unwrap();
    let mut evidence = Evidence::load(&text).unwrap();
    let questions: Vec<_> = evidence.iter().map(|(question, _)| question.clone()).collect();
    for (piece, failure) in changes {
        let hit: Vec<_> =
            questions.iter().filter(|question| serde_json::to_string(question).unwrap().contains(piece)).collect();
        assert!(!hit.is_empty(), "nobody asks `{piece}`");
        hit.into_iter().for_each(|question| evidence.insert(question.clone(), Err(failure.clone())));
    }
    let mut sources = Sources::default();
    let input = Input { manifests: vec![format!("{CASE}/app.yaml")], ..Input::default() };
    let manifest = pullgate::gate::read(&input, &mut sources).unwrap();
    let judgements = judge(&manifest, &evidence).judgements;
    doctor(Seen {
        caller: Some(Ok(caller())),
        skipped: vec!["workload identity: AZURE_FEDERATED_TOKEN_FILE is not set".to_owned()],
        cloud: Cloud::Public,
        evidence: &evidence,
        judgements: &judgements,
        subscription: Some("3c9a2b1e-5f70-4d6a-9b1c-8e2f4a7d0c35".to_owned()),
    })
}

fn not_allowed(permission: &str, scope: &str) -> Failure {
    Failure::NotAllowed { permission: permission.to_owned(), scope: scope.to_owned() }
}

fn refused(host: &str) -> Failure {
    let (code, message) = (Some("UNAUTHORIZED".to_owned()), Some("authentication required".to_owned()));
    Failure::Refused { host: host.to_owned(), status: 401, code, message, challenge: None, anonymous: false }
}

fn text(doctor: &Doctor) -> String {
    let mut out = Vec::new();
    write(&mut out, doctor).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn nothing_is_to_be_mended_when_everything_can_be_read() {
    let doctor = failing(&[]);
    assert_eq!((doctor.complete, doctor.exit_code()), (true, 0), "{}", text(&doctor));
    assert!(doctor.mend.commands.is_empty() && doctor.mend.role.is_none());
    assert!(doctor.questions.iter().all(|asked| asked.state != State::Closed));
}

#[test]
fn a_missing_action_is_the_only_one_of_the_role_and_is_assigned_where_it_is_needed() {
    let action = "Microsoft.Authorization/roleAssignments/read";
    let doctor = failing(&[("\"roleAssignments\"", not_allowed(action, REGISTRY))]);
    assert_eq!(doctor.exit_code(), 3);
    let role = doctor.mend.role.as_ref().unwrap();
    assert_eq!(role.actions.iter().collect::<Vec<_>>(), [action]);
    assert_eq!(role.assignable_scopes.iter().collect::<Vec<_>>(), [GROUP]);
    let [create, assign] = &doctor.mend.commands[..] else { panic!("{:?}", doctor.mend.commands) };
    assert!(
        create.starts_with(
            "az role definition create --role-definition '{\"Name\":\"pullgate reader supplement\",\"IsCustom\":true,"
        ),
        "{create}"
    );
    assert_eq!(
        *assign,
        format!(
            "az role assignment create --assignee-object-id {CALLER} --assignee-principal-type ServicePrincipal --role \"pullgate reader supplement\" --scope {GROUP}"
        )
    );
    assert!(doctor.unverified.iter().any(|open| open.check == "pull-role-missing"), "{:?}", doctor.unverified);
}

#[test]
fn who_cannot_see_the_registry_is_given_what_is_asked_of_it_next() {
    let action = "Microsoft.ContainerRegistry/registries/read";
    let doctor = failing(&[("\"registry\":{\"host\"", not_allowed(action, REGISTRY))]);
    let actions: Vec<&str> = doctor.mend.role.as_ref().unwrap().actions.iter().map(String::as_str).collect();
    let expected = [
        "Microsoft.Authorization/denyAssignments/read",
        "Microsoft.Authorization/roleAssignments/read",
        "Microsoft.Authorization/roleDefinitions/read",
        action,
    ];
    assert_eq!(actions, expected);
}

#[test]
fn the_role_that_pulls_follows_the_registrys_mode() {
    let image = ("{\"image\":{\"image\":\"contososhop.azurecr.io/basket:8\"", refused("contososhop.azurecr.io"));
    let doctor = failing(std::slice::from_ref(&image));
    let expected = format!(
        "az role assignment create --assignee-object-id {CALLER} --assignee-principal-type ServicePrincipal --role AcrPull --scope {REGISTRY}"
    );
    assert_eq!(doctor.mend.commands, [expected]);
    assert_eq!(doctor.mend.role, None);

    let unseen = not_allowed("Microsoft.ContainerRegistry/registries/read", REGISTRY);
    let doctor = failing(&[image, ("\"registry\":{\"host\"", unseen)]);
    let roles: Vec<bool> = ["--role AcrPull ", "--role \"Container Registry Repository Reader\" "]
        .map(|role| doctor.mend.commands.iter().any(|command| command.contains(role)))
        .to_vec();
    assert_eq!(roles, [true, true], "a mode that nobody knows needs both named: {:?}", doctor.mend.commands);
}

#[test]
fn what_no_role_mends_is_told() {
    let timeout = Failure::Timeout { host: "contososhop.azurecr.io".to_owned(), seconds: 10 };
    let doctor = failing(&[("{\"image\":{\"image\":\"contososhop.azurecr.io/basket:8\"", timeout)]);
    assert_eq!(doctor.exit_code(), 3);
    assert!(doctor.mend.commands.is_empty(), "{:?}", doctor.mend.commands);
    assert!(doctor.mend.advice.iter().any(|advice| advice.contains("self-hosted runner")), "{:?}", doctor.mend.advice);
}

#[test]
fn nobody_asks_without_a_credential() {
    let evidence = Evidence::default();
    let tried = vec!["the Azure CLI: not logged in".to_owned()];
    let doctor = doctor(Seen {
        caller: Some(Err(Failure::NoCredential { tried })),
        skipped: Vec::new(),
        cloud: Cloud::China,
        evidence: &evidence,
        judgements: &[],
        subscription: None,
    });
    assert_eq!(doctor.exit_code(), 3);
    insta::assert_snapshot!(text(&doctor), @"
    Who asks
      ✗ nobody: no Azure credential works
        cloud       china
      – not used: the Azure CLI: not logged in

    ? not everything that is needed can be read
    ");
}

#[test]
fn an_id_of_a_manifest_cannot_forge_a_command() {
    let scope = "/subscriptions/3c9a2b1e-5f70-4d6a-9b1c-8e2f4a7d0c35/resourceGroups/x'; rm -rf ~ #/providers/Microsoft.ContainerRegistry/registries/r";
    let action = "Microsoft.Authorization/roleAssignments/read'; reboot; '";
    let doctor = failing(&[("\"roleAssignments\"", not_allowed(action, scope))]);
    for command in &doctor.mend.commands {
        assert!(!command.contains("reboot") && !command.contains("rm -rf"), "{command}");
    }
}

#[test]
fn the_report_reads_so() {
    let action = "Microsoft.Authorization/roleAssignments/read";
    let doctor = failing(&[("\"roleAssignments\"", not_allowed(action, REGISTRY))]);
    insta::assert_snapshot!(text(&doctor).replace(GROUP, "GROUP"), @r#"
    Who asks
      ✓ GitHub's federated token
        tenant      9d1f0c7a-2b6e-4e53-8a47-c05b3e9f6d12
        application 7c9e6679-7425-40de-944b-e07fc1f90ae7
        object      0f8fad5b-d9cb-469f-a165-70867728950e
        cloud       public
      – not used: workload identity: AZURE_FEDERATED_TOKEN_FILE is not set

    What it can read
      ✗ role assignments of 453f4cf2-df99-44ed-8f5e-c8533fa3291a at GROUP/providers/Microsoft.ContainerRegistry/registries/contososhop
          needs Microsoft.Authorization/roleAssignments/read on GROUP/providers/Microsoft.ContainerRegistry/registries/contososhop
      ✓ manifest of contososhop.azurecr.io/basket:8
      ✓ the registry with login server contososhop.azurecr.io
      ✓ GROUP/providers/Microsoft.App/managedEnvironments/cae-prod
      ✓ GROUP/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-shop
      ✓ deny assignments at GROUP/providers/Microsoft.ContainerRegistry/registries/contososhop
      ✓ time-bound assignments of 453f4cf2-df99-44ed-8f5e-c8533fa3291a at GROUP/providers/Microsoft.ContainerRegistry/registries/contososhop

    Would stay unverified
      ? pull-role-missing (basket): the caller may not read this: it needs Microsoft.Authorization/roleAssignments/read on GROUP/providers/Microsoft.ContainerRegistry/registries/contososhop

    What mends it
      a role that reads what is missing, and nothing else:
        {
          "Name": "pullgate reader supplement",
          "IsCustom": true,
          "Description": "Reads what pullgate asks before a deployment; changes nothing.",
          "Actions": [
            "Microsoft.Authorization/roleAssignments/read"
          ],
          "NotActions": [],
          "DataActions": [],
          "AssignableScopes": [
            "GROUP"
          ]
        }
        az role definition create --role-definition '{"Name":"pullgate reader supplement","IsCustom":true,"Description":"Reads what pullgate asks before a deployment; changes nothing.","Actions":["Microsoft.Authorization/roleAssignments/read"],"NotActions":[],"DataActions":[],"AssignableScopes":["GROUP"]}'
        az role assignment create --assignee-object-id 0f8fad5b-d9cb-469f-a165-70867728950e --assignee-principal-type ServicePrincipal --role "pullgate reader supplement" --scope GROUP

    ? not everything that is needed can be read
    "#);
}

#[test]
fn the_command_replays_evidence_and_exits_by_what_is_readable() {
    let evidence = PathBuf::from(CASE).join("after/evidence.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_pullgate"));
    command.args(["doctor", &format!("{CASE}/app.yaml"), "--format", "json", "--evidence"]).arg(evidence);
    let output = command.output().unwrap();
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["schema"], "pullgate/doctor/1");
    // Nobody asked: the answers came from a file.
    assert_eq!(json["caller"], serde_json::Value::Null);
    assert_eq!(output.status.code(), Some(0), "{json:#}");
}

#[test]
fn json_keeps_its_contract() {
    let schema = std::fs::read_to_string("docs/doctor.schema.json").unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let action = "Microsoft.Authorization/roleAssignments/read";
    for doctor in [failing(&[]), failing(&[("\"roleAssignments\"", not_allowed(action, REGISTRY))])] {
        let printed: serde_json::Value = serde_json::from_str(&doctor.json()).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&printed).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new());
    }
}

#[test]
fn the_policy_file_says_which_cloud_it_is() {
    let here = tempfile::tempdir().unwrap();
    std::fs::copy(format!("{CASE}/app.yaml"), here.path().join("app.yaml")).unwrap();
    std::fs::copy(format!("{CASE}/after/evidence.json"), here.path().join("evidence.json")).unwrap();
    std::fs::write(here.path().join(".pullgate.yaml"), "cloud: china\n").unwrap();
    let cloud = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pullgate"));
        command.current_dir(here.path()).args([
            "doctor",
            "app.yaml",
            "--evidence",
            "evidence.json",
            "--format",
            "json",
        ]);
        let output = command.args(more).output().unwrap();
        let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        printed["cloud"].as_str().unwrap().to_owned()
    };
    assert_eq!(cloud(&[]), "china");
    assert_eq!(cloud(&["--no-config"]), "public");
    assert_eq!(cloud(&["--cloud", "usgov"]), "usgov");
}
