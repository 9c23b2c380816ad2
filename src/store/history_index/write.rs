//! Steps into the tables.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::keys::Key;
use super::profile::{Profile, State};
use super::{IndexError, derive};
use crate::store::history::{Act, CopyFate, Decision, Step, What};

/// 2020-01-01T00:00:00Z in units of 10 µs: numbers of messages count from there.
const EPOCH: i64 = 1_577_836_800 * 100_000;
/// Numbers among which a free one is looked for at a time.
const NEAR: i64 = 1 << 20;

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Number of its file.
    pub(super) file: i64,
    /// Where its line begins.
    pub(super) start: i64,
}

/// What writes within a transaction.
pub(super) struct Writer<'t> {
    pub(super) sql: &'t Connection,
    pub(super) history: PathBuf,
    numbers: HashMap<Profile, i64>,
    profiles: HashMap<i64, Profile>,
    /// Numbers of messages that are new in this transaction, by their ids.
    new: HashMap<String, i64>,
    /// Keys that are not written yet: in their order they go to the disk much faster.
    keys: Vec<(i64, i64)>,
    pub(super) forgotten: bool,
}

/// The number of a message that happened at that time, where nobody else has it.
pub(super) fn number(at: Timestamp) -> i64 {
    at.as_microsecond().div_euclid(10).saturating_sub(EPOCH)
}

/// Nanoseconds since 1970.
fn nanoseconds(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX)
}

impl<'t> Writer<'t> {
    pub(super) fn new(sql: &'t Connection, history: &Path) -> Self {
        Self {
            sql,
            history: history.to_owned(),
            numbers: HashMap::new(),
            profiles: HashMap::new(),
            new: HashMap::new(),
            keys: Vec::new(),
            forgotten: false,
        }
    }

    /// Forgets what it remembers of the tables.
    pub(super) fn start_anew(&mut self) {
        self.numbers.clear();
        self.profiles.clear();
    }

    /// Whether something was taken out.
    pub(super) const fn has_forgotten(&self) -> bool {
        self.forgotten
    }

    /// Takes a step in. One that comes after a later one makes the message be put together anew.
    pub(super) fn take(&mut self, step: &Step, place: Place) -> Result<(), IndexError> {
        let Some(n) = self.find(&step.id)? else {
            let n = self.begin(&step.id, step.at)?;
            self.place(n, place)?;
            return Ok(self.apply(n, step)?);
        };
        self.place(n, place)?;
        let mut last = self.sql.prepare_cached("SELECT last FROM messages WHERE n = ?1")?;
        let last: i64 = last.query_row([n], |row| row.get(0))?;
        if nanoseconds(step.at) <= last {
            return derive::anew(self, n, &step.id);
        }
        Ok(self.apply(n, step)?)
    }

    /// The number of a message.
    pub(super) fn find(&self, id: &str) -> rusqlite::Result<Option<i64>> {
        if let Some(n) = self.new.get(id) {
            return Ok(Some(*n));
        }
        let mut found = self.sql.prepare_cached(
            "SELECT keys.n FROM keys JOIN messages ON messages.n = keys.n WHERE key = ?1 AND id = ?2",
        )?;
        found.query_row(params![Key::Id(id).stored(), id], |row| row.get(0)).optional()
    }

    /// Enters a message that nothing is known of yet.
    pub(super) fn begin(&mut self, id: &str, at: Timestamp) -> rusqlite::Result<i64> {
        let n = self.free(number(at))?;
        let profile = self.profile(&Profile::unknown())?;
        let mut insert = self
            .sql
            .prepare_cached("INSERT INTO messages (n, id, at, last, profile) VALUES (?1, ?2, ?3, ?3, ?4)")?;
        insert.execute(params![n, id, nanoseconds(at), profile])?;
        self.new.insert(id.to_owned(), n);
        self.keys.push((Key::Id(id).stored(), n));
        Ok(n)
    }

    /// That number, or the next one that is free.
    fn free(&self, mut n: i64) -> rusqlite::Result<i64> {
        let mut taken = self.sql.prepare_cached("SELECT 1 FROM messages WHERE n = ?1")?;
        if !taken.exists([n])? {
            return Ok(n);
        }
        let mut most = self.sql.prepare_cached("SELECT max(n) FROM messages WHERE n >= ?1 AND n < ?2")?;
        loop {
            let end = n + NEAR;
            let last: Option<i64> = most.query_row([n, end], |row| row.get(0))?;
            match last {
                None => return Ok(n),
                Some(last) if last + 1 < end => return Ok(last + 1),
                Some(_) => n = end,
            }
        }
    }

    /// Remembers where a step of a message stands.
    pub(super) fn place(&self, n: i64, place: Place) -> rusqlite::Result<()> {
        let mut insert =
            self.sql.prepare_cached("INSERT OR IGNORE INTO steps (n, f, start) VALUES (?1, ?2, ?3)")?;
        insert.execute([n, place.file, place.start])?;
        Ok(())
    }

    /// What a step changes. The steps of a message come here in the order of time.
    pub(super) fn apply(&mut self, n: i64, step: &Step) -> rusqlite::Result<()> {
        let before = self.message(n)?;
        let after = match &step.what {
            What::Decided(decision) => self.decided(n, decision, state_of(decision))?,
            What::Filtered(decision) => self.decided(n, decision, State::Filtered)?,
            What::Delivered(copy) => self.fate(n, &before, copy, State::Delivered)?,
            What::Parked(copy) => self.fate(n, &before, copy, State::Parked)?,
            What::Dead(copy) => self.fate(n, &before, copy, State::Dead)?,
            What::Withdrawn(copy) => self.fate(n, &before, copy, State::Withdrawn)?,
            What::Retried(act) => self.act(n, &before, act, State::Waiting, State::Accepted)?,
            What::Discarded(act) | What::Edited(act) => {
                self.act(n, &before, act, State::Discarded, State::Discarded)?
            }
            What::Replayed(act) => self.act(n, &before, act, State::Waiting, before.state)?,
        };
        let profile = self.profile(&after)?;
        let mut update =
            self.sql.prepare_cached("UPDATE messages SET last = ?2, profile = ?3 WHERE n = ?1")?;
        update.execute(params![n, nanoseconds(step.at), profile])?;
        Ok(())
    }

    fn decided(&mut self, n: i64, decision: &Decision, state: State) -> rusqlite::Result<Profile> {
        let profile = Profile {
            facility: decision.facility.clone(),
            feed: decision.feed.clone(),
            kind: decision.kind.clone(),
            change: decision.change.clone(),
            state,
            fault: decision.fault.clone().unwrap_or_default(),
            subscriber: String::new(),
        };
        self.keys.extend(Key::of(decision).map(|key| (key.stored(), n)));
        let known = self.copies(n)?;
        for (_, copy, attempts) in &known {
            let same = profile.copy(&copy.subscriber, copy.state, Some(&copy.fault));
            self.put(n, &same, *attempts)?;
        }
        for granted in &decision.recipients {
            if known.iter().all(|(_, copy, _)| copy.subscriber != granted.subscriber) {
                self.put(n, &profile.copy(&granted.subscriber, State::Waiting, None), 0)?;
            }
        }
        Ok(profile)
    }

    fn fate(
        &mut self,
        n: i64,
        message: &Profile,
        copy: &CopyFate,
        state: State,
    ) -> rusqlite::Result<Profile> {
        let attempts = copy.attempts.unwrap_or_default().into();
        self.put(n, &message.copy(&copy.subscriber, state, copy.code.as_deref()), attempts)?;
        Ok(message.clone())
    }

    /// What somebody did with a copy, or with the message.
    fn act(
        &mut self,
        n: i64,
        message: &Profile,
        act: &Act,
        of_copy: State,
        of_message: State,
    ) -> rusqlite::Result<Profile> {
        match &act.subscriber {
            Some(subscriber) => {
                self.put(n, &message.copy(subscriber, of_copy, None), 0)?;
                Ok(message.clone())
            }
            None => Ok(Profile { state: of_message, ..message.clone() }),
        }
    }

    /// What is known of a message.
    fn message(&mut self, n: i64) -> rusqlite::Result<Profile> {
        let mut found = self.sql.prepare_cached("SELECT profile FROM messages WHERE n = ?1")?;
        let p = found.query_row([n], |row| row.get(0))?;
        self.profile_of(p)
    }

    /// Its copies: number of the profile, profile, attempts.
    pub(super) fn copies(&mut self, n: i64) -> rusqlite::Result<Vec<(i64, Profile, i64)>> {
        let mut found = self.sql.prepare_cached("SELECT profile, attempts FROM copies WHERE n = ?1")?;
        let rows = found.query_map([n], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let rows: Vec<(i64, i64)> = rows.collect::<Result<_, _>>()?;
        rows.into_iter().map(|(p, attempts)| Ok((p, self.profile_of(p)?, attempts))).collect()
    }

    /// Writes down what is known of a copy, instead of what was.
    fn put(&mut self, n: i64, copy: &Profile, attempts: i64) -> rusqlite::Result<()> {
        let p = self.profile(copy)?;
        for (before, known, _) in self.copies(n)? {
            if known.subscriber == copy.subscriber && before != p {
                self.sql
                    .prepare_cached("DELETE FROM copies WHERE n = ?1 AND profile = ?2")?
                    .execute([n, before])?;
            }
        }
        let mut insert = self
            .sql
            .prepare_cached("INSERT OR REPLACE INTO copies (n, profile, attempts) VALUES (?1, ?2, ?3)")?;
        insert.execute([n, p, attempts])?;
        Ok(())
    }

    fn profile_of(&mut self, p: i64) -> rusqlite::Result<Profile> {
        if let Some(profile) = self.profiles.get(&p) {
            return Ok(profile.clone());
        }
        let mut found = self.sql.prepare_cached(
            "SELECT facility, feed, kind, change, state, fault, subscriber FROM profiles WHERE p = ?1",
        )?;
        let profile = found.query_row([p], |row| Profile::read(row, 0))?;
        self.profiles.insert(p, profile.clone());
        Ok(profile)
    }

    fn profile(&mut self, profile: &Profile) -> rusqlite::Result<i64> {
        if let Some(p) = self.numbers.get(profile) {
            return Ok(*p);
        }
        let Profile { facility, feed, kind, change, state, fault, subscriber } = profile;
        let values = params![facility, feed, kind, change, state.as_str(), fault, subscriber];
        let mut insert = self.sql.prepare_cached(
            "INSERT OR IGNORE INTO profiles (facility, feed, kind, change, state, fault, subscriber)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        insert.execute(values)?;
        let mut found = self.sql.prepare_cached(
            "SELECT p FROM profiles WHERE facility = ?1 AND feed = ?2 AND kind = ?3 AND change = ?4 AND state = ?5
             AND fault = ?6 AND subscriber = ?7",
        )?;
        let p = found.query_row(values, |row| row.get(0))?;
        self.numbers.insert(profile.clone(), p);
        self.profiles.insert(p, profile.clone());
        Ok(p)
    }

    /// Takes a message out, with those of its keys that these steps tell; where its steps stand is taken out too.
    pub(super) fn forget(&mut self, n: i64, id: &str, steps: &[Step]) -> rusqlite::Result<()> {
        self.flush()?;
        self.new.remove(id);
        for table in ["messages", "copies", "steps"] {
            self.sql.prepare_cached(&format!("DELETE FROM {table} WHERE n = ?1"))?.execute([n])?;
        }
        let mut delete = self.sql.prepare_cached("DELETE FROM keys WHERE key = ?1 AND n = ?2")?;
        delete.execute([Key::Id(id).stored(), n])?;
        for step in steps {
            let (What::Decided(decision) | What::Filtered(decision)) = &step.what else { continue };
            for key in Key::of(decision) {
                delete.execute([key.stored(), n])?;
            }
        }
        Ok(())
    }

    /// Writes the keys.
    pub(super) fn flush(&mut self) -> rusqlite::Result<()> {
        self.keys.sort_unstable();
        let mut insert = self.sql.prepare_cached("INSERT OR IGNORE INTO keys (key, n) VALUES (?1, ?2)")?;
        for (key, n) in self.keys.drain(..) {
            insert.execute([key, n])?;
        }
        self.new.clear();
        Ok(())
    }
}

/// The state of a message by its decision.
fn state_of(decision: &Decision) -> State {
    match (&decision.fault, decision.recipients.is_empty()) {
        (Some(_), _) => State::Invalid,
        (None, true) => State::Filtered,
        (None, false) => State::Routed,
    }
}
