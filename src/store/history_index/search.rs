//! The newest messages that a search finds.

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::derive::Lines;
use super::keys::Key;
use super::profile::{Profile, State};
use super::write::number;
use super::{Index, IndexError};
use crate::store::history::Step;

/// Numbers that one key may lead to; what is beyond is not looked at.
const KEYED_MAX: usize = 200_000;
/// With more profiles than that, the newest messages are looked through first.
const FEW: usize = 64;
/// So many of them: that takes about as long as asking each profile.
const LOOKED_THROUGH: usize = 20_000;

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

    /// Those of its profiles in which somebody has something to do: of messages, and of copies.
    pub(super) fn troubled(&self, sql: &Connection) -> rusqlite::Result<Vec<(i64, Profile)>> {
        let (words, values) = self.words(true);
        let states = State::TROUBLE.map(|state| format!("'{}'", state.as_str())).join(", ");
        read(sql, &format!("{words} AND (state IN ({states}) OR fault <> '')"), values)
    }

    /// A condition on profiles. Where nothing is said of copies, only messages are meant, or copies too.
    fn words(&self, copies_too: bool) -> (String, Vec<Value>) {
        let mut sql = String::from("1");
        let mut values: Vec<Value> = Vec::new();
        let state = self.state.map(|state| state.as_str().to_owned());
        let columns = [
            ("facility", &self.facility),
            ("feed", &self.feed),
            ("kind", &self.kind),
            ("subscriber", &self.subscriber),
            ("state", &state),
            ("fault", &self.fault),
        ];
        for (column, value) in columns {
            if let Some(value) = value {
                values.push(value.clone().into());
                sql.push_str(&format!(" AND {column} = ?{}", values.len()));
            }
        }
        if !copies_too && self.subscriber.is_none() && self.state.is_none() && self.fault.is_none() {
            sql.push_str(" AND subscriber = ''");
        }
        if let Some(codes) = &self.facilities {
            let marks: Vec<_> = codes
                .iter()
                .map(|code| {
                    values.push(code.clone().into());
                    format!("?{}", values.len())
                })
                .collect();
            sql.push_str(&format!(" AND facility IN ({})", marks.join(", ")));
        }
        (sql, values)
    }

    /// Whether every message is meant, whatever its profile.
    const fn is_of_all(&self) -> bool {
        self.facility.is_none()
            && self.facilities.is_none()
            && self.feed.is_none()
            && self.kind.is_none()
            && self.subscriber.is_none()
            && self.state.is_none()
            && self.fault.is_none()
    }

    /// The profiles that it means, by their numbers.
    pub(super) fn profiles(&self, sql: &Connection) -> rusqlite::Result<Vec<(i64, Profile)>> {
        let (words, values) = self.words(false);
        read(sql, &words, values)
    }
}

/// The profiles of which that holds, by their numbers.
fn read(sql: &Connection, words: &str, values: Vec<Value>) -> rusqlite::Result<Vec<(i64, Profile)>> {
    let columns = "p, facility, feed, kind, change, state, fault, subscriber";
    let mut statement = sql.prepare(&format!("SELECT {columns} FROM profiles WHERE {words}"))?;
    let rows =
        statement.query_map(params_from_iter(values), |row| Ok((row.get(0)?, Profile::read(row, 1)?)))?;
    rows.collect()
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
    /// Where the next page begins, where there may be one.
    pub next: Option<i64>,
}

impl Index {
    /// The newest messages that a search finds.
    ///
    /// # Errors
    /// If the database fails.
    pub fn search(&self, search: &Search) -> Result<Hits, IndexError> {
        let numbers = match search.keys.is_empty() {
            true => self.by_profile(search)?,
            false => self.by_keys(search, search.most)?,
        };
        let next = numbers.last().copied().filter(|_| numbers.len() == search.most);
        let hits = numbers.into_iter().map(|n| self.hit(n)).collect::<Result<_, _>>()?;
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

    fn by_profile(&self, search: &Search) -> Result<Vec<i64>, IndexError> {
        let (from, until) = search.range();
        if search.is_of_all() {
            let mut newest = self
                .connection
                .prepare_cached("SELECT n FROM messages WHERE n >= ?1 AND n < ?2 ORDER BY n DESC LIMIT ?3")?;
            let rows = newest.query_map([from, until, limit(search.most)], |row| row.get(0))?;
            return Ok(rows.collect::<Result<_, _>>()?);
        }
        let profiles = search.profiles(&self.connection)?;
        if profiles.len() > FEW
            && let Some(numbers) = self.looked_through(search, &profiles)?
        {
            return Ok(numbers);
        }
        let (mut newest, mut from) = (BTreeSet::new(), from);
        for (p, profile) in &profiles {
            let mut of_profile = self.connection.prepare_cached(match profile.subscriber.is_empty() {
                true => {
                    "SELECT n FROM messages WHERE profile = ?1 AND n >= ?2 AND n < ?3 ORDER BY n DESC LIMIT ?4"
                }
                false => {
                    "SELECT n FROM copies WHERE profile = ?1 AND n >= ?2 AND n < ?3 ORDER BY n DESC LIMIT ?4"
                }
            })?;
            let rows =
                of_profile.query_map([*p, from, until, limit(search.most)], |row| row.get::<_, i64>(0))?;
            for n in rows {
                newest.insert(n?);
            }
            while newest.len() > search.most {
                newest.pop_first();
            }
            if let Some(oldest) = newest.first().filter(|_| newest.len() == search.most) {
                // Only what is newer displaces one of these.
                from = *oldest;
            }
        }
        Ok(newest.into_iter().rev().collect())
    }

    /// The page, where the newest messages fill it.
    fn looked_through(
        &self,
        search: &Search,
        profiles: &[(i64, Profile)],
    ) -> Result<Option<Vec<i64>>, IndexError> {
        let (from, until) = search.range();
        let wanted: HashSet<_> = profiles.iter().map(|(p, _)| *p).collect();
        let of = |copies: bool| profiles.iter().any(|(_, profile)| profile.subscriber.is_empty() != copies);
        let mut found = BTreeSet::new();
        let mut all = self.connection.prepare_cached(match (of(false), of(true)) {
            (true, false) => {
                "SELECT n, profile FROM messages WHERE n >= ?1 AND n < ?2 ORDER BY n DESC LIMIT ?3"
            }
            (false, true) => {
                "SELECT n, profile FROM copies WHERE n >= ?1 AND n < ?2 ORDER BY n DESC LIMIT ?3"
            }
            (true, true) | (false, false) => return Ok(None),
        })?;
        let rows = all.query_map([from, until, limit(LOOKED_THROUGH)], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
        })?;
        for row in rows {
            let (n, p) = row?;
            if wanted.contains(&p) {
                found.insert(n);
            }
            if found.len() == search.most {
                return Ok(Some(found.into_iter().rev().collect()));
            }
        }
        Ok(None)
    }

    /// The numbers that the keys lead to, the newest first.
    pub(super) fn by_keys(&self, search: &Search, most: usize) -> Result<Vec<i64>, IndexError> {
        let (from, until) = search.range();
        let Some((first, others)) = search.keys.split_first() else { return Ok(Vec::new()) };
        let mut led = self.connection.prepare_cached(
            "SELECT n FROM keys WHERE key = ?1 AND n >= ?2 AND n < ?3 ORDER BY n DESC LIMIT ?4",
        )?;
        let mut candidates = BTreeSet::new();
        for key in first {
            let rows = led.query_map([*key, from, until, limit(KEYED_MAX)], |row| row.get::<_, i64>(0))?;
            for n in rows {
                candidates.insert(n?);
            }
        }
        let wanted: Option<HashSet<i64>> = match search.is_of_all() {
            true => None,
            false => Some(search.profiles(&self.connection)?.into_iter().map(|(p, _)| p).collect()),
        };
        let mut found = Vec::new();
        for n in candidates.into_iter().rev() {
            if found.len() == most {
                break;
            }
            if self.has_all(n, others)? && self.is_of(n, wanted.as_ref())? {
                found.push(n);
            }
        }
        Ok(found)
    }

    fn has_all(&self, n: i64, groups: &[Vec<i64>]) -> rusqlite::Result<bool> {
        let mut known = self.connection.prepare_cached("SELECT 1 FROM keys WHERE key = ?1 AND n = ?2")?;
        for group in groups {
            let mut any = false;
            for key in group {
                any = any || known.exists([*key, n])?;
            }
            if !any {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn is_of(&self, n: i64, wanted: Option<&HashSet<i64>>) -> rusqlite::Result<bool> {
        let Some(wanted) = wanted else { return Ok(true) };
        let mut profiles = self.connection.prepare_cached(
            "SELECT profile FROM messages WHERE n = ?1 UNION ALL SELECT profile FROM copies WHERE n = ?1",
        )?;
        for p in profiles.query_map([n], |row| row.get::<_, i64>(0))? {
            if wanted.contains(&p?) {
                return Ok(true);
            }
        }
        Ok(false)
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

fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}
