//! The one integration binary.

mod broker_contract;
mod broker_crash;
mod config;
