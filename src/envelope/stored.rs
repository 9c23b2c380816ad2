//! Which file of an SS-MIX2 storage a message is: what whoever keeps a copy of that storage needs to know.

use serde::{Deserialize, Serialize};

use super::Identifying;

/// The file of a storage that a message was read from, or will lie in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Path below the storage's root, [escaped](escape).
    pub path: Identifying,
    /// What versions of the same record in the same folder were called when this one was taken, itself among them,
    /// each escaped: a storage tells by renaming. A version that was history says only its own name. Empty where the
    /// message came by a transaction storage, which names no file: what it does to the others follows from the rules
    /// of SS-MIX2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<Identifying>,
    /// Set where the body is not the whole file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub piece: Option<Piece>,
}

/// The place of a message in a file that holds more than it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// Bytes of the file.
    pub file_bytes: u64,
    /// BLAKE3 of the file, hexadecimal.
    pub file_hash: String,
    /// What stands before the message, after the message before it; base64.
    #[serde(default)]
    pub before: Identifying,
    /// What stands after the last message; base64.
    #[serde(default)]
    pub after: Identifying,
}

/// A path of any bytes as text: `%`, and bytes that are not UTF-8, become `%` and two hexadecimal digits.
pub fn escape(path: &[u8]) -> String {
    let mut text = String::with_capacity(path.len());
    for chunk in path.utf8_chunks() {
        text.push_str(&chunk.valid().replace('%', "%25"));
        for byte in chunk.invalid() {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

/// The bytes of an [escaped](escape) path. A `%` that no two hexadecimal digits follow stands for itself.
pub fn unescape(text: &str) -> Vec<u8> {
    let mut path = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        let escaped = match (byte, after) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)),
            _ => None,
        };
        path.push(escaped.map_or(*byte, |(high, low)| high << 4 | low));
        rest = if escaped.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    path
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_text_stays_as_it_is() {
        assert_eq!(escape("000/患者_1".as_bytes()), "000/患者_1");
        assert_eq!(escape(b"100%\x8a\xb3"), "100%25%8A%B3");
        assert_eq!(unescape("50%zz%4"), b"50%zz%4");
    }

    proptest! {
        #[test]
        fn any_path_comes_back(path in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(unescape(&escape(&path)), path);
        }
    }
}
