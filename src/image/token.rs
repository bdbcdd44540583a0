//! Text that a pipeline, a template engine or a person should have replaced.

use std::ops::Range;

/// A token that still stands in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its bytes, with the marks around the name.
    pub range: Range<usize>,
    /// What stands between the marks.
    pub name: String,
    pub style: Style,
    /// No reference contains such text. Otherwise it is legal, only unlikely to be meant.
    pub certain: bool,
}

/// Whose spelling a token has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `#{NAME}#`, `#{NAME}`: the replace-tokens task, Octopus.
    Hash,
    /// `${{ … }}`: GitHub Actions, or a template expression of Azure Pipelines.
    Workflow,
    /// `{{ … }}`: Helm, Jinja, Mustache.
    Mustache,
    /// `${NAME}`, `${NAME:-default}`: shell, compose, azd, Bicep.
    Braces,
    /// `$(NAME)`, `$[ … ]`: Azure Pipelines, make, Kubernetes.
    Pipeline,
    /// `$NAME`, `$env:NAME`: shell, PowerShell.
    Dollar,
    /// `<name>`: documentation.
    Angle,
    /// `%NAME%`: cmd.
    Percent,
    /// `@NAME@`, `@@NAME@@`: Maven, autoconf.
    At,
    /// `[parameters('image')]`: an expression of an ARM template.
    Expression,
    /// `{name}`, `{0}`, `((name))`, `[[name]]`: format strings, Concourse.
    Format,
    /// `__NAME__`: older replace-tokens tasks. Legal in a tag.
    Underscores,
    /// `YOUR_ACR_NAME`, `your-registry`, `changeme`, `IMAGE_TAG`: words. Legal in places.
    Words,
}

impl Style {
    /// What wrote it, as it stands behind "it is".
    pub fn describe(self) -> &'static str {
        match self {
            Self::Hash => "a token of a replace-tokens step",
            Self::Workflow => "a workflow expression",
            Self::Mustache => "a template expression, as in Helm",
            Self::Braces | Self::Dollar => "a variable",
            Self::Pipeline => "a pipeline variable",
            Self::Angle | Self::Words => "a placeholder for a person",
            Self::Percent => "a variable of cmd",
            Self::At => "a token of a build filter",
            Self::Expression => "a template expression",
            Self::Format => "a placeholder of a format string",
            Self::Underscores => "a token of a replace-tokens step",
        }
    }
}

/// The first token of the text; a certain one before a likely one.
pub fn placeholder(text: &str) -> Option<Token> {
    let mut tokens = placeholders(text);
    let first = tokens.iter().position(|token| token.certain).unwrap_or(0);
    (first < tokens.len()).then(|| tokens.swap_remove(first))
}

/// All tokens of the text, in the order of the text. Of a very long text only the beginning is read.
pub fn placeholders(text: &str) -> Vec<Token> {
    let text = &text[..floor(text, MOST)];
    let mut tokens = Vec::new();
    let mut plain = 0;
    let mut i = mark(text, 0);
    while i < text.len() {
        match token_at(text, i) {
            Some(token) => {
                words(text, plain..i, &mut tokens);
                plain = token.range.end;
                i = mark(text, plain);
                tokens.push(token);
            }
            None => i = mark(text, i + 1),
        }
    }
    words(text, plain..text.len(), &mut tokens);
    tokens
}

/// Where the next mark may begin, or the end. Most references have none, and each is looked at by every check.
fn mark(text: &str, from: usize) -> usize {
    text.bytes().skip(from).position(is_mark).map_or(text.len(), |at| from + at)
}

fn is_mark(byte: u8) -> bool {
    matches!(byte, b'#' | b'$' | b'(' | b'{' | b'[' | b'<' | b'%' | b'@' | b'_')
}

/// The opening marks, the closing ones and their style; longer openings first.
const MARKS: &[(&str, &str, Style)] = &[
    ("#{", "}", Style::Hash),
    ("${{", "}}", Style::Workflow),
    ("{{", "}}", Style::Mustache),
    ("${", "}", Style::Braces),
    ("$(", ")", Style::Pipeline),
    ("$[", "]", Style::Pipeline),
    ("((", "))", Style::Format),
    ("[[", "]]", Style::Format),
];

/// The longest token that is looked for, so that reading stays linear in the text.
const LONGEST: usize = 512;

/// How much of a text is read.
const MOST: usize = 16 * 1024;

fn token_at(text: &str, start: usize) -> Option<Token> {
    let rest = &text[start..];
    let first = rest.chars().next()?;
    let rest = &rest[..floor(rest, LONGEST)];
    let token = |length: usize, name: &str, style| Token {
        range: start..start + length,
        name: name.trim().to_owned(),
        style,
        certain: style != Style::Underscores,
    };
    for &(open, close, style) in MARKS {
        let Some(inner) = rest.strip_prefix(open) else {
            continue;
        };
        let Some(length) = closed(inner, open, close) else {
            // What opens and never closes is a token too, unless it may be an address.
            return match first {
                '#' | '$' => Some(token(rest.len(), inner, style)),
                _ => None,
            };
        };
        let name = &inner[..length];
        let mut end = open.len() + length + close.len();
        if style == Style::Hash && rest[end..].starts_with('#') {
            end += 1;
        }
        return Some(token(end, name, style));
    }
    match first {
        '$' => {
            let prefix = if rest[1..].starts_with("env:") { 5 } else { 1 };
            let length = word(&rest[prefix..]);
            let name = &rest[prefix..prefix + length];
            (length > 0).then(|| token(prefix + length, name, Style::Dollar))
        }
        '<' => {
            let length = rest[1..].find(['<', '>', '/', '@'])?;
            let closes = rest[1 + length..].starts_with('>') && length > 0;
            closes.then(|| token(length + 2, &rest[1..1 + length], Style::Angle))
        }
        '%' => enclosed(rest, "%").map(|name| token(name.len() + 2, name, Style::Percent)),
        '@' => ["@@", "@"].into_iter().find_map(|mark| {
            let name = enclosed(rest, mark)?;
            let is_variable = name.bytes().all(|b| !b.is_ascii_lowercase()) || name.contains('.');
            is_variable.then(|| token(name.len() + 2 * mark.len(), name, Style::At))
        }),
        '[' => {
            let length = word(&rest[1..]);
            let is_call = length > 0 && rest[1 + length..].starts_with('(');
            let end = rest.rfind(")]").filter(|_| is_call)?;
            Some(token(end + 2, &rest[1..end + 1], Style::Expression))
        }
        '{' => {
            let length = rest[1..].find(|c: char| !(c.is_ascii_alphanumeric() || "_-. ".contains(c)))?;
            let closes = rest[1 + length..].starts_with('}') && length > 0;
            closes.then(|| token(length + 2, &rest[1..1 + length], Style::Format))
        }
        '_' => {
            // `a__b__c` is a legal repository name: the marks stand at the edge of a word.
            let before = text[..start].chars().next_back();
            if before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
                return None;
            }
            let inner = rest.strip_prefix("__")?;
            let length = inner.find("__")?;
            let name = &inner[..length];
            let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
                && word(name) == length
                && !inner[length + 2..].starts_with(|c: char| c.is_ascii_alphanumeric());
            is_name.then(|| token(length + 4, name, Style::Underscores))
        }
        _ => None,
    }
}

/// The length of what the closing mark ends, with nested pairs of the opening's last character.
fn closed(inner: &str, open: &str, close: &str) -> Option<usize> {
    if close.len() > 1 {
        return inner.find(close);
    }
    let opening = open.chars().next_back()?;
    let closing = close.chars().next()?;
    let mut depth = 0;
    for (i, c) in inner.char_indices() {
        match c {
            c if c == opening => depth += 1,
            c if c == closing && depth == 0 => return Some(i),
            c if c == closing => depth -= 1,
            _ => (),
        }
    }
    None
}

/// The name between two equal marks.
fn enclosed<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    let inner = text.strip_prefix(mark)?;
    let length = inner.find(mark)?;
    let name = &inner[..length];
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    is_name.then_some(name)
}

fn word(text: &str) -> usize {
    text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len())
}

fn floor(text: &str, limit: usize) -> usize {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

/// The words of a stretch without marks that only stand for a value.
fn words(text: &str, stretch: Range<usize>, tokens: &mut Vec<Token>) {
    let mut start = stretch.start;
    for word in text[stretch].split(['.', '/', ':', '@']) {
        if stands_for_a_value(word) {
            tokens.push(Token {
                range: start..start + word.len(),
                name: word.to_owned(),
                style: Style::Words,
                certain: false,
            });
        }
        start += word.len() + 1;
    }
}

fn stands_for_a_value(word: &str) -> bool {
    // What is looked for is in capitals, or begins with one of these letters.
    let may_be = |first: &u8| {
        first.is_ascii_uppercase() || matches!(first, b'_' | b'c' | b'r' | b'f' | b't' | b'p' | b'i' | b'y')
    };
    if !word.as_bytes().first().is_some_and(may_be) || !word.is_ascii() || word.len() > 100 {
        return false;
    }
    is_variable_name(word) || is_instruction(&word.to_ascii_lowercase().replace('_', "-"))
}

/// `IMAGE_TAG`, `ACR_NAME`, `BUILD_ID`: the name of a variable without its dollar.
fn is_variable_name(word: &str) -> bool {
    const LAST: &[&str] = &[
        "TAG",
        "NAME",
        "ID",
        "BUILDID",
        "VERSION",
        "SHA",
        "NUMBER",
        "IMAGE",
        "REGISTRY",
        "SERVER",
        "HOST",
        "URL",
        "REPO",
        "REPOSITORY",
        "HASH",
        "COMMIT",
        "DIGEST",
        "REF",
        "ACR",
    ];
    let is_upper = word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    let last = word.rsplit('_').next().unwrap_or(word);
    is_upper && LAST.contains(&last)
}

/// `your-registry`, `yourregistry`, `changeme`, `replace-with-tag`.
fn is_instruction(word: &str) -> bool {
    const WHOLE: &[&str] = &[
        "changeme",
        "change-me",
        "replaceme",
        "replace-me",
        "fixme",
        "todo",
        "tbd",
        "placeholder",
        "insert-here",
        "fill-me-in",
        "image-name-here",
        "tag-here",
    ];
    const THINGS: &[&str] = &[
        "acr",
        "registry",
        "containerregistry",
        "image",
        "tag",
        "repo",
        "repository",
        "name",
        "app",
        "org",
        "organization",
        "user",
        "username",
        "account",
        "company",
        "project",
        "loginserver",
        "server",
        "dockerhub",
    ];
    if WHOLE.contains(&word) || word.starts_with("replace-with-") || word.starts_with("insert-your-") {
        return true;
    }
    let Some(thing) = word.strip_prefix("your") else {
        return false;
    };
    match thing.strip_prefix('-') {
        Some(thing) => THINGS.iter().any(|known| thing.replace('-', "").starts_with(known)),
        // `yourappointments` is a name.
        None => THINGS.contains(&thing.replace('-', "").as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn finds(text: &str, token: &str, name: &str, style: Style) {
        let found = placeholder(text).expect("a token");
        assert_eq!(&text[found.range.clone()], token);
        assert_eq!((found.name.as_str(), found.style), (name, style));
        let is_legal = matches!(style, Style::Underscores | Style::Words);
        assert_eq!(found.certain, !is_legal);
    }

    #[track_caller]
    fn finds_nothing(text: &str) {
        assert_eq!(placeholder(text), None);
    }

    #[test]
    fn every_spelling_is_known() {
        finds("a.io/b:#{TAG}#", "#{TAG}#", "TAG", Style::Hash);
        finds("#{image}", "#{image}", "image", Style::Hash);
        finds("a.io/b:#{Build.BuildId}#", "#{Build.BuildId}#", "Build.BuildId", Style::Hash);
        finds("${IMAGE}", "${IMAGE}", "IMAGE", Style::Braces);
        finds("${REG-}app", "${REG-}", "REG-", Style::Braces);
        finds("${A:-${B}}/app", "${A:-${B}}", "A:-${B}", Style::Braces);
        finds("${{ env.IMAGE }}", "${{ env.IMAGE }}", "env.IMAGE", Style::Workflow);
        finds("a.io/b:$(Build.BuildId)", "$(Build.BuildId)", "Build.BuildId", Style::Pipeline);
        finds("$[ variables.x ]", "$[ variables.x ]", "variables.x", Style::Pipeline);
        finds("$ACR.azurecr.io/b", "$ACR", "ACR", Style::Dollar);
        finds("$env:TAG", "$env:TAG", "TAG", Style::Dollar);
        finds("{{ .Values.tag }}", "{{ .Values.tag }}", ".Values.tag", Style::Mustache);
        finds("<acr-name>.azurecr.io/b", "<acr-name>", "acr-name", Style::Angle);
        finds("a.io/b:__IMAGE_TAG__", "__IMAGE_TAG__", "IMAGE_TAG", Style::Underscores);
        finds("a.io/b:%TAG%", "%TAG%", "TAG", Style::Percent);
        finds("a.io/b:@@TAG@@", "@@TAG@@", "TAG", Style::At);
        finds("a.io/b:@project.version@", "@project.version@", "project.version", Style::At);
        finds("[parameters('image')]", "[parameters('image')]", "parameters('image')", Style::Expression);
        finds("{your-registry}/b", "{your-registry}", "your-registry", Style::Format);
        finds("{0}/b:1", "{0}", "0", Style::Format);
        finds("((image))", "((image))", "image", Style::Format);
        finds("YOUR_ACR_NAME.azurecr.io/b", "YOUR_ACR_NAME", "YOUR_ACR_NAME", Style::Words);
        finds("your-registry/b:1", "your-registry", "your-registry", Style::Words);
        finds("a.io/b:IMAGE_TAG", "IMAGE_TAG", "IMAGE_TAG", Style::Words);
        finds("a.io/b:changeme", "changeme", "changeme", Style::Words);
    }

    #[test]
    fn a_token_that_never_ends_is_one_too() {
        finds("a.io/b:${TAG", "${TAG", "TAG", Style::Braces);
        finds("a.io/b:#{TAG", "#{TAG", "TAG", Style::Hash);
    }

    #[test]
    fn names_that_people_use_are_no_tokens() {
        finds_nothing("acme.azurecr.io/a__b__c:v1");
        finds_nothing("acme.azurecr.io/api:RELEASE_2024");
        finds_nothing("[2001:db8::1]:5000/api");
        finds_nothing("acme.azurecr.io/api%2Fv1");
        finds_nothing("acme.azurecr.io/yours/yourkit/yourappointments:1");
        finds_nothing("myregistry.azurecr.io/myimage:mytag");
        finds_nothing("acme.azurecr.io/a<b");
        finds_nothing("user@host/app@sha256:00");
    }

    #[test]
    fn a_certain_token_comes_before_a_likely_one() {
        finds("your-registry/b:$TAG", "$TAG", "TAG", Style::Dollar);
        assert_eq!(placeholders("your-registry/b:$TAG").len(), 2);
    }
}
