//! Why a text could not be read: the place, the reason, and what to do.

use crate::source::{Sources, Span};

/// Why a text is neither JSON nor YAML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}; {}", reason.help())]
pub struct Mistake {
    pub at: Span,
    pub reason: Reason,
    /// Where that was opened which is not closed.
    pub opened: Option<Span>,
}

/// The kinds of mistakes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    #[error("the file is empty")]
    Empty,
    #[error("the file holds only comments")]
    OnlyComments,
    #[error("expected {expected}, found {found}")]
    Expected { expected: &'static str, found: String },
    #[error("a value follows without a comma")]
    MissingComma,
    #[error("a comma stands before the closing bracket")]
    TrailingComma,
    #[error("a text in single quotes is not JSON")]
    SingleQuotes,
    #[error("`{0}` is not a number of JSON")]
    Number(String),
    #[error("an escape that JSON does not have")]
    Escape,
    #[error("the file ends inside a text")]
    OpenString,
    #[error("the file ends inside a comment")]
    OpenComment,
    #[error("the file ends inside {0}")]
    Ends(&'static str),
    #[error("a second value follows the first")]
    SecondValue,
    #[error("values nest more than {0} deep")]
    TooDeep(usize),
    #[error("the file holds more than {0} values")]
    TooMany(usize),
    #[error("more than {0} comments stand in a row")]
    TooManyComments(usize),
    #[error("its aliases repeat more than {0} values")]
    TooManyAliases(u64),
    #[error("an alias stands inside the value that it names")]
    SelfAlias,
    #[error("no anchor before this alias has its name")]
    UnknownAlias,
    #[error("`<<` takes a mapping or a list of mappings")]
    Merge,
    #[error("a tab stands in the indentation")]
    Tab,
    #[error("a template instruction stands where a value belongs")]
    Templated,
    #[error("{0}")]
    Yaml(String),
}

impl Mistake {
    pub(in crate::document) fn new(at: Span, reason: Reason) -> Mistake {
        Mistake { at, reason, opened: None }
    }

    /// `path:line:column: reason; what to do`, for people.
    pub fn sentence(&self, sources: &Sources) -> String {
        let Some(place) = sources.place(self.at) else { return self.to_string() };
        let (path, line, column) = (place.path, place.line, place.column);
        let opened = self.opened.and_then(|span| sources.place(span));
        let opened = opened.map_or(String::new(), |place| format!(" that starts at line {}", place.line));
        format!("{path}:{line}:{column}: {}{opened}; {}", self.reason, self.reason.help())
    }
}

impl Reason {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Reason::Empty => "did the command that should have written it fail?",
            Reason::OnlyComments => "write the manifest, or leave the file out",
            Reason::Expected { .. } => "correct it there or just before",
            Reason::MissingComma => "put a comma between the two",
            Reason::TrailingComma => "remove the comma",
            Reason::SingleQuotes => "use double quotes",
            Reason::Number(_) => "write a decimal number, or put it in double quotes",
            Reason::Escape => r#"write \\ for a backslash; JSON knows \" \\ \/ \b \f \n \r \t and \uXXXX"#,
            Reason::OpenString => "is the file cut off, or a closing quote missing?",
            Reason::OpenComment => "close it with */",
            Reason::Ends(_) => "is the file cut off, or a closing bracket missing?",
            Reason::SecondValue => "keep one value in a JSON file",
            Reason::TooDeep(_) => "this is the bound; flatten the file",
            Reason::TooMany(_) => "this is the bound; split the file",
            Reason::TooManyComments(_) => "this is the bound; remove some",
            Reason::TooManyAliases(_) => "this is the bound; write the values out, or use fewer aliases",
            Reason::SelfAlias => "write the value out",
            Reason::UnknownAlias => {
                "define the anchor earlier in the same document, or put a text that starts with * in quotes"
            }
            Reason::Merge => "name an anchored mapping: `<<: *name`",
            Reason::Tab => "indent with spaces",
            Reason::Templated => {
                "render the template first, for example with `helm template`, and check what comes out"
            }
            Reason::Yaml(_) => "correct the YAML there or just before",
        }
    }
}
