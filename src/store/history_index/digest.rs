//! How often the same trouble occurs, instead of each time that it does.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params_from_iter};

use super::profile::State;
use super::search::Search;
use super::{Index, IndexError};

/// Messages that one key may lead to in a digest.
const KEYED: usize = 10_000;

/// The same trouble of a feed's messages, or of a subscriber's copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// State.
    pub state: State,
    /// Fault; empty where none is told.
    pub fault: String,
    /// Feed of messages; empty for copies.
    pub feed: String,
    /// Subscriber of copies; empty for messages.
    pub subscriber: String,
    /// How many.
    pub count: u64,
    /// When the oldest of them was first seen.
    pub first: Timestamp,
    /// When the newest of them was first seen.
    pub last: Timestamp,
    /// Id of the newest.
    pub example: String,
}

/// State, fault, feed, subscriber.
type Same = (String, String, String, String);

/// How many, the oldest, the newest.
#[derive(Debug, Clone, Copy)]
struct Span {
    count: u64,
    first: i64,
    last: i64,
}

impl Span {
    const NOTHING: Self = Self { count: 0, first: i64::MAX, last: i64::MIN };

    fn add(&mut self, other: Self) {
        self.count += other.count;
        (self.first, self.last) = (self.first.min(other.first), self.last.max(other.last));
    }
}

impl Index {
    /// What a search finds, as digests of one trouble each, the most frequent first. Only what is in trouble is counted.
    ///
    /// # Errors
    /// If the database fails.
    pub fn digest(&self, search: &Search) -> Result<Vec<Tally>, IndexError> {
        let search = Search { before: None, ..search.clone() };
        let spans = match search.is_keyed() {
            true => self.spans_among(&search, &self.by_keys(&search, KEYED)?.numbers)?,
            false => self.spans(&search)?,
        };
        let mut words = search.words(true);
        let p = words.mark(0);
        let mut profile = self.connection.prepare(&format!(
            "SELECT state, fault, iif(subscriber = '', feed, ''), subscriber FROM profiles WHERE p = {p} AND {}",
            words.sql
        ))?;
        let mut tallies: HashMap<Same, Span> = HashMap::new();
        for (p, span) in spans {
            words.values.pop();
            words.mark(p);
            let same: Option<Same> = profile
                .query_row(params_from_iter(&words.values), |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })
                .optional()?;
            if let Some(same) = same {
                tallies.entry(same).or_insert(Span::NOTHING).add(span);
            }
        }
        let told = tallies.into_iter().filter_map(|(same, span)| self.tally(same, span).transpose());
        let mut told: Vec<_> = told.collect::<Result<_, _>>()?;
        told.sort_by(|a: &Tally, b| (b.count, b.last, &a.example).cmp(&(a.count, a.last, &b.example)));
        Ok(told)
    }

    /// Of each profile in trouble: what is listed.
    fn spans(&self, search: &Search) -> rusqlite::Result<HashMap<i64, Span>> {
        let (from, until) = search.range();
        let mut listed = self
            .connection
            .prepare_cached("SELECT profile, n FROM listed WHERE list = ?1 AND n >= ?2 AND n < ?3")?;
        let mut spans: HashMap<i64, Span> = HashMap::new();
        for list in search.lists(is_trouble) {
            let mut rows = listed.query([list, from, until])?;
            while let Some(row) = rows.next()? {
                let n = row.get(1)?;
                spans.entry(row.get(0)?).or_insert(Span::NOTHING).add(Span { count: 1, first: n, last: n });
            }
        }
        Ok(spans)
    }

    /// Of each profile in trouble: what there is among these numbers.
    fn spans_among(&self, search: &Search, numbers: &[i64]) -> rusqlite::Result<HashMap<i64, Span>> {
        let mut listed =
            self.connection.prepare_cached("SELECT profile FROM listed WHERE list = ?1 AND n = ?2")?;
        let lists: Vec<_> = search.lists(is_trouble).collect();
        let mut spans: HashMap<i64, Span> = HashMap::new();
        for n in numbers {
            for list in &lists {
                for p in listed.query_map([list, n], |row| row.get(0))? {
                    spans.entry(p?).or_insert(Span::NOTHING).add(Span { count: 1, first: *n, last: *n });
                }
            }
        }
        Ok(spans)
    }

    fn tally(&self, (state, fault, feed, subscriber): Same, span: Span) -> rusqlite::Result<Option<Tally>> {
        let Some(state) = State::parse(&state) else { return Ok(None) };
        let (first, _) = self.seen(span.first)?;
        let (last, example) = self.seen(span.last)?;
        Ok(Some(Tally { state, fault, feed, subscriber, count: span.count, first, last, example }))
    }

    /// When a message was first seen, and its id.
    fn seen(&self, n: i64) -> rusqlite::Result<(Timestamp, String)> {
        let mut message = self.connection.prepare_cached("SELECT at, id FROM messages WHERE n = ?1")?;
        message.query_row([n], |row| {
            let at: i64 = row.get(0)?;
            Ok((Timestamp::from_nanosecond(at.into()).unwrap_or_default(), row.get(1)?))
        })
    }
}

/// Whether somebody has something to do, or to know.
fn is_trouble(state: State, has_fault: bool) -> bool {
    has_fault || State::TROUBLE.contains(&state)
}
