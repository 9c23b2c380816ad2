//! Messages of the port and messages of the wire.

use bytes::Bytes;

use super::amqp::{Header, Incoming, Number, Outgoing};
use crate::broker::{Delivery, Publication, QueueName};
use crate::envelope::{Change, Envelope, Fault, Format, Identifying, Lane, Origin};

/// A message on its way to a queue.
pub(super) fn outgoing(
    queue: &QueueName,
    lane: Lane,
    number: Number,
    envelope: Envelope,
    body: Bytes,
) -> Outgoing {
    let header = Header { envelope, lane, number };
    Outgoing { queue: queue.on_rabbitmq(lane), header: Some(header), body }
}

/// A copy for every queue, without numbers.
pub(super) fn unnumbered(batch: Vec<Publication>) -> Vec<Outgoing> {
    let number = Number { series: 0, sequence: 0 };
    let copies = batch.into_iter().flat_map(|Publication { to, envelope, body }| {
        let copy = move |(queue, lane): (QueueName, Lane)| {
            outgoing(&queue, lane, number, envelope.clone(), body.clone())
        };
        to.into_iter().map(copy)
    });
    copies.collect()
}

/// A message that came, with its number. What another program put there becomes a message that makes no sense.
pub(super) fn delivery(incoming: Incoming) -> (Number, Delivery) {
    let Incoming { redelivered, header, body, .. } = incoming;
    let (number, envelope) = match header {
        Some(Header { envelope, number, .. }) => (number, envelope),
        None => (Number { series: 0, sequence: 0 }, foreign(&body)),
    };
    (number, Delivery { sequence: number.sequence, redelivered, envelope, body })
}

fn foreign(body: &Bytes) -> Envelope {
    let hash = blake3::hash(body).to_hex().to_string();
    Envelope {
        id: hash.chars().take(32).collect(),
        facility: String::new(),
        patient: Identifying::default(),
        data_type: None,
        change: Change::Created,
        key: Identifying::default(),
        version: String::new(),
        origin: Origin { feed: String::new(), file: Identifying::default(), offset: 0, hash },
        stored: None,
        accepted_at: String::new(),
        format: Format::Hl7v2,
        claim: None,
        join: None,
        event: None,
        fault: Some(Fault {
            code: "foreign".to_owned(),
            reason: "another program put this message into a queue of the hub".to_owned(),
            place: "message".to_owned(),
        }),
        findings: Vec::new(),
    }
}
