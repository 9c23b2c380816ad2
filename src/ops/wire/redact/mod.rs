//! A message fit to send to a vendor: whoever it is about can't be told from it, and everything else is as it was.
//!
//! What is known to be harmless stays: structure, codes of public tables, numbers of results. Dates of events move by
//! a number of days of the patient's own. All the rest is replaced by stand-ins of the same shape, character by
//! character and in the same bytes' way of writing, so that character set, escape sequences, defects of the encoding
//! and lengths are still those of the original. The same value gets the same stand-in as long as the key is the same.

mod around;
mod catalogue;
mod escapes;
mod leaf;
mod message;
mod moment;
mod path;
mod report;
mod rule;
mod stand_in;
mod value;

use std::path::{Path, PathBuf};

use hl7v2::DecodeError;

pub use report::{Action, Reason, Row};

use self::stand_in::Draw;
use self::value::Keys;
use super::written::outside;

/// Puts stand-ins in the place of values.
pub struct Redactor {
    key: [u8; 32],
}

/// A file with stand-ins, and what was done.
#[derive(Debug)]
pub struct Redacted {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What was done, in the order of the fields.
    pub rows: Vec<Row>,
    /// Messages, from 1, of which no stand-ins were found with which they are read as the original is.
    pub differing: Vec<usize>,
}

/// A file of which no message can be read: nothing in it is known to be harmless.
#[derive(Debug, thiserror::Error)]
#[error("there is no message that can be read: {0}")]
pub struct RedactError(#[source] DecodeError);

impl Redactor {
    /// With this key.
    pub const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// With a key that follows from the contents of a file.
    pub fn of_secret(secret: &[u8]) -> Self {
        Self::new(blake3::derive_key("musubi redact 1", secret))
    }

    /// Days by which the dates of a patient's events move: one to three years back, nobody knows which.
    fn days(&self, patient: &str) -> i64 {
        let mut draw = Draw::new(&self.key, u32::MAX, patient);
        -365 - i64::from(draw.below(730))
    }

    fn keys(&self, patient: &str) -> Keys<'_> {
        Keys { key: &self.key, salt: 0, days: self.days(patient) }
    }

    /// A file of messages.
    pub fn file(&self, bytes: &[u8]) -> Result<Redacted, RedactError> {
        let parts = hl7v2::split(bytes).parts;
        let mut done =
            Redacted { bytes: Vec::with_capacity(bytes.len()), rows: Vec::new(), differing: Vec::new() };
        let (mut at, mut number, mut failed) = (0, 0, None);
        for range in parts {
            let message = bytes.get(range.clone()).unwrap_or_default();
            if let Err(error) = hl7v2::decode(message) {
                failed = Some(error);
                continue;
            }
            number += 1;
            self.around(bytes.get(at..range.start).unwrap_or_default(), message, &mut done);
            self.message(message, number, &mut done);
            at = range.end;
        }
        if let Some(error) = failed.filter(|_| number == 0) {
            return Err(RedactError(error));
        }
        self.around(bytes.get(at..).unwrap_or_default(), b"", &mut done);
        Ok(done)
    }

    fn message(&self, bytes: &[u8], number: usize, done: &mut Redacted) {
        let Some(made) = message::redact(bytes, &self.key, |patient| self.days(patient)) else { return };
        done.bytes.extend(made.bytes);
        done.rows.extend(report::rows(number, &made.decided));
        done.differing.extend(made.differs.then_some(number));
    }

    fn around(&self, bytes: &[u8], next: &[u8], done: &mut Redacted) {
        if bytes.is_empty() {
            return;
        }
        let next = hl7v2::decode_as_written(next).ok();
        let made = outside(bytes, next.as_ref()).and_then(|part| {
            let (part, decided) = around::redact(&part, self.keys(""));
            Some((part.bytes().ok()?, decided)).filter(|(made, _)| around::are_framed_alike(bytes, made))
        });
        match made {
            Some((made, decided)) => {
                done.bytes.extend(made);
                done.rows.extend(report::rows(0, &decided));
            }
            None => done.bytes.extend(around::unreadable(bytes)),
        }
    }

    /// The path of a file below a folder; a storage's patient, dates and order numbers become those of its messages.
    pub fn path(&self, below: &Path) -> PathBuf {
        path::redact(below, self.keys(path::patient(below).unwrap_or_default()))
    }
}
