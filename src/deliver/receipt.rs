//! Receipts: what became of a copy, told to the subscriber that its route names.
//!
//! A receipt is published in the step that takes the copy out of its queue. Until then it is owed, by the copy's key: a
//! broker that fails in between gives the copy again, and its receipt with it. It says nothing of the patient.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;

use super::Counts;
use super::window::Key;
use crate::broker::{Delivery, Publication, topology};
use crate::envelope::{CANONICAL, Change, Envelope, Fault, Identifying, Lane, Origin, Routed};

/// Outcomes that a receipt tells.
const DELIVERED: &str = "delivered";
const DEAD: &str = "dead";

/// What a receipt says.
#[derive(Debug, Serialize)]
struct Receipt<'r> {
    /// Id of the event whose copy it was.
    event: &'r str,
    /// Who got it.
    subscriber: &'r str,
    /// The route that chose them.
    route: &'r str,
    /// When it was delivered, or given up.
    at: Timestamp,
    /// `delivered` or `dead`.
    outcome: &'static str,
    /// Why it was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'r str>,
    /// BLAKE3 of the bytes, where they are the source's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
}

/// The receipts that a lane owes.
#[derive(Debug, Default)]
pub(super) struct Receipts(HashMap<Key, Publication>);

impl Receipts {
    /// Owes the receipt of a copy, where its route wants one.
    pub(super) fn owe(
        &mut self,
        copy: &Delivery,
        subscriber: &str,
        lane: Lane,
        at: Timestamp,
        fault: Option<&Fault>,
    ) {
        let receipt = copy.envelope.event.as_ref().and_then(|routed| {
            let receipt = routed.receipt.as_ref()?;
            let said = Receipt {
                event: &copy.envelope.id,
                subscriber,
                route: &routed.route,
                at,
                outcome: if fault.is_some() { DEAD } else { DELIVERED },
                code: fault.map(|fault| fault.code.as_str()),
                hash: hash(copy, routed),
            };
            let body = serde_json::to_vec(&said).ok()?;
            let envelope = envelope(copy, routed, &receipt.topic, &said);
            Some(Publication {
                to: vec![(topology::subscriber(&receipt.to), lane)],
                envelope,
                body: body.into(),
            })
        });
        self.0.extend(receipt.map(|receipt| (Key::of(copy), receipt)));
    }

    /// The receipt that is owed for a copy.
    pub(super) fn owed(&self, key: Key) -> Option<Publication> {
        self.0.get(&key).cloned()
    }

    /// Says that they were published.
    pub(super) fn sent(&mut self, keys: impl IntoIterator<Item = Key>, counts: &Counts) {
        for receipt in keys.into_iter().filter_map(|key| self.0.remove(&key)) {
            for (queue, _) in &receipt.to {
                counts.add_receipt(queue);
            }
        }
    }
}

/// BLAKE3 of the source's bytes as the copy holds them; none of a body that the hub made.
fn hash(copy: &Delivery, routed: &Routed) -> Option<String> {
    let is_original = routed.media_type == copy.envelope.format.media_type();
    is_original.then(|| match &copy.envelope.claim {
        Some(claim) => claim.hash.clone(),
        None => blake3::hash(&copy.body).to_hex().to_string(),
    })
}

/// The id of a receipt of an event's copy: the same whenever it is made.
fn receipt_id(event: &str, subscriber: &str, outcome: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in [event, subscriber, outcome] {
        hasher.update(part.as_bytes()).update(&[0]);
    }
    hasher.finalize().to_hex().chars().take(32).collect()
}

/// The ids that receipts of a copy can have: of its delivery, and of its end.
pub fn receipt_ids(event: &str, subscriber: &str) -> [String; 2] {
    [DELIVERED, DEAD].map(|outcome| receipt_id(event, subscriber, outcome))
}

fn envelope(copy: &Delivery, routed: &Routed, topic: &str, said: &Receipt<'_>) -> Envelope {
    let Envelope { facility, origin, .. } = &copy.envelope;
    Envelope {
        id: receipt_id(said.event, said.subscriber, said.outcome),
        facility: facility.clone(),
        patient: Identifying::default(),
        data_type: None,
        change: Change::Created,
        key: Identifying(said.event.to_owned()),
        version: said.at.to_string(),
        origin: Origin {
            feed: origin.feed.clone(),
            file: Identifying::default(),
            offset: 0,
            hash: origin.hash.clone(),
        },
        stored: None,
        accepted_at: said.at.to_string(),
        format: copy.envelope.format,
        claim: None,
        join: None,
        event: Some(Routed {
            event_type: "receipt.created.v1".to_owned(),
            topic: topic.to_owned(),
            route: routed.route.clone(),
            basis: routed.basis.clone(),
            grounds: Vec::new(),
            disclosure: None,
            media_type: CANONICAL.to_owned(),
            receipt: None,
            place: None,
            replay: None,
        }),
        fault: None,
        findings: Vec::new(),
    }
}
