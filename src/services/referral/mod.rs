//! Referrals (紹介状) and their replies (返書): what became of each letter.
//!
//! The [`Desk`] folds the events of the topics `referral.letter`, `referral.cancel`, `referral.reply` and
//! `referral.receipt` into one state per referral: accepted, delivered, opened, replied, or else rejected, cancelled,
//! expired, undeliverable. Events of different facilities come in any order; what belongs together is joined when the
//! list is made ([`Desk::list`]), so the same events give the same list whatever their order between facilities.
//!
//! The desk sees no patient: its routes disclose the letter's number, its parties and its times. That a letter arrived
//! as it was sent is proved by hashes: of the bytes that were accepted (`originhash`), and of those that were delivered.

mod answer;
mod content;
mod desk;
mod letter;
mod list;
mod proof;

pub use desk::Desk;
pub use letter::Step;
pub use list::{Delivery, List, Row, State, Unmatched};
pub use proof::Proof;

#[cfg(test)]
mod tests;
