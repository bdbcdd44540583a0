//! Merge keys: `<<: *base`, `<<: [*near, *far]` (https://yaml.org/type/merge.html).

use std::collections::HashSet;

use crate::document::{Mistake, Reason};
use crate::source::Text;
use crate::value::{Data, Member, Value};

/// Takes over the members of the mapping or mappings after `<<`, those that win last. Each keeps the alias as a hop.
pub(super) fn collect(value: &Value, merged: &mut Vec<Member>) -> Result<(), Mistake> {
    let sources: Vec<&Value> = match &value.data {
        Data::Array(items) => items.iter().rev().collect(),
        _ => vec![value],
    };
    for source in sources {
        let Data::Object(object) = &source.data else { return Err(Mistake::new(source.at, Reason::Merge)) };
        let hops = source.via.spans();
        merged.extend(object.members.iter().cloned().map(|mut member| {
            member.value = hops.iter().rev().fold(member.value, |value, hop| value.through(*hop));
            member
        }));
    }
    Ok(())
}

/// The members of a mapping after those that it merges in; what is written in the mapping itself wins, then what was merged last.
pub(super) fn join(merged: Vec<Member>, mut members: Vec<Member>) -> Vec<Member> {
    if merged.is_empty() {
        members.shrink_to_fit();
        return members;
    }
    let mut known: HashSet<Text> = members.iter().map(|member| member.key.clone()).collect();
    let mut kept: Vec<Member> = merged.into_iter().rev().filter(|member| known.insert(member.key.clone())).collect();
    kept.reverse();
    kept.append(&mut members);
    kept
}
