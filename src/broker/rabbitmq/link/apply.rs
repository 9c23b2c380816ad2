//! Making what the topology says.

use lapin::Channel;
use lapin::options::QueueBindOptions;
use lapin::types::{AMQPValue, FieldTable};

use super::Link;
use super::message::short;
use crate::broker::BrokerError;
use crate::broker::topology::{Argument, Arguments, Binding, Topology};

impl Link {
    /// Makes all queues, exchanges and bindings that are not there yet.
    ///
    /// # Errors
    /// [`BrokerError::Refused`] with the server's words where one is there with other arguments.
    pub async fn apply(&self, topology: &Topology) -> Result<(), BrokerError> {
        for queue in &topology.queues {
            self.ask_queue(queue, false).await?;
        }
        for exchange in &topology.exchanges {
            self.ask_exchange(exchange, false).await?;
        }
        for Binding { from, to, key } in &topology.bindings {
            let (queue, options) = (short(to)?, QueueBindOptions::default());
            self.ask(&format!("binding of {to} to {from}"), async |channel: &Channel| {
                let nothing = FieldTable::default();
                channel.queue_bind(queue, (*from).into(), (*key).into(), options, nothing).await
            })
            .await?;
        }
        Ok(())
    }
}

pub(super) fn table(arguments: &Arguments) -> FieldTable {
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
