//! What would leave: the copies that the router would publish.

use std::collections::BTreeSet;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{FileSource, Given, InspectedMessage};
use crate::broker::{Publication, topology};
use crate::config::Config;
use crate::decode::Raw;
use crate::envelope::{Envelope, Identifying, Lane, Origin};
use crate::pipeline::{Original, Processed, Pseudonyms, Routing, process};
use crate::registry::{Registry, View};

/// A copy as it would leave. Stand-ins in it are made without the hub's secret, and differ from those of the hub.
#[derive(Debug, Serialize)]
pub struct Copy {
    /// Media type of its body.
    pub media_type: String,
    /// Length of its body.
    pub bytes: usize,
    /// Fields of the event that it has, where only a part leaves.
    pub fields: Vec<String>,
    /// Fields of the event that are kept back.
    pub kept_back: Vec<String>,
    /// The body, where it was asked for: JSON as it is, anything else as a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Box<RawValue>>,
}

/// What a router of this configuration works with.
pub(super) fn routing(config: &Config, registry: Option<&Registry>) -> Routing {
    Routing {
        routes: config.routes.clone(),
        zone: config.hub.timezone.clone(),
        pseudonyms: Pseudonyms::new([0; 32]),
        registry: View::of(registry.cloned().unwrap_or_default()),
        authority: config.hub.registry_authority.clone(),
        archive: false,
    }
}

/// Takes a message through, and says of each subscriber that gets a copy what that is.
pub(super) fn make(
    seen: &mut InspectedMessage,
    raw: Raw<'_>,
    source: &FileSource,
    given: Given<'_>,
    routing: &Routing,
    at: Timestamp,
) {
    let envelope = envelope(raw, source, given, at);
    let main = raw.main.map(Bytes::copy_from_slice);
    let original = Original { body: Bytes::copy_from_slice(raw.body), main };
    attach(seen, &process(&envelope, &original, Lane(0), routing, at), given.to);
}

/// Says of each subscriber that gets a copy what that is; `to` sees the body too.
pub(in crate::ops) fn attach(seen: &mut InspectedMessage, processed: &Processed, to: Option<&str>) {
    let whole = seen.event.as_ref().and_then(|event| serde_json::from_str(event.get()).ok());
    let whole = whole.map(|event: Value| paths(&event)).unwrap_or_default();
    for decision in seen.recipients.iter_mut().filter(|decision| decision.receives) {
        let queue = topology::subscriber(&decision.subscriber);
        let goes = |copy: &&Publication| copy.to.iter().any(|(name, _)| *name == queue);
        let Some(publication) = processed.follow.iter().find(goes) else { continue };
        let is_wanted = to == Some(decision.subscriber.as_str());
        let is_part = decision.disclosure.is_some() || !decision.withheld.is_empty();
        decision.copy = Some(copy(publication, is_part.then_some(&whole), is_wanted));
    }
}

fn copy(publication: &Publication, whole: Option<&BTreeSet<String>>, is_wanted: bool) -> Copy {
    let media_type = publication.envelope.event.as_ref().map(|routed| routed.media_type.clone());
    let json = || serde_json::from_slice::<Value>(&publication.body).ok();
    let fields = whole.and_then(|_| Some(paths(&json()?))).unwrap_or_default();
    let kept_back = whole.map(|whole| whole.difference(&fields).cloned().collect()).unwrap_or_default();
    Copy {
        media_type: media_type.unwrap_or_default(),
        bytes: publication.body.len(),
        fields: fields.into_iter().collect(),
        kept_back,
        body: if is_wanted { body(&publication.body) } else { None },
    }
}

/// JSON as it is; of HL7 v2 and all else the text.
fn body(bytes: &[u8]) -> Option<Box<RawValue>> {
    if let Ok(json) = serde_json::from_slice(bytes) {
        return Some(json);
    }
    let text = hl7v2::decode(bytes).map(|message| message.text().to_owned());
    let text = text.unwrap_or_else(|_| String::from_utf8_lossy(bytes).into_owned());
    serde_json::value::to_raw_value(&text).ok()
}

/// The paths of all values, through lists. What no field holds is one path: its keys are places of the message.
fn paths(value: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(value, "", &mut found);
    found
}

fn collect(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) if path != "unmapped" => {
            // `at` tells where an object stood, and always stays.
            for (key, value) in fields.iter().filter(|(key, _)| *key != "at") {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                collect(value, &path, found);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, path, found)),
        _ => {
            if !found.contains(path) {
                found.insert(path.to_owned());
            }
        }
    }
}

fn envelope(raw: Raw<'_>, source: &FileSource, given: Given<'_>, at: Timestamp) -> Envelope {
    let name = source.ssmix2.as_ref();
    Envelope {
        facility: source.facility.clone().unwrap_or_default(),
        patient: Identifying(name.map(|name| name.patient.clone()).unwrap_or_default()),
        data_type: source.data_type.clone(),
        change: source.change(given.change),
        key: Identifying(name.map(|name| name.order.clone()).unwrap_or_default()),
        origin: Origin {
            feed: source.feed.clone().unwrap_or_default(),
            file: Identifying(raw.name.to_owned()),
            offset: 0,
            hash: blake3::hash(raw.body).to_hex().to_string(),
        },
        accepted_at: at.to_string(),
        format: raw.format,
        ..Envelope::of_hub("0".repeat(32))
    }
}
