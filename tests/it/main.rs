//! it

mod ingest;
mod support;
