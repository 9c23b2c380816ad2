//! Built-in services: programs of their own that read what the hub delivers to them, like any other subscriber.
//!
//! Each follows a folder of CloudEvents ([`inbox`]), folds the events into a state and writes tables and pages from
//! it. A state is a pure fold of the events: it can be made again at any time, and is never the only copy of
//! anything.

pub mod inbox;
pub mod output;
pub mod reading;
pub mod referral;
pub mod surveillance;
pub mod time;
