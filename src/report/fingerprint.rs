//! What a finding is recognised by in the next run, wherever its line has moved to.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::judge::{Judgement, Verdict};

/// A fingerprint for each judgement, in their order; `None` for what does not fail.
///
/// It is made of the check, what was judged and what was found, not of files, lines or columns. Of findings that are equal in
/// all of these, the first, the second … are told apart.
pub fn fingerprints(judgements: &[Judgement]) -> Vec<Option<String>> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let print = |judgement: &Judgement| {
        let Verdict::Fail(finding) = &judgement.verdict else { return None };
        let (workload, container) = (judgement.about.workload.as_deref(), judgement.about.container.as_deref());
        let parts = [judgement.check.code, workload.unwrap_or(""), container.unwrap_or(""), &finding.title];
        let text = parts.join("\0");
        let nth = seen.entry(text.clone()).or_insert(0);
        *nth += 1;
        let hash = Sha256::digest(format!("{text}\0{nth}"));
        Some(hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect())
    };
    judgements.iter().map(print).collect()
}
