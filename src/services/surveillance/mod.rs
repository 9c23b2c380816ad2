//! The infection surveillance feed (感染症デイリーサーベイランス): evidence events become cases, cases become counts.
//!
//! A case is one person, one disease, one episode, whatever the number of tests, diagnoses and drugs that tell of it.
//! It counts on the day on which it happened, so that late evidence and withdrawals change past days: every change is
//! a revision, and the old one stays readable. Nothing of a patient leaves but age band and sex.

mod age;
mod case;
mod count;
mod diagnosis;
mod disease;
mod drug;
mod event;
mod evidence;
mod facility;
mod lab;
mod person;
mod state;
mod table;
#[cfg(test)]
mod tests;

pub use age::AgeBand;
pub use count::{Cell, Place, Revision, Sex};
pub use disease::{Disease, DiseaseId, Diseases, Sentinel, Show};
pub use facility::Facility;
pub use state::{ShownCase, State, Tally};
pub use table::{Area, Reporting, TableError, Tables};
