//! Day files that are gone take their steps with them.

use std::collections::BTreeSet;

use super::write::Writer;
use super::{IndexError, derive};

/// Forgets the steps of files that are no longer found. A message of which there are other steps keeps those.
pub(super) fn forget_missing(
    writer: &mut Writer<'_>,
    found: &BTreeSet<(String, u64)>,
) -> Result<(), IndexError> {
    let mut files = writer.sql.prepare_cached("SELECT f, name, taken FROM files")?;
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
    if missing.is_empty() {
        return Ok(());
    }
    writer.forgotten = true;
    forget(writer, &missing)
}

fn forget(writer: &mut Writer<'_>, files: &[i64]) -> Result<(), IndexError> {
    let sql = writer.sql;
    sql.execute_batch("CREATE TEMP TABLE IF NOT EXISTS gone (n INTEGER PRIMARY KEY); DELETE FROM gone")?;
    for f in files {
        // One look at all steps: files are pruned once a day.
        sql.execute("INSERT OR IGNORE INTO gone SELECT n FROM steps WHERE f = ?1", [f])?;
        sql.execute("DELETE FROM files WHERE f = ?1", [f])?;
    }
    // The lines that tell the keys are no longer there.
    sql.execute("DELETE FROM keys WHERE n IN (SELECT n FROM gone)", [])?;
    let mut gone = sql.prepare("SELECT gone.n, id FROM gone JOIN messages ON messages.n = gone.n")?;
    let rows = gone.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let gone: Vec<(i64, String)> = rows.collect::<Result<_, _>>()?;
    for (n, id) in gone {
        derive::anew(writer, n, &id)?;
    }
    sql.execute(
        "DELETE FROM profiles WHERE NOT EXISTS (SELECT 1 FROM messages WHERE profile = p)
         AND NOT EXISTS (SELECT 1 FROM copies WHERE profile = p)",
        [],
    )?;
    writer.start_anew();
    Ok(())
}
