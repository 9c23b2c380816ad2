//! `/invalid` and `/dead`: letters by fault, then one by one, and what can be done with them.

pub(super) mod asked;
mod page;
mod parts;
mod words;

pub(super) use page::routes;
