//! Channels: a topic on its way to one subscriber.

use serde_json::{Map, Value, json};

use super::message::{self, About};
use super::server;
use crate::broker::topology;
use crate::config::{Broker, Config};
use crate::deliver::{self, Subscriber};
use crate::envelope::Lane;
use crate::route::Route;

/// A topic and a subscriber, with the routes that lead there.
pub(super) struct Channel<'c> {
    /// `<topic>.to.<subscriber>`
    pub(super) name: String,
    pub(super) topic: &'c str,
    pub(super) subscriber: &'c Subscriber,
    routes: Vec<&'c Route>,
}

/// How a copy is carried to a subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carriage {
    /// CloudEvents' binary mode over AMQP: attributes as headers, the body as it is.
    Binary,
    /// CloudEvents' structured mode: one JSON object holds attributes and body.
    Structured,
    /// The original bytes alone: an HL7 message in a frame of MLLP, a file of a storage.
    Bare,
}

impl Carriage {
    pub(super) const fn of(subscriber: &Subscriber, broker: &Broker) -> Self {
        match (&subscriber.deliver, broker) {
            (deliver::Kind::Queue, Broker::RabbitMq(_)) => Self::Binary,
            (deliver::Kind::Mllp(_) | deliver::Kind::Ssmix2 { .. }, _) => Self::Bare,
            _ => Self::Structured,
        }
    }
}

/// The channels in the order of the routes.
pub(super) fn all(config: &Config) -> Vec<Channel<'_>> {
    let mut channels: Vec<Channel<'_>> = Vec::new();
    for route in config.routes.iter() {
        for name in route.to.iter().chain(&route.otherwise) {
            let Some(subscriber) = config.subscribers.iter().find(|known| known.name == *name) else {
                continue;
            };
            let same =
                |channel: &&mut Channel<'_>| channel.topic == route.topic && channel.subscriber.name == *name;
            match channels.iter_mut().find(same) {
                Some(channel) => channel.routes.push(route),
                None => channels.push(Channel {
                    name: format!("{}.to.{name}", route.topic),
                    topic: &route.topic,
                    subscriber,
                    routes: vec![route],
                }),
            }
        }
    }
    channels
}

impl<'c> Channel<'c> {
    /// Its messages: one for each kind of each route, by a name of its own.
    pub(super) fn messages(&self) -> impl Iterator<Item = (String, &'c Route, About)> {
        let of_route = |route: &'c Route| {
            let invalid = route.invalid.then_some(About::Invalid);
            let all = route.kinds.iter().copied().map(About::Event).chain(invalid);
            all.map(move |about| (format!("{}.{}", route.name, about.as_str()), route, about))
        };
        self.routes.iter().copied().flat_map(of_route)
    }
}

/// The Channel Object.
pub(super) fn object(channel: &Channel<'_>, config: &Config) -> Value {
    let carriage = Carriage::of(channel.subscriber, &config.hub.broker);
    let messages: Map<_, _> = channel
        .messages()
        .map(|(name, route, about)| (name, message::object(route, about, carriage)))
        .collect();
    let (address, how) = address(channel.subscriber, carriage);
    let mut object = json!({
        "address": address,
        "title": channel.topic,
        "description": how,
        "servers": [{ "$ref": format!("#/servers/{}", server::name(channel.subscriber, carriage)) }],
        "messages": messages,
    });
    if carriage == Carriage::Binary {
        object["bindings"] = json!({ "amqp": binding(channel.subscriber, &config.hub.broker) });
    }
    object
}

/// The address within the server, where there is one, and how the copies are got.
fn address(subscriber: &Subscriber, carriage: Carriage) -> (Option<String>, String) {
    let name = &subscriber.name;
    match &subscriber.deliver {
        deliver::Kind::Queue if carriage == Carriage::Binary => (
            Some(queue(subscriber)),
            "A durable queue, read with acknowledgements. Its messages name their lane.".into(),
        ),
        deliver::Kind::Queue => {
            (None, format!("A durable queue of the hub: `musubi subscribe {name}` reads it."))
        }
        deliver::Kind::Folder { .. } => {
            (None, "A file a day, `<day>.ndjson`, in the subscriber's folder: a CloudEvent a line.".into())
        }
        deliver::Kind::Ssmix2 { .. } => (
            None,
            "A copy of the storages that messages came from, file by file, in the subscriber's folder."
                .into(),
        ),
        deliver::Kind::Http(http) => (Some(http.url.path().to_owned()), "A POST for each copy.".into()),
        deliver::Kind::Mllp(_) => (None, "A frame for each message, answered by an acknowledgement.".into()),
    }
}

fn queue(subscriber: &Subscriber) -> String {
    topology::subscriber(&subscriber.name).on_rabbitmq(Lane(0))
}

/// AMQP channel binding 0.3.0.
fn binding(subscriber: &Subscriber, broker: &Broker) -> Value {
    let vhost = match broker {
        Broker::RabbitMq(settings) => settings.vhost.as_str(),
        Broker::Embedded { .. } => "/",
    };
    json!({
        "is": "queue",
        "queue": {
            "name": queue(subscriber), "durable": true, "exclusive": false, "autoDelete": false, "vhost": vhost,
        },
        "bindingVersion": "0.3.0",
    })
}
