//! What every part of a feed knows: its names, its ledger, its clock, its counters.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::joins::Joins;
use crate::broker::{Publication, QueueName, topology};
use crate::clock::Clock;
use crate::store::{Claims, Ledger};
use crate::telemetry::{Probe, Span, Stage};

const TROUBLES_MAX: usize = 10_000;

/// Counters of a feed since it was opened; they may be read while it runs.
#[derive(Debug, Default)]
pub struct FeedCounts {
    files: AtomicU64,
    accepted: AtomicU64,
    unchanged: AtomicU64,
    other_facility: AtomicU64,
    failing: Mutex<Option<String>>,
    /// From a file's last change until it was read.
    pub(crate) pickup: Probe,
    /// Until a batch was durable.
    pub(crate) accept: Probe,
}

impl FeedCounts {
    /// Files seen, each once.
    pub fn files(&self) -> u64 {
        self.files.load(Ordering::Relaxed)
    }

    /// Messages published and confirmed.
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Those of the files that held nothing new: all in them had been accepted before.
    pub fn unchanged(&self) -> u64 {
        self.unchanged.load(Ordering::Relaxed)
    }

    /// Transaction records whose header names another facility than the feed.
    pub fn other_facility(&self) -> u64 {
        self.other_facility.load(Ordering::Relaxed)
    }

    /// Why the last pass could not come to its end; none once one has.
    pub fn failing(&self) -> Option<String> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_failing(&self, why: Option<String>) {
        *self.failing.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    pub(super) fn add_files(&self, count: usize) {
        add(&self.files, count);
    }

    pub(super) fn add_accepted(&self, count: usize) {
        add(&self.accepted, count);
    }

    pub(super) fn add_unchanged(&self, count: usize) {
        add(&self.unchanged, count);
    }

    /// Takes back what a pass counted that must be repeated: files and unchanged ones as they were before it.
    pub(super) fn take_back(&self, (files, unchanged): (u64, u64)) {
        self.files.store(files, Ordering::Relaxed);
        self.unchanged.store(unchanged, Ordering::Relaxed);
    }

    pub(super) fn add_other_facility(&self) -> u64 {
        self.other_facility.fetch_add(1, Ordering::Relaxed)
    }
}

fn add(counter: &AtomicU64, count: usize) {
    counter.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// Shared by the parts of a feed.
pub(super) struct Context {
    pub(super) feed: String,
    /// Where it reads again what it published.
    pub(super) accepted: QueueName,
    pub(super) facility: String,
    pub(super) lanes: u16,
    pub(super) bytes_max: u64,
    pub(super) ledger: Ledger,
    /// Patients who became one.
    pub(super) joins: Arc<Joins>,
    pub(super) claims: Claims,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) counts: Arc<FeedCounts>,
    pub(super) troubles: Mutex<HashSet<[u8; 16]>>,
}

impl Context {
    /// The same for a part of the feed that has its own record of what it published.
    pub(super) fn with_accepted(&self, accepted: QueueName) -> Self {
        Self {
            feed: self.feed.clone(),
            accepted,
            facility: self.facility.clone(),
            lanes: self.lanes,
            bytes_max: self.bytes_max,
            ledger: self.ledger.clone(),
            joins: self.joins.clone(),
            claims: self.claims.clone(),
            clock: self.clock.clone(),
            counts: self.counts.clone(),
            troubles: Mutex::default(),
        }
    }

    /// Ids of those of these messages that are traced.
    pub(super) fn traced(&self, publications: &[Publication]) -> Vec<String> {
        let Some(tracer) = self.counts.accept.tracer() else { return Vec::new() };
        let ids = publications.iter().map(|publication| &publication.envelope.id);
        ids.filter(|id| tracer.traces(id)).cloned().collect()
    }

    /// Messages were accepted: counts them, and tells of those that are traced.
    pub(super) fn tell_accepted(&self, count: usize, traced: Vec<String>, begun: Timestamp) {
        let ended = self.clock.now();
        self.counts.add_accepted(count);
        self.counts.accept.took(begun, ended);
        let Some(tracer) = self.counts.accept.tracer() else { return };
        for message in traced {
            tracer.record(Span {
                stage: Stage::Accept,
                message,
                begun,
                ended,
                destination: topology::ingest().to_string(),
                party: self.feed.clone(),
                failure: None,
            });
        }
    }

    /// A file was read that many nanoseconds after its last change.
    pub(super) fn read_after(&self, quiet: i64) {
        let now = self.clock.now();
        self.counts.pickup.took(now.saturating_sub(SignedDuration::from_nanos(quiet)).unwrap_or(now), now);
    }

    /// The present moment in nanoseconds since 1970, as file times are told.
    pub(super) fn now(&self) -> i64 {
        i64::try_from(self.clock.now().as_nanosecond()).unwrap_or(i64::MAX)
    }

    /// Warns of a file or folder that can't be used, once per path and cause. Paths of a storage hold patient
    /// ids, so that only a hash is told; and so may what stands where a data type should.
    pub(super) fn trouble(&self, source: &str, path: &str, data_type: &str, what: &str) {
        let mut hasher = blake3::Hasher::new();
        hasher.update(source.as_bytes()).update(&[0]).update(path.as_bytes());
        let path_hash = hasher.finalize().to_hex();
        let state = super::content::half(hasher.update(&[0]).update(what.as_bytes()).finalize());
        let mut known = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= TROUBLES_MAX {
            known.clear();
        }
        if known.insert(state) {
            let data_type = if is_data_type(data_type) { data_type } else { "-" };
            let path_hash = path_hash.get(..16).unwrap_or_default();
            tracing::warn!(feed = %self.feed, source, data_type, path_hash, what, "file or folder can't be used");
        }
    }
}

/// Whether a folder's name looks like a data type: `OMD`, `OML-11`.
fn is_data_type(name: &str) -> bool {
    let (letters, number) =
        name.split_once('-').map_or((name, None), |(letters, rest)| (letters, Some(rest)));
    letters.len() == 3
        && letters.bytes().all(|byte| byte.is_ascii_uppercase())
        && number.is_none_or(|number| number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_data_type_is_told() {
        assert!(["OMD", "OML-11"].into_iter().all(is_data_type));
        let others =
            ["", "-", "0000123", "ABC0123", "OML-", "OML-111", "OML-A1", "oml-11", "OML-11-1", "ABCD"];
        assert!(!others.into_iter().any(is_data_type));
    }
}
