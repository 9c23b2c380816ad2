//! The one integration binary.

mod ingest;
mod support;
