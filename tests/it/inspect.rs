//! `musubi inspect` and `musubi explain`, by the binary and on other people's messages.

mod dictionary;
mod explain;
mod verb;
