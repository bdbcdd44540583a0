//! `guid` and `uniqueString`: names that depend on their arguments only.

use sha1::{Digest, Sha1};

use crate::template::text::Builder;
use crate::value::{Data, Value};

use super::{Args, Builtin, Kind, Outcome, any, known, spell};

pub const FUNCTIONS: &[Builtin] = &[
    any("guid", 1, super::MANY, |args| hashed(args, "guid", guid)),
    any("uniqueString", 1, super::MANY, |args| hashed(args, "uniqueString", unique_string)),
    known("newGuid", 0, 0, new_guid),
];

/// The namespace that Resource Manager makes its GUIDs in, as RFC 4122 names them by SHA-1.
const NAMESPACE: [u8; 16] =
    [0x11, 0xfb, 0x06, 0xfb, 0x71, 0x2d, 0x4d, 0xdd, 0x98, 0xc7, 0xe7, 0x1b, 0xbd, 0x58, 0x88, 0x30];

fn hashed(args: &Args, name: &str, hash: fn(&str) -> String) -> Outcome {
    let mut builder = Builder::new();
    for (index, value) in args.values.iter().enumerate() {
        if index > 0 {
            builder.push("-");
        }
        if !builder.push_value(value) {
            return Err(args.wrong_type(index, "a string"));
        }
        args.spend_text(builder.len())?;
    }
    match builder.finish(args.at) {
        Value { data: Data::String(joined), .. } => args.give_text(hash(&joined)),
        // Its length and its characters are known all the same: see `text::stretch_units`.
        joined => {
            let why = joined.as_unknown().map_or("", |unknown| unknown.why.as_str());
            let mut made = Builder::new();
            made.push_unknown(spell::call(name, args.values), why);
            Ok(made.finish(args.at))
        }
    }
}

fn new_guid(args: &Args) -> Outcome {
    let scope = args.env.scope;
    if !scope.place().allows_moment() {
        let message = format!("it cannot be called in {}", scope.place().phrase());
        return Err(args.error(Kind::Placement, message).expected("only in the default value of a parameter"));
    }
    match &scope.context().new_guid {
        Some(guid) => args.give_text(guid.as_str()),
        None => {
            let mut made = Builder::new();
            made.push_unknown("newGuid()", "it is another one with every deployment");
            Ok(made.finish(args.at))
        }
    }
}

fn guid(text: &str) -> String {
    let hash = Sha1::new().chain_update(NAMESPACE).chain_update(text).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = (bytes[6] & 0x0f) | 0x50;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = |range: std::ops::Range<usize>| bytes[range].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("{}-{}-{}-{}-{}", hex(0..4), hex(4..6), hex(6..8), hex(8..10), hex(10..16))
}

/// 13 characters of base 32 of a 64-bit hash in the manner of MurmurHash3, with Resource Manager's own constants
/// (reimplemented in public from `Azure.Deployments.Expression`; agrees with all published examples).
pub fn unique_string(text: &str) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut hash = hash64(text.as_bytes());
    (0..13)
        .map(|_| {
            let character = ALPHABET[(hash >> 59) as usize];
            hash <<= 5;
            char::from(character)
        })
        .collect()
}

fn hash64(bytes: &[u8]) -> u64 {
    const C1: u32 = 0xab0e_9789;
    const C2: u32 = 0x239b_961b;
    let mix1 = |k: u32| k.wrapping_mul(C2).rotate_left(15).wrapping_mul(C1);
    let mix2 = |k: u32| k.wrapping_mul(C1).rotate_left(17).wrapping_mul(C2);
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |word: u32, byte| (word << 8) | u32::from(*byte));
    let (mut h1, mut h2) = (0u32, 0u32);
    let mut blocks = bytes.chunks_exact(8);
    for block in &mut blocks {
        h1 = (h1 ^ mix1(word(&block[..4]))).rotate_left(19).wrapping_add(h2);
        h1 = h1.wrapping_mul(5).wrapping_add(0x561c_cd1b);
        h2 = (h2 ^ mix2(word(&block[4..]))).rotate_left(13).wrapping_add(h1);
        h2 = h2.wrapping_mul(5).wrapping_add(0x0bca_a747);
    }
    let (first, second) = blocks.remainder().split_at(blocks.remainder().len().min(4));
    h1 ^= mix1(word(first));
    h2 ^= mix2(word(second));
    let length = bytes.len() as u32;
    h1 ^= length;
    h2 ^= length;
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    (h1, h2) = (finish(h1), finish(h2));
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    (u64::from(h2) << 32) | u64::from(h1)
}

fn finish(mut hash: u32) -> u32 {
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn unique(text: &str, expected: &str) {
        assert_eq!(unique_string(text), expected);
    }

    #[test]
    fn unique_strings_are_those_of_the_service() {
        unique("snap-crackle-pop", "byghxckddilkc");
        unique("/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/myRg", "js26ofeqkqeve");
        unique("test", "rbgf3xv4ufgzg");
        unique("hello-world", "a7wkljktk6wne");
        unique("abc", "cgtzqvhu4i23s");
        unique("foo-bar-baz", "xzi4ioaxtmth4");
        unique("/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/my-rg", "bmg7c6xu4tw46");
    }

    #[test]
    fn guids_are_those_of_the_service() {
        assert_eq!(guid("foo-bar-baz"), "2ed86837-7c7c-5eaa-9864-dd077fd19b0d");
    }
}
