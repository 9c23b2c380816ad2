//! Messages: `/messages` finds them, `/messages/{id}` shows the way of one.

mod again;
pub(super) mod asked;
pub(super) mod list;
pub(super) mod way;
mod words;
