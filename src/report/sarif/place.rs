//! Places as SARIF counts them: columns in UTF-16 code units, files as URI references.

use super::model::{ArtifactLocation, LogicalLocation, PhysicalLocation, Region};
use crate::judge::Judgement;
use crate::report::plain;
use crate::source::{FileId, Sources, Span};

/// Where a span is; `None` for what no file holds.
pub fn physical(sources: &Sources, at: Span) -> Option<PhysicalLocation> {
    let place = sources.place(at)?;
    Some(PhysicalLocation {
        artifact_location: ArtifactLocation { uri: uri(place.path) },
        region: Region {
            start_line: place.line,
            start_column: units(sources, at.file, place.line, place.column),
            end_line: place.end_line,
            end_column: units(sources, at.file, place.end_line, place.end_column),
        },
    })
}

/// The workload and the container that a judgement is about.
pub fn logical(judgement: &Judgement) -> Vec<LogicalLocation> {
    let Some(workload) = &judgement.about.workload else { return Vec::new() };
    let workload = plain(workload);
    let Some(container) = &judgement.about.container else {
        return vec![LogicalLocation { fully_qualified_name: workload.clone(), name: workload, kind: "resource" }];
    };
    let container = plain(container);
    let fully_qualified_name = format!("{workload}/{container}");
    vec![LogicalLocation { name: container, fully_qualified_name, kind: "member" }]
}

/// A column that counts characters as one that counts UTF-16 code units, both from one.
fn units(sources: &Sources, file: FileId, line: usize, column: usize) -> usize {
    let before = sources.line(file, line).chars().take(column - 1);
    let counted: usize = before.clone().map(char::len_utf16).sum();
    // A place behind the line's last character, its break, counts on.
    1 + counted + (column - 1 - before.count())
}

/// A path as a URI reference: forward slashes, everything but unreserved characters percent-encoded (RFC 3986).
fn uri(path: &str) -> String {
    let path = path.replace('\\', "/");
    let path = path.trim_start_matches("./");
    let is_drive = path.as_bytes().get(1) == Some(&b':') && path.as_bytes()[0].is_ascii_alphabetic();
    let mut out = match path.starts_with('/') {
        true => "file://".to_owned(),
        false if is_drive => "file:///".to_owned(),
        false => String::new(),
    };
    for (index, byte) in path.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            b':' if is_drive && index == 1 => out.push(':'),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_uri_reference() {
        assert_eq!(uri("./infra/my app.json"), "infra/my%20app.json");
        assert_eq!(uri("infra\\é#1.json"), "infra/%C3%A9%231.json");
        assert_eq!(uri("/srv/a.json"), "file:///srv/a.json");
        assert_eq!(uri("C:\\a\\b.json"), "file:///C:/a/b.json");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
        assert_eq!(uri("javascript:x"), "javascript%3Ax");
    }

    #[test]
    fn columns_count_code_units() {
        let mut sources = Sources::default();
        let file = sources.add("a", "x: 𝒳é y\n");
        let region = |start, end| physical(&sources, Span { file, start, end }).unwrap().region;
        let expected = |start_column, end_column| Region { start_line: 1, start_column, end_line: 1, end_column };
        assert_eq!(region(3, 7), expected(4, 6));
        assert_eq!(region(10, 11), expected(8, 9));
    }
}
