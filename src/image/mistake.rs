//! What is wrong with a reference that no parser accepts: where, why, and what to write instead.

use std::error::Error;
use std::fmt;
use std::ops::Range;

use super::digest::Algorithm;

/// Why a text is not a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The bytes to blame, in the text that was read; empty where something is missing.
    pub at: Range<usize>,
    /// One cause.
    pub reason: Reason,
    /// What to do about it, as a half-sentence.
    pub hint: Option<String>,
    /// The whole reference as it was surely meant; it parses.
    pub fix: Option<String>,
}

/// The causes, one for each sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    Empty,
    OnlyBlanks,
    /// What an unset value became in a string: `None`, `[object Object]`.
    EmptyWord(String),
    /// A token of this text that a pipeline should have replaced.
    Placeholder(String),
    Scheme(String),
    Credentials,
    Blank,
    Control(char),
    Hidden(char),
    NonAscii(char),
    Quote,
    Backslash,
    List,
    Character(char),
    LeadingSlash,
    EmptySegment,
    TrailingSlash,
    MissingRepository,
    UpperCase,
    SegmentEdge(char),
    Separator(String),
    NameTooLong(usize),
    Identifier,
    EmptyTag,
    TagStart(char),
    TagCharacter(char),
    TagTooLong(usize),
    SlashInTag,
    TwoTags,
    DigestAfterColon,
    EmptyDigest,
    DigestWithoutAlgorithm,
    DigestAlgorithm(String),
    DigestAlgorithmCase,
    DigestUpperCase,
    DigestCharacter(char),
    DigestLength(Algorithm, usize),
    TagAfterDigest,
    EmptyHost,
    HostLeadingDot,
    HostTrailingDot,
    HostEmptyLabel,
    HostHyphen,
    HostUnderscore,
    HostPort,
    Ipv6,
    Ipv6Brackets,
    /// Of a reference with unknown parts: whatever they stand for, this cannot stand here.
    Impossible,
}

/// The family of a [`Reason`], for those who judge one family at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    Empty,
    Placeholder,
    Scheme,
    /// A blank, control, hidden, non-ASCII or otherwise illegal character.
    Character,
    UpperCase,
    Digest,
    Length,
    Host,
    /// Slashes, colons and separators.
    Structure,
}

impl Reason {
    /// The family that this cause belongs to.
    pub fn cause(&self) -> Cause {
        match self {
            Self::Empty | Self::OnlyBlanks | Self::EmptyWord(_) => Cause::Empty,
            Self::Placeholder(_) => Cause::Placeholder,
            Self::Scheme(_) => Cause::Scheme,
            Self::Blank
            | Self::Control(_)
            | Self::Hidden(_)
            | Self::NonAscii(_)
            | Self::Quote
            | Self::Backslash
            | Self::List
            | Self::Character(_) => Cause::Character,
            Self::UpperCase => Cause::UpperCase,
            Self::DigestAfterColon
            | Self::EmptyDigest
            | Self::DigestWithoutAlgorithm
            | Self::DigestAlgorithm(_)
            | Self::DigestAlgorithmCase
            | Self::DigestUpperCase
            | Self::DigestCharacter(_)
            | Self::DigestLength(..)
            | Self::TagAfterDigest => Cause::Digest,
            Self::NameTooLong(_) | Self::TagTooLong(_) => Cause::Length,
            Self::Credentials
            | Self::EmptyHost
            | Self::HostLeadingDot
            | Self::HostTrailingDot
            | Self::HostEmptyLabel
            | Self::HostHyphen
            | Self::HostUnderscore
            | Self::HostPort
            | Self::Ipv6
            | Self::Ipv6Brackets => Cause::Host,
            Self::LeadingSlash
            | Self::EmptySegment
            | Self::TrailingSlash
            | Self::MissingRepository
            | Self::SegmentEdge(_)
            | Self::Separator(_)
            | Self::Identifier
            | Self::EmptyTag
            | Self::TagStart(_)
            | Self::TagCharacter(_)
            | Self::SlashInTag
            | Self::TwoTags
            | Self::Impossible => Cause::Structure,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the reference is empty"),
            Self::OnlyBlanks => f.write_str("the reference is nothing but blanks"),
            Self::EmptyWord(word) => {
                write!(f, "`{word}` is what an unset value becomes in a string")
            }
            Self::Placeholder(token) => write!(f, "`{token}` was not replaced by a value"),
            Self::Scheme(scheme) => write!(f, "a reference has no scheme such as `{scheme}`"),
            Self::Credentials => f.write_str("a reference holds no user name or password"),
            Self::Blank => f.write_str("a reference has no blanks"),
            Self::Control(c) => write!(f, "a reference has no control characters ({})", code(*c)),
            Self::Hidden(c) => write!(f, "there is a hidden character, {}", code(*c)),
            Self::NonAscii(c) => write!(f, "`{c}` ({}) is not an ASCII character", code(*c)),
            Self::Quote => f.write_str("the quotes are part of the reference"),
            Self::Backslash => f.write_str("a reference is divided by `/`, not by a backslash"),
            Self::List => f.write_str("there is one reference in an image, not a list"),
            Self::Character(c) => write!(f, "`{c}` does not occur in a reference"),
            Self::LeadingSlash => f.write_str("there is no registry in front of the slash"),
            Self::EmptySegment => f.write_str("there is no name between two slashes"),
            Self::TrailingSlash => f.write_str("a slash is followed by a name"),
            Self::MissingRepository => f.write_str("a reference names a repository"),
            Self::UpperCase => f.write_str("a repository name is lower case"),
            Self::SegmentEdge(_) => f.write_str("a name in a repository begins and ends with a letter or digit"),
            Self::Separator(run) => {
                write!(f, "`{run}` does not separate words: one dot, one or two underscores, or dashes do")
            }
            Self::NameTooLong(length) => {
                write!(f, "a repository name has at most 255 characters, not {length}")
            }
            Self::Identifier => f.write_str("64 hexadecimal digits are an image id, not a name"),
            Self::EmptyTag => f.write_str("a colon is followed by a tag"),
            Self::TagStart(_) => f.write_str("a tag begins with a letter, a digit or an underscore"),
            Self::TagCharacter(c) => write!(f, "`{c}` does not occur in a tag"),
            Self::TagTooLong(length) => {
                write!(f, "a tag has at most 128 characters, not {length}")
            }
            Self::SlashInTag => f.write_str("a tag has no slash"),
            Self::TwoTags => f.write_str("a reference has one tag"),
            Self::DigestAfterColon => f.write_str("a digest follows `@`, not a colon"),
            Self::EmptyDigest => f.write_str("`@` is followed by a digest"),
            Self::DigestWithoutAlgorithm => f.write_str("a digest begins with its algorithm, `sha256:`"),
            Self::DigestAlgorithm(name) => write!(f, "`{name}` is not a digest's algorithm"),
            Self::DigestAlgorithmCase => f.write_str("a digest's algorithm is lower case"),
            Self::DigestUpperCase => f.write_str("a digest's digits are lower case"),
            Self::DigestCharacter(c) => write!(f, "`{c}` is not a hexadecimal digit"),
            Self::DigestLength(algorithm, length) => {
                write!(f, "{} has {} hexadecimal digits, not {length}", algorithm.name(), algorithm.digits())
            }
            Self::TagAfterDigest => f.write_str("a tag stands in front of the digest"),
            Self::EmptyHost => f.write_str("there is no host in front of the port"),
            Self::HostLeadingDot => f.write_str("the registry's name in front of the dot is empty"),
            Self::HostTrailingDot => f.write_str("a registry's host does not end in a dot"),
            Self::HostEmptyLabel => f.write_str("there is no name between two dots of the host"),
            Self::HostHyphen => f.write_str("a name in a host begins and ends with a letter or digit"),
            Self::HostUnderscore => f.write_str("a host has no underscore"),
            Self::HostPort => f.write_str("a port is a number"),
            Self::Ipv6 => f.write_str("this is not an IPv6 address in brackets"),
            Self::Ipv6Brackets => f.write_str("an IPv6 address stands in brackets"),
            Self::Impossible => f.write_str("whatever the unknown part is, no reference reads like this"),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)
    }
}

impl Error for Mistake {}

/// `U+200B zero width space`: a character that may not show, for a person.
pub(super) fn code(c: char) -> String {
    let number = format!("U+{:04X}", u32::from(c));
    match name(c) {
        Some(name) => format!("{number} {name}"),
        None => number,
    }
}

fn name(c: char) -> Option<&'static str> {
    Some(match c {
        '\0' => "null",
        '\u{7}' => "bell",
        '\u{8}' => "backspace",
        '\u{1b}' => "escape",
        '\u{7f}' => "delete",
        '\u{85}' => "next line",
        '\u{a0}' => "no-break space",
        '\u{ad}' => "soft hyphen",
        '\u{180e}' => "mongolian vowel separator",
        '\u{200b}' => "zero width space",
        '\u{200c}' => "zero width non-joiner",
        '\u{200d}' => "zero width joiner",
        '\u{200e}' => "left-to-right mark",
        '\u{200f}' => "right-to-left mark",
        '\u{2000}'..='\u{200a}' => "typographic space",
        '\u{2028}' => "line separator",
        '\u{2029}' => "paragraph separator",
        '\u{202a}'..='\u{202e}' => "text direction mark",
        '\u{202f}' => "narrow no-break space",
        '\u{205f}' => "mathematical space",
        '\u{2060}' => "word joiner",
        '\u{2066}'..='\u{2069}' => "text direction mark",
        '\u{3000}' => "ideographic space",
        '\u{fe00}'..='\u{fe0f}' => "variation selector",
        '\u{feff}' => "byte order mark",
        '\u{fffd}' => "replacement character",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "dash",
        '\u{430}'..='\u{44f}' | '\u{410}'..='\u{42f}' => "Cyrillic letter",
        '\u{3b1}'..='\u{3c9}' | '\u{391}'..='\u{3a9}' => "Greek letter",
        '\u{ff01}'..='\u{ff5e}' => "full-width form",
        _ => return None,
    })
}
