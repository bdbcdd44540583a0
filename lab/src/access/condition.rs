//! The conditions that Azure's registry knows: which actions they are about, and which repositories they let through.
//! <https://learn.microsoft.com/azure/role-based-access-control/conditions-format>

/// Whether a condition lets an action on a repository through; `None` when it says something that is not understood.
pub fn holds(condition: &str, action: &str, repository: &str) -> Option<bool> {
    let mut reader = Reader { words: words(condition)?, at: 0, action, repository };
    let truth = reader.either()?;
    (reader.at == reader.words.len()).then_some(truth)
}

struct Reader<'a> {
    words: Vec<String>,
    at: usize,
    action: &'a str,
    repository: &'a str,
}

impl Reader<'_> {
    fn either(&mut self) -> Option<bool> {
        let mut truth = self.both()?;
        while self.skip(&["OR", "||"]) {
            truth |= self.both()?;
        }
        Some(truth)
    }

    fn both(&mut self) -> Option<bool> {
        let mut truth = self.not()?;
        while self.skip(&["AND", "&&"]) {
            truth &= self.not()?;
        }
        Some(truth)
    }

    fn not(&mut self) -> Option<bool> {
        if self.skip(&["!", "NOT"]) {
            return Some(!self.not()?);
        }
        if self.skip(&["("]) {
            let truth = self.either()?;
            return self.skip(&[")"]).then_some(truth);
        }
        let word = self.next()?;
        match word.to_ascii_lowercase().as_str() {
            "actionmatches" => {
                let wanted = self.set()?;
                Some(
                    wanted.iter().any(|pattern| {
                        super::matches(&pattern.to_ascii_lowercase(), &self.action.to_ascii_lowercase())
                    }),
                )
            }
            "@request[microsoft.containerregistry/registries/repositories:name]" => self.comparison(),
            _ => None,
        }
    }

    fn comparison(&mut self) -> Option<bool> {
        let operator = self.next()?.to_ascii_lowercase();
        let values = if self.words.get(self.at)? == "{" { self.set()? } else { vec![text(&self.next()?)?] };
        let (operator, ignores_case) = match operator.strip_suffix("ignorecase") {
            Some(operator) => (operator.to_owned(), true),
            None => (operator, false),
        };
        let fold = |text: &str| if ignores_case { text.to_ascii_lowercase() } else { text.to_owned() };
        let name = fold(self.repository);
        // `StringNotX` of one value is not `StringX`; of several the lab makes no claim.
        let (operator, negated) = match operator.strip_prefix("stringnot") {
            Some(rest) if values.len() == 1 => (format!("string{rest}"), true),
            Some(_) => return None,
            None => (operator, false),
        };
        let compare: fn(&str, &str) -> bool = match operator.trim_start_matches("foranyofanyvalues:") {
            "stringequals" => |name, value| name == value,
            "stringstartswith" => |name, value| name.starts_with(value),
            "stringlike" if values.iter().all(|value| !value.contains('?')) => {
                |name, value| super::matches(value, name)
            }
            _ => return None,
        };
        Some(values.iter().any(|value| compare(&name, &fold(value))) != negated)
    }

    /// `{'a', 'b'}`.
    fn set(&mut self) -> Option<Vec<String>> {
        let mut values = Vec::new();
        if !self.skip(&["{"]) {
            return None;
        }
        loop {
            values.push(text(&self.next()?)?);
            if self.skip(&["}"]) {
                return Some(values);
            }
            if !self.skip(&[","]) {
                return None;
            }
        }
    }

    fn next(&mut self) -> Option<String> {
        self.at += 1;
        self.words.get(self.at - 1).cloned()
    }

    fn skip(&mut self, any: &[&str]) -> bool {
        let is = self.words.get(self.at).is_some_and(|word| any.iter().any(|one| word.eq_ignore_ascii_case(one)));
        self.at += usize::from(is);
        is
    }
}

fn text(word: &str) -> Option<String> {
    word.strip_prefix('\'')?.strip_suffix('\'').map(str::to_owned)
}

/// Brackets and commas by themselves, texts with their quotes, everything else up to a blank.
fn words(condition: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = condition.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | ')' | '{' | '}' | ',' | '!' => 1,
            '\'' => rest[1..].find('\'')? + 2,
            _ => rest.find(|next: char| next.is_whitespace() || "(){},'".contains(next)).unwrap_or(rest.len()),
        };
        words.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: &str = "Microsoft.ContainerRegistry/registries/repositories/content/read";

    #[track_caller]
    fn lets(operator: &str, repository: &str, wanted: Option<bool>) {
        let name = "@Request[Microsoft.ContainerRegistry/registries/repositories:name]";
        let condition = format!("((!(ActionMatches{{'{READ}'}})) OR ({name} {operator}))");
        assert_eq!(holds(&condition, READ, repository), wanted);
        assert_eq!(holds(&condition, "Microsoft.Else/read", repository), wanted.map(|_| true));
    }

    #[test]
    fn repositories() {
        lets("StringEqualsIgnoreCase 'hello-world'", "hello-world", Some(true));
        lets("StringEqualsIgnoreCase 'hello-world'", "hello", Some(false));
        lets("StringStartsWithIgnoreCase 'backend/'", "backend/api", Some(true));
        lets("StringStartsWithIgnoreCase 'backend/'", "backend", Some(false));
        lets("StringNotEquals 'a'", "b", Some(true));
        lets("ForAnyOfAnyValues:StringEquals {'a', 'b'}", "b", Some(true));
        lets("NumericEquals 1", "b", None);
    }
}
