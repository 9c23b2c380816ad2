//! A facility makes patients one (ADT^A40), again and again: at every subscriber each copy about one of them comes after
//! all that was sent before it about those who are one by then.

pub(crate) mod facility;
mod outbox;
mod simulation;
