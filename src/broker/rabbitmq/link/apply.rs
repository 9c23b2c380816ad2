//! Making what the topology says.

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};

use super::Link;
use super::message::short;
use crate::broker::BrokerError;
use crate::broker::topology::{Argument, Arguments, Binding, Exchange, Queue, Topology};

impl Link {
    /// Makes all queues, exchanges and bindings that are not there yet.
    ///
    /// # Errors
    /// [`BrokerError::Refused`] with the server's words where one is there with other arguments.
    pub async fn apply(&self, topology: &Topology) -> Result<(), BrokerError> {
        for Queue { name, arguments } in &topology.queues {
            let queue = short(name)?;
            let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
            let make =
                async |channel: &Channel| channel.queue_declare(queue, options, table(arguments)).await;
            self.ask(&format!("declaring queue {name}"), make).await?;
        }
        for Exchange { name, kind, arguments } in &topology.exchanges {
            let kind = ExchangeKind::Custom((*kind).to_owned());
            let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
            let make = async |channel: &Channel| {
                channel.exchange_declare((*name).into(), kind, options, table(arguments)).await
            };
            self.ask(&format!("declaring exchange {name}"), make).await?;
        }
        for Binding { from, to, key } in &topology.bindings {
            let (queue, options) = (short(to)?, QueueBindOptions::default());
            let make = async |channel: &Channel| {
                channel.queue_bind(queue, (*from).into(), (*key).into(), options, FieldTable::default()).await
            };
            self.ask(&format!("binding {to} to {from}"), make).await?;
        }
        Ok(())
    }
}

fn table(arguments: &Arguments) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in arguments {
        let value = match value {
            Argument::Text(text) => AMQPValue::LongString(text.as_bytes().into()),
            Argument::Number(number) => AMQPValue::LongLongInt(*number),
            Argument::Flag(flag) => AMQPValue::Boolean(*flag),
        };
        table.insert((*name).into(), value);
    }
    table
}
