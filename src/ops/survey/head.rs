//! What a file is, by its first bytes.

/// Whether they begin an HL7 v2 message, batch or frame, in whatever character set.
pub(super) fn is_hl7(bytes: &[u8]) -> bool {
    let units: Vec<u8> = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => rest.iter().copied().take(SHOWN).collect(),
        // Two bytes a character, with a byte order mark or without.
        [0xFE, 0xFF, rest @ ..] | [0xFF, 0xFE, rest @ ..] => narrow(rest),
        [b'M' | b'F' | b'B', 0, ..] | [0, b'M' | b'F' | b'B', ..] => narrow(bytes),
        _ => bytes.iter().copied().take(SHOWN).collect(),
    };
    let content =
        units.iter().position(|byte| *byte > b' ').map_or(&[][..], |at| units.get(at..).unwrap_or_default());
    let is_header = [b"MSH", b"FHS", b"BHS"].iter().any(|header| content.starts_with(*header));
    is_header && content.get(3).is_some_and(u8::is_ascii_punctuation)
}

/// Bytes that are looked at.
const SHOWN: usize = 64;

fn narrow(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().take(SHOWN).filter(|byte| *byte != 0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_in_every_dress_are_known() {
        let wide: Vec<u8> = "MSH|^~\\&|".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [
            b"MSH|^~\\&|A\r".as_slice(),
            b"\xEF\xBB\xBFFHS|^~\\&\r",
            b"\x0BMSH|^~\\&|A\r",
            b"\r\n BHS|",
            &wide,
            &[&[0xFE, 0xFF], wide.as_slice()].concat(),
        ] {
            assert!(is_hl7(bytes), "{bytes:?}");
        }
        for bytes in [b"".as_slice(), b"MSHA", b"PID|1", b"#SSMIX,2.00", b"<?xml"] {
            assert!(!is_hl7(bytes), "{bytes:?}");
        }
    }
}
