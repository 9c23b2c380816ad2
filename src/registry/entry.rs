//! A line of the registry's log.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::fact::Fact;

/// A fact, who told it, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it was entered.
    pub recorded_at: Timestamp,
    /// Who entered it: a person's account, or `feed izumo-chuo` for what a message said.
    pub who: String,
    /// Why: what the person wrote, or the message type (`ADT^A40`).
    pub why: String,
    /// What.
    #[serde(flatten)]
    pub fact: Fact,
}

/// Begins the [`why`](Entry::why) of an entry that tells of what was over when it was entered: without it, a consent that
/// ended before it was entered is refused as a mistake.
pub const HISTORY: &str = "history: ";

impl Entry {
    /// Whether it tells of what was over when it was entered.
    pub fn is_history(&self) -> bool {
        self.why.starts_with(HISTORY)
    }
}

/// Names a record over all its versions, and betrays nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(pub String);

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Fact {
    /// The record of which it is a version.
    pub fn record_id(&self) -> RecordId {
        let from = self.period().from.as_nanosecond().to_string();
        // Each part behind its length: no two lists of parts are the same bytes.
        let mut bytes = Vec::with_capacity(160);
        for part in [self.as_str(), &from].into_iter().chain(self.identity()) {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        let hash = blake3::hash(&bytes).to_hex();
        RecordId(hash.get(..32).unwrap_or_default().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fact::Member;
    use super::super::period::Period;
    use super::*;
    use crate::envelope::Identifying;

    fn member(from: i64, until: Option<i64>) -> Fact {
        let instant = |second| Timestamp::from_second(second).unwrap();
        let period = Period { from: instant(from), until: until.map(instant) };
        Fact::Member(Member { network_id: Identifying("900000000001".to_owned()), period })
    }

    #[test]
    fn an_end_makes_a_version_and_a_new_beginning_a_record() {
        assert_eq!(member(1, None).record_id(), member(1, Some(5)).record_id());
        assert_ne!(member(1, None).record_id(), member(2, None).record_id());
    }

    #[test]
    fn an_entry_is_one_line_that_reads_back() {
        let entry = Entry {
            recorded_at: Timestamp::from_second(9).unwrap(),
            who: "desk".into(),
            why: "card".into(),
            fact: member(1, None),
        };
        let line = serde_json::to_string(&entry).unwrap();
        assert_eq!(
            line,
            r#"{"recorded_at":"1970-01-01T00:00:09Z","who":"desk","why":"card","fact":"member","network_id":"900000000001","from":"1970-01-01T00:00:01Z"}"#
        );
        assert_eq!(serde_json::from_str::<Entry>(&line).unwrap(), entry);
    }
}
