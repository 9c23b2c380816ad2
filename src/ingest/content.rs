//! A file's content: its bytes, the messages in it, and the hash by which it is known again.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;

use super::hl7;
use crate::envelope::{Fault, Finding, Format};
use crate::manifest::Manifest;

/// First half of a BLAKE3: enough to know a content again.
pub(super) type Hash = [u8; 16];

/// What was read of a file.
pub(super) struct Content {
    /// All of it.
    pub(super) bytes: Bytes,
    /// The messages in it; one empty range if there is nothing.
    pub(super) parts: Vec<Range<usize>>,
    /// What is odd about it.
    pub(super) findings: Vec<Finding>,
    /// Why it makes no sense.
    pub(super) fault: Option<Fault>,
    /// Of its messages, without the line ends after each; of a folder, of its files.
    pub(super) hash: Hash,
    /// What its messages are.
    pub(super) format: Format,
    /// It could not be opened: its times tell nothing about when that changes.
    pub(super) unreadable: bool,
}

impl Content {
    /// The content of a file, in as many messages as it holds.
    pub(super) fn of_file(bytes: Bytes, fault: Option<Fault>) -> Self {
        let (parts, findings) = hl7::split(&bytes);
        let hash =
            parts.iter().fold(None, |hash, part| Some(fold(hash, slice(&bytes, part)))).unwrap_or_default();
        Self { bytes, parts, findings, fault, hash, format: Format::Hl7v2, unreadable: false }
    }

    /// The content of a record that holds one message.
    pub(super) fn of_record(bytes: Bytes, fault: Option<Fault>) -> Self {
        let hash = fold(None, &bytes);
        Self {
            parts: whole(&bytes),
            bytes,
            findings: Vec::new(),
            fault,
            hash,
            format: Format::Hl7v2,
            unreadable: false,
        }
    }

    /// The content of a file of that format.
    pub(super) fn of(format: Format, bytes: Bytes, fault: Option<Fault>) -> Self {
        match format {
            Format::Hl7v2 => Self::of_file(bytes, fault),
            Format::Document | Format::Checkup => Self { format, ..Self::of_record(bytes, fault) },
        }
    }

    /// The content of a folder.
    pub(super) fn of_folder(manifest: &Manifest, findings: Vec<Finding>, fault: Option<Fault>) -> Self {
        let bytes: Bytes = manifest.to_bytes().into();
        let (parts, hash) = (whole(&bytes), hash_of_files(manifest));
        Self { parts, bytes, findings, fault, hash, format: Format::Document, unreadable: false }
    }

    /// Of a file whose bytes could not be had.
    pub(super) fn missing(fault: Fault, unreadable: bool) -> Self {
        Self { unreadable, ..Self::of_record(Bytes::new(), Some(fault)) }
    }
}

/// The hash of a content, message by message, so that it can also be told from the messages as they were
/// published. Line ends of another kind make no other content.
pub(super) fn fold(before: Option<Hash>, message: &[u8]) -> Hash {
    let hash = half(blake3::hash(&with_line_ends(message.trim_ascii_end())));
    match before {
        None => hash,
        Some(before) => half(blake3::hash(&[before, hash].concat())),
    }
}

/// The hash of a folder's content: of the paths and bytes in it, whatever the folder is called.
pub(super) fn hash_of_files(manifest: &Manifest) -> Hash {
    let mut hasher = blake3::Hasher::new();
    for file in &manifest.files {
        for part in [&file.path.0, &file.hash] {
            hasher.update(part.as_bytes()).update(&[0]);
        }
    }
    half(hasher.finalize())
}

/// A message with `\r` for every line end.
fn with_line_ends(message: &[u8]) -> Cow<'_, [u8]> {
    if !message.contains(&b'\n') {
        return Cow::Borrowed(message);
    }
    let mut text = Vec::with_capacity(message.len());
    let mut before = 0;
    for byte in message {
        match (before, *byte) {
            (b'\r', b'\n') => {}
            (_, b'\n') => text.push(b'\r'),
            (_, byte) => text.push(byte),
        }
        before = *byte;
    }
    Cow::Owned(text)
}

/// The first half of a hash.
pub(super) fn half(hash: blake3::Hash) -> Hash {
    let mut first = [0; 16];
    first.copy_from_slice(hash.as_bytes().split_at(16).0);
    first
}

/// One range over all.
pub(super) fn whole(bytes: &[u8]) -> Vec<Range<usize>> {
    std::iter::once(0..bytes.len()).collect()
}

/// The bytes of a range.
pub(super) fn slice<'a>(bytes: &'a [u8], range: &Range<usize>) -> &'a [u8] {
    bytes.get(range.clone()).unwrap_or_default()
}
