//! The newest messages that a search finds.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, Statement, params_from_iter};

use super::derive::Lines;
use super::keys::Key;
use super::newest::Newest;
use super::profile::{Profile, State};
use super::words::{Condition, limit};
use super::write::{number, period};
use super::{Index, IndexError};
use crate::store::history::Step;

/// What is searched. Everything that is given must hold; what is not given does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Search {
    /// Keys as the index holds them; of each group, one at least: see [`Search::known_by`].
    pub keys: Vec<Vec<i64>>,
    /// 10-digit code of the sending facility.
    pub facility: Option<String>,
    /// Those whose messages may be seen; all where nothing is said.
    pub facilities: Option<Vec<String>>,
    /// Feed.
    pub feed: Option<String>,
    /// Kind.
    pub kind: Option<String>,
    /// Subscriber of a copy.
    pub subscriber: Option<String>,
    /// State: of that subscriber's copy where one is named, else of the message or of a copy.
    pub state: Option<State>,
    /// Why the message makes no sense, or why the copy does not go through.
    pub fault: Option<String>,
    /// First seen then, or later.
    pub from: Option<Timestamp>,
    /// First seen before then.
    pub until: Option<Timestamp>,
    /// Older than the one of that number: where the last page ended.
    pub before: Option<i64>,
    /// At most so many.
    pub most: usize,
}

impl Search {
    /// Only what is known by one of these.
    pub fn known_by<'k>(&mut self, keys: impl IntoIterator<Item = Key<'k>>) {
        self.keys.push(keys.into_iter().map(Key::stored).collect());
    }

    /// The numbers that may be found: from the first, and before the second.
    pub(super) fn range(&self) -> (i64, i64) {
        let from = self.from.map_or(i64::MIN, number);
        let until = self.until.map_or(i64::MAX, number);
        (from, until.min(self.before.unwrap_or(i64::MAX)))
    }

    /// Whether it names something that is rare.
    pub(super) const fn is_keyed(&self) -> bool {
        !self.keys.is_empty()
    }
}

/// A message that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Its number.
    pub number: i64,
    /// Its id.
    pub id: String,
    /// When it was first seen.
    pub at: Timestamp,
    /// What it has in common with others.
    pub profile: Profile,
    /// Its copies, by subscriber.
    pub copies: Vec<Copy>,
}

/// A copy of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    /// Subscriber.
    pub subscriber: String,
    /// What has become of it.
    pub state: State,
    /// Why it does not go through.
    pub code: Option<String>,
    /// Attempts, where they were told.
    pub attempts: u32,
}

/// What was found, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hits {
    /// The messages.
    pub hits: Vec<Hit>,
    /// Where the next page begins, where there may be one. A page may be short and yet have a next one: what would take
    /// long to find is looked for page by page.
    pub next: Option<i64>,
}

impl Index {
    /// The newest messages that a search finds.
    ///
    /// # Errors
    /// If the database fails.
    pub fn search(&self, search: &Search) -> Result<Hits, IndexError> {
        let newest = match search.is_keyed() {
            false => self.newest(search)?,
            true => self.by_keys(search, search.most)?,
        };
        let (from, _) = search.range();
        let next = match newest.numbers.last() {
            Some(last) if newest.numbers.len() == search.most => Some(*last),
            _ => Some(newest.down_to).filter(|down_to| *down_to > from),
        };
        let hits = newest.numbers.into_iter().map(|n| self.hit(n)).collect::<Result<_, _>>()?;
        Ok(Hits { hits, next })
    }

    /// The steps of a message, in the order of time.
    ///
    /// # Errors
    /// If the database fails, or a day file can't be read.
    pub fn steps(&self, number: i64, id: &str) -> Result<Vec<Step>, IndexError> {
        let steps = Lines::new(&self.connection, &self.history)?.of(&self.connection, number, id)?;
        Ok(steps.into_iter().map(|(step, _)| step).collect())
    }

    /// The newest numbers that the keys lead to, within a bounded effort.
    pub(super) fn by_keys(&self, search: &Search, most: usize) -> Result<Newest, IndexError> {
        let (from, until) = search.range();
        let (mut found, mut left) = (Newest { down_to: from, ..Newest::default() }, self.effort.candidates);
        let Some((first, others)) = search.keys.split_first() else { return Ok(found) };
        let mut led = self.connection.prepare_cached(
            "SELECT n FROM keys WHERE period = ?1 AND key = ?2 AND n >= ?3 AND n < ?4 ORDER BY n DESC LIMIT ?5",
        )?;
        let mut has_words = Words::of(&self.connection, search)?;
        let Some((oldest, newest)) = self.periods(from, until)? else { return Ok(found) };
        for at in (oldest..=newest).rev() {
            let mut candidates = BTreeSet::new();
            for key in first {
                let values = [at, *key, from, until, limit(left + 1)];
                for n in led.query_map(values, |row| row.get::<_, i64>(0))? {
                    candidates.insert(n?);
                }
            }
            for n in candidates.into_iter().rev() {
                if left == 0 || found.numbers.len() == most {
                    found.down_to = n + 1;
                    return Ok(found);
                }
                left -= 1;
                if self.has_all(n, others)? && has_words.are_of(n)? {
                    found.numbers.push(n);
                }
            }
        }
        Ok(found)
    }

    fn has_all(&self, n: i64, groups: &[Vec<i64>]) -> rusqlite::Result<bool> {
        let mut known =
            self.connection.prepare_cached("SELECT 1 FROM keys WHERE period = ?1 AND key = ?2 AND n = ?3")?;
        for group in groups {
            let mut any = false;
            for key in group {
                any = any || known.exists([period(n), *key, n])?;
            }
            if !any {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn hit(&self, n: i64) -> Result<Hit, IndexError> {
        let mut message = self.connection.prepare_cached(
            "SELECT id, at, facility, feed, kind, change, state, fault, subscriber
             FROM messages JOIN profiles ON p = profile WHERE n = ?1",
        )?;
        let (id, at, profile) =
            message.query_row([n], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?, Profile::read(row, 2)?)))?;
        let mut copies = self.connection.prepare_cached(
            "SELECT facility, feed, kind, change, state, fault, subscriber, attempts
             FROM copies JOIN profiles ON p = profile WHERE n = ?1 ORDER BY subscriber",
        )?;
        let copies = copies.query_map([n], |row| {
            let profile = Profile::read(row, 0)?;
            Ok(Copy {
                subscriber: profile.subscriber,
                state: profile.state,
                code: Some(profile.fault).filter(|fault| !fault.is_empty()),
                attempts: row.get(7)?,
            })
        })?;
        let at = Timestamp::from_nanosecond(at.into()).unwrap_or_default();
        Ok(Hit { number: n, id, at, profile, copies: copies.collect::<Result<_, _>>()? })
    }
}

/// Whether the words of a search hold of a message or of a copy of it.
struct Words<'s> {
    /// None where they hold of all.
    statement: Option<Statement<'s>>,
    values: Vec<Value>,
}

impl<'s> Words<'s> {
    fn of(sql: &'s Connection, search: &Search) -> rusqlite::Result<Self> {
        let Condition { sql: words, values } = search.words(false);
        let is_of = |table: &str| {
            let mark = values.len() + 1;
            format!(
                "EXISTS (SELECT 1 FROM {table} CROSS JOIN profiles ON p = profile WHERE n = ?{mark} AND {words})"
            )
        };
        let asked = format!("SELECT {} OR {}", is_of("messages"), is_of("copies"));
        let statement = (!search.is_of_all()).then(|| sql.prepare(&asked)).transpose()?;
        Ok(Self { statement, values })
    }

    fn are_of(&mut self, n: i64) -> rusqlite::Result<bool> {
        let Some(statement) = &mut self.statement else { return Ok(true) };
        let values = self.values.iter().cloned().chain([n.into()]);
        statement.query_row(params_from_iter(values), |row| row.get(0))
    }
}
