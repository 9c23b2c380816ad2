//! The one integration binary.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking and prints its seed"
)]

mod access;
mod addressees;
mod attachments;
mod backup;
mod browser;
mod broker_contract;
mod broker_crash;
mod cases;
mod check;
mod checkup;
mod config;
mod conform;
mod consent;
mod cookbook;
mod corpus;
mod deliver;
mod desks;
mod diff;
mod doctor;
mod documentation;
mod documents;
mod ingest;
mod init;
mod history;
mod inspect;
mod joined_lanes;
mod killed;
mod letters;
mod lossless;
mod many_feeds;
mod monitoring;
mod rabbitmq;
mod registry;
mod registry_log;
mod replay;
mod pipeline_simulation;
mod processes;
mod publication;
mod route_tests;
mod run;
mod schemas;
mod services;
mod sheet;
mod shell;
mod simulated;
mod store_crash;
mod support;
mod surveillance;
mod terminal;
mod tidy;
mod torture;
mod walk;
mod wire;
