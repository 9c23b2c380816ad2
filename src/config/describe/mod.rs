//! What stands in the configuration's files: every key with its type, default and meaning.
//!
//! The JSON Schemas for editors and the tables of the reference are made from this one description. The readers say
//! themselves which keys they know; a test compares both.

mod condition;
mod feed;
mod find;
mod hub;
mod key;
mod network;
mod reference;
mod schema;

use std::collections::BTreeMap;

use serde_json::Value;

pub use key::{Key, Need, Shape, Table};

/// A file of the configuration, or each of a folder.
#[derive(Debug)]
pub struct File {
    /// Stem of its schema: `hub`, `feed`, `routes`.
    pub stem: &'static str,
    /// Its path in the configuration folder.
    pub path: &'static str,
    /// Its tables; the first is the file itself.
    pub tables: Vec<Table>,
}

/// The three files.
pub fn files() -> [File; 3] {
    let routes = network::tables().into_iter().chain(condition::tables()).collect();
    [
        File { stem: "hub", path: "hub.toml", tables: hub::tables() },
        File { stem: "feed", path: "feeds/<feed>.toml", tables: feed::tables() },
        File { stem: "routes", path: "routes.toml", tables: routes },
    ]
}

/// Their JSON Schemas by file name, for editors.
pub fn schemas() -> BTreeMap<String, Value> {
    files().iter().map(|file| (format!("{}.v1.json", file.stem), schema::of(file))).collect()
}

/// What the key at a path such as `source[1].settle` says, in one line.
pub fn about(file: &str, path: &str) -> Option<String> {
    let stem = if file.starts_with("feeds/") { "feed" } else { file.strip_suffix(".toml")? };
    let files = files();
    let tables = &files.iter().find(|described| described.stem == stem)?.tables;
    let Key { name, need, shape, meaning, .. } = find::find(tables, path)?;
    let default = match need {
        Need::Default(default) => format!("; default {default}"),
        Need::Required | Need::Optional => String::new(),
    };
    Some(format!("{name} ({}{default}): {meaning}", shape.to_string().replace('`', "")))
}

/// A page in which the keys of each table stand between `<!-- keys of ID -->` and `<!-- end of keys -->`.
///
/// # Errors
///
/// What is wrong with the marks of the page.
pub fn reference(page: &str) -> Result<String, String> {
    reference::fill(page, &files())
}
