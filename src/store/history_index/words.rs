//! What a search says of profiles, in SQL.

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::profile::State;
use super::search::Search;
use super::write::period;

/// A condition, and the values that its marks stand for.
pub(super) struct Condition {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

impl Condition {
    /// The mark of one more value.
    pub(super) fn mark(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }

    fn and(&mut self, column: &str, value: &str) {
        let mark = self.mark(value.to_owned());
        self.sql.push_str(&format!(" AND {column} = {mark}"));
    }
}

/// A profile that messages or copies have.
pub(super) struct Known {
    pub(super) number: i64,
    /// Periods of the oldest and the newest that had it.
    periods: (i64, i64),
}

impl Known {
    /// Whether anything of that period may have it.
    pub(super) const fn is_in(&self, period: i64) -> bool {
        self.periods.0 <= period && period <= self.periods.1
    }
}

/// Rows that stand in the order of numbers, each with its profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Messages,
    Copies,
    /// A list of what is not routine.
    Listed(i64),
}

impl Source {
    /// Its table, and which of its rows.
    pub(super) fn sql(self) -> (&'static str, String) {
        match self {
            Self::Messages => ("messages", "1".to_owned()),
            Self::Copies => ("copies", "1".to_owned()),
            Self::Listed(list) => ("listed", format!("list = {list}")),
        }
    }
}

impl Search {
    /// A condition on profiles. Where nothing is said of copies, only messages are meant, or copies too.
    pub(super) fn words(&self, copies_too: bool) -> Condition {
        let mut words = Condition { sql: "1".to_owned(), values: Vec::new() };
        let columns = [
            ("facility", self.facility.as_deref()),
            ("feed", self.feed.as_deref()),
            ("kind", self.kind.as_deref()),
            ("subscriber", self.subscriber.as_deref()),
            ("state", self.state.map(State::as_str)),
            ("fault", self.fault.as_deref()),
        ];
        for (column, value) in columns {
            if let Some(value) = value {
                words.and(column, value);
            }
        }
        if !copies_too && self.subscriber.is_none() && self.state.is_none() && self.fault.is_none() {
            words.sql.push_str(" AND subscriber = ''");
        }
        if let Some(codes) = &self.facilities {
            let marks: Vec<_> = codes.iter().map(|code| words.mark(code.clone())).collect();
            words.sql.push_str(&format!(" AND facility IN ({})", marks.join(", ")));
        }
        words
    }

    /// Whether every message is meant, whatever its profile.
    pub(super) const fn is_of_all(&self) -> bool {
        self.facility.is_none()
            && self.facilities.is_none()
            && self.feed.is_none()
            && self.kind.is_none()
            && self.subscriber.is_none()
            && self.state.is_none()
            && self.fault.is_none()
    }

    /// Where everything stands that it means.
    pub(super) fn sources(&self) -> Vec<Source> {
        let has_fault = self.fault.as_deref().map(|fault| !fault.is_empty());
        match (self.state, has_fault) {
            (None, None) if self.subscriber.is_none() => vec![Source::Messages],
            (None, None) => vec![Source::Copies],
            (None, Some(false)) => vec![Source::Messages, Source::Copies],
            (Some(State::Filtered | State::Routed), None | Some(false)) => vec![Source::Messages],
            (Some(State::Delivered), None | Some(false)) => vec![Source::Copies],
            _ => self.lists(|_, _| true).map(Source::Listed).collect(),
        }
    }

    /// The lists of what is not routine that it means, and of which that holds: in that state, with a fault or without.
    pub(super) fn lists(&self, wanted: fn(State, bool) -> bool) -> impl Iterator<Item = i64> {
        let has_fault = self.fault.as_deref().map(|fault| !fault.is_empty());
        let states = State::ALL.into_iter().filter(|one| self.state.is_none_or(|state| state == *one));
        let all = states.flat_map(|state| [(state, false), (state, true)]);
        all.filter(move |(state, fault)| has_fault.is_none_or(|has| has == *fault) && wanted(*state, *fault))
            .filter_map(|(state, fault)| state.list(fault))
    }

    /// The profiles that it means and that anything between two numbers may have; so many at most.
    pub(super) fn profiles(
        &self,
        sql: &Connection,
        (from, until): (i64, i64),
        most: usize,
    ) -> rusqlite::Result<Vec<Known>> {
        let mut words = self.words(false);
        let marks = [from, until, limit(most)].map(|value| words.mark(value));
        let [from, until, most] = &marks;
        let mut statement = sql.prepare(&format!(
            "SELECT p, first, last FROM profiles WHERE {} AND count > 0 AND last >= {from} AND first < {until}
             LIMIT {most}",
            words.sql
        ))?;
        let rows = statement.query_map(params_from_iter(words.values), |row| {
            Ok(Known { number: row.get(0)?, periods: (period(row.get(1)?), period(row.get(2)?)) })
        })?;
        rows.collect()
    }

    /// No number before that one that it means is newer than this one.
    pub(super) fn newest_before(&self, sql: &Connection, until: i64) -> rusqlite::Result<Option<i64>> {
        let mut words = self.words(false);
        let mark = words.mark(until);
        let mut statement = sql.prepare(&format!(
            "SELECT max(last) FROM profiles WHERE {} AND count > 0 AND first < {mark}",
            words.sql
        ))?;
        statement.query_row(params_from_iter(words.values), |row| row.get(0))
    }
}

/// So many, in SQL.
pub(super) fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}
