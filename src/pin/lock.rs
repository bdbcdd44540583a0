//! The lock file: which digest each tag is meant to be. `pullgate pin --lock` writes it, `pullgate check --lock` reads it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Pin, State};
use crate::document;
use crate::image::{Digest, ImageRef, Version};
use crate::source::{FileId, Sources, Span};
use crate::value::Value;

/// The value of `schema` in a lock file.
const SCHEMA: &str = "pullgate/lock/1";

/// Tags and the digests that they are meant to be.
#[derive(Clone, Debug, Default)]
pub struct Lock {
    images: BTreeMap<ImageRef, Locked>,
}

/// What one tag is meant to be.
#[derive(Clone, Debug)]
pub struct Locked {
    pub digest: Digest,
    /// Where the lock file says so.
    pub at: Span,
}

/// Why a file is no lock file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}; `pullgate pin --lock` writes lock files")]
pub struct LockError {
    pub path: String,
    pub reason: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct File {
    schema: String,
    images: Vec<Entry>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    image: ImageRef,
    digest: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    platform_digest: Option<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<At>,
}

/// Where the image is written: for people, who read the file in a review.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct At {
    file: String,
    line: usize,
    column: usize,
}

impl Lock {
    /// Reads a lock file.
    ///
    /// # Errors
    /// Where it is malformed, or what it locks twice.
    pub fn read(sources: &Sources, file: FileId) -> Result<Lock, LockError> {
        let text = sources.text(file);
        let path = || sources.path(file).to_owned();
        let entries = entries(text).map_err(|reason| LockError { path: path(), reason })?;
        // What serde_json reads, the other reader reads as well; only it knows the places.
        let tree = document::parse_json(text, file).ok();
        let listed = tree.as_ref().and_then(|tree| tree.get("images")?.as_array()).unwrap_or_default();
        let place = |index: usize| listed.get(index).and_then(|item: &Value| Some(item.get("digest")?.at));
        let mut images = BTreeMap::new();
        for (index, entry) in entries.into_iter().enumerate() {
            let locked = Locked { digest: entry.digest, at: place(index).unwrap_or(Span::NONE) };
            let digest = locked.digest.clone();
            let known = images.entry(entry.image.clone()).or_insert(locked);
            if known.digest != digest {
                let reason = format!("it locks {} twice, to different digests", entry.image);
                return Err(LockError { path: path(), reason });
            }
        }
        Ok(Lock { images })
    }

    /// What the tag of this image is meant to be; `None` when the lock does not say, or when no tag is written.
    pub fn of(&self, image: &ImageRef) -> Option<&Locked> {
        let tag = image.tag()?.to_owned();
        self.images.get(&image.at(Version::Tag(tag)))
    }

    /// The text of a lock file for what was resolved. An image that cannot be resolved now keeps the entry that it has in
    /// `before`, the text of the lock file that is replaced.
    ///
    /// # Errors
    /// When `before` is no lock file.
    pub fn text(pins: &[Pin], sources: &Sources, before: Option<&str>) -> Result<String, String> {
        let mut images: Vec<Entry> = pins.iter().filter_map(|pin| entry(pin, sources)).collect();
        let old = before.map(entries).transpose()?.unwrap_or_default();
        let is_left = |image: &ImageRef| {
            pins.iter().any(|pin| matches!(&pin.state, State::Left { tagged: Some(tagged), .. } if tagged == image))
        };
        let is_new = |image: &ImageRef| images.iter().any(|entry| entry.image == *image);
        let kept: Vec<Entry> = old.into_iter().filter(|entry| is_left(&entry.image) && !is_new(&entry.image)).collect();
        images.extend(kept);
        let key = |entry: &Entry| (entry.image.to_string(), entry.platform_digest.clone(), entry.at.clone());
        images.sort_by_cached_key(key);
        images.dedup_by(|one, other| one.image == other.image && one.platform_digest == other.platform_digest);
        let file = File { schema: SCHEMA.to_owned(), images };
        let mut text = serde_json::to_string_pretty(&file).expect("a lock file has only string keys");
        text.push('\n');
        Ok(text)
    }

    /// Whether two lock files lock the same: where images are written does not count.
    pub fn same(one: &str, other: &str) -> bool {
        let locked = |text: &str| {
            let entries = entries(text).ok()?;
            Some(
                entries.into_iter().map(|entry| (entry.image, entry.digest, entry.platform_digest)).collect::<Vec<_>>(),
            )
        };
        one == other || matches!((locked(one), locked(other)), (Some(one), Some(other)) if one == other)
    }
}

fn entry(pin: &Pin, sources: &Sources) -> Option<Entry> {
    let target = pin.target()?;
    let places = pin.places.iter().filter_map(|place| sources.place(place.at));
    let at = places.map(|place| At { file: place.path.to_owned(), line: place.line, column: place.column }).min();
    let (digest, platform_digest) = (target.digest.clone(), target.platform_digest.clone());
    Some(Entry { image: target.tagged.clone(), digest, platform_digest, at })
}

fn entries(text: &str) -> Result<Vec<Entry>, String> {
    #[derive(Deserialize)]
    struct Head {
        schema: Option<String>,
    }
    let head: Head = serde_json::from_str(text).map_err(|error| format!("it is no lock file: {error}"))?;
    match head.schema.as_deref() {
        Some(SCHEMA) => {}
        Some(other) => return Err(format!("its schema is `{}`, not `{SCHEMA}`", document::shorten(other))),
        None => return Err(format!("it is no lock file: it has no `schema`, which is `{SCHEMA}`")),
    }
    let file: File = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let odd = file.images.iter().find(|entry| !matches!(entry.image.version, Version::Tag(_)));
    match odd {
        Some(entry) => Err(format!("{} has a digest already; a lock is of tags", entry.image)),
        None => Ok(file.images),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::table::{asks, digest, has, not_found, read, single};
    use crate::evidence::Evidence;
    use crate::pin::pins;

    const TWO: &str = "template:\n  containers:\n  - name: b\n    image: nginx:1\n  - name: a\n    image: acme.azurecr.io/api:v1\nenvironmentId: /e\nname: x\n";

    fn locked(evidence: &Evidence, before: Option<&str>) -> Result<String, String> {
        let mut sources = Sources::default();
        let manifest = read(TWO, &mut sources);
        Lock::text(&pins(&manifest, evidence).0, &sources, before)
    }

    fn both() -> Evidence {
        let one = has("nginx:1", single("linux", "amd64"));
        let reply = crate::evidence::Reply::Image(Box::new(single("linux", "amd64")));
        one.with(asks("acme.azurecr.io/api:v1"), Ok(reply))
    }

    fn parse(text: &str) -> Result<Lock, LockError> {
        let mut sources = Sources::default();
        let file = sources.add("pullgate.lock", text);
        Lock::read(&sources, file)
    }

    #[test]
    fn a_lock_file_is_sorted_and_read_back() {
        let text = locked(&both(), None).unwrap();
        insta::assert_snapshot!(text, @r#"
        {
          "schema": "pullgate/lock/1",
          "images": [
            {
              "image": "acme.azurecr.io/api:v1",
              "digest": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
              "at": {
                "file": "app.yaml",
                "line": 6,
                "column": 12
              }
            },
            {
              "image": "docker.io/library/nginx:1",
              "digest": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
              "at": {
                "file": "app.yaml",
                "line": 4,
                "column": 12
              }
            }
          ]
        }
        "#);
        let lock = parse(&text).unwrap();
        assert_eq!(lock.of(&ImageRef::parse("nginx:1").unwrap()).unwrap().digest, digest('a'));
        assert_eq!(
            lock.of(&ImageRef::parse(&format!("nginx:1@{}", digest('b'))).unwrap()).unwrap().digest,
            digest('a')
        );
        assert!(lock.of(&ImageRef::parse("nginx:2").unwrap()).is_none());
        assert!(Lock::same(&text, &text.replace("\"line\": 4", "\"line\": 9")));
        assert!(!Lock::same(&text, &text.replace("nginx:1", "nginx:2")));
    }

    #[test]
    fn an_image_that_cannot_be_resolved_keeps_its_entry_and_what_is_not_named_any_more_goes() {
        let before = locked(&both(), None).unwrap().replace("nginx:1", "nginx:0");
        let gone = both().with(asks("acme.azurecr.io/api:v1"), Err(not_found("acme.azurecr.io", "MANIFEST_UNKNOWN")));
        let after = locked(&gone, Some(&before)).unwrap();
        assert!(
            after.contains("acme.azurecr.io/api:v1") && after.contains("nginx:1") && !after.contains("nginx:0"),
            "{after}"
        );
        assert!(!locked(&gone, None).unwrap().contains("acme"));
        assert!(locked(&gone, Some("name: app")).is_err());
    }

    #[test]
    fn what_is_no_lock_file_is_refused() {
        #[track_caller]
        fn refuse(text: &str, words: &str) {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.starts_with("pullgate.lock: ") && error.contains(words), "{error}");
        }
        refuse("", "it is no lock file: EOF while parsing a value at line 1 column 0");
        refuse("<<<<<<< HEAD", "line 1 column 1");
        refuse("{}", "it has no `schema`");
        refuse(r#"{"schema": "pullgate/report/1"}"#, "`pullgate/report/1`, not `pullgate/lock/1`");
        refuse(r#"{"schema": "pullgate/lock/1", "images": [{"image": "x:1"}]}"#, "missing field `digest`");
        refuse(r#"{"schema": "pullgate/lock/1", "images": [{"image": "x:1", "digest": "sha256:1"}]}"#, "line 1 column");
        let (one, other) = (digest('a'), digest('b'));
        refuse(
            &format!(r#"{{"schema": "pullgate/lock/1", "images": [{{"image": "x@{one}", "digest": "{one}"}}]}}"#),
            "a lock is of tags",
        );
        refuse(
            &format!(
                r#"{{"schema": "pullgate/lock/1", "images": [{{"image": "x:1", "digest": "{one}"}}, {{"image": "docker.io/x:1", "digest": "{other}"}}]}}"#
            ),
            "locks docker.io/library/x:1 twice",
        );
    }
}
