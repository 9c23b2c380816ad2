//! Steps into the tables.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::drafts::Draft;
use super::keys::Key;
use super::profile::{Profile, State};
use super::{IndexError, derive};
use crate::store::history::{Act, CopyFate, Decision, Step, What};

/// 2020-01-01T00:00:00Z in units of 10 µs: numbers of messages count from there.
const EPOCH: i64 = 1_577_836_800 * 100_000;
/// Numbers of two days: what is written in such a period lies close together, and a search asks each period.
const PERIOD: i64 = 2 * 86_400 * 100_000;
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

/// What writes within a transaction. Messages are kept in memory until its end: most steps of a message come soon one
/// after the other, and rows go to the disk much faster in their order.
pub(super) struct Writer<'t> {
    pub(super) sql: &'t Connection,
    pub(super) history: PathBuf,
    numbers: HashMap<Rc<Profile>, i64>,
    profiles: HashMap<i64, Rc<Profile>>,
    /// Messages with steps in this transaction, by their numbers.
    pub(super) drafts: BTreeMap<i64, Draft>,
    /// Period, profile and number of what is taken out (less than nothing) or put in, not written yet.
    pub(super) moves: Vec<(i64, i64, i64, i64)>,
    /// Numbers of messages that are new in this transaction, by their ids.
    pub(super) new: HashMap<String, i64>,
    /// Keys with their numbers, and places of steps with theirs, not written yet.
    pub(super) keys: Vec<(i64, i64)>,
    pub(super) places: Vec<(i64, Place)>,
    /// The oldest and the newest period of what is written.
    pub(super) known: Option<(i64, i64)>,
    pub(super) forgotten: bool,
}

/// The number of a message that happened at that time, where nobody else has it.
pub(super) fn number(at: Timestamp) -> i64 {
    at.as_microsecond().div_euclid(10).saturating_sub(EPOCH)
}

/// The period of a number.
pub(super) const fn period(n: i64) -> i64 {
    n.div_euclid(PERIOD)
}

/// The first number of a period.
pub(super) const fn begin_of(period: i64) -> i64 {
    period.saturating_mul(PERIOD)
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
            drafts: BTreeMap::new(),
            moves: Vec::new(),
            new: HashMap::new(),
            keys: Vec::new(),
            places: Vec::new(),
            known: None,
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
        let Some(n) = self.find(step)? else {
            let n = self.begin(&step.id, step.at)?;
            self.place(n, place);
            return Ok(self.apply(n, step)?);
        };
        self.place(n, place);
        if nanoseconds(step.at) <= self.draft(n)?.last {
            return derive::anew(self, n, &step.id);
        }
        Ok(self.apply(n, step)?)
    }

    /// The number of a step's message. None of its steps is older than when the hub accepted it, where the step tells.
    fn find(&mut self, step: &Step) -> rusqlite::Result<Option<i64>> {
        if let Some(n) = self.new.get(&step.id) {
            return Ok(Some(*n));
        }
        let accepted = match &step.what {
            What::Decided(decision) | What::Filtered(decision) => decision.accepted_at.parse().ok(),
            _ => None,
        };
        let (oldest, newest) = match self.known {
            Some(known) => known,
            None => *self.known.insert(periods(self.sql)?),
        };
        // Clocks of several machines differ.
        let from = accepted.map_or(oldest, |at| (period(number(at)) - 1).max(oldest));
        let mut found = self.sql.prepare_cached(
            "SELECT keys.n FROM keys JOIN messages ON messages.n = keys.n
             WHERE period = ?1 AND key = ?2 AND id = ?3",
        )?;
        let key = Key::Id(&step.id).stored();
        for period in (from..=newest).rev() {
            if let Some(n) = found.query_row(params![period, key, step.id], |row| row.get(0)).optional()? {
                return Ok(Some(n));
            }
        }
        Ok(None)
    }

    /// Enters a message that nothing is known of yet.
    pub(super) fn begin(&mut self, id: &str, at: Timestamp) -> rusqlite::Result<i64> {
        let n = self.free(number(at))?;
        let profile = self.profile(&Profile::unknown())?;
        self.drafts.insert(n, Draft::new(id, nanoseconds(at), profile));
        self.new.insert(id.to_owned(), n);
        self.keys.push((Key::Id(id).stored(), n));
        Ok(n)
    }

    /// That number, or the next one that is free.
    fn free(&self, mut n: i64) -> rusqlite::Result<i64> {
        let mut taken = self.sql.prepare_cached("SELECT 1 FROM messages WHERE n = ?1")?;
        if !self.drafts.contains_key(&n) && !taken.exists([n])? {
            return Ok(n);
        }
        let mut most = self.sql.prepare_cached("SELECT max(n) FROM messages WHERE n >= ?1 AND n < ?2")?;
        loop {
            let end = n + NEAR;
            let written: Option<i64> = most.query_row([n, end], |row| row.get(0))?;
            let last = written.max(self.drafts.range(n..end).next_back().map(|(n, _)| *n));
            match last {
                None => return Ok(n),
                Some(last) if last + 1 < end => return Ok(last + 1),
                Some(_) => n = end,
            }
        }
    }

    /// Remembers where a step of a message stands.
    pub(super) fn place(&mut self, n: i64, place: Place) {
        self.places.push((n, place));
    }

    /// What a step changes. The steps of a message come here in the order of time.
    pub(super) fn apply(&mut self, n: i64, step: &Step) -> rusqlite::Result<()> {
        let before = self.draft(n)?.profile;
        let before = self.profile_of(before)?;
        let after = match &step.what {
            What::Decided(decision) => Some(self.decided(n, decision, state_of(decision))?),
            What::Filtered(decision) => Some(self.decided(n, decision, State::Filtered)?),
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
        let after = after.map(|after| self.profile(&after)).transpose()?;
        let draft = self.draft(n)?;
        draft.last = nanoseconds(step.at);
        draft.profile = after.unwrap_or(draft.profile);
        Ok(())
    }

    /// What a decision makes of the message.
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
        for (copy, attempts) in &known {
            let same = profile.copy(&copy.subscriber, copy.state, Some(&copy.fault));
            self.put(n, &same, *attempts)?;
        }
        for granted in &decision.recipients {
            if known.iter().all(|(copy, _)| copy.subscriber != granted.subscriber) {
                self.put(n, &profile.copy(&granted.subscriber, State::Waiting, None), 0)?;
            }
        }
        Ok(profile)
    }

    /// What became of a copy; the message stays what it is.
    fn fate(
        &mut self,
        n: i64,
        message: &Profile,
        copy: &CopyFate,
        state: State,
    ) -> rusqlite::Result<Option<Profile>> {
        let attempts = copy.attempts.unwrap_or_default().into();
        self.put(n, &message.copy(&copy.subscriber, state, copy.code.as_deref()), attempts)?;
        Ok(None)
    }

    /// What somebody did with a copy, or with the message.
    fn act(
        &mut self,
        n: i64,
        message: &Profile,
        act: &Act,
        of_copy: State,
        of_message: State,
    ) -> rusqlite::Result<Option<Profile>> {
        match &act.subscriber {
            Some(subscriber) => {
                self.put(n, &message.copy(subscriber, of_copy, None), 0)?;
                Ok(None)
            }
            None => Ok(Some(Profile { state: of_message, ..message.clone() })),
        }
    }

    /// A message, as it is until now.
    fn draft(&mut self, n: i64) -> rusqlite::Result<&mut Draft> {
        use std::collections::btree_map::Entry;
        match self.drafts.entry(n) {
            Entry::Occupied(draft) => Ok(draft.into_mut()),
            Entry::Vacant(none) => Ok(none.insert(Draft::read(self.sql, n)?)),
        }
    }

    /// Its copies, each with its attempts.
    fn copies(&mut self, n: i64) -> rusqlite::Result<Vec<(Rc<Profile>, i64)>> {
        let copies = self.draft(n)?.copies.clone();
        copies.into_iter().map(|(p, attempts)| Ok((self.profile_of(p)?, attempts))).collect()
    }

    /// Notes what is known of a copy, instead of what was.
    fn put(&mut self, n: i64, copy: &Profile, attempts: i64) -> rusqlite::Result<()> {
        let p = self.profile(copy)?;
        let known = self.copies(n)?;
        let before = known.iter().position(|(known, _)| known.subscriber == copy.subscriber);
        let copies = &mut self.draft(n)?.copies;
        match before.and_then(|before| copies.get_mut(before)) {
            Some(known) => *known = (p, attempts),
            None => copies.push((p, attempts)),
        }
        Ok(())
    }

    pub(super) fn profile_of(&mut self, p: i64) -> rusqlite::Result<Rc<Profile>> {
        if let Some(profile) = self.profiles.get(&p) {
            return Ok(profile.clone());
        }
        let mut found = self.sql.prepare_cached(
            "SELECT facility, feed, kind, change, state, fault, subscriber FROM profiles WHERE p = ?1",
        )?;
        let profile = Rc::new(found.query_row([p], |row| Profile::read(row, 0))?);
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
        let profile = Rc::new(profile.clone());
        self.numbers.insert(profile.clone(), p);
        self.profiles.insert(p, profile);
        Ok(p)
    }

    /// Takes a message out that is written, with those of its keys that these steps tell; where its steps stand is
    /// taken out too.
    pub(super) fn forget(&mut self, n: i64, id: &str, steps: &[Step]) -> rusqlite::Result<()> {
        let gone = Draft::read(self.sql, n)?;
        self.moves.extend(gone.profiles().map(|p| (period(n), p, n, -1)));
        for table in ["messages", "copies", "steps"] {
            self.sql.prepare_cached(&format!("DELETE FROM {table} WHERE n = ?1"))?.execute([n])?;
        }
        let mut delete =
            self.sql.prepare_cached("DELETE FROM keys WHERE period = ?1 AND key = ?2 AND n = ?3")?;
        let period = period(n);
        delete.execute([period, Key::Id(id).stored(), n])?;
        for step in steps {
            let (What::Decided(decision) | What::Filtered(decision)) = &step.what else { continue };
            for key in Key::of(decision) {
                delete.execute([period, key.stored(), n])?;
            }
        }
        Ok(())
    }
}

/// The oldest and the newest period that there is anything of.
pub(super) fn periods(sql: &Connection) -> rusqlite::Result<(i64, i64)> {
    let mut ends =
        sql.prepare_cached("SELECT (SELECT min(n) FROM messages), (SELECT max(n) FROM messages)")?;
    let (oldest, newest): (Option<i64>, Option<i64>) =
        ends.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((oldest.map_or(0, period), newest.map_or(-1, period)))
}

/// The state of a message by its decision.
fn state_of(decision: &Decision) -> State {
    match (&decision.fault, decision.recipients.is_empty()) {
        (Some(_), _) => State::Invalid,
        (None, true) => State::Filtered,
        (None, false) => State::Routed,
    }
}
