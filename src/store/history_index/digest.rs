//! How often the same trouble occurs, instead of each time that it does.

use std::collections::BTreeMap;

use jiff::Timestamp;

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
        for (p, profile) in profiles {
            let of_copy = !profile.subscriber.is_empty();
            let Some(span) = self.span(search, p, of_copy, keyed.as_deref())? else { continue };
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
    fn span(
        &self,
        search: &Search,
        p: i64,
        of_copy: bool,
        keyed: Option<&[i64]>,
    ) -> rusqlite::Result<Option<Span>> {
        if let Some(numbers) = keyed {
            let mut known = self.connection.prepare_cached(match of_copy {
                true => "SELECT 1 FROM copies WHERE n = ?1 AND profile = ?2",
                false => "SELECT 1 FROM messages WHERE n = ?1 AND profile = ?2",
            })?;
            let mut span: Option<Span> = None;
            for n in numbers {
                if known.exists([*n, p])? {
                    let (count, first, last) = span.unwrap_or((0, *n, *n));
                    span = Some((count + 1, first.min(*n), last.max(*n)));
                }
            }
            return Ok(span);
        }
        let (from, until) = Search { before: None, ..search.clone() }.range();
        let mut counted = self.connection.prepare_cached(match of_copy {
            true => "SELECT count(*), min(n), max(n) FROM copies WHERE profile = ?1 AND n >= ?2 AND n < ?3",
            false => {
                "SELECT count(*), min(n), max(n) FROM messages WHERE profile = ?1 AND n >= ?2 AND n < ?3"
            }
        })?;
        counted.query_row([p, from, until], |row| {
            let (count, first, last): (i64, Option<i64>, Option<i64>) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(first.zip(last).map(|(first, last)| (count.unsigned_abs(), first, last)))
        })
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
