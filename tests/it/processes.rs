//! The parts of the hub as processes of their own: `musubi adapter`, `router`, `deliver`, and what `status` says.

mod embedded;
mod rabbitmq;
mod regroup;
mod running;
mod status;
