//! The image's tag is another image than the lock file says.
//!
//! ## Why
//! Somebody pushed the tag again after `pullgate pin` had written down what it was: what would be deployed is not what was tested and
//! reviewed. A tag is a name that whoever may push can move; only a digest cannot.
//! <https://learn.microsoft.com/azure/container-registry/container-registry-image-tag-version>
//!
//! Without `--lock FILE` there is nothing to compare. An image whose tag is not in the lock file is a warning: nothing guards it. Where a
//! digest stands beside the tag, that digest is what is pulled, and it is the one that is compared.
//!
//! ## Fix
//! Deploy the image that was locked, by its digest; or, where the new one is meant, write it down: `pullgate pin` with `--lock FILE`.
//! Lock tags that are deployed in the registry (`az acr repository update --write-enabled false`), and they cannot move.

use crate::check::{Check, Hypothesis, Run};
use crate::evidence::{Evidence, Stop};
use crate::finding::{Finding, Severity};
use crate::image::Version;
use crate::manifest::Pull;

pub const CHECK: Check = Check {
    code: "tag-moved",
    hypothesis: Hypothesis::H2,
    severity: Severity::Error,
    source: include_str!("tag_moved.rs"),
    run: Run::Pull(run),
};

fn run(pull: &Pull, evidence: &Evidence) -> Result<Vec<Finding>, Stop> {
    let Some(lock) = &pull.manifest.lock else { return Err(Stop::NotApplicable("no lock file is given")) };
    let image = super::reference::image(pull)?;
    let Some(tag) = image.tag() else { return Err(Stop::NotApplicable("a digest does not move")) };
    let Some(locked) = lock.of(&image) else {
        if image.digest().is_some() {
            return Ok(Vec::new());
        }
        let finding = super::at(pull, format!("tag `{tag}` of {} is not in the lock file", image.name()));
        return Ok(vec![finding.help("write it down: run `pullgate pin` with `--lock` again").warning()]);
    };
    let (now, title) = match &image.version {
        Version::TagAndDigest(_, digest) => {
            (digest, format!("the digest beside tag `{tag}` is not the one of the lock file"))
        }
        _ => {
            let (_, resolved) = super::resolved(pull, evidence)?;
            (&resolved.digest, format!("tag `{tag}` of {} moved since it was locked", image.name()))
        }
    };
    if *now == locked.digest {
        return Ok(Vec::new());
    }
    let which = if image.digest().is_some() { "the manifest has" } else { "it is by now" };
    let finding = super::at(pull, title)
        .detail(format!("the lock file has {}", locked.digest))
        .detail(format!("{which} {now}"))
        .also(locked.at, "locked here")
        .help(format!(
            "deploy what was locked, `{}`; or, where the new image is meant, run `pullgate pin` with `--lock` again",
            image.with_digest(locked.digest.clone())
        ));
    Ok(vec![finding])
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::CHECK;
    use crate::check::table::{app, digest, has, judged, lacks, not_found, single, verdict};
    use crate::evidence::Evidence;
    use crate::pin::Lock;

    const IMAGE: &str = "acme.azurecr.io/api:v1";

    /// What is said where the lock file has this digest for the image.
    #[track_caller]
    fn says(image: &str, locked: char, evidence: &Evidence) -> String {
        let lock = format!(
            r#"{{"schema": "pullgate/lock/1", "images": [{{"image": "{IMAGE}", "digest": "{}"}}]}}"#,
            digest(locked)
        );
        judged(CHECK, &app(image, ""), evidence, |manifest, sources| {
            let file = sources.add("pullgate.lock", lock.as_str());
            manifest.lock = Some(Rc::new(Lock::read(sources, file).unwrap()));
        })
    }

    #[test]
    fn a_tag_that_moved_is_told_with_both_digests() {
        insta::assert_snapshot!(says(IMAGE, 'b', &has(IMAGE, single("linux", "amd64"))), @"
        error: tag `v1` of acme.azurecr.io/api moved since it was locked
        at: acme.azurecr.io/api:v1
        because: the lock file has sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
        because: it is by now sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        also: sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb: locked here
        help: deploy what was locked, `acme.azurecr.io/api@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb`; or, where the new image is meant, run `pullgate pin` with `--lock` again
        ");
    }

    #[test]
    fn a_tag_that_stayed_is_right() {
        insta::assert_snapshot!(says(IMAGE, 'a', &has(IMAGE, single("linux", "amd64"))), @"pass");
    }

    #[test]
    fn what_the_lock_does_not_have_is_warned_of() {
        insta::assert_snapshot!(says("acme.azurecr.io/api:v2", 'a', &Evidence::default()), @"
        warning: tag `v2` of acme.azurecr.io/api is not in the lock file
        at: acme.azurecr.io/api:v2
        help: write it down: run `pullgate pin` with `--lock` again
        ");
    }

    #[test]
    fn a_digest_beside_the_tag_is_compared_without_asking() {
        let pinned = |digit| format!("{IMAGE}@{}", digest(digit));
        insta::assert_snapshot!(says(&pinned('a'), 'a', &Evidence::default()), @"pass");
        insta::assert_snapshot!(says(&pinned('c'), 'a', &Evidence::default()), @"
        error: the digest beside tag `v1` is not the one of the lock file
        at: acme.azurecr.io/api:v1@sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc
        because: the lock file has sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
        because: the manifest has sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc
        also: sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: locked here
        help: deploy what was locked, `acme.azurecr.io/api@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa`; or, where the new image is meant, run `pullgate pin` with `--lock` again
        ");
        let other = format!("acme.azurecr.io/web:v1@{}", digest('c'));
        insta::assert_snapshot!(says(&other, 'a', &Evidence::default()), @"pass");
        let alone = format!("acme.azurecr.io/api@{}", digest('c'));
        insta::assert_snapshot!(says(&alone, 'a', &Evidence::default()), @"not applicable: a digest does not move");
    }

    #[test]
    fn it_asks_and_leaves_what_cannot_be_seen_to_others() {
        insta::assert_snapshot!(says(IMAGE, 'a', &Evidence::default()), @"needs manifest of acme.azurecr.io/api:v1");
        insta::assert_snapshot!(says(IMAGE, 'a', &Evidence::default().offline()), @"not asked: manifest of acme.azurecr.io/api:v1");
        insta::assert_snapshot!(says(IMAGE, 'a', &lacks(IMAGE, not_found("acme.azurecr.io", "MANIFEST_UNKNOWN"))), @"not applicable: the image could not be looked at");
        insta::assert_snapshot!(verdict(CHECK, IMAGE, &Evidence::default()), @"not applicable: no lock file is given");
    }
}
