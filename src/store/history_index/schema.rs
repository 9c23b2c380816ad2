//! The tables, and how the database is opened.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

/// Version of the tables; an index of another one is made anew.
const VERSION: i64 = 2;
/// How long a writer waits for another one.
const BUSY: Duration = Duration::from_secs(20);

/// `files.seen` is how long the file was, `taken` how much of it is in the tables: up to the last whole line; `first` and
/// `last` are bounds of the messages that have a step there. `messages.n` is the time of the first step in units of
/// 10 µs, moved where that is taken; `at` and `last` are nanoseconds since 1970 of the first and the last step. A profile
/// with a subscriber is a copy's; `count` is how many have it, `first` and `last` are bounds of their numbers. `listed`
/// holds what is not routine, by state. What does not come in the order of time is kept period by period, so that what
/// is written is close together.
const TABLES: &str = "
CREATE TABLE files (
    f INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, seen INTEGER NOT NULL, taken INTEGER NOT NULL,
    first INTEGER NOT NULL DEFAULT 0x7fffffffffffffff, last INTEGER NOT NULL DEFAULT -0x7fffffffffffffff);
CREATE TABLE profiles (
    p INTEGER PRIMARY KEY, facility TEXT NOT NULL, feed TEXT NOT NULL, kind TEXT NOT NULL, change TEXT NOT NULL,
    state TEXT NOT NULL, fault TEXT NOT NULL, subscriber TEXT NOT NULL, count INTEGER NOT NULL DEFAULT 0,
    first INTEGER NOT NULL DEFAULT 0x7fffffffffffffff, last INTEGER NOT NULL DEFAULT -0x7fffffffffffffff,
    UNIQUE (subscriber, state, facility, feed, kind, change, fault));
CREATE INDEX profiles_of_state ON profiles (state, facility);
CREATE INDEX profiles_of_facility ON profiles (facility, state);
CREATE INDEX profiles_of_feed ON profiles (feed, state);
CREATE INDEX profiles_of_kind ON profiles (kind, state);
CREATE INDEX profiles_of_fault ON profiles (fault, facility, subscriber);
CREATE TABLE messages (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL, at INTEGER NOT NULL, last INTEGER NOT NULL, profile INTEGER NOT NULL);
CREATE TABLE copies (
    n INTEGER NOT NULL, profile INTEGER NOT NULL, attempts INTEGER NOT NULL,
    PRIMARY KEY (n, profile)) WITHOUT ROWID;
CREATE TABLE profiled (
    period INTEGER NOT NULL, profile INTEGER NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (period, profile, n)) WITHOUT ROWID;
CREATE TABLE listed (
    list INTEGER NOT NULL, n INTEGER NOT NULL, profile INTEGER NOT NULL,
    PRIMARY KEY (list, n, profile)) WITHOUT ROWID;
CREATE TABLE keys (
    period INTEGER NOT NULL, key INTEGER NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (period, key, n)) WITHOUT ROWID;
CREATE TABLE steps (
    n INTEGER NOT NULL, f INTEGER NOT NULL, start INTEGER NOT NULL, PRIMARY KEY (n, f, start)) WITHOUT ROWID;
";

/// Opens the database, and makes its tables where there are none.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    // Who asks once does not wait for the disk when he is done.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // What is lost with the power is read from the day files again; what is there is whole.
    connection.execute_batch(
        "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
         PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 1000; PRAGMA journal_size_limit = 4194304;",
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
    settle(connection)
}

/// Brings what was written to its place.
pub(super) fn settle(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}
