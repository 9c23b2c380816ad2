//! The parts of the hub as processes of their own: `musubi adapter`, `router`, `deliver`, and what `status` says; and a
//! service that follows what they deliver.

mod embedded;
mod joined;
mod rabbitmq;
mod registry;
mod regroup;
mod reload;
pub(crate) mod running;
mod status;
mod surveillance;
