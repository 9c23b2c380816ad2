//! Every queue name of the hub is spelled here and nowhere else.
//!
//! On RabbitMQ a laned queue is one quorum queue per lane (`musubi.ingest.07`); every other queue is one quorum queue
//! whose messages name their lane (`musubi.to.surveillance`), so that a subscriber reads one queue. What a queue,
//! exchange or binding is made of there is spelled here too: [`Topology`] is all that a configuration needs.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::envelope::{Envelope, Lane};

/// What stands before every name on RabbitMQ, so that a virtual host can be shared.
const PREFIX: &str = "musubi.";

/// Name of a queue.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueName(Arc<str>);

/// What a queue is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Raw messages on their way to the router; laned.
    Ingest,
    /// Per lane, how far the routers have come; laned.
    Progress,
    /// Answers to the router of a lane that waits for lower lanes.
    Answers,
    /// Where every router registers, so that all know how many they are; holds nothing.
    Routers,
    /// A feed's own record of what it accepted; never leaves the machine of the feed.
    Accepted,
    /// A subscriber's events.
    Subscriber,
    /// Whose turn it is to deliver to a subscriber.
    Turn,
    /// A subscriber's events that wait behind one that it refused.
    Parked,
    /// A subscriber's events that were given up.
    Dead,
    /// Messages that make no sense.
    Invalid,
    /// Events that met no queue.
    Unroutable,
    /// All canonical events, to be read from a point in time.
    Archive,
    /// The entries of the registry, to be read from the first one.
    Registry,
}

impl QueueName {
    /// The queue of a name that a broker's store recorded.
    pub(crate) fn recorded(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the queue is for.
    pub fn role(&self) -> Role {
        match self.0.split('.').next() {
            Some("ingest") => Role::Ingest,
            Some("progress") => Role::Progress,
            Some("answers") => Role::Answers,
            Some("routers") => Role::Routers,
            Some("accepted") => Role::Accepted,
            Some("turn") => Role::Turn,
            Some("parked") => Role::Parked,
            Some("dead") => Role::Dead,
            Some("invalid") => Role::Invalid,
            Some("unroutable") => Role::Unroutable,
            Some("archive") => Role::Archive,
            Some("registry") => Role::Registry,
            _ => Role::Subscriber,
        }
    }

    /// Its name on RabbitMQ. A laned queue has one per lane.
    pub fn on_rabbitmq(&self, lane: Lane) -> String {
        match self.role() {
            Role::Ingest | Role::Progress => format!("{PREFIX}{}.{:02}", self.0, lane.0),
            _ => format!("{PREFIX}{}", self.0),
        }
    }
}

/// The role of a queue by its name on RabbitMQ.
fn role_on_rabbitmq(name: &str) -> Role {
    QueueName(name.strip_prefix(PREFIX).unwrap_or(name).into()).role()
}

impl fmt::Display for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Raw messages on their way from the adapters to the router, in lanes.
pub fn ingest() -> QueueName {
    QueueName("ingest".into())
}

/// Per lane one message: how far the routers have come. Who holds it may work on the lane.
pub fn progress() -> QueueName {
    QueueName("progress".into())
}

/// Where the router of a lane that was joined hears from lower lanes how far they are. Made when it is first needed; what
/// lies there is of no use to anybody else, nor later.
pub fn answers(lane: Lane) -> QueueName {
    QueueName(format!("answers.{:02}", lane.0).into())
}

/// Where every router registers as a consumer. The waiting consumers of a lane can't be counted: RabbitMQ counts only
/// the active one of a queue with single active consumer.
pub fn routers() -> QueueName {
    QueueName("routers".into())
}

/// What a feed published: the same messages as in [`ingest`], read back by the feed itself to bring its pick-up
/// ledger up to date. Taken in one step with the acceptance, it makes a repeat after a crash recognisable.
pub fn accepted(feed: &str) -> QueueName {
    QueueName(format!("accepted.{feed}").into())
}

/// The same of one source that takes messages from connections: it has a record of its own, because it publishes at
/// its own pace. `source` is its label in the feed.
pub fn accepted_by(feed: &str, source: &str) -> QueueName {
    QueueName(format!("accepted.{feed}.{source}").into())
}

/// Events for one subscriber, in lanes.
pub fn subscriber(name: &str) -> QueueName {
    QueueName(format!("to.{name}").into())
}

/// One message: the process that holds it delivers to the subscriber, and no other does. `None` where the queue is not
/// a subscriber's.
pub fn turn(queue: &QueueName) -> Option<QueueName> {
    let subscriber = queue.0.strip_prefix("to.")?;
    Some(QueueName(format!("turn.{subscriber}").into()))
}

/// The subscriber whose queue of events it is; `None` where it is another queue.
pub fn of_subscriber(queue: &QueueName) -> Option<&str> {
    queue.0.strip_prefix("to.")
}

/// Events for one subscriber that wait because it refused an earlier one of the same patient, in lanes.
pub fn parked(subscriber: &str) -> QueueName {
    QueueName(format!("parked.{subscriber}").into())
}

/// Events that could not be delivered to one subscriber: an operator fixes a link.
pub fn dead(subscriber: &str) -> QueueName {
    QueueName(format!("dead.{subscriber}").into())
}

/// Messages that make no sense: an integrator fixes a mapping.
pub fn invalid() -> QueueName {
    QueueName("invalid".into())
}

/// Where the alternate exchange puts what met no queue.
pub fn unroutable() -> QueueName {
    QueueName("unroutable".into())
}

/// All canonical events, kept for replay.
pub fn archive() -> QueueName {
    QueueName("archive".into())
}

/// The entries of the registry, in the order that counts. Nothing is ever taken out of it.
pub fn registry() -> QueueName {
    QueueName("registry".into())
}

/// Exchange to which every canonical event goes once, with key `<kind>.<change>.<facility>`.
pub const ROUTED: &str = "musubi.routed";

/// Exchange of what [`ROUTED`] has no queue for.
pub const UNROUTABLE: &str = "musubi.unroutable";

/// No more lanes than these can be configured.
pub const LANES_MAX: u16 = 1024;

/// How often a message may come back to a queue whose messages are worked on in order. Whoever works on them sets a
/// message aside long before; this ends the loop of one that kills its worker every time.
const DELIVERIES: i64 = 1_000;

/// The same for a subscriber's queue, where what can't be delivered for weeks comes back every 30 minutes.
const DELIVERIES_TO_SUBSCRIBER: i64 = 100_000;

/// The same for queues whose messages are looked at and put back. RabbitMQ 4 drops after 20 where nothing is said, and
/// 3.10 takes no "never".
const MANY_DELIVERIES: i64 = 1_000_000;

const SINGLE_ACTIVE_CONSUMER: &str = "x-single-active-consumer";

/// Value of an argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Argument {
    /// Text.
    Text(String),
    /// Number.
    Number(i64),
    /// Flag.
    Flag(bool),
}

/// Arguments of a queue or exchange, by name.
pub type Arguments = BTreeMap<&'static str, Argument>;

/// A durable queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Name on RabbitMQ.
    pub name: String,
    /// Arguments, fixed when it is made.
    pub arguments: Arguments,
}

/// A durable exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Name.
    pub name: &'static str,
    /// `topic` or `fanout`.
    pub kind: &'static str,
    /// Arguments.
    pub arguments: Arguments,
}

/// What brings messages of an exchange into a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Exchange.
    pub from: &'static str,
    /// Queue.
    pub to: String,
    /// Routing key or pattern.
    pub key: &'static str,
}

/// All that one configuration needs on the broker.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Topology {
    /// Queues.
    pub queues: Vec<Queue>,
    /// Exchanges, in the order in which they must be made.
    pub exchanges: Vec<Exchange>,
    /// Bindings.
    pub bindings: Vec<Binding>,
}

impl Queue {
    /// The queue of a name: its arguments follow from what it is for.
    pub fn named(name: &str) -> Self {
        let text = |value: &str| Argument::Text(value.into());
        let mut arguments = match role_on_rabbitmq(name) {
            // A stream keeps what was read, and drops the oldest: nothing that was promised may rest on it alone.
            Role::Archive => Arguments::from([
                ("x-queue-type", text("stream")),
                ("x-max-age", text("90D")),
                ("x-max-length-bytes", Argument::Number(50_000_000_000)),
                ("x-stream-max-segment-size-bytes", Argument::Number(100_000_000)),
            ]),
            // Kept for ever: who reads it from the beginning has the registry.
            Role::Registry => Arguments::from([("x-queue-type", text("stream"))]),
            Role::Ingest => dead_lettered(&invalid().on_rabbitmq(Lane(0)), DELIVERIES),
            Role::Subscriber => {
                let subscriber = name.strip_prefix(PREFIX).and_then(|name| name.strip_prefix("to."));
                dead_lettered(
                    &dead(subscriber.unwrap_or(name)).on_rabbitmq(Lane(0)),
                    DELIVERIES_TO_SUBSCRIBER,
                )
            }
            _ => Arguments::from([
                ("x-queue-type", text("quorum")),
                ("x-delivery-limit", Argument::Number(MANY_DELIVERIES)),
            ]),
        };
        let one_at_a_time = [Role::Ingest, Role::Progress, Role::Subscriber, Role::Turn, Role::Parked];
        if one_at_a_time.contains(&role_on_rabbitmq(name)) {
            arguments.insert(SINGLE_ACTIVE_CONSUMER, Argument::Flag(true));
        }
        Self { name: name.into(), arguments }
    }

    /// Whether only one of its consumers gets messages, the others when that one is gone.
    pub fn has_single_active_consumer(&self) -> bool {
        self.arguments.contains_key(SINGLE_ACTIVE_CONSUMER)
    }
}

/// A message that is given up goes to another queue, and leaves this one only when it is there. That needs a queue that
/// refuses when it is full; none of ours has a length.
fn dead_lettered(to: &str, deliveries: i64) -> Arguments {
    let text = |value: &str| Argument::Text(value.into());
    Arguments::from([
        ("x-queue-type", text("quorum")),
        ("x-delivery-limit", Argument::Number(deliveries)),
        ("x-dead-letter-exchange", text("")),
        ("x-dead-letter-routing-key", text(to)),
        ("x-dead-letter-strategy", text("at-least-once")),
        ("x-overflow", text("reject-publish")),
    ])
}

impl Topology {
    /// What so many lanes and these subscribers need.
    pub fn of<'n>(lanes: u16, subscribers: impl IntoIterator<Item = &'n str>) -> Self {
        let mut names: Vec<_> = [routers(), invalid(), registry()].map(|name| (name, Lane(0))).into();
        for subscriber in subscribers {
            let queue = self::subscriber(subscriber);
            let of_it = [Some(dead(subscriber)), Some(parked(subscriber)), turn(&queue), Some(queue)];
            names.extend(of_it.into_iter().flatten().map(|name| (name, Lane(0))));
        }
        names.extend((0..lanes).flat_map(|lane| [(progress(), Lane(lane)), (ingest(), Lane(lane))]));
        let mut all = Self::archived();
        all.queues.extend(names.iter().map(|(name, lane)| Queue::named(&name.on_rabbitmq(*lane))));
        all
    }

    /// The same without the archive, for those who can work without it.
    #[must_use]
    pub fn without_archive(self) -> Self {
        let archived = Self::archived();
        let queues = self.queues.into_iter().filter(|queue| !archived.queues.contains(queue)).collect();
        Self { queues, exchanges: Vec::new(), bindings: Vec::new() }
    }

    /// What must be there before a queue is used: itself, where its dead letters go, and what leads into the archive.
    pub fn around(queue: &str) -> Self {
        let queue = Queue::named(queue);
        if role_on_rabbitmq(&queue.name) == Role::Archive {
            return Self::archived();
        }
        let dead_letters = match queue.arguments.get("x-dead-letter-routing-key") {
            Some(Argument::Text(name)) => Some(Queue::named(name)),
            _ => None,
        };
        Self { queues: dead_letters.into_iter().chain([queue]).collect(), ..Self::default() }
    }

    fn archived() -> Self {
        let archive = archive().on_rabbitmq(Lane(0));
        let unroutable = unroutable().on_rabbitmq(Lane(0));
        let alternate = Arguments::from([("alternate-exchange", Argument::Text(UNROUTABLE.into()))]);
        Self {
            queues: vec![Queue::named(&unroutable), Queue::named(&archive)],
            exchanges: vec![
                Exchange { name: UNROUTABLE, kind: "fanout", arguments: Arguments::new() },
                Exchange { name: ROUTED, kind: "topic", arguments: alternate },
            ],
            bindings: vec![
                Binding { from: UNROUTABLE, to: unroutable, key: "" },
                Binding { from: ROUTED, to: archive, key: "#" },
            ],
        }
    }
}

/// Exchange and routing key by which a message gets into a queue.
///
/// To a queue by the default exchange: where the queue is missing the message comes back. Events for the archive by
/// [`ROUTED`], so that an administrator can bind more to it.
pub fn route(queue: &str, envelope: Option<&Envelope>) -> (&'static str, String) {
    let event = envelope.and_then(|envelope| Some((envelope, envelope.event.as_ref()?)));
    match (role_on_rabbitmq(queue), event) {
        (Role::Archive, Some((envelope, event))) => {
            let of_type =
                event.event_type.rsplit_once('.').map_or(event.event_type.as_str(), |(kind, _)| kind);
            (ROUTED, format!("{of_type}.{}", envelope.facility))
        }
        _ => ("", queue.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_queue_but_the_streams_says_how_often_a_message_may_come_back() {
        let topology = Topology::of(2, ["surveillance"]);
        assert!(topology.queues.len() >= 12, "{topology:?}");
        for Queue { name, arguments } in topology.queues {
            let is_stream = arguments.get("x-queue-type") == Some(&Argument::Text("stream".into()));
            assert_eq!(arguments.contains_key("x-delivery-limit"), !is_stream, "{name}");
        }
    }

    #[test]
    fn a_queue_has_its_dead_letters_before_itself() {
        let around: Vec<_> = Topology::around("musubi.to.a.b").queues.into_iter().map(|q| q.name).collect();
        assert_eq!(around, ["musubi.dead.a.b", "musubi.to.a.b"]);
        let around: Vec<_> =
            Topology::around("musubi.ingest.07").queues.into_iter().map(|q| q.name).collect();
        assert_eq!(around, ["musubi.invalid", "musubi.ingest.07"]);
    }

    #[test]
    fn what_dead_letters_lead_to_and_bindings_name_is_in_the_topology() {
        let topology = Topology::of(2, ["surveillance", "registry"]);
        let names: Vec<_> = topology.queues.iter().map(|queue| queue.name.as_str()).collect();
        for queue in &topology.queues {
            if let Some(Argument::Text(to)) = queue.arguments.get("x-dead-letter-routing-key") {
                assert!(names.contains(&to.as_str()), "{} -> {to}", queue.name);
            }
        }
        for Binding { from, to, .. } in &topology.bindings {
            assert!(topology.exchanges.iter().any(|exchange| exchange.name == *from), "{from}");
            assert!(names.contains(&to.as_str()), "{to}");
        }
        let unique: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len(), "{names:?}");
    }
}
