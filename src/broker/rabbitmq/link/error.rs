//! What an answer of the server, or none, means to the hub.

use std::error::Error;

use lapin::ErrorKind;

use crate::broker::BrokerError;

/// An error with its causes on one line. Neither lapin's texts nor RabbitMQ's hold anything of a message.
pub(super) fn causes(error: &(dyn Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    for cause in std::iter::successors(Some(error), |error| (*error).source()) {
        let text = cause.to_string();
        if !texts.last().is_some_and(|last| last.contains(&text)) {
            texts.push(text);
        }
    }
    texts.join(": ")
}

/// The connection or the channel is gone, whatever the reason.
pub(super) fn away(what: &str, error: &lapin::Error) -> BrokerError {
    BrokerError::Away { what: format!("{what}: {}", causes(error)) }
}

/// The server refused (a channel error), or the connection is gone.
///
/// `NOT_FOUND` of a queue whose node is down is no refusal: the queue is there, and comes back with its node.
pub(super) fn answer(what: &str, error: &lapin::Error) -> BrokerError {
    let ErrorKind::ProtocolError(reply) = error.kind() else { return away(what, error) };
    let text = reply.get_message().to_string();
    if error.is_amqp_soft_error() && !text.contains("home node") {
        BrokerError::Refused { what: format!("{what}: {text}") }
    } else {
        away(what, error)
    }
}
