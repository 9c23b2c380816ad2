//! A message is put together anew from its lines.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::IndexError;
use super::write::{Place, Writer};
use crate::store::history::Step;

/// The steps of messages, read from the places where they stand.
pub(super) struct Lines<'h> {
    history: &'h Path,
    names: HashMap<i64, String>,
}

impl<'h> Lines<'h> {
    /// Of these day files.
    pub(super) fn new(sql: &Connection, history: &'h Path) -> rusqlite::Result<Self> {
        let mut files = sql.prepare_cached("SELECT f, name FROM files")?;
        let names = files.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        Ok(Self { history, names })
    }

    /// The steps of a message, in the order of time, and where they stand. What is no longer there is left out.
    pub(super) fn of(&self, sql: &Connection, n: i64, id: &str) -> Result<Vec<(Step, Place)>, IndexError> {
        let mut places = sql.prepare_cached("SELECT f, start FROM steps WHERE n = ?1")?;
        let rows = places.query_map([n], |row| Ok(Place { file: row.get(0)?, start: row.get(1)? }))?;
        let mut steps = Vec::new();
        for place in rows {
            let place = place?;
            let Some(name) = self.names.get(&place.file) else { continue };
            let path = self.history.join(name);
            let line = line(&path, place.start).map_err(|source| failed(path, source))?;
            let step = line.and_then(|line| serde_json::from_slice::<Step>(&line).ok());
            steps.extend(step.filter(|step| step.id == id).map(|step| (step, place)));
        }
        let name = |place: &Place| self.names.get(&place.file);
        steps.sort_by(|(a, at), (b, bt)| (a.at, name(at), at.start).cmp(&(b.at, name(bt), bt.start)));
        Ok(steps)
    }
}

fn failed(path: PathBuf, source: io::Error) -> IndexError {
    IndexError::File { path, source }
}

/// The line that begins there; nothing where the file is gone.
fn line(path: &Path, start: i64) -> io::Result<Option<Vec<u8>>> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    file.seek(SeekFrom::Start(u64::try_from(start).unwrap_or_default()))?;
    let mut line = Vec::new();
    BufReader::with_capacity(4096, file).read_until(b'\n', &mut line)?;
    Ok(Some(line))
}

/// Puts a message together from the lines that are there. Where none is, it is forgotten.
pub(super) fn anew(writer: &mut Writer<'_>, n: i64, id: &str) -> Result<(), IndexError> {
    writer.flush()?;
    let history = writer.history.clone();
    let steps = Lines::new(writer.sql, &history)?.of(writer.sql, n, id)?;
    let (told, places): (Vec<_>, Vec<_>) = steps.into_iter().unzip();
    writer.forget(n, id, &told)?;
    let Some(first) = told.first() else { return Ok(()) };
    let n = writer.begin(id, first.at)?;
    for (step, place) in told.iter().zip(places) {
        writer.place(n, place);
        writer.apply(n, step)?;
    }
    Ok(())
}
