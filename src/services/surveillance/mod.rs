//! The infection surveillance feed (感染症デイリーサーベイランス): evidence events become cases, cases become counts.
//!
//! A case is one person, one disease, one episode, whatever the number of tests, diagnoses and drugs that tell of it.
//! It counts on the day on which it happened, so that late evidence and withdrawals change past days: every change is
//! a revision, and the old one stays readable. Nothing of a patient leaves but age band and sex.
//!
//! ```text
//! event → evidence (lab, diagnosis, drug) → cases (person) → counts with revisions (state)
//!                                                          → sums, alerts (report) → files
//! ```

mod age;
mod alert;
mod case;
mod count;
mod csv;
mod diagnosis;
mod disease;
mod drug;
mod ears;
mod event;
mod evidence;
mod facility;
mod files;
mod follow;
mod json;
mod lab;
mod news;
mod page;
mod person;
mod report;
mod state;
mod sums;
mod table;
#[cfg(test)]
mod tests;
mod week;

pub use age::AgeBand;
pub use alert::{Alert, BaselineDays};
pub use count::{Cell, Place, Revision, Sex};
pub use disease::{Disease, DiseaseId, Diseases, Sentinel, Show};
pub use ears::{Method, Verdict, last as ears};
pub use facility::Facility;
pub use files::{OutputFile, as_json, files};
pub use follow::Follower;
pub use page::Language;
pub use report::{Coverage, Report, Settings};
pub use state::{ShownCase, State, Tally};
pub use sums::{Count, Slice, Sums};
pub use table::{Area, Reporting, TableError, Tables};
pub use week::{NoWeek, Week};
