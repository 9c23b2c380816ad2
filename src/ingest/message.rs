//! Puts an envelope on what was read.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::content::{Content, slice};
use super::context::Context;
use crate::broker::{Publication, topology};
use crate::envelope::{Change, Envelope, Identifying, Lane, Origin, Piece, Stored};

/// What a message is about, as its source tells it.
pub(super) struct Subject<'a> {
    pub(super) patient: &'a str,
    pub(super) data_type: Option<&'a str>,
    /// The record's key within the facility.
    pub(super) key: &'a str,
    pub(super) version: &'a str,
    /// Path relative to the source's root.
    pub(super) file: &'a str,
    pub(super) change: Change,
    /// Which file of a storage it is.
    pub(super) stored: Option<&'a Stored>,
}

/// The messages of a content, each on its way to the router and to the feed's own record of what it accepted:
/// one publication, so that neither is without the other. `base` is where the content begins in its file.
pub(super) fn publications(
    context: &Context,
    subject: &Subject<'_>,
    content: &Content,
    base: u64,
) -> Vec<Publication> {
    let parts = content.parts.iter().enumerate();
    parts.map(|(part, range)| publication(context, subject, content, base, (part, range))).collect()
}

/// One message of a content.
pub(super) fn publication(
    context: &Context,
    subject: &Subject<'_>,
    content: &Content,
    base: u64,
    (part, range): (usize, &Range<usize>),
) -> Publication {
    let hash = blake3::hash(slice(&content.bytes, range)).to_hex();
    let envelope = Envelope {
        id: id(context, subject, hash.as_str(), part),
        facility: context.facility.clone(),
        patient: Identifying(subject.patient.to_owned()),
        data_type: subject.data_type.map(str::to_owned),
        change: subject.change,
        key: Identifying(subject.key.to_owned()),
        version: subject.version.to_owned(),
        origin: Origin {
            feed: context.feed.clone(),
            file: Identifying(subject.file.to_owned()),
            offset: base + u64::try_from(range.start).unwrap_or_default(),
            hash: hash.to_string(),
        },
        stored: subject.stored.map(|stored| with_piece(stored, content, (part, range))),
        accepted_at: context.clock.now().to_string(),
        format: content.format,
        claim: None,
        join: None,
        event: None,
        fault: content.fault.clone(),
        findings: content.findings.clone(),
    };
    let lane = Lane::of(&context.facility, subject.patient, context.lanes);
    let to = vec![(topology::ingest(), lane), (context.accepted.clone(), Lane(0))];
    Publication { to, envelope, body: content.bytes.slice(range.clone()) }
}

/// A message of a file that holds more tells what of the file lies around it: together they are the file.
fn with_piece(stored: &Stored, content: &Content, (part, range): (usize, &Range<usize>)) -> Stored {
    let (bytes, parts) = (&content.bytes, &content.parts);
    if *range == (0..bytes.len()) {
        return stored.clone();
    }
    let before = part.checked_sub(1).and_then(|part| parts.get(part)).map_or(0, |before| before.end);
    let after = if part + 1 == parts.len() { range.end..bytes.len() } else { 0..0 };
    let encode = |range| Identifying(STANDARD.encode(slice(bytes, &range)));
    let piece = Piece {
        file_bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        file_hash: blake3::hash(bytes).to_hex().to_string(),
        before: encode(before..range.start),
        after: encode(after),
    };
    Stored { piece: Some(piece), ..stored.clone() }
}

/// The same input gives the same id, so that a consumer can drop a repeat.
fn id(context: &Context, subject: &Subject<'_>, hash: &str, part: usize) -> String {
    let change = match subject.change {
        Change::Created => "created",
        Change::Updated => "updated",
        Change::Deleted => "deleted",
        Change::Superseded => "superseded",
    };
    let mut hasher = blake3::Hasher::new();
    for text in [&context.facility, subject.key, subject.version, hash, change, &part.to_string()] {
        hasher.update(text.as_bytes()).update(&[0]);
    }
    // History is told again when it is renamed.
    if subject.change == Change::Superseded {
        hasher.update(subject.file.as_bytes());
    }
    hasher.finalize().to_hex().chars().take(32).collect()
}
