//! One message: its values change, its bytes around them do not.

use std::ops::Range;

use hl7v2::charset::{respell, undecodable};
use hl7v2::{Message, alignment, decode, decode_as_written};

use super::leaf::{Leaf, Segment, leaves};
use super::report::{Action, Decided};
use super::stand_in::Draw;
use super::value::{Keys, changed};

/// A message with stand-ins.
pub(super) struct Redacted {
    pub(super) bytes: Vec<u8>,
    pub(super) decided: Vec<Decided>,
    /// It is read otherwise than the original.
    pub(super) differs: bool,
}

/// How often another set of stand-ins is tried where one changes how the message is read.
const TRIES: u32 = 16;

/// Puts stand-ins into a message that can be read. `None` if it can't.
pub(super) fn redact(bytes: &[u8], key: &[u8; 32], days: impl Fn(&str) -> i64) -> Option<Redacted> {
    let message = decode_as_written(bytes).ok()?;
    let patient = message.patient_id().map(|(_, id)| id.into_owned()).unwrap_or_default();
    let days = days(&patient);
    let segments: Vec<Segment<'_>> = message
        .segments()
        .map(|segment| Segment {
            raw: segment.raw(),
            start: segment.range().start,
            occurrence: segment.occurrence(),
        })
        .collect();
    let leaves = leaves(&segments, &message.delimiters());
    let characters = Characters::new(bytes, &message);
    let before = profile(bytes);
    let attempt = |salt| {
        let keys = Keys { key, salt, days };
        let mut edits = Vec::new();
        leaves.iter().for_each(|leaf| characters.edit(leaf, keys, &mut edits));
        spliced(bytes, edits)
    };
    let first = attempt(0);
    let made = (profile(&first) != before)
        .then(|| (1..TRIES).map(attempt).find(|bytes| profile(bytes) == before))
        .flatten();
    let bytes = made.unwrap_or(first);
    let differs = profile(&bytes) != before;
    Some(Redacted { bytes, decided: leaves.into_iter().map(|leaf| leaf.decided).collect(), differs })
}

/// The characters of a message's text with their bytes.
struct Characters<'m> {
    message: &'m Message,
    bytes: &'m [u8],
    /// Where each begins in the text.
    starts: Vec<usize>,
    /// Where each stands in the bytes.
    ranges: Vec<Range<usize>>,
}

impl<'m> Characters<'m> {
    fn new(bytes: &'m [u8], message: &'m Message) -> Self {
        let starts = message.text().char_indices().map(|(at, _)| at).collect();
        Self { message, bytes, starts, ranges: alignment(bytes, message) }
    }

    /// The changes that a leaf needs.
    fn edit(&self, leaf: &Leaf<'_>, keys: Keys<'_>, edits: &mut Vec<(Range<usize>, Vec<u8>)>) {
        if leaf.decided.action == Action::Kept {
            return;
        }
        let first = self.starts.partition_point(|start| *start < leaf.range().start);
        let originals: Vec<char> = leaf.raw.chars().collect();
        let charset = self.message.charset().used;
        let written = |at: usize, new: char| {
            let (old, range) = (originals.get(at)?, self.ranges.get(first + at)?);
            respell(*old, self.bytes.get(range.clone())?, charset, new)
        };
        let fits = |at: usize, new: char| written(at, new).is_some();
        let new = changed(leaf, &self.message.delimiters(), keys, &fits);
        let mut draw = Draw::new(keys.key, keys.salt, leaf.raw);
        for (at, (old, new)) in originals.iter().zip(new).enumerate() {
            let Some(range) = self.ranges.get(first + at) else { continue };
            let bytes = match *old {
                // Bytes that are no character may be one in a set that nobody declared.
                char::REPLACEMENT_CHARACTER => {
                    let bytes = self.bytes.get(range.clone()).unwrap_or_default();
                    undecodable(bytes, charset, u8::try_from(draw.below(256)).unwrap_or(0))
                }
                old if old != new => written(at, new),
                _ => None,
            };
            edits.extend(bytes.map(|bytes| (range.clone(), bytes)));
        }
    }
}

fn spliced(bytes: &[u8], edits: Vec<(Range<usize>, Vec<u8>)>) -> Vec<u8> {
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    for (range, new) in edits {
        out.extend_from_slice(bytes.get(at..range.start).unwrap_or_default());
        out.extend(new);
        at = range.end;
    }
    out.extend_from_slice(bytes.get(at..).unwrap_or_default());
    out
}

/// How a message is read: character set, findings, and how many parts each of its fields has.
fn profile(bytes: &[u8]) -> Option<Vec<String>> {
    let message = decode(bytes).ok()?;
    let charset = message.charset();
    let mut lines = vec![format!("{} {}", charset.used, charset.reason)];
    lines.extend(message.findings().iter().map(|finding| format!("{} {}", finding.code, finding.place)));
    for segment in message.segments() {
        let fields = segment.fields().map(|field| {
            let parts = field.repetitions().map(|repetition| repetition.components().count().to_string());
            parts.collect::<Vec<_>>().join("~")
        });
        lines.push(format!("{}|{}", segment.name(), fields.collect::<Vec<_>>().join("|")));
    }
    Some(lines)
}
