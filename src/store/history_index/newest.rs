//! The newest numbers of which some words hold.
//!
//! Words that many messages have are found by reading the newest rows one by one, words that few have by asking each of
//! their profiles, period by period. Either ends after a bounded effort, and says how far it came.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, params_from_iter};

use super::search::Search;
use super::words::{Known, Source, limit};
use super::write::{begin_of, period, periods};
use super::{Index, IndexError};

/// What one page may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    /// Rows that are read first, whatever the words.
    pub(super) few: i64,
    /// Rows that are read where the words mean many profiles, and too few of the newest rows have them.
    pub(super) many: i64,
    /// Profiles that are asked one by one.
    pub(super) profiles: usize,
    /// Looks at a profile in a period, each some microseconds.
    pub(super) looks: usize,
    /// Messages that a key leads to and that are looked at.
    pub(super) candidates: usize,
}

impl Effort {
    /// Some tens of milliseconds each.
    pub(super) const PAGE: Self =
        Self { few: 5_000, many: 40_000, profiles: 2_000, looks: 12_000, candidates: 10_000 };
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Newest {
    /// Numbers, the newest first.
    pub(super) numbers: Vec<i64>,
    /// These are all from that number on.
    pub(super) down_to: i64,
}

impl Index {
    /// The newest numbers of which the words of a search hold, within a bounded effort.
    pub(super) fn newest(&self, search: &Search) -> Result<Newest, IndexError> {
        let (from, until) = search.range();
        let mut newest = self.read_through(search, (from, until), self.effort.few, search.most)?;
        let (left, until) = (search.most.saturating_sub(newest.numbers.len()), newest.down_to);
        if left == 0 || until <= from {
            return Ok(newest);
        }
        let profiles = search.profiles(&self.connection, (from, until), self.effort.profiles + 1)?;
        let more = if profiles.len() <= self.effort.profiles {
            self.ask_profiles(&profiles, (from, until), left)?
        } else {
            let last = search.newest_before(&self.connection, until)?.unwrap_or(from);
            self.read_through(search, (from, until.min(last.saturating_add(1))), self.effort.many, left)?
        };
        newest.numbers.extend(more.numbers);
        Ok(Newest { down_to: more.down_to, ..newest })
    }

    /// Reads so many of the newest rows.
    fn read_through(
        &self,
        search: &Search,
        (from, until): (i64, i64),
        rows: i64,
        most: usize,
    ) -> rusqlite::Result<Newest> {
        let (sources, mut down_to) = (search.sources(), from);
        // Where every message is meant, the newest rows are the page.
        for source in sources.iter().filter(|_| !search.is_of_all()) {
            down_to = down_to.max(self.row_after(*source, (from, until), rows)?.unwrap_or(from));
        }
        let mut found = BTreeSet::new();
        for source in sources {
            let (table, own) = source.sql();
            let mut words = search.words(false);
            let marks = [down_to, until, limit(most)].map(|value| words.mark(value));
            let [from, until, most] = &marks;
            // The planner is told to read from the newest on, and not to begin with the profiles.
            let mut statement = self.connection.prepare(&format!(
                "SELECT DISTINCT n FROM {table} CROSS JOIN profiles ON p = profile
                 WHERE {own} AND n >= {from} AND n < {until} AND {} ORDER BY n DESC LIMIT {most}",
                words.sql
            ))?;
            for n in statement.query_map(params_from_iter(words.values), |row| row.get::<_, i64>(0))? {
                found.insert(n?);
            }
        }
        Ok(Newest { numbers: found.into_iter().rev().take(most).collect(), down_to })
    }

    /// The number of the row after so many of the newest ones, where there is one.
    fn row_after(
        &self,
        source: Source,
        (from, until): (i64, i64),
        rows: i64,
    ) -> rusqlite::Result<Option<i64>> {
        let (table, own) = source.sql();
        let mut statement = self.connection.prepare_cached(&format!(
            "SELECT n FROM {table} WHERE {own} AND n >= ?1 AND n < ?2 ORDER BY n DESC LIMIT 1 OFFSET ?3"
        ))?;
        statement.query_row([from, until, rows], |row| row.get(0)).optional()
    }

    /// Asks each profile for its newest numbers.
    fn ask_profiles(
        &self,
        profiles: &[Known],
        (from, until): (i64, i64),
        most: usize,
    ) -> rusqlite::Result<Newest> {
        let (mut found, mut looks) = (BTreeSet::new(), 0);
        let mut of_profile = self.connection.prepare_cached(
            "SELECT n FROM profiled WHERE period = ?1 AND profile = ?2 AND n >= ?3 AND n < ?4
             ORDER BY n DESC LIMIT ?5",
        )?;
        let mut down_to = from;
        let (oldest, newest) = self.periods(from, until)?.unwrap_or((0, -1));
        for at in (oldest..=newest).rev() {
            if found.len() == most || looks > self.effort.looks {
                down_to = begin_of(at + 1).max(from);
                break;
            }
            let mut from = from;
            for one in profiles.iter().filter(|one| one.is_in(at)) {
                looks += 1;
                let values = [at, one.number, from, until, limit(most)];
                for n in of_profile.query_map(values, |row| row.get::<_, i64>(0))? {
                    found.insert(n?);
                }
                while found.len() > most {
                    found.pop_first();
                }
                if let Some(last) = found.first().filter(|_| found.len() == most) {
                    // Only what is newer displaces one of these.
                    from = from.max(*last);
                }
            }
        }
        Ok(Newest { numbers: found.into_iter().rev().collect(), down_to })
    }

    /// The oldest and the newest period between two numbers that there may be anything of.
    pub(super) fn periods(&self, from: i64, until: i64) -> rusqlite::Result<Option<(i64, i64)>> {
        let (oldest, newest) = periods(&self.connection)?;
        let (oldest, newest) = (oldest.max(period(from)), newest.min(period(until)));
        Ok((oldest <= newest).then_some((oldest, newest)))
    }
}
