//! RabbitMQ behind the channel port.

pub mod amqp;
mod link;
mod settings;

pub use link::{LineState, Link, LinkState};
pub use settings::{Settings, Tls};
