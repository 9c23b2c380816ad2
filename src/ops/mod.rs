//! What an operator or an interface engineer can do: the one door for the command line and the console.

pub mod audit;
pub mod check;
pub mod claims;
pub mod client;
pub mod conform;
pub mod diff;
pub mod doctor;
pub mod explain;
pub mod in_force;
pub mod init;
pub mod inspect;
pub mod messages;
pub mod overview;
pub mod queues;
pub mod reconcile;
pub mod registry;
pub mod rehearsal;
pub mod reload;
mod remote;
pub mod route_tests;
pub mod status;
pub mod survey;
pub mod tap;
pub mod topology;
pub mod trace;
pub mod trees;
pub mod wire;
