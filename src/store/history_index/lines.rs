//! The lines of the day files that the index does not know yet.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;

use rusqlite::{OptionalExtension, params};

use super::IndexError;
use super::write::{Place, Writer};

/// Takes lines in, the oldest day first, up to about that many bytes. Says how many steps, and whether there may be more.
pub(super) fn take_in(
    writer: &mut Writer<'_>,
    found: &BTreeSet<(String, u64)>,
    most: usize,
) -> Result<(u64, bool), IndexError> {
    let (mut steps, mut left) = (0, most);
    for (name, seen) in found {
        let (f, taken, known) = known(writer, name)?;
        if known == *seen {
            continue;
        }
        let path = writer.history.join(name);
        let read = whole_lines(&path, taken, *seen, left);
        let (lines, end) = read.map_err(|source| IndexError::File { path, source })?;
        let mut start = taken;
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            // A line that a power cut tore says nothing.
            if let Ok(step) = serde_json::from_slice(line) {
                writer.take(&step, Place { file: f, start: signed(start) })?;
                steps += 1;
            }
            start += line.len() as u64;
        }
        let is_done = end == End::Reached;
        let mut update = writer.sql.prepare_cached("UPDATE files SET taken = ?2, seen = ?3 WHERE f = ?1")?;
        update.execute([f, signed(start), signed(if is_done { *seen } else { start })])?;
        left = left.saturating_sub(lines.len());
        if !is_done || left == 0 {
            return Ok((steps, true));
        }
    }
    Ok((steps, false))
}

/// A file's number, how much of it is in the index, and how long it was then.
fn known(writer: &Writer<'_>, name: &str) -> Result<(i64, u64, u64), IndexError> {
    let mut found = writer.sql.prepare_cached("SELECT f, taken, seen FROM files WHERE name = ?1")?;
    let known: Option<(i64, i64, i64)> =
        found.query_row([name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    if let Some((f, taken, seen)) = known {
        return Ok((f, unsigned(taken), unsigned(seen)));
    }
    let mut insert = writer.sql.prepare_cached("INSERT INTO files (name, seen, taken) VALUES (?1, -1, 0)")?;
    insert.execute(params![name])?;
    Ok((writer.sql.last_insert_rowid(), 0, u64::MAX))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// How far the lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// To the last whole one.
    Reached,
    /// There are more.
    More,
}

/// The whole lines between two places, up to about that many bytes, but one at least where there is one.
fn whole_lines(path: &Path, from: u64, to: u64, most: usize) -> io::Result<(Vec<u8>, End)> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), End::Reached)),
        file => file?,
    };
    file.seek(SeekFrom::Start(from))?;
    let mut lines = Vec::new();
    let mut reader = BufReader::with_capacity(1 << 16, io::Read::take(file, to.saturating_sub(from)));
    loop {
        let before = lines.len();
        if before >= most.max(1) {
            return Ok((lines, End::More));
        }
        reader.read_until(b'\n', &mut lines)?;
        let is_whole = lines.last() == Some(&b'\n') && lines.len() > before;
        if !is_whole {
            // It may be being written, or torn: then another line ends it.
            lines.truncate(before);
            return Ok((lines, End::Reached));
        }
    }
}
