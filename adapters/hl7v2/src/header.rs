//! MSH fields read from bytes, before the character set is known.

use std::ops::Range;

use crate::scan;

const ESC: u8 = 0x1B;

/// The byte ranges of the fields of one MSH segment.
///
/// The walk knows ISO-2022 shifts, because a kanji in MSH-3 to MSH-6 may hold the byte of the
/// field separator.
pub(crate) struct Header<'a> {
    bytes: &'a [u8],
    fields: Vec<Range<usize>>,
}

/// MSH-21 is the last field anyone needs before decoding.
const FIELDS_MAX: usize = 21;

impl<'a> Header<'a> {
    /// Reads a segment that starts with `MSH` and a field separator.
    pub(crate) fn read(bytes: &'a [u8]) -> Self {
        let plain = Self::walk(bytes, false);
        if plain.field(12).starts_with(b"2") || !plain.has_eight_bits() {
            return plain;
        }
        // A Shift_JIS second byte may be a separator too; believed only if MSH-12 comes out right.
        let skipping = Self::walk(bytes, true);
        if skipping.field(12).starts_with(b"2") { skipping } else { plain }
    }

    /// MSH-n, n from 3; empty where absent.
    pub(crate) fn field(&self, n: usize) -> &'a [u8] {
        let range = n.checked_sub(2).and_then(|at| self.fields.get(at)).cloned();
        range.and_then(|range| self.bytes.get(range)).unwrap_or_default()
    }

    fn has_eight_bits(&self) -> bool {
        let end = self.fields.last().map_or(0, |range| range.end);
        !self.bytes[..end].is_ascii()
    }

    fn walk(bytes: &'a [u8], skip_trails: bool) -> Self {
        let separator = bytes.get(3).copied().unwrap_or(b'|');
        let special = |b: u8| (b == separator) | !b.is_ascii() | (b == b'\r') | (b == b'\n') | (b == ESC);
        let mut fields = Vec::with_capacity(FIELDS_MAX);
        let (mut start, mut wide, mut trail) = (4.min(bytes.len()), false, 0);
        let mut end = None;
        for at in scan::Marks::new(bytes, special).skip_while(|at| *at < 4) {
            if fields.len() == FIELDS_MAX {
                break;
            }
            match bytes[at] {
                _ if skip_trails && at == trail => {}
                b'\r' | b'\n' => {
                    end = Some(at);
                    break;
                }
                ESC => wide = opens_wide(&bytes[at..]).unwrap_or(wide),
                0x81..=0x9F | 0xE0..=0xFC if skip_trails => trail = at + 1,
                byte if byte == separator && !wide => {
                    fields.push(start..at);
                    start = at + 1;
                }
                _ => {}
            }
        }
        if fields.len() < FIELDS_MAX {
            fields.push(start..end.unwrap_or(bytes.len()));
        }
        Self { bytes, fields }
    }
}

/// A message with another MSH-`n`, `n` from 3 to 20; the value is written as it is, in the message's own bytes. Fields
/// that are not there yet are made. `None` where the bytes do not start with `MSH` and a separator in single bytes.
pub fn with_header_field(bytes: &[u8], n: usize, value: &[u8]) -> Option<Vec<u8>> {
    let separator = bytes.strip_prefix(b"MSH")?.first().copied().filter(u8::is_ascii_punctuation)?;
    let Header { fields, .. } = Header::read(bytes);
    let at = n.checked_sub(2).filter(|at| (1..FIELDS_MAX - 2).contains(at))?;
    let (missing, range) = match fields.get(at) {
        Some(range) => (0, range.clone()),
        None => {
            let end = fields.last()?.end;
            (at + 1 - fields.len(), end..end)
        }
    };
    let (before, behind) = (bytes.get(..range.start)?, bytes.get(range.end..)?);
    Some([before, &vec![separator; missing], value, behind].concat())
}

/// Whether the escape sequence at the start leaves single bytes: `None` if it designates nothing.
fn opens_wide(bytes: &[u8]) -> Option<bool> {
    match bytes {
        [ESC, b'$', ..] => Some(true),
        [ESC, b'(', b'B' | b'J' | b'H', ..] => Some(false),
        [ESC, b'(', b'I', ..] => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kanji_before_msh_18_do_not_shift_it() {
        // 0x4C7C (目) ends with the byte of the separator, 0x217C too.
        let jis = b"MSH|^~\\&|\x1b$BL|L|\x1b(B|S|GW|R|20260101||ADT^A08|1|P|2.5||||||~ISO IR87||ISO 2022-1994\rPID|";
        let header = Header::read(jis);
        assert_eq!(header.field(12), b"2.5");
        assert_eq!(header.field(18), b"~ISO IR87");
        assert_eq!(header.field(20), b"ISO 2022-1994");
        assert_eq!(header.field(21), b"");
        let sjis = b"MSH|^~\\&|\x83|\x83|A|S|GW|R|20260101||ADT^A08|1|P|2.5||||||MS932\r";
        assert_eq!(Header::read(sjis).field(18), b"MS932");
    }

    #[test]
    fn a_field_is_set_where_it_is_and_made_where_it_is_not() {
        let set = |bytes: &[u8], n, value: &[u8]| with_header_field(bytes, n, value);
        let text = |bytes: &[u8]| Some(bytes.to_vec());
        assert_eq!(set(b"MSH|^~\\&|A|B\rPID|1", 3, b"X"), text(b"MSH|^~\\&|X|B\rPID|1"));
        assert_eq!(set(b"MSH|^~\\&|A|B\rPID|1", 6, b"X"), text(b"MSH|^~\\&|A|B||X\rPID|1"));
        assert_eq!(set(b"MSH#^~\\&#A", 5, b"X"), text(b"MSH#^~\\&#A##X"));
        let jis = b"MSH|^~\\&|\x1b$BL|L|\x1b(B|S|GW";
        assert_eq!(set(jis, 5, b"X"), text(b"MSH|^~\\&|\x1b$BL|L|\x1b(B|S|X"));
        for (bytes, n) in [(&b"PID|1"[..], 3), (b"MSH", 3), (b"MSH|^~\\&|A", 2), (b"MSH|^~\\&|A", 21)] {
            assert_eq!(set(bytes, n, b"X"), None);
        }
    }

    #[test]
    fn short_segments_have_empty_fields() {
        for bytes in [&b"MSH|"[..], b"MSH|^~\\&", b"MSH|^~\\&|\x83", b"MSH"] {
            assert_eq!(Header::read(bytes).field(18), b"");
        }
    }
}
