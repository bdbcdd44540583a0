//! Keys that an object holds more than once.

use std::collections::HashMap;

use super::{Note, keep};
use crate::source::Span;
use crate::value::Member;

/// Below this many members comparing each with each is faster than hashing.
const FEW: usize = 24;

/// Notes each key that was written before in the same object.
///
/// Keys that differ only in case are told apart: they are different in maps of names, such as a config map's.
pub(super) fn note(members: &[Member], notes: &mut Vec<Note>) {
    if members.len() <= FEW {
        for (index, member) in members.iter().enumerate() {
            if let Some(first) = members[..index].iter().find(|other| other.key == member.key) {
                repeated(member, first.key_at, notes);
            }
        }
        return;
    }
    let mut seen: HashMap<&str, Span> = HashMap::with_capacity(members.len());
    for member in members {
        if let Some(first) = seen.insert(&member.key, member.key_at) {
            repeated(member, first, notes);
        }
    }
}

fn repeated(member: &Member, first: Span, notes: &mut Vec<Note>) {
    keep(notes, Note::Repeated { key: member.key.clone(), first, again: member.key_at });
}
