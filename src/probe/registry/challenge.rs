//! `WWW-Authenticate`: how a registry wants to be asked (RFC 9110 §11.6.1, and the distribution token specification).

/// How a registry wants to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// No credential is wanted.
    Open,
    Basic,
    Bearer {
        realm: String,
        service: Option<String>,
        scope: Option<String>,
    },
}

/// The strongest challenge of the headers that pullgate can meet: bearer, then basic. `None` when there is none such.
pub fn parse(headers: &[String]) -> Option<Challenge> {
    let mut basic = None;
    for header in headers {
        for (scheme, parameters) in schemes(header) {
            let get = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
            match scheme.as_str() {
                "bearer" => {
                    if let Some(realm) = get("realm") {
                        return Some(Challenge::Bearer { realm, service: get("service"), scope: get("scope") });
                    }
                }
                "basic" => basic = Some(Challenge::Basic),
                _ => {}
            }
        }
    }
    basic
}

type Scheme = (String, Vec<(String, String)>);

fn schemes(header: &str) -> Vec<Scheme> {
    let mut found: Vec<Scheme> = Vec::new();
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let end = rest.find(|c: char| !is_token(c)).unwrap_or(rest.len());
        if end == 0 {
            return found;
        }
        let word = rest[..end].to_ascii_lowercase();
        let after = rest[end..].trim_start();
        match (after.strip_prefix('='), found.last_mut()) {
            (Some(value), Some((_, parameters))) => {
                let (value, remaining) = quoted(value.trim_start());
                parameters.push((word, value));
                rest = remaining;
            }
            (Some(_), None) => return found,
            (None, _) => {
                found.push((word, Vec::new()));
                rest = after;
            }
        }
    }
}

fn quoted(text: &str) -> (String, &str) {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = inner.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return (value, &inner[index + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => value.push(character),
        }
    }
    (value, "")
}

fn is_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Option<Challenge> {
        Some(Challenge::Bearer {
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
            scope: scope.map(str::to_owned),
        })
    }

    #[track_caller]
    fn reads(header: &str, expected: Option<Challenge>) {
        assert_eq!(parse(&[header.to_owned()]), expected, "{header}");
    }

    #[test]
    fn challenges_are_read_as_registries_write_them() {
        let acr = r#"Bearer realm="https://a.azurecr.io/oauth2/token",service="a.azurecr.io""#;
        reads(acr, bearer("https://a.azurecr.io/oauth2/token", Some("a.azurecr.io"), None));
        let scoped = r#"Bearer realm="https://x/t",service="x",scope="repository:a/b:pull,push""#;
        reads(scoped, bearer("https://x/t", Some("x"), Some("repository:a/b:pull,push")));
        reads(r#"Basic realm="registry""#, Some(Challenge::Basic));
        reads(r#"bearer  realm = "https://x/t" , error="insufficient_scope""#, bearer("https://x/t", None, None));
        reads(r#"Basic realm="a", Bearer realm="https://x/t""#, bearer("https://x/t", None, None));
        reads(r#"Bearer realm="https://x/\"q\"""#, bearer("https://x/\"q\"", None, None));
    }

    #[test]
    fn what_is_no_challenge_is_none() {
        for text in ["", "Negotiate", "=", "Bearer", "Bearer service=\"x\"", "\"", "Bearer realm"] {
            reads(text, None);
        }
    }
}
