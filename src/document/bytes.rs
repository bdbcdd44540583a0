//! The text that the bytes of a file hold: UTF-8, or UTF-16 as PowerShell's `>` writes it.

/// A text and how it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// Without the byte order mark.
    pub text: String,
    pub encoding: Encoding,
}

/// How a text was written, for those who write it back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    #[default]
    Utf8,
    /// UTF-8 with a byte order mark of three bytes, which the text does not hold: bytes of the text stand three later in the file.
    Utf8Mark,
    Utf16Le,
    Utf16Be,
}

/// Why bytes are no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecodable {
    #[error("byte {byte} (line {line}) is NUL, so this is no text; was a binary file meant?")]
    Binary { byte: usize, line: usize },
    #[error("byte {byte} (line {line}) is 0x{value:02X}, which is not UTF-8; save the file as UTF-8")]
    NotUtf8 { byte: usize, line: usize, value: u8 },
    #[error("byte {byte} is half a character of UTF-16; save the file as UTF-8")]
    NotUtf16 { byte: usize },
}

/// The text that bytes hold.
///
/// # Errors
/// The first byte that belongs to no text.
pub fn decode(bytes: Vec<u8>) -> Result<Decoded, Undecodable> {
    match bytes.as_slice() {
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest.to_vec(), 3, Encoding::Utf8Mark),
        // FF FE 00 00 would be UTF-32; nothing writes manifests in it, and its zeros are found as NULs.
        [0xFF, 0xFE, rest @ ..] => utf16(rest, 2, Encoding::Utf16Le),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, 2, Encoding::Utf16Be),
        all if zeros(all, 1) => utf16(all, 0, Encoding::Utf16Le),
        all if zeros(all, 0) => utf16(all, 0, Encoding::Utf16Be),
        _ => utf8(bytes, 0, Encoding::Utf8),
    }
}

fn utf8(bytes: Vec<u8>, mark: usize, encoding: Encoding) -> Result<Decoded, Undecodable> {
    if let Some(byte) = bytes.iter().position(|byte| *byte == 0) {
        return Err(Undecodable::Binary { byte: mark + byte, line: line(&bytes, byte) });
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Decoded { text, encoding }),
        Err(error) => {
            let byte = error.utf8_error().valid_up_to();
            let bytes = error.as_bytes();
            Err(Undecodable::NotUtf8 {
                byte: mark + byte,
                line: line(bytes, byte),
                value: bytes.get(byte).copied().unwrap_or(0),
            })
        }
    }
}

fn utf16(bytes: &[u8], mark: usize, encoding: Encoding) -> Result<Decoded, Undecodable> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Undecodable::NotUtf16 { byte: mark + bytes.len() - 1 });
    }
    let little = encoding == Encoding::Utf16Le;
    let units = pairs.iter().map(|pair| if little { u16::from_le_bytes(*pair) } else { u16::from_be_bytes(*pair) });
    let mut text = String::with_capacity(pairs.len());
    let mut byte = mark;
    for char in char::decode_utf16(units) {
        match char {
            Ok('\0') => return Err(Undecodable::Binary { byte, line: line(text.as_bytes(), text.len()) }),
            Ok(char) => {
                text.push(char);
                byte += 2 * char.len_utf16();
            }
            Err(_) => return Err(Undecodable::NotUtf16 { byte }),
        }
    }
    Ok(Decoded { text, encoding })
}

/// Whether the start of the bytes is UTF-16 without a mark: a zero at every other byte but for a few, and nowhere else.
fn zeros(bytes: &[u8], offset: usize) -> bool {
    let (pairs, _) = bytes[..bytes.len().min(512)].as_chunks::<2>();
    let high = pairs.iter().filter(|pair| pair[offset] == 0).count();
    pairs.len() >= 2 && high * 10 >= pairs.len() * 8 && pairs.iter().all(|pair| pair[1 - offset] != 0)
}

fn line(bytes: &[u8], byte: usize) -> usize {
    1 + bytes[..byte].iter().filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn text(bytes: &[u8], expected: &str, encoding: Encoding) {
        assert_eq!(decode(bytes.to_vec()), Ok(Decoded { text: expected.to_owned(), encoding }));
    }

    #[track_caller]
    fn refuse(bytes: &[u8], expected: &str) {
        assert_eq!(decode(bytes.to_vec()).unwrap_err().to_string(), expected);
    }

    fn wide(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn encodings_are_recognised() {
        text(b"", "", Encoding::Utf8);
        text("é: 1\r\n".as_bytes(), "é: 1\r\n", Encoding::Utf8);
        text(b"\xEF\xBB\xBFa: 1", "a: 1", Encoding::Utf8Mark);
        text(&wide("\u{feff}a: é 𝄞", u16::to_le_bytes), "a: é 𝄞", Encoding::Utf16Le);
        text(&wide("\u{feff}a: é", u16::to_be_bytes), "a: é", Encoding::Utf16Be);
        text(&wide("name: é", u16::to_le_bytes), "name: é", Encoding::Utf16Le);
        text(&wide("name: é", u16::to_be_bytes), "name: é", Encoding::Utf16Be);
        text(b"a", "a", Encoding::Utf8);
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_byte() {
        refuse(b"a\nb\0c", "byte 3 (line 2) is NUL, so this is no text; was a binary file meant?");
        refuse(b"\x7fELF\x02\x01\x01\0\0\0", "byte 7 (line 1) is NUL, so this is no text; was a binary file meant?");
        refuse(b"a: caf\xe9\n", "byte 6 (line 1) is 0xE9, which is not UTF-8; save the file as UTF-8");
        refuse(b"\xEF\xBB\xBFa\n\xFF", "byte 5 (line 2) is 0xFF, which is not UTF-8; save the file as UTF-8");
        refuse(b"\xFF\xFEa\0b", "byte 4 is half a character of UTF-16; save the file as UTF-8");
        refuse(b"\xFF\xFE\x00\xD8a\0", "byte 2 is half a character of UTF-16; save the file as UTF-8");
    }
}
