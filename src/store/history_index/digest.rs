//! How often the same trouble occurs, instead of each time that it does.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::profile::State;
use super::search::{Known, Search};
use super::write::period;
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
type Same = (State, String, String, String);
/// How many, the oldest, the newest.
type Span = (u64, i64, i64);

impl Index {
    /// What a search finds, as digests of one trouble each, the most frequent first. Only what is in trouble is counted.
    ///
    /// # Errors
    /// If the database fails.
    pub fn digest(&self, search: &Search) -> Result<Vec<Tally>, IndexError> {
        let profiles = Search { before: None, ..search.clone() }.troubled(&self.connection)?;
        let keyed = if search.is_keyed() { Some(self.by_keys(search, KEYED)?) } else { None };
        let mut tallies: BTreeMap<Same, Span> = BTreeMap::new();
        for one in profiles {
            let of_copy = !one.profile.subscriber.is_empty();
            let span = match &keyed {
                Some(numbers) => self.span_among(&one, numbers)?,
                None => self.span(search, &one)?,
            };
            let (Some(span), profile) = (span, one.profile) else { continue };
            let feed = if of_copy { String::new() } else { profile.feed };
            let same = (profile.state, profile.fault, feed, profile.subscriber);
            let all = tallies.entry(same).or_insert((0, span.1, span.2));
            *all = (all.0 + span.0, all.1.min(span.1), all.2.max(span.2));
        }
        let mut told = Vec::with_capacity(tallies.len());
        for ((state, fault, feed, subscriber), (count, first, last)) in tallies {
            let (first, _) = self.seen(first)?;
            let (last, example) = self.seen(last)?;
            told.push(Tally { state, fault, feed, subscriber, count, first, last, example });
        }
        told.sort_by_key(|tally| std::cmp::Reverse(tally.count));
        Ok(told)
    }

    /// Messages or copies of one profile: how many, the oldest and the newest.
    fn span(&self, search: &Search, one: &Known) -> rusqlite::Result<Option<Span>> {
        let (from, until) = Search { before: None, ..search.clone() }.range();
        let Some((oldest, newest)) = self.periods(from, until)? else { return Ok(None) };
        let mut counted = self.connection.prepare_cached(
            "SELECT count(*), min(n), max(n) FROM profiled
             WHERE period = ?1 AND profile = ?2 AND n >= ?3 AND n < ?4",
        )?;
        let mut all: Option<Span> = None;
        for period in (oldest..=newest).filter(|period| one.is_in(*period)) {
            let (count, first, last): (i64, Option<i64>, Option<i64>) = counted
                .query_row([period, one.number, from, until], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?;
            let Some((first, last)) = first.zip(last) else { continue };
            let before = all.unwrap_or((0, first, last));
            all = Some((before.0 + count.unsigned_abs(), before.1, last));
        }
        Ok(all)
    }

    /// The same, among these numbers.
    fn span_among(&self, one: &Known, numbers: &[i64]) -> rusqlite::Result<Option<Span>> {
        let mut known = self
            .connection
            .prepare_cached("SELECT 1 FROM profiled WHERE period = ?1 AND profile = ?2 AND n = ?3")?;
        let mut span: Option<Span> = None;
        for n in numbers {
            if known.exists([period(*n), one.number, *n])? {
                let (count, first, last) = span.unwrap_or((0, *n, *n));
                span = Some((count + 1, first.min(*n), last.max(*n)));
            }
        }
        Ok(span)
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
