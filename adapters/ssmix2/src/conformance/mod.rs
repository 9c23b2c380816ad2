//! Whether a file says what SS-MIX2 says it should: one file of a standardised storage in, findings out.
//!
//! Findings stop nothing and repeat no value of the message; they name a [`Rule`] and a [`Place`]. `""` is a value
//! wherever one is required.
//!
//! - [`rule`]: the catalogue of rules with severity, source and words
//! - `file`, `name`: what can be told before the message is read: bytes, and the name against its path
//! - `header`, `identity`: MSH, and what message and path both say
//! - `grammar`: which segments, in which order
//! - `field`, `part`, `code`, `value`: every field: there, long, structured, coded and written as it should be
//! - `catalogue`, `shape`, `code_tables`: what the rules look up

mod catalogue;
mod code;
mod code_tables;
mod field;
mod file;
mod findings;
mod grammar;
mod header;
mod identity;
mod name;
mod part;
mod place;
pub mod rule;
mod shape;
#[cfg(test)]
mod tests;
mod value;

use hl7v2::Message;

use crate::data_type::DataType;
use crate::path::StoragePath;

pub use catalogue::field_name;
pub use findings::Finding;
pub use place::Place;
pub use rule::{Rule, Severity};

use findings::Findings;

/// What a message is checked against.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// データ種別: of the folder, or as the transaction record says.
    pub data_type: &'a str,
    /// The file's place in its storage, where there is one.
    pub path: Option<&'a StoragePath<'a>>,
}

/// Checks a file: its name against its path, its bytes, and each message of it.
pub fn check_file(path: &StoragePath<'_>, bytes: &[u8]) -> Vec<Finding> {
    let mut findings = Findings::default();
    name::check(path, &mut findings);
    let subject = Subject { data_type: path.data_type, path: Some(path) };
    for message in file::read(bytes, &mut findings) {
        inspect(&message, subject, &mut findings);
    }
    findings.finish()
}

/// Checks one message that was read already; nothing of bytes and names.
pub fn check_message(message: &Message, subject: Subject<'_>) -> Vec<Finding> {
    let mut findings = Findings::default();
    inspect(message, subject, &mut findings);
    findings.finish()
}

/// What a data type's messages should be.
struct Expected<'a> {
    data_type: &'a str,
    entry: Option<&'static DataType>,
    /// Trigger event that conditions are decided by: of the message, where it belongs to the data type.
    event: String,
}

impl<'a> Expected<'a> {
    fn of(message: &Message, data_type: &'a str) -> Self {
        let entry = DataType::find(data_type);
        let carried = header::event(message);
        let event = match entry {
            Some(entry) if entry.cancel != Some(carried.as_str()) => entry.message.1.to_owned(),
            _ => carried,
        };
        Self { data_type, entry, event }
    }

    /// The segment and field that 診療日 comes from; nothing where the folder is `-`.
    fn care_date(&self) -> Option<(&'static str, usize)> {
        let code = format!("{}^{}", self.entry?.message.0, self.event);
        catalogue::message(&code)?.care_date
    }
}

fn inspect(message: &Message, subject: Subject<'_>, findings: &mut Findings) {
    let expected = Expected::of(message, subject.data_type);
    header::check(message, &expected, findings);
    grammar::check(message, &expected, findings);
    field::check(message, &expected, findings);
    if let Some(path) = subject.path {
        identity::check(message, &expected, path, findings);
    }
}
