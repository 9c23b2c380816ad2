//! The one integration binary.

mod broker_contract;
mod broker_crash;
mod cases;
mod config;
mod ingest;
mod killed;
mod run;
mod schemas;
mod support;
mod tidy;
