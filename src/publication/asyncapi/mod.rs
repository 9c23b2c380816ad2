//! One AsyncAPI 3.0 document for all topics of a routing table: who receives what, where, in which form and why.
//!
//! It is written from the subscribers' side: their operations receive. A topic has one channel per subscriber, because
//! a queue, folder or webhook is one subscriber's, and what a subscriber gets depends on the routes that name it.

mod channel;
mod message;
mod server;

use serde_json::{Map, Value, json};

use super::CLOUD_EVENT;
use crate::canonical::VERSION;
use crate::config::Config;
use channel::Channel;

const DESCRIPTION: &str = "What the subscribers of this network receive, written from their side: every operation \
    receives. A topic has one channel per subscriber. A subscriber gets at most one copy of an event: where several \
    routes take an event, the first one of `routes.toml` decides.";

/// The document of this configuration. It holds no secret: no user, password, token or file of one.
pub fn document(config: &Config) -> Value {
    let channels = channel::all(config);
    let operations: Map<_, _> =
        channels.iter().map(|channel| (format!("receive.{}", channel.name), operation(channel))).collect();
    let servers = server::all(config, &channels);
    let channels: Map<_, _> =
        channels.iter().map(|channel| (channel.name.clone(), channel::object(channel, config))).collect();
    json!({
        "asyncapi": "3.0.0",
        "id": format!("urn:musubi:network:{}", config.hub.network),
        "info": {
            "title": format!("Events of the network {}", config.hub.network),
            "version": VERSION.to_string(),
            "description": DESCRIPTION,
        },
        "defaultContentType": crate::envelope::CANONICAL,
        "servers": servers,
        "channels": channels,
        "operations": operations,
        "components": {
            "schemas": { "attributes": message::amqp_attributes(&super::cloud_event()) },
            "securitySchemes": server::security_schemes(config),
        },
    })
}

fn operation(channel: &Channel<'_>) -> Value {
    let of_channel = format!("#/channels/{}", channel.name);
    let messages: Vec<_> = channel
        .messages()
        .map(|(name, ..)| json!({ "$ref": format!("{of_channel}/messages/{name}") }))
        .collect();
    let summary = format!("{} receives what {} sends.", channel.subscriber.name, channel.topic);
    json!({
        "action": "receive",
        "channel": { "$ref": of_channel },
        "summary": summary,
        "messages": messages,
    })
}
