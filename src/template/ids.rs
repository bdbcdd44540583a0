//! Resource ids, also those of which a stretch is not known.
//!
//! https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-resource#resource-id-format

use crate::source::Span;
use crate::value::{Data, Piece, Value};

use super::context::Level;
use super::error::{Error, Kind};
use super::scope::Target;
use super::text::{self, Builder};

/// What an id says of the resource.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    /// `Microsoft.App/containerApps`, as it is written.
    pub kind: String,
    /// `parent/child`.
    pub name: Value,
}

/// A stretch between two slashes.
type Segment = Vec<Piece>;

/// The type of resource groups, whose ids have a form of their own.
pub(super) const GROUPS: &str = "microsoft.resources/resourcegroups";

/// The id of what a template is deployed to; empty for the tenant.
pub(super) fn home(target: &Target) -> Value {
    match target.level {
        Level::ResourceGroup => group(&target.subscription, &target.group),
        Level::Subscription => subscription(&target.subscription),
        Level::ManagementGroup => management_group(&target.management_group),
        Level::Tenant => Value::string("", Span::NONE),
    }
}

pub(super) fn subscription(subscription: &Value) -> Value {
    joined(&[&known("/subscriptions/"), subscription])
}

pub(super) fn group(subscription: &Value, group: &Value) -> Value {
    joined(&[&known("/subscriptions/"), subscription, &known("/resourceGroups/"), group])
}

pub(super) fn management_group(name: &Value) -> Value {
    joined(&[&known("/providers/Microsoft.Management/managementGroups/"), name])
}

/// The id of the resource that a `scope` names: of an own resource `Microsoft.X/y/name`, `/`, or a whole id.
pub(super) fn scope(home: &Value, scope: &Value) -> Value {
    let start = match (&scope.data, scope.as_unknown()) {
        (Data::String(text), _) => text.to_lowercase(),
        (_, Some(unknown)) => text::known_start(&unknown.pieces).to_lowercase(),
        _ => String::new(),
    };
    if start == "/" && scope.as_str().is_some() {
        return known("");
    }
    if start.is_empty() || start.starts_with('/') {
        return scope.clone();
    }
    if start.starts_with("subscriptions/") {
        return joined(&[&known("/"), scope]);
    }
    if start.starts_with("microsoft.management/managementgroups/") {
        return joined(&[&known("/providers/"), scope]);
    }
    joined(&[home, &known("/providers/"), scope])
}

/// The id of a resource of this type and full name below `scope`.
///
/// # Errors
/// Of kind `ResourceName` when type and name do not have the same number of segments.
pub(super) fn resource(scope: &Value, kind: &str, name: &Value, at: Span) -> Result<Value, Error> {
    let kind = kind.trim_matches('/');
    let Some((namespace, types)) = kind.split_once('/') else {
        let message = format!("`{kind}` is no resource type");
        return Err(Error::new(Kind::ResourceName, message, at)
            .expected("a namespace and a type: `Microsoft.App/containerApps`"));
    };
    let types: Vec<&str> = types.split('/').collect();
    let names = segments(name);
    let mut id = Builder::new();
    id.push_value(scope);
    id.push("/providers/");
    id.push(namespace);
    // An unknown stretch may hold slashes; then nobody can say how many segments the name has.
    let certain = names.iter().flatten().all(|piece| matches!(piece, Piece::Known(_)));
    if names.len() != types.len() && certain {
        let message = format!("the name has {} segments, the type `{kind}` needs {}", names.len(), types.len());
        return Err(
            Error::new(Kind::ResourceName, message, at).expected("one for each part of the type after its namespace")
        );
    }
    let why = name.as_unknown().map_or("", |unknown| &unknown.why);
    if names.len() == types.len() {
        for (kind, name) in types.iter().zip(&names) {
            id.push(&format!("/{kind}/"));
            id.push_pieces(name, why);
        }
    } else {
        id.push(&format!("/{}/", types.join("/")));
        id.push_value(name);
    }
    Ok(id.finish(name.at))
}

/// What an id says of the resource; `None` when it is no id.
pub(super) fn parts(id: &Value) -> Option<Parts> {
    let segments = segments(id);
    let is =
        |segment: &Segment, word: &str| matches!(&segment[..], [Piece::Known(text)] if text.eq_ignore_ascii_case(word));
    let Some(providers) = segments.iter().rposition(|segment| is(segment, "providers")) else {
        return match &segments[..] {
            [_, word, _] if is(word, "subscriptions") => part("Microsoft.Resources/subscriptions", &segments[2..]),
            [_, _, _, word, _] if is(word, "resourceGroups") => {
                part("Microsoft.Resources/resourceGroups", &segments[4..])
            }
            _ => None,
        };
    };
    let (namespace, rest) = segments.get(providers + 1..)?.split_first()?;
    if rest.is_empty() || rest.len() % 2 != 0 {
        return None;
    }
    let mut kind = spelled(namespace);
    let mut names = Vec::new();
    for pair in rest.chunks(2) {
        kind.push('/');
        kind.push_str(&spelled(&pair[0]));
        names.push(pair[1].clone());
    }
    part(&kind, &names)
}

/// The texts between the slashes of an id.
pub(super) fn segments_of(id: &Value) -> Vec<Value> {
    segments(id).iter().map(|segment| value_of(std::slice::from_ref(segment), id)).collect()
}

/// The last segment of a name.
pub(super) fn last(name: &Value) -> Value {
    let segments = segments(name);
    segments.last().map_or_else(|| name.clone(), |segment| value_of(std::slice::from_ref(segment), name))
}

/// `parent/own`.
pub(super) fn child(parent: &Value, own: &Value) -> Value {
    let joined = joined(&[parent, &known("/"), own]);
    Value { at: own.at, via: own.via.clone(), ..joined }
}

/// One text of several.
pub(super) fn joined(parts: &[&Value]) -> Value {
    let mut builder = Builder::new();
    for part in parts {
        builder.push_value(part);
    }
    builder.finish(Span::NONE)
}

pub(super) fn known(text: &str) -> Value {
    Value::string(text, Span::NONE)
}

fn part(kind: &str, names: &[Segment]) -> Option<Parts> {
    Some(Parts { kind: kind.to_owned(), name: value_of(names, &known("")) })
}

fn value_of(names: &[Segment], like: &Value) -> Value {
    let mut name = Builder::new();
    let why = like.as_unknown().map_or("a part of the name is not known", |unknown| &unknown.why);
    for (index, segment) in names.iter().enumerate() {
        if index > 0 {
            name.push("/");
        }
        name.push_pieces(segment, why);
    }
    name.finish(like.at)
}

fn spelled(segment: &Segment) -> String {
    segment.iter().map(|piece| if let Piece::Known(text) = piece { text } else { "…" }).collect()
}

/// The text between slashes; an unknown stretch counts as holding none.
fn segments(value: &Value) -> Vec<Segment> {
    let pieces = match &value.data {
        Data::String(text) => vec![Piece::Known(text.to_string())],
        Data::Unknown(unknown) => text::pieces(unknown),
        _ => Vec::new(),
    };
    let mut segments = vec![Vec::new()];
    for piece in pieces {
        let Piece::Known(text) = piece else {
            segments.last_mut().expect("there is always a segment").push(piece);
            continue;
        };
        for (index, part) in text.split('/').enumerate() {
            if index > 0 {
                segments.push(Vec::new());
            }
            if !part.is_empty() {
                segments.last_mut().expect("there is always a segment").push(Piece::Known(part.to_owned()));
            }
        }
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Unknown;

    fn partial(pieces: &[&str]) -> Value {
        let mut builder = Builder::new();
        for piece in pieces {
            match piece.strip_prefix('?') {
                Some(expression) => builder.push_unknown(expression, "not stated"),
                None => builder.push(piece),
            }
        }
        builder.finish(Span::NONE)
    }

    #[track_caller]
    fn id(scope: &[&str], kind: &str, name: &[&str], expected: &str) {
        let made = resource(&partial(scope), kind, &partial(name), Span::NONE).unwrap();
        assert_eq!(made.partial().unwrap(), expected);
        let parts = parts(&made).unwrap();
        let (_, own) = (parts.kind.clone(), parts.name.partial().unwrap());
        let provider = kind.to_lowercase().ends_with("providers/roleassignments");
        assert!(provider || own == partial(name).partial().unwrap(), "{own}");
    }

    #[test]
    fn an_id_holds_a_segment_of_the_name_for_each_of_the_type() {
        let group = &["/subscriptions/s/resourceGroups/g"][..];
        let at = "/subscriptions/s/resourceGroups/g/providers";
        id(group, "Microsoft.App/containerApps", &["api"], &format!("{at}/Microsoft.App/containerApps/api"));
        id(group, "A.B/c/d", &["x/y"], &format!("{at}/A.B/c/x/d/y"));
        id(group, "A.B/c/d/", &["x", "?u", "/y"], &format!("{at}/A.B/c/x…/d/y"));
        id(&["/subscriptions/", "?s"], "A.B/c", &["x"], "/subscriptions/…/providers/A.B/c/x");
        id(
            group,
            "Microsoft.ContainerRegistry/registries/providers/roleAssignments",
            &["acr/Microsoft.Authorization/g"],
            &format!(
                "{at}/Microsoft.ContainerRegistry/registries/acr/providers/Microsoft.Authorization/roleAssignments/g"
            ),
        );
    }

    #[test]
    fn a_name_with_too_few_segments_is_a_mistake() {
        let wrong = |name: &[&str]| resource(&known(""), "A.B/c/d", &partial(name), Span::NONE);
        assert_eq!(wrong(&["only"]).unwrap_err().kind, Kind::ResourceName);
        assert!(wrong(&["?u"]).is_ok());
    }

    #[test]
    fn a_scope_is_an_own_resource_or_a_whole_id() {
        let home = known("/subscriptions/s/resourceGroups/g");
        let scoped = |text: &str| scope(&home, &known(text)).partial().unwrap();
        assert_eq!(scoped("/"), "");
        assert_eq!(scoped("/subscriptions/x"), "/subscriptions/x");
        assert_eq!(scoped("A.B/c/d"), "/subscriptions/s/resourceGroups/g/providers/A.B/c/d");
        assert_eq!(
            scoped("Microsoft.Management/managementGroups/m"),
            "/providers/Microsoft.Management/managementGroups/m"
        );
        let unknown = Value::unknown(Unknown::new("x()", "y"), Span::NONE);
        assert_eq!(scope(&home, &unknown).partial().unwrap(), "…");
    }
}
