//! What an interface engineer does with messages by hand: send them, take them, convert them, and make them fit to be
//! shown to a vendor.

pub mod convert;
pub mod input;
pub mod json;
pub mod listen;
pub mod redact;
pub mod send;
mod spelling;
pub mod terminator;
pub mod written;
