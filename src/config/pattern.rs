//! Patterns for names: `*` stands for any characters, `?` for one.

/// A pattern that a whole name has to match; letters match in either case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<char>);

impl Pattern {
    pub fn new(text: &str) -> Pattern {
        Pattern(text.to_lowercase().chars().collect())
    }

    /// Whether the name matches. Takes at most the product of both lengths.
    pub fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.to_lowercase().chars().collect();
        let (mut at, mut of) = (0, 0);
        // Where the last star was, and how much of the name it has taken.
        let mut star: Option<(usize, usize)> = None;
        while at < name.len() {
            match self.0.get(of) {
                Some('*') => {
                    star = Some((of, at));
                    of += 1;
                }
                Some(&wanted) if wanted == '?' || wanted == name[at] => {
                    at += 1;
                    of += 1;
                }
                _ => {
                    let Some((starred, taken)) = star else { return false };
                    star = Some((starred, taken + 1));
                    at = taken + 1;
                    of = starred + 1;
                }
            }
        }
        self.0[of..].iter().all(|rest| *rest == '*')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_a_whole_name() {
        let yes = [
            ("*", ""),
            ("acme.azurecr.io/*", "acme.azurecr.io/a/b:v1"),
            ("*:latest", "nginx:latest"),
            ("api-?", "API-1"),
            ("a*b*c", "axbxbxc"),
        ];
        let no = [("api", "api-1"), ("api-?", "api-"), ("*:latest", "nginx:latest-1"), ("a*b*c", "axbxb"), ("", "x")];
        for (pattern, name) in yes {
            assert!(Pattern::new(pattern).matches(name), "{pattern} {name}");
        }
        for (pattern, name) in no {
            assert!(!Pattern::new(pattern).matches(name), "{pattern} {name}");
        }
    }
}
