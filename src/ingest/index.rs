//! The index database's export as a source of changes: its rows name the patients to look at, instead of a walk
//! through the whole storage.
//!
//! The mark in the ledger is the newest UpdateDatetime up to which everything was looked at. It is moved only after a
//! pass that left nothing to wait for, so that a row is looked at again rather than missed. What no row tells (a file
//! written before its row, or anew without one) is found by the daily sweep, which walks the whole storage.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use jiff::SignedDuration;
use ssmix2::index::{IndexError, Row, Rows};

use super::context::Context;
use super::error::Halt;
use super::folder::Tree;
use super::outbox::Outbox;
use super::read::{Reader, Stat, stat};

/// The mark's name in the ledger.
const INDEXED: &str = "indexed";
/// Rows of a time so far ahead say nothing about which rows are new. More than any two zones are apart.
const AHEAD: SignedDuration = SignedDuration::from_hours(36);

/// An export, and what is known of it.
pub(super) struct Index {
    path: PathBuf,
    /// How it looked when all of it had been followed.
    followed: Option<Stat>,
    /// A walk through the whole storage left something to wait for.
    walk_again: bool,
}

/// What a pass is to look at.
#[derive(Default)]
pub(super) struct Due {
    /// These patients' folders; none stands for the whole storage.
    pub(super) patients: Option<BTreeSet<String>>,
    /// The export may still be written.
    pub(super) waits: bool,
    /// How it looked, where it could be read.
    stat: Option<Stat>,
    /// The newest time in it.
    newest: Option<i64>,
}

impl Index {
    /// Of a start nobody knows what the process before left waiting: all is walked once.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, followed: None, walk_again: true }
    }

    /// What is to be looked at now.
    pub(super) fn due(
        &mut self,
        context: &Context,
        tree: &Tree,
        reader: &Reader,
        sweep: bool,
    ) -> Result<Due, Halt> {
        let mark = context.ledger.mark(&tree.place, INDEXED)?;
        let all = sweep || self.walk_again || mark.is_none();
        let stat = match stat(&self.path) {
            Ok(Some(stat)) => stat,
            Ok(None) => return Ok(self.unread(context, tree, "it is not there")),
            Err(error) => return Ok(self.unread(context, tree, &error.kind().to_string())),
        };
        if !all && self.followed == Some(stat) {
            return Ok(Due { patients: Some(BTreeSet::new()), stat: Some(stat), ..Due::default() });
        }
        let is_settled = reader.is_settled(stat.mtime);
        let (patients, newest) = match self.read(context, tree, mark, is_settled) {
            Ok(read) => read,
            Err(_) if !is_settled => (BTreeSet::new(), None),
            Err(error) => return Ok(self.unread(context, tree, &error.to_string())),
        };
        let patients = (!all).then_some(patients);
        Ok(Due { patients, waits: !is_settled, stat: Some(stat), newest })
    }

    /// Without the export the storage is walked, as if there were none.
    fn unread(&mut self, context: &Context, tree: &Tree, what: &str) -> Due {
        tree.trouble(context, &self.path.to_string_lossy(), "", &format!("the index can't be read: {what}"));
        Due::default()
    }

    /// Patients' folders of the rows since the mark, and the newest time.
    fn read(
        &self,
        context: &Context,
        tree: &Tree,
        mark: Option<i64>,
        is_settled: bool,
    ) -> Result<(BTreeSet<String>, Option<i64>), IndexError> {
        let rows = Rows::open(BufReader::new(File::open(&self.path)?))?;
        let (mut patients, mut newest) = (BTreeSet::new(), mark);
        let latest = latest(context);
        for row in rows {
            let row = match row? {
                Ok(row) => row,
                Err(fault) => {
                    if is_settled {
                        tree.trouble(context, &self.path.to_string_lossy(), "", &fault.to_string());
                    }
                    continue;
                }
            };
            if row.is_extension || !is_plain(&row) {
                continue;
            }
            if row.updated <= latest {
                newest = newest.max(Some(row.updated));
            }
            // Rows of the same moment may come with a later export.
            if mark.is_none_or(|mark| row.updated >= mark) {
                patients.insert(row.patient_folder());
            }
        }
        Ok((patients, newest))
    }

    /// A pass came to its end, and left something to wait for or nothing.
    pub(super) fn done(
        &mut self,
        tree: &Tree,
        outbox: &mut Outbox,
        due: &Due,
        pending: bool,
    ) -> Result<(), Halt> {
        if due.patients.is_none() {
            self.walk_again = pending;
        }
        self.followed = due.stat.filter(|_| !pending);
        match due.newest.filter(|_| !pending) {
            Some(newest) => outbox.entries().mark(&tree.place, INDEXED, newest),
            None => return Ok(()),
        }
        outbox.send()
    }
}

/// The latest time that a row can have, as such a number.
fn latest(context: &Context) -> i64 {
    let latest = context.clock.now().saturating_add(AHEAD);
    let text = latest.map(|time| time.strftime("%Y%m%d%H%M%S000").to_string());
    text.ok().and_then(|text| text.parse().ok()).unwrap_or(i64::MAX)
}

/// Whether a row's patient id is the name of a folder, and leads nowhere else.
fn is_plain(row: &Row) -> bool {
    let patient = row.patient.as_str();
    !patient.contains(['/', '\0']) && !matches!(patient, "." | "..")
}
