//! Image reading (読影): the desk of a reading facility.
//!
//! An order says that images are wanted, the examination that was performed says which there are; neither alone can be
//! read. The [`Desk`] joins the two into one request per facility, accession number and Study Instance UID, made once
//! however often and in whatever order its messages come, and matches the reports to it. What counts as remote reading
//! is a rule of each facility ([`Rules`]).
//!
//! [`Desk::worklist`] puts the requests in the order in which they are to be read: a stat request goes before the
//! routine ones of other patients, never before an earlier one of its own patient.

mod content;
mod desk;
mod examination;
mod report;
mod request;
mod rule;
mod worklist;

pub use desk::Desk;
pub use request::{Doctor, Instance, Procedure, Request, Requester, State};
pub use rule::{Rules, RulesError};
pub use worklist::{Priority, Unmatched, Work, Worklist};

#[cfg(test)]
mod tests;
