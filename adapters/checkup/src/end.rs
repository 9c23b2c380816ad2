//! The end of a ZIP: the record by which it is known to be whole, and from which it is read.

use std::io::{Read, Seek, SeekFrom};

use crate::finding::Fault;

const SIGNATURE: [u8; 4] = *b"PK\x05\x06";
const ZIP64_LOCATOR: [u8; 4] = *b"PK\x06\x07";
/// Bytes of the record without its comment.
const BYTES: usize = 22;
/// Bytes of a ZIP64 locator, which stands before the record.
const LOCATOR_BYTES: usize = 20;
/// Furthest from the end that the record can begin: with the longest comment.
const FURTHEST: u64 = 22 + 65_535;

/// What the end of an archive says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    /// Length of the archive.
    pub(crate) archive_bytes: u64,
    /// Entries.
    pub(crate) entries: u16,
    /// Bytes of the central directory, which ends where this record begins.
    pub(crate) directory_bytes: u64,
}

/// Whether an archive's end is there: what is still being written has none.
///
/// # Errors
/// `torn` where the end is missing or something follows it.
pub fn completeness(bytes: &[u8]) -> Result<(), Fault> {
    let from = bytes.len().saturating_sub(usize::try_from(FURTHEST).unwrap_or(usize::MAX));
    find(bytes.get(from..).unwrap_or_default()).map(|_| ()).ok_or_else(torn)
}

fn torn() -> Fault {
    Fault::of_archive("torn", "the end of the ZIP is missing, or something follows it")
}

/// Reads the end of an archive. One that can be read in two ways is refused: the last signature must be that of a
/// record which ends where the archive does, and the central directory must end where the record begins.
pub(crate) fn read(archive: &mut (impl Read + Seek)) -> Result<End, Fault> {
    let unreadable = |_| Fault::of_archive("unreadable", "the archive can't be read");
    let archive_bytes = archive.seek(SeekFrom::End(0)).map_err(unreadable)?;
    let tail_start = archive_bytes.saturating_sub(FURTHEST + LOCATOR_BYTES as u64);
    archive.seek(SeekFrom::Start(tail_start)).map_err(unreadable)?;
    let mut tail = Vec::new();
    archive.take(FURTHEST + LOCATOR_BYTES as u64).read_to_end(&mut tail).map_err(unreadable)?;
    let at = find(&tail).ok_or_else(torn)?;
    let (before, record) = tail.split_at_checked(at).ok_or_else(torn)?;
    let locator = before.len().checked_sub(LOCATOR_BYTES).and_then(|start| before.get(start..));
    if locator.is_some_and(|locator| locator.starts_with(&ZIP64_LOCATOR)) {
        return Err(Fault::of_archive("zip64", "archives with ZIP64 records are not read"));
    }
    let short = |at: usize| record.get(at..at + 2).map_or(0, little).try_into().unwrap_or(u16::MAX);
    let long = |at: usize| record.get(at..at + 4).map_or(0, little);
    if [short(4), short(6)] != [0, 0] || short(8) != short(10) {
        return Err(Fault::of_archive("multi-volume", "it is one part of an archive in several"));
    }
    let end = End { archive_bytes, entries: short(10), directory_bytes: long(12) };
    let directory_start = long(16);
    if end.entries == u16::MAX || directory_start == u32::MAX.into() {
        return Err(Fault::of_archive("zip64", "archives with ZIP64 records are not read"));
    }
    let record_start = tail_start + u64::try_from(at).unwrap_or(u64::MAX);
    if directory_start + end.directory_bytes != record_start {
        let reason = "the directory of the ZIP is not where its end says";
        return Err(Fault::of_archive("broken-zip", reason));
    }
    Ok(end)
}

/// Where the record begins in the last bytes of an archive.
fn find(tail: &[u8]) -> Option<usize> {
    let at = tail.windows(SIGNATURE.len()).rposition(|window| window == SIGNATURE)?;
    let comment = tail.get(at + BYTES - 2..at + BYTES).map(little)?;
    let length = u64::try_from(tail.len() - at - BYTES).ok()?;
    (comment == length).then_some(at)
}

fn little(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
