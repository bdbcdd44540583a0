//! The containers of a list, in the forms that Azure and Kubernetes share.

use crate::evidence::Platform;
use crate::source::Span;
use crate::value::{Data, Member, Unknown, Value};

use super::Container;
use super::list::{branches, elements};
use super::spelling::{member, written};

/// Where a container's own members are: in it, or in its `properties` (container groups), which `az container show` leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nesting {
    Flat,
    Properties,
}

/// Reads a list of containers. A list of which nothing is known is one container whose image is not known, so that it is
/// judged and not passed over.
pub(super) fn read(list: Option<&Value>, init: bool, nesting: Nesting, platform: &Platform) -> Vec<Container> {
    let found = elements(list);
    let read_one = |item: &Value| container(item, init, nesting, platform);
    let mut containers: Vec<Container> = found.items.iter().flat_map(|item| branches(item)).map(read_one).collect();
    if let Some(list) = list
        && let Some(unknown) = list.as_unknown()
        && containers.is_empty()
        && unknown.alternatives.is_empty()
    {
        containers.push(container(list, init, nesting, platform));
    }
    containers
}

/// What the image of a member is: a null is an empty text, so that it can be pointed at.
pub(super) fn image(member: &Member) -> Value {
    let value = &member.value;
    if !value.is_null() {
        return value.clone();
    }
    let at = if value.at.is_written() { value.at } else { member.key_at };
    Value { data: Data::String("".into()), at, via: value.via.clone() }
}

fn container(item: &Value, init: bool, nesting: Nesting, platform: &Platform) -> Container {
    let blank = Container { name: None, image: None, init, platform: platform.clone(), at: item.at };
    if let Some(unknown) = item.as_unknown() {
        return Container { image: Some(whole(unknown, item.at)), ..blank };
    }
    let inner = match nesting {
        Nesting::Flat => Some(item),
        Nesting::Properties => member(item, "properties").or(Some(item)),
    };
    let name = member(item, "name").cloned();
    if let Some(inner) = inner
        && let Some(unknown) = inner.as_unknown()
    {
        return Container { name, image: Some(whole(unknown, inner.at)), ..blank };
    }
    // Somebody who forgot `properties` wrote the image beside the name.
    let written = inner.and_then(|inner| written(inner, "image")).or_else(|| written(item, "image"));
    Container { name, image: written.map(image), ..blank }
}

/// An unknown of which no stretch is the image's text.
fn whole(unknown: &Unknown, at: Span) -> Value {
    Value::unknown(Unknown::new(unknown.expression.as_str(), unknown.why.as_str()), at)
}
