use super::*;
use crate::rbac::assignment::{DeniedPrincipal, PrincipalId};
use crate::rbac::builtin::builtin_named;
use crate::rbac::operation::{Operation, Permissions};
use crate::rbac::repository_condition;
use crate::rbac::role::{RoleDefinition, RoleGuid, RoleKind};

const GROUP: &str = "/subscriptions/s/resourceGroups/rg";
const REGISTRY: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/acme";
const OTHER: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/acme2";
const EVERYONE: &str = "00000000-0000-0000-0000-000000000000";

/// A question about the principal `me`, the registry `acme` and the repository `shop/api`.
struct Case {
    mode: RegistryMode,
    member_of: Option<Vec<PrincipalId>>,
    assignments: Vec<Assignment>,
    elsewhere: Vec<Assignment>,
    roles: Roles,
    denies: Vec<DenyAssignment>,
    eligible: Vec<Eligibility>,
}

fn case(mode: RegistryMode, assignments: Vec<Assignment>) -> Case {
    Case {
        mode,
        member_of: None,
        assignments,
        elsewhere: Vec::new(),
        roles: Roles::default(),
        denies: Vec::new(),
        eligible: Vec::new(),
    }
}

fn legacy(assignments: Vec<Assignment>) -> Case {
    case(RegistryMode::Legacy, assignments)
}

fn abac(assignments: Vec<Assignment>) -> Case {
    case(RegistryMode::Abac, assignments)
}

impl Case {
    fn role(mut self, guid: &str, actions: &[&str]) -> Self {
        self.roles.insert(RoleDefinition {
            guid: guid.into(),
            name: guid.to_owned(),
            kind: RoleKind::Custom,
            permissions: vec![Permissions {
                actions: actions.iter().map(|&action| action.into()).collect(),
                ..Permissions::default()
            }],
        });
        self
    }

    fn denied(mut self, deny: DenyAssignment) -> Self {
        self.denies.push(deny);
        self
    }

    fn ask(&self) -> Access {
        let principal = Principal { id: "ME".into(), member_of: self.member_of.clone() };
        may_pull(self.question(&principal, &REGISTRY.into()))
    }

    fn question<'a>(&'a self, principal: &'a Principal, registry: &'a Scope) -> PullQuestion<'a> {
        PullQuestion {
            principal,
            registry,
            mode: self.mode,
            repository: Some("shop/api"),
            assignments: &self.assignments,
            elsewhere: &self.elsewhere,
            roles: &self.roles,
            denies: &self.denies,
            eligible: &self.eligible,
        }
    }

    /// The answer as one line.
    fn answer(&self) -> String {
        let names = |all: &[Held]| {
            let names = all.iter().map(|held| held.role.name.clone());
            names.collect::<Vec<_>>().join("+")
        };
        match self.ask() {
            Access::Allowed(allowed) => {
                let held: Vec<_> = allowed.by.iter().map(|grant| grant.held.clone()).collect();
                let mut line = format!("allowed by {}", names(&held));
                if let Some(held) = allowed.only_through_group() {
                    line += &format!(", through {}", held.assignment.principal_id);
                }
                if let Some(end) = allowed.ends() {
                    line += &format!(", until {end}");
                }
                if allowed.is_only_broad() {
                    line += ", broad";
                }
                if allowed.is_only_custom_wildcard() {
                    line += ", custom wildcard";
                }
                line
            }
            Access::Denied(reasons) => {
                assert!(!reasons.is_empty());
                let reasons = reasons.iter().map(|reason| match reason {
                    Reason::DenyAssignment(denies) => format!("deny {}", denies[0].name),
                    Reason::ConditionExcludes(all) => {
                        let below = if all[0].only_below { ", only below" } else { "" };
                        format!("condition: {}{below}", all[0].compares.join(" / "))
                    }
                    Reason::WrongModeRole(held) => format!("wrong mode: {}", names(held)),
                    Reason::EligibleOnly(all) => format!("eligible: {}", all[0].1.name),
                    Reason::ScopeMisses(held) => {
                        format!("{} at {}", names(held), held[0].assignment.scope)
                    }
                    Reason::LooksLikePull(held) => format!("looks like: {}", names(held)),
                    Reason::NoAssignment => "no assignment".to_owned(),
                });
                reasons.collect::<Vec<_>>().join("; ")
            }
            Access::Unknown(doubts) => {
                assert!(!doubts.is_empty());
                let doubts = doubts.iter().map(ToString::to_string);
                format!("unknown: {}", doubts.collect::<Vec<_>>().join("; "))
            }
        }
    }

    #[track_caller]
    fn is(&self, expected: &str) {
        assert_eq!(self.answer(), expected);
    }
}

fn assigned(role: &str, scope: &str) -> Assignment {
    let guid = builtin_named(role).map_or_else(|| RoleGuid::from(role), |known| known.guid);
    Assignment {
        id: format!("{scope}/{role}"),
        scope: scope.into(),
        principal_id: "me".into(),
        principal_type: Some("ServicePrincipal".to_owned()),
        role: guid,
        condition: None,
        condition_version: None,
        end: None,
        created_on: None,
    }
}

fn on_condition(role: &str, condition: &str) -> Assignment {
    Assignment { condition: Some(condition.to_owned()), ..assigned(role, REGISTRY) }
}

fn of(principal: &str, kind: &str, assignment: Assignment) -> Assignment {
    Assignment { principal_id: principal.into(), principal_type: Some(kind.to_owned()), ..assignment }
}

fn deny(principal: &str, kind: &str) -> DenyAssignment {
    DenyAssignment {
        id: "d".to_owned(),
        name: "lock".to_owned(),
        scope: GROUP.into(),
        permissions: vec![Permissions {
            actions: vec!["*".into()],
            not_actions: vec!["*/register/action".into()],
            ..Permissions::default()
        }],
        principals: vec![denied(principal, kind)],
        exclude_principals: Vec::new(),
        do_not_apply_to_child_scopes: false,
        condition: None,
    }
}

fn denied(id: &str, kind: &str) -> DeniedPrincipal {
    DeniedPrincipal { id: id.into(), principal_type: Some(kind.to_owned()) }
}

#[test]
fn the_mode_decides_which_role_pulls() {
    legacy(vec![assigned("AcrPull", REGISTRY)]).is("allowed by AcrPull");
    abac(vec![assigned("AcrPull", REGISTRY)]).is("wrong mode: AcrPull");
    let reader = "Container Registry Repository Reader";
    abac(vec![assigned(reader, REGISTRY)]).is(&format!("allowed by {reader}"));
    legacy(vec![assigned(reader, REGISTRY)]).is(&format!("wrong mode: {reader}"));
    legacy(vec![assigned("Reader", GROUP)]).is("allowed by Reader, broad");
    abac(vec![assigned("Owner", "/"), assigned("Contributor", GROUP)]).is("wrong mode: Owner+Contributor");
}

#[test]
fn what_is_granted_above_is_granted_here_and_beside_is_not() {
    legacy(vec![assigned("AcrPull", "/Subscriptions/S")]).is("allowed by AcrPull");
    legacy(vec![assigned("AcrPull", "/")]).is("allowed by AcrPull");
    let group = "/providers/Microsoft.Management/managementGroups/corp";
    legacy(vec![assigned("AcrPull", group)]).is("allowed by AcrPull");
    legacy(vec![assigned("AcrPull", OTHER)]).is(&format!("AcrPull at {OTHER}"));
    let mut elsewhere = legacy(vec![]);
    elsewhere.elsewhere = vec![assigned("AcrPull", OTHER), assigned("Key Vault Reader", OTHER)];
    elsewhere.is(&format!("AcrPull at {OTHER}"));
    elsewhere.elsewhere = vec![assigned("AcrPull", group), assigned("AcrPull", OTHER)];
    elsewhere.is(&format!("AcrPull+AcrPull at {OTHER}"));
    let unknown = REGISTRY.replace("/s/", "/…/");
    legacy(vec![assigned("AcrPull", &unknown)])
        .is(&format!("unknown: AcrPull is assigned at {unknown}, which is not fully known"));
}

#[test]
fn a_role_of_somebody_else_is_not_ours() {
    let acr_pull = || assigned("AcrPull", REGISTRY);
    legacy(vec![of("you", "ServicePrincipal", acr_pull())]).is("no assignment");
    legacy(vec![of("team", "Group", acr_pull())]).is("allowed by AcrPull, through team");
    legacy(vec![of("team", "Group", acr_pull()), acr_pull()]).is("allowed by AcrPull+AcrPull");
    let mut member = legacy(vec![of("team", "Group", acr_pull())]);
    member.member_of = Some(vec!["crew".into()]);
    member.is("no assignment");
}

#[test]
fn anybody_who_would_pull_can_be_found() {
    let case = legacy(vec![]).denied(deny(EVERYONE, "SystemDefined"));
    let listed = [
        of("you", "User", assigned("AcrPull", REGISTRY)),
        of("team", "Group", assigned("Reader", GROUP)),
        of("they", "User", assigned("AcrDelete", REGISTRY)),
    ];
    let principal = Principal { id: "me".into(), member_of: None };
    let registry = REGISTRY.into();
    let found = pullers(case.question(&principal, &registry), &listed);
    assert_eq!(found, [&listed[0], &listed[1]]);
}

#[test]
fn roles_that_only_look_like_pull_are_named() {
    legacy(vec![assigned("AcrDelete", REGISTRY), assigned("AcrImageSigner", REGISTRY)])
        .is("looks like: AcrDelete+AcrImageSigner");
    abac(vec![assigned("Container Registry Repository Catalog Lister", REGISTRY)])
        .is("looks like: Container Registry Repository Catalog Lister");
    legacy(vec![assigned("Key Vault Secrets User", REGISTRY)]).is("no assignment");
    legacy(vec![]).is("no assignment");
}

#[test]
fn a_condition_decides_by_repository_in_abac_mode() {
    let reader = "Container Registry Repository Reader";
    let allowed = format!("allowed by {reader}");
    let on = |condition: &str| abac(vec![on_condition(reader, condition)]);
    let name = "@Request[Microsoft.ContainerRegistry/registries/repositories:name]";
    on(&repository_condition("shop/api")).is(&allowed);
    on(&repository_condition("shop/web")).is("condition: StringEqualsIgnoreCase 'shop/web'");
    on(&format!("{name} StringStartsWith 'shop/api/'")).is("condition: StringStartsWith 'shop/api/', only below");
    on("!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/metadata/read'})").is(&allowed);
    on(&format!("{name} Frobnicates 'x'")).is(&format!(
        "unknown: the condition on {reader} at {REGISTRY} cannot be decided: \
         the operator `Frobnicates` is not understood"
    ));
    let both = [on_condition(reader, "?"), assigned(reader, GROUP)];
    abac(both.to_vec()).is(&allowed);
}

#[test]
fn a_condition_about_repositories_does_not_bind_a_legacy_pull_that_it_does_not_aim_at() {
    let condition = repository_condition("shop/web");
    legacy(vec![on_condition("AcrPull", &condition)]).is("allowed by AcrPull");
    let bare = "@Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEquals 'x'";
    let answer = legacy(vec![on_condition("AcrPull", bare)]).answer();
    assert!(answer.starts_with("unknown: the condition on AcrPull"), "{answer}");
}

#[test]
fn a_deny_beats_a_grant_for_those_it_is_about() {
    let granted = || legacy(vec![assigned("AcrPull", REGISTRY)]);
    let everyone = || deny(EVERYONE, "SystemDefined");
    let but = |id: &str, kind: &str| DenyAssignment { exclude_principals: vec![denied(id, kind)], ..everyone() };
    granted().denied(everyone()).is("deny lock");
    granted().denied(deny("me", "ServicePrincipal")).is("deny lock");
    granted().denied(deny("you", "ServicePrincipal")).is("allowed by AcrPull");
    granted().denied(but("ME", "ServicePrincipal")).is("allowed by AcrPull");
    granted().denied(but("you", "ServicePrincipal")).is("deny lock");
    legacy(vec![]).denied(everyone()).is("deny lock; no assignment");

    let doubtful = "unknown: the deny assignment `lock` may apply: \
                    nobody knows whether it is in group team";
    granted().denied(deny("team", "Group")).is(doubtful);
    granted().denied(but("team", "Group")).is(doubtful);
    legacy(vec![]).denied(deny("team", "Group")).is("no assignment");
    let mut outsider = granted().denied(deny("team", "Group"));
    outsider.member_of = Some(Vec::new());
    outsider.is("allowed by AcrPull");
    legacy(vec![of("team", "Group", assigned("AcrPull", REGISTRY))]).denied(deny("team", "Group")).is("deny lock");
}

#[test]
fn a_deny_applies_where_and_to_what_it_says() {
    let granted = || legacy(vec![assigned("AcrPull", REGISTRY)]);
    let with = |change: fn(&mut DenyAssignment)| {
        let mut deny = deny(EVERYONE, "SystemDefined");
        change(&mut deny);
        granted().denied(deny)
    };
    with(|deny| deny.scope = "/subscriptions/t".into()).is("allowed by AcrPull");
    with(|deny| deny.do_not_apply_to_child_scopes = true).is("allowed by AcrPull");
    with(|deny| {
        deny.do_not_apply_to_child_scopes = true;
        deny.scope = REGISTRY.to_uppercase().as_str().into();
    })
    .is("deny lock");
    with(|deny| deny.permissions[0].not_actions.push("*/read".into())).is("allowed by AcrPull");
    with(|deny| deny.permissions[0].actions = vec!["*/write".into()]).is("allowed by AcrPull");
    with(|deny| deny.condition = Some("?".to_owned()))
        .is("unknown: the deny assignment `lock` may apply: `?` in the condition is not understood");
    // A managed application's lock has no data actions, so an ABAC registry still serves.
    abac(vec![assigned("Container Registry Repository Reader", REGISTRY)])
        .denied(deny(EVERYONE, "SystemDefined"))
        .is("allowed by Container Registry Repository Reader");
}

#[test]
fn what_somebody_could_activate_is_not_held() {
    let eligible = |principal: &str, role: &str, scope: &str| Eligibility {
        id: "e".to_owned(),
        scope: scope.into(),
        principal_id: principal.into(),
        principal_type: None,
        role: builtin_named(role).unwrap().guid,
        start: None,
        end: None,
        condition: None,
    };
    let with = |eligibility| Case { eligible: vec![eligibility], ..legacy(vec![]) };
    with(eligible("Me", "AcrPull", GROUP)).is("eligible: AcrPull");
    with(eligible("you", "AcrPull", GROUP)).is("no assignment");
    with(eligible("me", "AcrPull", OTHER)).is("no assignment");
    with(eligible("me", "AcrDelete", GROUP)).is("no assignment");
}

#[test]
fn a_grant_that_ends_says_when() {
    let until = |end: &str| Assignment { end: Some(end.to_owned()), ..assigned("AcrPull", REGISTRY) };
    legacy(vec![until("2027-01-01")]).is("allowed by AcrPull, until 2027-01-01");
    legacy(vec![until("2027-01-01"), until("2026-01-01")]).is("allowed by AcrPull+AcrPull, until 2027-01-01");
    legacy(vec![until("2027-01-01"), assigned("Reader", GROUP)]).is("allowed by AcrPull+Reader");
}

#[test]
fn custom_roles_are_judged_by_what_they_allow() {
    let pull = "Microsoft.ContainerRegistry/registries/pull/read";
    let held = || legacy(vec![assigned("ours", REGISTRY)]);
    held().role("ours", &[pull]).is("allowed by ours");
    held().role("ours", &["Microsoft.ContainerRegistry/*/read"]).is("allowed by ours, broad, custom wildcard");
    held().role("ours", &["Microsoft.ContainerRegistry/*/read", pull]).is("allowed by ours");
    held().role("ours", &["Microsoft.Web/*"]).is("no assignment");
    held().is(&format!("unknown: the definition of role ours, assigned at {REGISTRY}, is not known"));
    legacy(vec![assigned("ours", OTHER)]).is("no assignment");
    legacy(vec![assigned("ours", REGISTRY), assigned("AcrPull", GROUP)]).is("allowed by AcrPull");
}

#[test]
fn a_role_s_own_condition_counts() {
    let mut case = legacy(vec![assigned("ours", REGISTRY)]).role("ours", &["*"]);
    let mut role = case.roles.get(&"ours".into()).unwrap();
    role.permissions[0].condition = Some("@Principal[ApplicationId] StringEquals 'x'".to_owned());
    case.roles.insert(role.clone());
    case.is("unknown: ours allows it under a condition that cannot be decided: \
         nobody knows `@Principal[ApplicationId]`");
    role.permissions[0].condition = Some("!(ActionMatches{'*'})".to_owned());
    case.roles.insert(role);
    case.is("no assignment");
}

#[test]
fn every_reason_is_given_the_most_telling_first() {
    let reader = "Container Registry Repository Reader";
    abac(vec![
        assigned("AcrDelete", REGISTRY),
        assigned("AcrPull", REGISTRY),
        assigned(reader, OTHER),
        on_condition(reader, &repository_condition("shop/web")),
    ])
    .is(&format!(
        "condition: StringEqualsIgnoreCase 'shop/web'; wrong mode: AcrPull; \
         {reader} at {OTHER}; looks like: AcrDelete"
    ));
}

#[test]
fn other_operations_are_judged_the_same_way() {
    let vault = Scope::from("/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/v");
    let secret = crate::rbac::builtin::get_secret();
    let may = |role: &str, operation: &Operation| {
        let principal = Principal { id: "me".into(), member_of: None };
        let request = Request { target: &vault, operation, attributes: &Attributes::default() };
        let rules = Rules { assignments: &[assigned(role, GROUP)], roles: &Roles::default(), denies: &[] };
        evaluate(&principal, request, rules).allowed()
    };
    assert_eq!(may("Key Vault Secrets User", &secret), Some(true));
    assert_eq!(may("Key Vault Reader", &secret), Some(false));
    assert_eq!(may("Owner", &secret), Some(false));
    assert_eq!(may("nobody-knows", &secret), None);
}

#[test]
fn an_answer_survives_being_written_down() {
    let case =
        legacy(vec![assigned("AcrPull", OTHER), assigned("Owner", REGISTRY)]).denied(deny(EVERYONE, "SystemDefined"));
    let access = case.ask();
    let written = serde_json::to_string(&access).unwrap();
    assert_eq!(serde_json::from_str::<Access>(&written).unwrap(), access);
}
