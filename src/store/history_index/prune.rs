//! Day files that are gone take their steps with them.

use std::collections::BTreeSet;

use rusqlite::params;

use super::write::{Writer, period};
use super::{IndexError, derive};

/// Forgets the steps of a file that is no longer found. A message of which there are other steps keeps those. Says
/// whether more files are missing: each is a transaction of its own, since others wait for its end.
pub(super) fn forget_missing(
    writer: &mut Writer<'_>,
    found: &BTreeSet<(String, u64)>,
) -> Result<bool, IndexError> {
    let mut files = writer.sql.prepare_cached("SELECT f, name, taken FROM files ORDER BY name")?;
    let rows = files.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let known: Vec<(i64, String, i64)> = rows.collect::<Result<_, _>>()?;
    drop(files);
    let mut missing = Vec::new();
    for (f, name, taken) in known {
        match found.iter().find(|(other, _)| *other == name) {
            None => missing.push(f),
            Some((_, bytes)) if u64::try_from(taken).is_ok_and(|taken| taken > *bytes) => {
                return Err(IndexError::Replaced);
            }
            Some(_) => {}
        }
    }
    let Some(oldest) = missing.first() else { return Ok(false) };
    writer.forgotten = true;
    forget(writer, *oldest)?;
    Ok(missing.len() > 1)
}

fn forget(writer: &mut Writer<'_>, f: i64) -> Result<(), IndexError> {
    let sql = writer.sql;
    let (first, last): (i64, i64) =
        sql.query_row("SELECT first, last FROM files WHERE f = ?1", [f], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    sql.execute_batch("CREATE TEMP TABLE IF NOT EXISTS gone (n INTEGER PRIMARY KEY); DELETE FROM gone")?;
    sql.execute(
        "INSERT OR IGNORE INTO gone SELECT n FROM steps WHERE n >= ?2 AND n <= ?3 AND f = ?1",
        params![f, first, last],
    )?;
    sql.execute("DELETE FROM files WHERE f = ?1", [f])?;
    let mut gone = sql.prepare(
        "SELECT gone.n, id, EXISTS (SELECT 1 FROM steps WHERE steps.n = gone.n AND f <> ?1)
         FROM gone JOIN messages ON messages.n = gone.n",
    )?;
    let rows = gone.query_map([f], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let gone: Vec<(i64, String, bool)> = rows.collect::<Result<_, _>>()?;
    // The lines that tell the keys are no longer there.
    let mut keys = sql.prepare("DELETE FROM keys WHERE period = ?1 AND n IN (SELECT n FROM gone)")?;
    for period in gone.iter().map(|(n, ..)| period(*n)).collect::<BTreeSet<_>>() {
        keys.execute([period])?;
    }
    for (n, id, has_more) in gone {
        match has_more {
            true => derive::anew(writer, n, &id)?,
            false => writer.forget(n, &id, &[])?,
        }
    }
    writer.flush()?;
    sql.execute("DELETE FROM profiles WHERE count = 0", [])?;
    writer.start_anew();
    Ok(())
}
