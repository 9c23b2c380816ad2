//! Messages as they will be written at the end of a transaction.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use super::write::{Writer, period};

/// What puts a row in, and what takes it out.
const PROFILED: [&str; 2] = [
    "INSERT OR IGNORE INTO profiled (period, profile, n) VALUES (?1, ?2, ?3)",
    "DELETE FROM profiled WHERE period = ?1 AND profile = ?2 AND n = ?3",
];
const LISTED: [&str; 2] = [
    "INSERT OR IGNORE INTO listed (list, n, profile) VALUES (?1, ?2, ?3)",
    "DELETE FROM listed WHERE list = ?1 AND n = ?2 AND profile = ?3",
];

/// A message, and what of it is written.
#[derive(Debug)]
pub(super) struct Draft {
    /// Its id and the time of its first step, where nothing of it is written yet.
    new: Option<(String, i64)>,
    /// Time of its last step, nanoseconds since 1970.
    pub(super) last: i64,
    /// Its profile.
    pub(super) profile: i64,
    /// Profiles and attempts of its copies.
    pub(super) copies: Vec<(i64, i64)>,
    /// The profiles that are written: its own, and those of its copies.
    written: Vec<i64>,
}

impl Draft {
    pub(super) fn new(id: &str, at: i64, profile: i64) -> Self {
        Self { new: Some((id.to_owned(), at)), last: at, profile, copies: Vec::new(), written: Vec::new() }
    }

    /// A message that is written.
    pub(super) fn read(sql: &Connection, n: i64) -> rusqlite::Result<Self> {
        let mut message = sql.prepare_cached("SELECT last, profile FROM messages WHERE n = ?1")?;
        let (last, profile) = message.query_row([n], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let mut copies = sql.prepare_cached("SELECT profile, attempts FROM copies WHERE n = ?1")?;
        let copies = copies.query_map([n], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let copies = copies.collect::<Result<_, _>>()?;
        let mut draft = Self { new: None, last, profile, copies, written: Vec::new() };
        draft.written = draft.profiles().collect();
        Ok(draft)
    }

    /// Its profile, and those of its copies.
    pub(super) fn profiles(&self) -> impl Iterator<Item = i64> {
        std::iter::once(self.profile).chain(self.copies.iter().map(|(p, _)| *p))
    }
}

impl Writer<'_> {
    /// Writes what was put off.
    pub(super) fn flush(&mut self) -> rusqlite::Result<()> {
        self.flush_keys()?;
        self.flush_places()?;
        while let Some((n, draft)) = self.drafts.pop_first() {
            self.write(n, &draft)?;
        }
        self.flush_moves()?;
        self.new.clear();
        self.known = None;
        Ok(())
    }

    fn flush_keys(&mut self) -> rusqlite::Result<()> {
        let mut insert =
            self.sql.prepare_cached("INSERT OR IGNORE INTO keys (period, key, n) VALUES (?1, ?2, ?3)")?;
        self.keys.sort_unstable();
        for (key, n) in self.keys.drain(..) {
            insert.execute([period(n), key, n])?;
        }
        Ok(())
    }

    fn flush_places(&mut self) -> rusqlite::Result<()> {
        let mut insert =
            self.sql.prepare_cached("INSERT OR IGNORE INTO steps (n, f, start) VALUES (?1, ?2, ?3)")?;
        let mut reach: HashMap<i64, (i64, i64)> = HashMap::new();
        self.places.sort_unstable();
        for (n, place) in self.places.drain(..) {
            insert.execute([n, place.file, place.start])?;
            let (first, last) = reach.entry(place.file).or_insert((n, n));
            (*first, *last) = ((*first).min(n), (*last).max(n));
        }
        let mut widen = self
            .sql
            .prepare_cached("UPDATE files SET first = min(first, ?2), last = max(last, ?3) WHERE f = ?1")?;
        for (f, (first, last)) in reach {
            widen.execute([f, first, last])?;
        }
        Ok(())
    }

    fn write(&mut self, n: i64, draft: &Draft) -> rusqlite::Result<()> {
        let Draft { new, last, profile, copies, written } = draft;
        match new {
            Some((id, at)) => {
                let mut insert = self.sql.prepare_cached(
                    "INSERT INTO messages (n, id, at, last, profile) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?;
                insert.execute(params![n, id, at, last, profile])?
            }
            None => {
                let mut update =
                    self.sql.prepare_cached("UPDATE messages SET last = ?2, profile = ?3 WHERE n = ?1")?;
                update.execute([n, *last, *profile])?
            }
        };
        let mut delete = self.sql.prepare_cached("DELETE FROM copies WHERE n = ?1 AND profile = ?2")?;
        for p in written.iter().filter(|p| draft.profiles().all(|other| other != **p)) {
            delete.execute([n, *p])?;
            self.moves.push((period(n), *p, n, -1));
        }
        let mut put = self
            .sql
            .prepare_cached("INSERT OR REPLACE INTO copies (n, profile, attempts) VALUES (?1, ?2, ?3)")?;
        for (p, attempts) in copies {
            put.execute([n, *p, *attempts])?;
        }
        let added = draft.profiles().filter(|p| !written.contains(p));
        self.moves.extend(added.map(|p| (period(n), p, n, 1)));
        Ok(())
    }

    /// Writes which messages and copies have which profile.
    fn flush_moves(&mut self) -> rusqlite::Result<()> {
        let mut moves = std::mem::take(&mut self.moves);
        moves.sort_unstable();
        let mut of_profile: HashMap<i64, (i64, i64, i64)> = HashMap::new();
        for (period, p, n, change) in moves.drain(..) {
            let is_new = change > 0;
            self.enter(PROFILED, [period, p, n], is_new)?;
            if let Some(list) = self.profile_of(p)?.list() {
                self.enter(LISTED, [list, n, p], is_new)?;
            }
            let (count, first, last) = of_profile.entry(p).or_insert((0, i64::MAX, -i64::MAX));
            *count += change;
            if is_new {
                (*first, *last) = ((*first).min(n), (*last).max(n));
            }
        }
        // The memory is used again.
        self.moves = moves;
        let mut widen = self.sql.prepare_cached(
            "UPDATE profiles SET count = count + ?2, first = min(first, ?3), last = max(last, ?4) WHERE p = ?1",
        )?;
        for (p, (count, first, last)) in of_profile {
            widen.execute([p, count, first, last])?;
        }
        Ok(())
    }

    /// Puts a row into a table, or takes it out.
    fn enter(&self, [put, take]: [&str; 2], row: [i64; 3], is_new: bool) -> rusqlite::Result<()> {
        self.sql.prepare_cached(if is_new { put } else { take })?.execute(row)?;
        Ok(())
    }
}
