//! What [`may_pull`] should say, found the slow way: every unknown is tried as yes and as no,
//! and each of these worlds is judged with plain booleans on plain text. Where all worlds agree
//! the answer is theirs, else it is unknown.

use super::*;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const TARGET: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/acme";
const NAME: &str = "@Request[Microsoft.ContainerRegistry/registries/repositories:name]";
const REPOSITORY: &str = "shop/api";

/// A condition as text, and what it means to a person.
#[derive(Clone, Copy, Debug)]
enum Clause {
    None,
    /// Not understood by anybody.
    Riddle,
    /// Aims at pulls of data, and lets one prefix through.
    Prefix(&'static str),
    /// Aims at something else.
    Elsewhere,
}

impl Clause {
    fn text(self) -> Option<String> {
        let aimed = |at: &str, rest: &str| format!("!(ActionMatches{{'{at}'}}) OR ({rest})");
        match self {
            Self::None => None,
            Self::Riddle => Some("what has it got in its pockets".to_owned()),
            Self::Prefix(prefix) => Some(aimed(
                "Microsoft.ContainerRegistry/registries/repositories/*",
                &format!("{NAME} StringStartsWith '{prefix}'"),
            )),
            Self::Elsewhere => Some(aimed("*/write", &format!("{NAME} StringEquals 'no'"))),
        }
    }

    fn holds(self, operation: &str, riddle: bool) -> bool {
        match self {
            Self::None | Self::Elsewhere => true,
            Self::Riddle => riddle,
            Self::Prefix(prefix) => !operation.contains("/repositories/") || REPOSITORY.starts_with(prefix),
        }
    }
}

/// A small universe; the role `r3` is assigned, but its definition is nowhere.
#[derive(Clone, Debug)]
struct Universe {
    mode: RegistryMode,
    member_of: Option<Vec<&'static str>>,
    roles: Vec<Vec<Block>>,
    grants: Vec<(&'static str, &'static str, usize, Clause)>,
    denies: Vec<Denial>,
}

type Block = [Vec<&'static str>; 4];

#[derive(Clone, Debug)]
struct Denial {
    scope: &'static str,
    block: Block,
    principals: Vec<&'static str>,
    exclude: Vec<&'static str>,
    only_here: bool,
    clause: Clause,
}

/// One way in which everything that is unknown may turn out.
#[derive(Clone, Copy)]
struct World {
    in_team: bool,
    in_crew: bool,
    grant_riddle: bool,
    deny_riddle: bool,
    r3_allows: bool,
}

fn worlds() -> impl Iterator<Item = World> {
    (0..32).map(|bits| World {
        in_team: bits & 1 != 0,
        in_crew: bits & 2 != 0,
        grant_riddle: bits & 4 != 0,
        deny_riddle: bits & 8 != 0,
        r3_allows: bits & 16 != 0,
    })
}

impl Universe {
    /// A group's assignment is listed for us because we are a member, unless all our groups
    /// are known.
    fn is_possible(&self, world: World) -> bool {
        [("team", world.in_team), ("crew", world.in_crew)].iter().all(|(group, is_in)| match &self.member_of {
            Some(groups) => groups.contains(group) == *is_in,
            None => *is_in || self.grants.iter().all(|(holder, ..)| holder != group),
        })
    }

    fn granting(&self, world: World) -> Vec<usize> {
        let operation = self.mode.pull();
        let grants = |(holder, scope, role, clause): &(&str, &str, usize, Clause)| {
            is_us(holder, world)
                && is_below(TARGET, scope)
                && clause.holds(operation.name(), world.grant_riddle)
                && match self.roles.get(*role) {
                    None => world.r3_allows,
                    Some(blocks) => blocks.iter().any(|block| allows(block, &operation)),
                }
        };
        let all = self.grants.iter().enumerate();
        all.filter(|(_, grant)| grants(grant)).map(|(at, _)| at).collect()
    }

    fn denied(&self, world: World) -> bool {
        let operation = self.mode.pull();
        self.denies.iter().any(|deny| {
            let here = TARGET.eq_ignore_ascii_case(deny.scope);
            is_below(TARGET, deny.scope)
                && (here || !deny.only_here)
                && allows(&deny.block, &operation)
                && deny.principals.iter().any(|one| is_us(one, world))
                && !deny.exclude.iter().any(|one| is_us(one, world))
                && deny.clause.holds(operation.name(), world.deny_riddle)
        })
    }

    fn expected(&self) -> Option<bool> {
        let verdicts: Vec<bool> = worlds()
            .filter(|world| self.is_possible(*world))
            .map(|world| !self.granting(world).is_empty() && !self.denied(world))
            .collect();
        verdicts.iter().all(|one| *one == verdicts[0]).then(|| verdicts[0])
    }

    fn ask(&self) -> Access {
        let roles: Roles = self.roles.iter().enumerate().map(role).collect();
        let assignments: Vec<_> = self.grants.iter().enumerate().map(assignment).collect();
        let denies: Vec<_> = self.denies.iter().map(deny_assignment).collect();
        let groups = self.member_of.as_ref();
        let principal =
            Principal { id: "me".into(), member_of: groups.map(|all| all.iter().map(|&group| group.into()).collect()) };
        may_pull(PullQuestion {
            principal: &principal,
            registry: &TARGET.into(),
            mode: self.mode,
            repository: Some(REPOSITORY),
            assignments: &assignments,
            elsewhere: &[],
            roles: &roles,
            denies: &denies,
            eligible: &[],
        })
    }
}

fn is_us(holder: &str, world: World) -> bool {
    match holder {
        "team" => world.in_team,
        "crew" => world.in_crew,
        other => ["me", "00000000-0000-0000-0000-000000000000"].contains(&other),
    }
}

fn is_below(target: &str, scope: &str) -> bool {
    let (target, scope) = (target.to_lowercase(), scope.to_lowercase());
    let is_above_all = scope == "/" || scope.contains("managementgroups");
    is_above_all || target == scope || target.starts_with(&format!("{scope}/"))
}

fn allows(block: &Block, operation: &Operation) -> bool {
    fn fits(pattern: &str, text: &str) -> bool {
        match pattern.split_once('*') {
            None => pattern == text,
            Some((start, rest)) => text
                .strip_prefix(start)
                .is_some_and(|tail| tail.char_indices().any(|(at, _)| fits(rest, &tail[at..])) || fits(rest, "")),
        }
    }
    let (yes, no) = match operation {
        Operation::Action(_) => (&block[0], &block[1]),
        Operation::DataAction(_) => (&block[2], &block[3]),
    };
    let name = operation.name().to_lowercase();
    let any = |list: &Vec<&str>| list.iter().any(|p| fits(&p.to_lowercase(), &name));
    any(yes) && !any(no)
}

fn permissions(block: &Block) -> Permissions {
    let [actions, not_actions, data_actions, not_data_actions] =
        block.each_ref().map(|list| list.iter().map(|&pattern| pattern.into()).collect());
    Permissions { actions, not_actions, data_actions, not_data_actions, condition: None }
}

fn role((at, blocks): (usize, &Vec<Block>)) -> RoleDefinition {
    RoleDefinition {
        guid: format!("r{at}").into(),
        name: String::new(),
        kind: RoleKind::Custom,
        permissions: blocks.iter().map(permissions).collect(),
    }
}

fn assignment((at, (holder, scope, role, clause)): (usize, &(&str, &str, usize, Clause))) -> Assignment {
    let is_group = matches!(*holder, "team" | "crew");
    let kind = if is_group { "Group" } else { "ServicePrincipal" };
    Assignment {
        id: at.to_string(),
        scope: (*scope).into(),
        principal_id: (*holder).into(),
        principal_type: Some(kind.to_owned()),
        role: format!("R{role}").into(),
        condition: clause.text(),
        condition_version: None,
        end: None,
        created_on: None,
    }
}

fn deny_assignment(deny: &Denial) -> DenyAssignment {
    let principals = |all: &[&str]| {
        let each = all.iter().map(|&id| DeniedPrincipal {
            id: id.into(),
            principal_type: matches!(id, "team" | "crew")
                .then(|| "Group".to_owned())
                .or_else(|| Some("ServicePrincipal".to_owned())),
        });
        each.collect()
    };
    DenyAssignment {
        id: String::new(),
        name: String::new(),
        scope: deny.scope.into(),
        permissions: vec![permissions(&deny.block)],
        principals: principals(&deny.principals),
        exclude_principals: principals(&deny.exclude),
        do_not_apply_to_child_scopes: deny.only_here,
        condition: deny.clause.text(),
    }
}

fn scope() -> impl Strategy<Value = &'static str> {
    select(vec![
        "/",
        "/providers/Microsoft.Management/managementGroups/corp",
        "/subscriptions/S",
        "/subscriptions/s2",
        "/subscriptions/s/resourcegroups/RG",
        "/subscriptions/s/resourceGroups/r",
        TARGET,
        "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/acme2",
    ])
}

fn block() -> impl Strategy<Value = Block> {
    let some = |most: usize| {
        let patterns = vec![
            "*",
            "*/read",
            "*/write",
            "Microsoft.ContainerRegistry/*",
            "microsoft.containerregistry/registries/PULL/read",
            "Microsoft.ContainerRegistry/registries/*/content/read",
            "Microsoft.ContainerRegistry/registries/repositories/content/read",
            "Microsoft.Authorization/*",
        ];
        subsequence(patterns, 0..=most)
    };
    [some(3), some(1), some(3), some(1)]
}

fn clause() -> impl Strategy<Value = Clause> {
    select(vec![
        Clause::None,
        Clause::None,
        Clause::None,
        Clause::Riddle,
        Clause::Prefix("shop/"),
        Clause::Prefix("web/"),
        Clause::Elsewhere,
    ])
}

// A group that is denied is never excluded as well: that it cannot be both is beyond an algebra
// of three values, and of no use to anybody.
fn denial() -> impl Strategy<Value = Denial> {
    let everyone = "00000000-0000-0000-0000-000000000000";
    (
        scope(),
        block(),
        subsequence(vec!["me", "you", "team", everyone], 0..=2),
        subsequence(vec!["me", "you", "crew"], 0..=1),
        any::<bool>(),
        clause(),
    )
        .prop_map(|(scope, block, principals, exclude, only_here, clause)| Denial {
            scope,
            block,
            principals,
            exclude,
            only_here,
            clause,
        })
}

fn universe() -> impl Strategy<Value = Universe> {
    let holder = select(vec!["me", "me", "you", "team", "crew"]);
    (
        select(vec![RegistryMode::Legacy, RegistryMode::Abac]),
        proptest::option::of(subsequence(vec!["team", "crew"], 0..=2)),
        proptest::collection::vec(proptest::collection::vec(block(), 1..3), 3),
        proptest::collection::vec((holder, scope(), 0..4_usize, clause()), 0..4),
        proptest::collection::vec(denial(), 0..3),
    )
        .prop_map(|(mode, member_of, roles, grants, denies)| Universe { mode, member_of, roles, grants, denies })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn may_pull_says_what_all_possible_worlds_say(universe in universe()) {
        let answer = universe.ask();
        let verdict = match &answer {
            Access::Allowed(_) => Some(true),
            Access::Denied(_) => Some(false),
            Access::Unknown(_) => None,
        };
        prop_assert_eq!(verdict, universe.expected(), "{:?}", answer);
        let possible: Vec<World> = worlds().filter(|w| universe.is_possible(*w)).collect();
        match answer {
            Access::Allowed(allowed) => {
                let ids: Vec<usize> =
                    allowed.by.iter().map(|g| g.held.assignment.id.parse().unwrap()).collect();
                let surely = (0..universe.grants.len()).filter(|grant| {
                    possible.iter().all(|world| universe.granting(*world).contains(grant))
                });
                prop_assert_eq!(ids, surely.collect::<Vec<_>>());
            }
            Access::Denied(reasons) => {
                let says_deny = matches!(reasons.first(), Some(Reason::DenyAssignment(_)));
                let surely = possible.iter().all(|world| universe.denied(*world));
                prop_assert_eq!(says_deny, surely);
            }
            Access::Unknown(doubts) => prop_assert!(!doubts.is_empty()),
        }
    }
}
