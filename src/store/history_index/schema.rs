//! The tables, and how the database is opened.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

/// Version of the tables; an index of another one is made anew.
const VERSION: i64 = 1;
/// How long a writer waits for another one.
const BUSY: Duration = Duration::from_secs(20);

/// `files.seen` is how long the file was, `taken` how much of it is in the tables: up to the last whole line.
/// `messages.n` is the time of the first step in units of 10 µs, moved where that is taken; `at` and `last` are
/// nanoseconds since 1970 of the first and the last step. A profile with a subscriber is a copy's.
const TABLES: &str = "
CREATE TABLE files (f INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, seen INTEGER NOT NULL, taken INTEGER NOT NULL);
CREATE TABLE profiles (
    p INTEGER PRIMARY KEY, facility TEXT NOT NULL, feed TEXT NOT NULL, kind TEXT NOT NULL, change TEXT NOT NULL,
    state TEXT NOT NULL, fault TEXT NOT NULL, subscriber TEXT NOT NULL,
    UNIQUE (subscriber, state, facility, feed, kind, change, fault));
CREATE TABLE messages (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL, at INTEGER NOT NULL, last INTEGER NOT NULL, profile INTEGER NOT NULL);
CREATE INDEX messages_by_profile ON messages (profile);
CREATE TABLE copies (
    n INTEGER NOT NULL, profile INTEGER NOT NULL, attempts INTEGER NOT NULL,
    PRIMARY KEY (n, profile)) WITHOUT ROWID;
CREATE INDEX copies_by_profile ON copies (profile, n);
CREATE TABLE keys (key INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (key, n)) WITHOUT ROWID;
CREATE TABLE steps (
    n INTEGER NOT NULL, f INTEGER NOT NULL, start INTEGER NOT NULL, PRIMARY KEY (n, f, start)) WITHOUT ROWID;
";

/// Opens the database, and makes its tables where there are none.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    // What is lost with the power is read from the day files again; what is there is whole.
    connection.execute_batch(
        "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
         PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4000;",
    )?;
    if version(&connection)? != VERSION {
        let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        // Somebody else may have made them meanwhile; tables of another version refuse it, which is damage.
        if version(&transaction)? != VERSION {
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
        }
        transaction.commit()?;
    }
    Ok(connection)
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Gives the room of what was forgotten back to the disk.
pub(super) fn give_back(connection: &Connection) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("PRAGMA incremental_vacuum")?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
}
