//! Servers: where a subscriber gets its copies, or takes them. Addresses only, never what lets one in.

use serde_json::{Map, Value, json};

use super::channel::{Carriage, Channel};
use crate::broker::rabbitmq;
use crate::config::{Broker, Config};
use crate::deliver::{self, Subscriber};

/// The server of the hub's own folders and queues.
const HUB: &str = "hub";
/// The first server of the broker; the others of a cluster have a number.
const BROKER: &str = "broker";

/// The server of a subscriber's channels.
pub(super) fn name(subscriber: &Subscriber, carriage: Carriage) -> String {
    match (&subscriber.deliver, carriage) {
        (deliver::Kind::Http(_) | deliver::Kind::Mllp(_), _) => format!("subscriber.{}", subscriber.name),
        (_, Carriage::Binary) => BROKER.into(),
        _ => HUB.into(),
    }
}

/// The servers that the channels need.
pub(super) fn all(config: &Config, channels: &[Channel<'_>]) -> Map<String, Value> {
    let mut servers = Map::new();
    if let Broker::RabbitMq(settings) = &config.hub.broker {
        servers.extend(brokers(settings));
    }
    for channel in channels {
        let carriage = Carriage::of(channel.subscriber, &config.hub.broker);
        let name = name(channel.subscriber, carriage);
        if let Some(server) = of_subscriber(channel.subscriber, carriage) {
            servers.insert(name, server);
        }
    }
    servers
}

/// Every address of the cluster: a queue can be read by each of them.
fn brokers(settings: &rabbitmq::Settings) -> impl Iterator<Item = (String, Value)> {
    settings.urls.iter().enumerate().map(|(index, url)| {
        let (protocol, host) = url.split_once("://").unwrap_or(("amqp", url));
        let name = if index == 0 { BROKER.to_owned() } else { format!("{BROKER}.{}", index + 1) };
        let server = json!({
            "host": host,
            "protocol": protocol,
            "protocolVersion": "0.9.1",
            "pathname": format!("/{}", settings.vhost.trim_start_matches('/')),
            "description": "RabbitMQ; a subscriber's account may read its own queue only.",
            "security": [{ "$ref": "#/components/securitySchemes/broker" }],
        });
        (name, server)
    })
}

fn of_subscriber(subscriber: &Subscriber, carriage: Carriage) -> Option<Value> {
    match &subscriber.deliver {
        deliver::Kind::Http(http) => {
            let host = http.url.host_str().unwrap_or_default();
            let port = http.url.port().map(|port| format!(":{port}")).unwrap_or_default();
            let mut server = json!({
                "host": format!("{host}{port}"),
                "protocol": http.url.scheme(),
                "description": "The subscriber's own webhook.",
            });
            if http.token_file.is_some() {
                server["security"] = json!([{ "$ref": "#/components/securitySchemes/webhook" }]);
            }
            Some(server)
        }
        deliver::Kind::Mllp(mllp) => Some(json!({
            "host": mllp.connect,
            "protocol": "mllp",
            "description": "The subscriber's own HL7 receiver.",
        })),
        _ if carriage == Carriage::Binary => None,
        _ => Some(json!({
            "host": "localhost",
            "protocol": "file",
            "description": "Folders and queues on the machine of the hub.",
        })),
    }
}

/// How one gets in, for what the servers refer to.
pub(super) fn security_schemes(config: &Config) -> Map<String, Value> {
    let mut schemes = Map::new();
    if let Broker::RabbitMq(_) = config.hub.broker {
        let description = "User and password of the subscriber, given by the operator of the network.";
        schemes.insert("broker".into(), json!({ "type": "userPassword", "description": description }));
    }
    let has_token = |subscriber: &Subscriber| matches!(&subscriber.deliver, deliver::Kind::Http(http) if http.token_file.is_some());
    if config.subscribers.iter().any(has_token) {
        schemes.insert("webhook".into(), json!({ "type": "http", "scheme": "bearer" }));
    }
    schemes
}
