//! Resource ids, and what only Azure can tell about resources.

use crate::template::scope::Call;
use crate::template::text::Builder;
use crate::value::{Data, Piece, Value};

use super::object::text_member;
use super::{Args, Builtin, Error, Kind, Outcome, any, known, spell, text};
use crate::template::context::Level;

pub const FUNCTIONS: &[Builtin] = &[
    any("resourceId", 2, super::MANY, resource_id),
    any("subscriptionResourceId", 2, super::MANY, subscription_resource_id),
    any("tenantResourceId", 2, super::MANY, tenant_resource_id),
    any("managementGroupResourceId", 2, super::MANY, management_group_resource_id),
    any("extensionResourceId", 3, super::MANY, extension_resource_id),
    any("reference", 1, 3, runtime),
    any("references", 1, 2, runtime),
    any("providers", 1, 2, runtime),
    any("pickZones", 3, 5, runtime),
    any("toLogicalZone", 3, 3, runtime),
    any("toLogicalZones", 3, 3, runtime),
    any("toPhysicalZone", 3, 3, runtime),
    any("toPhysicalZones", 3, 3, runtime),
    any("resourceInfo", 1, 1, resource_info),
    known("roleDefinitions", 1, 1, role_definitions),
];

/// Built-in roles by name (https://learn.microsoft.com/azure/role-based-access-control/built-in-roles): those of registries
/// and those that templates for containers assign.
const ROLES: &[(&str, &str)] = &[
    ("Owner", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"),
    ("Contributor", "b24988ac-6180-42a0-ab88-20f7382dd24c"),
    ("Reader", "acdd72a7-3385-48ef-bd42-f606fba81ae7"),
    ("User Access Administrator", "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"),
    ("Role Based Access Control Administrator", "f58310d9-a9f6-439a-9e8d-f62e7b41a168"),
    ("Managed Identity Operator", "f1a07417-d97a-45cb-824c-7a7467783830"),
    ("AcrPull", "7f951dda-4ed3-4680-a7ca-43fe172d538d"),
    ("AcrPush", "8311e382-0749-4cb8-b61a-304f252e45ec"),
    ("AcrDelete", "c2f4ef07-c644-48eb-af81-4b1b4947fb11"),
    ("AcrImageSigner", "6cef56e8-d556-48e5-a04f-b8e64114680f"),
    ("AcrQuarantineReader", "cdda3590-29a3-44f6-95f2-9f980659eb04"),
    ("AcrQuarantineWriter", "c8d4ff99-41c3-41a8-9f60-21dfdad59608"),
    ("Container Registry Repository Reader", "b93aa761-3e63-49ed-ac28-beffa264f7ac"),
    ("Container Registry Repository Writer", "2a1e307c-b015-4ebd-883e-5b7698a07328"),
    ("Container Registry Repository Contributor", "2efddaa5-3f1f-4df3-97df-af3f13818f4c"),
    ("Key Vault Secrets User", "4633458b-17de-408a-b874-0445c86b69e6"),
];

/// Whether an argument is the type: the first that holds a slash.
fn is_type(value: &Value) -> bool {
    match &value.data {
        Data::String(text) => text.contains('/'),
        Data::Unknown(unknown) => {
            let slash = |piece: &Piece| matches!(piece, Piece::Known(text) if text.contains('/'));
            // A group's name that is put together can hold text, but no slash.
            unknown.pieces.iter().any(slash)
        }
        _ => false,
    }
}

fn check_texts(args: &Args) -> Result<(), Error> {
    match args.values.iter().position(|value| !matches!(value.data, Data::String(_) | Data::Unknown(_))) {
        Some(place) => Err(args.wrong_type(place, "a string")),
        None => Ok(()),
    }
}

/// Where the type stands among the first `most` arguments.
fn type_place(args: &Args, most: usize) -> Result<Option<usize>, Error> {
    check_texts(args)?;
    let place = args.values.iter().position(is_type);
    let unknown = args.values.iter().take(most).any(|value| value.as_unknown().is_some());
    match place {
        Some(place) if place <= most => Ok(Some(place)),
        // A name may hold a slash when the type is not known.
        _ if unknown => Ok(None),
        _ => {
            let message = "none of its first arguments is a type of resource";
            Err(args.error(Kind::Value, message).expected("expected `Microsoft.App/containerApps` or the like"))
        }
    }
}

fn resource_id(args: &Args) -> Outcome {
    let Some(place) = type_place(args, 2)? else { return Ok(args.unknown()) };
    let target = args.env.scope.target();
    let mut id = Builder::new();
    match (place, target.level) {
        (0, Level::Subscription) if is_group(&args.values[0]) => return subscription_resource_id(args),
        (0, _) => target.push_prefix(&mut id),
        (1, Level::Subscription) => {
            id.push("/subscriptions/");
            id.push_value(&args.values[0]);
        }
        (1, _) => {
            target.push_subscription(&mut id);
            id.push("/resourceGroups/");
            id.push_value(&args.values[0]);
        }
        _ => {
            id.push("/subscriptions/");
            id.push_value(&args.values[0]);
            id.push("/resourceGroups/");
            id.push_value(&args.values[1]);
        }
    }
    give(args, id, place)
}

fn subscription_resource_id(args: &Args) -> Outcome {
    let Some(place) = type_place(args, 1)? else { return Ok(args.unknown()) };
    let mut id = Builder::new();
    if place == 0 {
        args.env.scope.target().push_subscription(&mut id);
    } else {
        id.push("/subscriptions/");
        id.push_value(&args.values[0]);
    }
    // Groups are the one type whose ids are not under `providers`.
    if is_group(&args.values[place]) && args.len() == place + 2 {
        id.push("/resourceGroups/");
        id.push_value(&args.values[place + 1]);
        return Ok(id.finish(args.at));
    }
    give(args, id, place)
}

fn is_group(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("Microsoft.Resources/resourceGroups"))
}

fn tenant_resource_id(args: &Args) -> Outcome {
    match type_place(args, 0)? {
        Some(place) => give(args, Builder::new(), place),
        None => Ok(args.unknown()),
    }
}

fn management_group_resource_id(args: &Args) -> Outcome {
    let Some(place) = type_place(args, 1)? else { return Ok(args.unknown()) };
    let mut id = Builder::new();
    if place == 0 {
        args.env.scope.target().push_management_group(&mut id);
    } else {
        id.push("/providers/Microsoft.Management/managementGroups/");
        id.push_value(&args.values[0]);
    }
    give(args, id, place)
}

fn extension_resource_id(args: &Args) -> Outcome {
    check_texts(args)?;
    let mut id = Builder::new();
    id.push_value(&args.values[0]);
    give(args, id, 1)
}

/// `id`, and then the type at `place` and the names after it in turn.
fn give(args: &Args, mut id: Builder, place: usize) -> Outcome {
    let Data::String(kind) = &args.values[place].data else { return Ok(args.unknown()) };
    let mut segments = kind.trim_end_matches('/').split('/');
    let provider = segments.next().unwrap_or("");
    let kinds: Vec<&str> = segments.collect();
    let names = &args.values[place + 1..];
    if provider.is_empty() || kinds.is_empty() || kinds.iter().any(|kind| kind.is_empty()) {
        let message = format!("`{}` is no type of resource", super::numeric::short(kind));
        return Err(args.wrong(place, Kind::Value, message).expected("expected `provider/type`"));
    }
    if kinds.len() != names.len() {
        let message =
            format!("the type has {} segments after its provider, but {} names are given", kinds.len(), names.len());
        return Err(args.error(Kind::Value, message).expected("expected a name for each segment"));
    }
    id.push("/providers/");
    id.push(provider);
    for (kind, name) in kinds.iter().zip(names) {
        id.push("/");
        id.push(kind);
        id.push("/");
        id.push_value(name);
    }
    args.spend_text(id.len())?;
    Ok(id.finish(args.at))
}

/// `reference` and whatever else only Azure answers.
fn runtime(args: &Args) -> Outcome {
    let scope = args.env.scope;
    if !scope.place().allows_runtime() {
        let message = format!("it cannot be called in {}", scope.place().phrase());
        let expected = "only in the properties of a resource and in outputs is Azure asked";
        return Err(args.error(Kind::Placement, message).expected(expected));
    }
    resource_info(args)
}

fn resource_info(args: &Args) -> Outcome {
    let expression = spell::call(args.name, args.values);
    let call = Call { name: args.name, args: args.values, at: args.at, expression };
    args.env.scope.runtime(&call).map(|value| text::passed(value, args.at))
}

/// Any `list…` function.
pub(super) fn list(args: &Args) -> Outcome {
    runtime(args)
}

fn role_definitions(args: &Args) -> Outcome {
    let name = args.text(0)?;
    let Some((_, guid)) = ROLES.iter().find(|(role, _)| role.eq_ignore_ascii_case(name)) else {
        return Ok(args.unknown());
    };
    let mut id = Builder::new();
    if matches!(args.env.scope.target().level, Level::ResourceGroup | Level::Subscription) {
        args.env.scope.target().push_subscription(&mut id);
    }
    id.push("/providers/Microsoft.Authorization/roleDefinitions/");
    id.push(guid);
    let id = crate::value::Member::new("id", args.at, id.finish(args.at));
    Ok(Value::object(vec![id, text_member("roleDefinitionId", *guid, args)], args.at))
}
