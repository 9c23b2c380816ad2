//! it

mod config;
mod ingest;
mod support;
