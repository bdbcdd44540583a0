//! "Did you mean": the name that somebody meant, out of those that exist.

use strsim::osa_distance;

/// Candidates beyond this many are not looked at: the help is not worth more time.
const MOST: usize = 20_000;

/// Names beyond this length are no tags or repositories.
const LONGEST: usize = 512;

/// How near a candidate is; less is nearer.
type Distance = (u8, usize, u64);

/// The candidate that `wanted` most likely means, if any is near enough.
///
/// The same name in another spelling (`V1.2` and `v1.2`, `1.2.3` and `v1.2.3`, `1.2` and `1.2.0`)
/// comes before a longer name around it (`1.2.3-alpine`, `team/api`), and that before a name with
/// a typing error. Of equally near ones the first wins. A candidate equal to `wanted` is passed
/// over.
pub fn nearest<'a, I, S>(wanted: &str, candidates: I) -> Option<&'a str>
where
    I: IntoIterator<Item = &'a S>,
    S: AsRef<str> + ?Sized + 'a,
{
    if wanted.is_empty() || wanted.len() > LONGEST {
        return None;
    }
    candidates
        .into_iter()
        .take(MOST)
        .map(AsRef::as_ref)
        .filter(|candidate| *candidate != wanted && candidate.len() <= LONGEST)
        .filter_map(|candidate| Some((distance(wanted, candidate)?, candidate)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn distance(wanted: &str, candidate: &str) -> Option<Distance> {
    let a = wanted.to_ascii_lowercase();
    let b = candidate.to_ascii_lowercase();
    let gap = a.len().abs_diff(b.len());
    if a == b {
        return Some((0, 0, 0));
    }
    if plain(&a) == plain(&b) {
        return Some((1, gap, 0));
    }
    if let (Some(a), Some(b)) = (release(&a), release(&b))
        && a == b
    {
        return Some((2, gap, 0));
    }
    if contains_whole(&b, &a) || contains_whole(&a, &b) {
        return Some((3, gap, 0));
    }
    let edits = bounded_edits(&a, &b)?;
    Some((4, edits, number_gap(&a, &b)))
}

/// Without the marks that people leave out: `v1.2`, `api_server` and `api-server` are one.
fn plain(text: &str) -> String {
    let text = match text.strip_prefix('v') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => rest,
        _ => text,
    };
    text.replace(['_', '-'], "")
}

/// The numbers of a version, without trailing zeros: `v1.2.0` is `[1, 2]`.
fn release(text: &str) -> Option<Vec<u64>> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let mut numbers = text.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>()?;
    while numbers.last() == Some(&0) {
        numbers.pop();
    }
    Some(numbers)
}

/// `part` is a whole word, or several, at an end of `text`: `1.2.3` of `1.2.3-alpine`, `api` of
/// `team/api`.
fn contains_whole(text: &str, part: &str) -> bool {
    if part.len() < 2 {
        return false;
    }
    let is_edge = |c: char| matches!(c, '-' | '_' | '/' | '.' | '+');
    let leads = text.strip_prefix(part).is_some_and(|rest| rest.starts_with(is_edge));
    let ends = text.strip_suffix(part).is_some_and(|rest| rest.ends_with(is_edge));
    leads || ends
}

fn bounded_edits(a: &str, b: &str) -> Option<usize> {
    let allowed = match a.len() {
        0..=1 => usize::from(a.bytes().all(|b| b.is_ascii_digit())),
        2..=5 => 1,
        6..=11 => 2,
        _ => 3,
    };
    if a.len().abs_diff(b.len()) > allowed {
        return None;
    }
    // Commit hashes and build numbers are near each other by accident.
    let is_hash = |text: &str| text.len() >= 7 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let allowed = if is_hash(a) && is_hash(b) { 1 } else { allowed };
    let edits = osa_distance(a, b);
    (edits <= allowed).then_some(edits)
}

/// How far the first differing numbers are apart: `1.2.9` is nearer to `1.2.8` than to `1.2.1`.
fn number_gap(a: &str, b: &str) -> u64 {
    let numbers = |text: &str| -> Vec<u64> {
        text.split(|c: char| !c.is_ascii_digit())
            .filter(|part| !part.is_empty())
            .map(|part| part.parse().unwrap_or(u64::MAX))
            .collect()
    };
    let (a, b) = (numbers(a), numbers(b));
    let differing = a.iter().zip(&b).find(|(a, b)| a != b);
    differing.map_or(0, |(a, b)| a.abs_diff(*b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn near(wanted: &str, candidates: &[&str], expected: Option<&str>) {
        assert_eq!(nearest(wanted, candidates.iter().copied()), expected);
    }

    #[test]
    fn the_same_version_in_another_spelling_is_nearest() {
        near("v1.2.3", &["1.2.4", "v1.2.2", "1.2.3"], Some("1.2.3"));
        near("1.2", &["1.3", "1.2.0"], Some("1.2.0"));
        near("V9", &["v8", "v9"], Some("v9"));
        near("api_server", &["api-service", "api-server"], Some("api-server"));
    }

    #[test]
    fn a_longer_name_around_it_comes_before_a_typing_error() {
        near("1.2.3", &["1.2.4", "1.2.3-alpine"], Some("1.2.3-alpine"));
        near("api", &["apo", "team/api"], Some("team/api"));
    }

    #[test]
    fn a_typing_error_is_found() {
        near("latst", &["v1", "latest"], Some("latest"));
        near("paymnets-api", &["orders-api", "payments-api"], Some("payments-api"));
        near("v2", &["v1"], Some("v1"));
        near("1.2.9", &["1.2.1", "1.2.8", "1.2.3"], Some("1.2.8"));
    }

    #[test]
    fn what_is_far_away_is_not_suggested() {
        near("latest", &["v1", "2024-01-01", "main"], None);
        near("3f2a9c1", &["9be04d7", "1c7f002"], None);
        near("a", &["b"], None);
        near("v1", &["v1"], None);
        near("", &["v1"], None);
    }
}
