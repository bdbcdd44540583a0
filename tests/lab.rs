//! Verdicts that can be contradicted: what the gate says of a world is held against an actual pull, by the puller's own
//! identity, from a registry that enforces the world's role assignments by an evaluator of its own. Then what the gate
//! tells to do is done, and both are asked again.

use std::path::Path;
use std::process::Command;

use lab::az::az;
use lab::{Azure, Refusal, World, pull};
use serde_json::{Value, json};

const REGISTRY: &str = "/subscriptions/5b3f9c1e-7a42-4d86-9e0f-2c81d4a6b730/resourceGroups/rg-aca-lab-acr/providers/Microsoft.ContainerRegistry/registries/labacr";
const PULLER: &str = "c4a1f0d2-93b7-4e58-a6c0-7d12e5f8b904";
const ACR_PULL: &str = "7f951dda-4ed3-4680-a7ca-43fe172d538d";
const REPOSITORY_READER: &str = "b93aa761-3e63-49ed-ac28-beffa264f7ac";

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

    /// Gives the puller one role and nothing else; the gate can read everything in any mode.
    fn grant(&self, mode: &str, scope: &str, role: &str, condition: &Value) {
        let assignment = |scope: &str, name: &str, role: &str, principal: &str, condition: &Value| {
            json!({
                "id": format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"),
                "properties": {
                    "roleDefinitionId": format!("/providers/Microsoft.Authorization/roleDefinitions/{role}"),
                    "principalId": principal,
                    "principalType": "ServicePrincipal",
                    "condition": condition,
                },
            })
        };
        self.azure.change(|world| {
            world.resources.retain(|_, one| {
                one["properties"]["principalId"] != json!(PULLER)
                    || one["type"] == "Microsoft.ManagedIdentity/userAssignedIdentities"
            });
            world.add(assignment(scope, "the-pullers", role, PULLER, condition));
            let gate = world.principal("gate").unwrap().object_id;
            world.add(assignment(REGISTRY, "the-gates", REPOSITORY_READER, &gate, &Value::Null));
            let mut registry = world.get(REGISTRY).unwrap().clone();
            registry["properties"]["roleAssignmentMode"] = mode.into();
            world.add(registry);
        });
    }

    /// What is said, when the gate and the registry say different things.
    fn disagrees(&self, about: &str) -> Option<String> {
        let said = self.gate();
        let pulled = self.pull();
        let agrees = said.code == Some(i32::from(pulled.is_err()));
        (!agrees)
            .then(|| format!("{about}: the gate says {:?} {:?}, the registry {pulled:?}", said.code, said.failing()))
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
fn an_application_with_a_password_and_a_role_pulls() {
    healthy("service-principal-login");
}

#[test]
fn a_password_without_a_role_is_of_no_use() {
    let lab = Lab::up("service-principal-without-role");
    assert!(lab.pull().is_err());
    assert_eq!(lab.disagrees("an application without role"), None);
    let grant = format!("az role assignment create --assignee shop --role AcrPull --scope {REGISTRY}");
    let shop = lab.azure.principal("shop").unwrap().object_id;
    az(&lab.azure, "operator", &grant.replace("shop", &shop)).unwrap();
    lab.opens();
}

#[test]
fn a_token_that_is_switched_off_is_switched_on() {
    mended_by("repository-token-disabled", "token-disabled", |azure| {
        azure.change(|world| {
            let token = world.resources.values_mut().find(|one| one["name"] == "puller").unwrap();
            token["properties"]["status"] = "enabled".into();
        });
    });
}

#[test]
fn a_token_of_another_repository_is_given_this_one() {
    mended_by("repository-token-of-another", "token-disabled", |azure| {
        azure.change(|world| {
            let map = world.resources.values_mut().find(|one| one["name"] == "pull-labacr").unwrap();
            map["properties"]["actions"] = json!(["repositories/labacr/content/read"]);
        });
    });
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
    mended_by("admin-disabled", "admin-disabled", |azure| {
        az(azure, "operator", "az acr update -n labacr --admin-enabled true").unwrap()
    });
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

/// Every built-in role, both modes, every scope: the gate and the registry are asked, and have to say the same.
#[test]
fn the_gate_and_the_registry_agree_on_every_role() {
    let lab = Lab::up("missing-acrpull");
    let roles = lab.azure.change(|world| world.roles());
    let mut wrong = Vec::new();
    for mode in ["LegacyRegistryPermissions", "AbacRepositoryPermissions"] {
        for role in &roles {
            lab.grant(mode, REGISTRY, role["name"].as_str().unwrap(), &Value::Null);
            wrong.extend(lab.disagrees(&format!("{} in {mode}", role["properties"]["roleName"])));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_gate_and_the_registry_agree_on_every_scope() {
    let lab = Lab::up("missing-acrpull");
    lab.azure.change(|world| {
        let subscription = "5b3f9c1e-7a42-4d86-9e0f-2c81d4a6b730".to_owned();
        world.written.management_groups.insert("apps".to_owned(), vec![subscription]);
        world.written.management_groups.insert("root".to_owned(), vec!["apps".to_owned()]);
    });
    let group = "/subscriptions/5b3f9c1e-7a42-4d86-9e0f-2c81d4a6b730/resourceGroups/rg-aca-lab-acr";
    let scopes = [
        "",
        "/providers/Microsoft.Management/managementGroups/root",
        "/providers/Microsoft.Management/managementGroups/apps",
        "/providers/Microsoft.Management/managementGroups/other",
        "/subscriptions/5b3f9c1e-7a42-4d86-9e0f-2c81d4a6b730",
        "/subscriptions/5B3F9C1E-7A42-4D86-9E0F-2C81D4A6B730",
        "/subscriptions/00000000-7a42-4d86-9e0f-2c81d4a6b730",
        group,
        &group.to_uppercase().replace("/SUBSCRIPTIONS", "/subscriptions"),
        &group[..group.len() - 1],
        &format!("{REGISTRY}x"),
        &format!("{REGISTRY}/replications/koreacentral"),
        &format!("{group}/providers/Microsoft.App/managedEnvironments/cae-labacr"),
    ];
    let mut wrong = Vec::new();
    for scope in scopes {
        lab.grant("LegacyRegistryPermissions", scope, ACR_PULL, &Value::Null);
        wrong.extend(lab.disagrees(&format!("AcrPull at `{scope}`")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_gate_and_the_registry_agree_on_conditions() {
    let lab = Lab::up("missing-acrpull");
    let name = "@Request[Microsoft.ContainerRegistry/registries/repositories:name]";
    let reads = "ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'}";
    let about = |test: &str| format!("((!({reads})) OR ({test}))");
    let conditions = [
        about(&format!("{name} StringEquals 'labacr'")),
        about(&format!("{name} StringEquals 'LabAcr'")),
        about(&format!("{name} StringEqualsIgnoreCase 'LabAcr'")),
        about(&format!("{name} StringNotEquals 'labacr'")),
        about(&format!("{name} StringNotEqualsIgnoreCase 'other'")),
        about(&format!("{name} StringStartsWith 'lab'")),
        about(&format!("{name} StringStartsWithIgnoreCase 'lab/'")),
        about(&format!("{name} StringNotStartsWith 'lab'")),
        about(&format!("{name} StringLike '*acr'")),
        about(&format!("{name} StringLike 'acr*'")),
        about(&format!("{name} ForAnyOfAnyValues:StringEquals {{'a', 'labacr'}}")),
        about(&format!("{name} ForAnyOfAnyValues:StringStartsWithIgnoreCase {{'a/', 'b/'}}")),
        about(&format!("{name} StringEquals 'a' OR {name} StringEquals 'labacr'")),
        about(&format!("{name} StringStartsWith 'lab' AND {name} StringNotEquals 'labacr'")),
        format!("(!({reads} AND {name} StringEquals 'labacr'))"),
        "(!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/metadata/*'}))".to_owned(),
        format!("({reads})"),
        format!("(!({reads}))"),
    ];
    let mut wrong = Vec::new();
    for condition in conditions {
        lab.grant("AbacRepositoryPermissions", REGISTRY, REPOSITORY_READER, &json!(condition));
        wrong.extend(lab.disagrees(&condition));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_gate_and_the_registry_agree_on_deny_assignments() {
    let everybody = json!([{"id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined"}]);
    // Or the gate could not read what it judges.
    let gate = json!({"id": "a07c4d3e-6b18-4f95-8d2a-5e3f91c0b746", "type": "ServicePrincipal"});
    let but_both = json!([{"id": PULLER, "type": "ServicePrincipal"}, gate]);
    let puller = json!([{"id": PULLER, "type": "ServicePrincipal"}]);
    let group = "/subscriptions/5b3f9c1e-7a42-4d86-9e0f-2c81d4a6b730/resourceGroups/rg-aca-lab-acr";
    let pulls = "Microsoft.ContainerRegistry/registries/pull/read";
    let reads = "Microsoft.ContainerRegistry/registries/repositories/content/read";
    let (legacy, abac) = (("LegacyRegistryPermissions", ACR_PULL), ("AbacRepositoryPermissions", REPOSITORY_READER));
    let rows = [
        (legacy, REGISTRY, json!({"permissions": [{"actions": ["*"]}], "principals": puller})),
        (legacy, group, json!({"permissions": [{"actions": [pulls]}], "principals": puller})),
        (
            legacy,
            group,
            json!({"permissions": [{"actions": [pulls]}], "principals": puller, "doNotApplyToChildScopes": true}),
        ),
        (legacy, group, json!({"permissions": [{"actions": ["*"], "notActions": ["*/read"]}], "principals": puller})),
        (legacy, group, json!({"permissions": [{"actions": ["*/write", "*/delete"]}], "principals": puller})),
        (legacy, group, json!({"permissions": [{"dataActions": ["*"]}], "principals": puller})),
        (
            legacy,
            group,
            json!({"permissions": [{"actions": [pulls]}], "principals": everybody, "excludePrincipals": but_both}),
        ),
        (
            legacy,
            group,
            json!({"permissions": [{"actions": [pulls]}], "principals": everybody, "excludePrincipals": [gate]}),
        ),
        (legacy, &REGISTRY[..REGISTRY.len() - 1], json!({"permissions": [{"actions": ["*"]}], "principals": puller})),
        (abac, REGISTRY, json!({"permissions": [{"actions": ["*"]}], "principals": puller})),
        (abac, REGISTRY, json!({"permissions": [{"dataActions": ["*"]}], "principals": puller})),
        (abac, group, json!({"permissions": [{"dataActions": [reads]}], "principals": puller})),
        (
            abac,
            group,
            json!({"permissions": [{"dataActions": ["*"], "notDataActions": [reads]}], "principals": puller}),
        ),
    ];
    let lab = Lab::up("missing-acrpull");
    let mut wrong = Vec::new();
    for ((mode, role), scope, properties) in rows {
        lab.grant(mode, REGISTRY, role, &Value::Null);
        let about = format!("in {mode} at {scope}: {properties}");
        lab.azure.change(|world| {
            world.resources.retain(|id, _| !id.contains("/denyassignments/"));
            let id = format!("{scope}/providers/Microsoft.Authorization/denyAssignments/the-one");
            world.add(json!({"id": id, "properties": properties}));
        });
        wrong.extend(lab.disagrees(&about));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
