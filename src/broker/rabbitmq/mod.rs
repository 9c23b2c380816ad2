//! RabbitMQ behind the channel port.

pub mod amqp;
mod settings;

pub use settings::{Settings, Tls};
