//! The last record that was taken of a transaction file: what is appended may turn out to be the rest of it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::content::Hash;

const MARK: &[u8] = b"#SSMIX,";
/// Longer than any header line.
const HEADER_MAX: u64 = 1_024;

/// Where it lay in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LastRecord {
    /// Offset of the record, or of its message.
    pub(super) start: u64,
    /// Offset of its end, without the line ends there.
    pub(super) end: u64,
}

impl LastRecord {
    /// A record's bytes at an offset, whose message ends where they end.
    pub(super) fn of(start: u64, bytes: &[u8]) -> Self {
        let length = u64::try_from(bytes.trim_ascii_end().len()).unwrap_or(u64::MAX);
        Self { start, end: start.saturating_add(length) }
    }

    /// As the ledger keeps it, in place of a content's hash.
    pub(super) fn to_hash(last: Option<Self>) -> Hash {
        let mut hash = Hash::default();
        if let Some(Self { start, end }) = last {
            let bytes = start.to_le_bytes().into_iter().chain(end.to_le_bytes());
            hash.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        }
        hash
    }

    /// Reads what [`to_hash`](Self::to_hash) wrote.
    pub(super) fn from_hash(hash: Hash) -> Option<Self> {
        let both = u128::from_le_bytes(hash);
        let half = |number: u128| u64::try_from(number & u128::from(u64::MAX)).unwrap_or_default();
        let last = Self { start: half(both), end: half(both >> 64) };
        (last.end > 0).then_some(last)
    }

    /// The same, from where its header line begins.
    pub(super) fn with_header(self, file: &mut File) -> io::Result<Self> {
        let from = self.start.saturating_sub(HEADER_MAX);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        let mark = u64::try_from(MARK.len()).unwrap_or_default();
        file.take(self.start - from + mark).read_to_end(&mut bytes)?;
        let before = usize::try_from(self.start - from).unwrap_or_default();
        let length = header_length(&bytes, before).unwrap_or_default();
        Ok(Self { start: self.start - u64::try_from(length).unwrap_or_default(), ..self })
    }
}

/// Length of the header line that ends at `at`, with its line end; None if a header begins there, or none ends.
fn header_length(bytes: &[u8], at: usize) -> Option<usize> {
    let (before, rest) = bytes.split_at_checked(at)?;
    if rest.starts_with(MARK) {
        return None;
    }
    let line = before.strip_suffix(b"\r\n").or_else(|| before.strip_suffix(b"\r"));
    let line = line.or_else(|| before.strip_suffix(b"\n"))?;
    let start = line.iter().rposition(|byte| matches!(byte, b'\r' | b'\n')).map_or(0, |end| end + 1);
    line.get(start..)?.starts_with(MARK).then_some(at - start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_and_read_back() {
        for last in
            [None, Some(LastRecord { start: 0, end: 7 }), Some(LastRecord { start: 1 << 40, end: u64::MAX })]
        {
            assert_eq!(LastRecord::from_hash(LastRecord::to_hash(last)), last);
        }
    }

    #[test]
    fn header_before_a_message() {
        for end in ["\r", "\n", "\r\n"] {
            let text = format!("MSH|1{end}#SSMIX,2.00{end}MSH|2");
            let at = text.len() - 5;
            assert_eq!(header_length(text.as_bytes(), at), Some(11 + end.len()));
            assert_eq!(header_length(text.as_bytes(), 5 + end.len()), None);
        }
        assert_eq!(header_length(b"lost\rMSH|2", 5), None);
    }
}
