//! What is published for those who subscribe: JSON Schemas of all bodies, and one AsyncAPI document of all topics.
//!
//! Everything is made from the types that are sent and the configuration that decides who gets what; nothing of it is
//! written by hand.

mod asyncapi;
mod breaking;
mod sample;

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use serde_json::Value;

pub use asyncapi::document as asyncapi;
pub use breaking::breaking_changes;
pub use sample::sample;

use crate::canonical::{Kind, VERSION, schema};
use crate::config::Config;
use crate::deliver::CloudEvent;
use crate::route::{Disclosure, Send};

/// File of the AsyncAPI document.
pub const ASYNCAPI: &str = "asyncapi.json";

/// File of the schema of [`CloudEvent`].
pub const CLOUD_EVENT: &str = "cloud-event.v1.json";

/// The file of a kind's schema, or of what a disclosure leaves of it.
pub fn file(kind: Kind, disclosure: Option<&Disclosure>) -> String {
    let part = disclosure.map(|disclosure| format!(".{}", disclosure.name)).unwrap_or_default();
    format!("{}.v{VERSION}{part}.json", kind.as_str())
}

/// The schemas that do not depend on a configuration, by file name: one a kind, and the CloudEvent around it.
pub fn schemas() -> BTreeMap<String, Value> {
    let kinds = Kind::ALL.into_iter().map(|kind| (file(kind, None), schema(kind)));
    kinds.chain([(CLOUD_EVENT.to_owned(), cloud_event())]).collect()
}

/// All that is published with this configuration, by file name.
pub fn documents(config: &Config) -> BTreeMap<String, Value> {
    let mut documents = schemas();
    documents.extend(contracts(config));
    documents.insert(ASYNCAPI.to_owned(), asyncapi(config));
    documents
}

/// For every disclosure and every kind that a route sends under it, the schema of what leaves.
fn contracts(config: &Config) -> BTreeMap<String, Value> {
    let canonical = config.routes.iter().filter(|route| route.send == Send::Canonical);
    let disclosed = canonical.filter_map(|route| Some((route.disclosure.as_deref()?, &route.kinds)));
    let pairs = disclosed.flat_map(|(disclosure, kinds)| kinds.iter().map(move |kind| (*kind, disclosure)));
    pairs
        .map(|(kind, disclosure)| (file(kind, Some(disclosure)), disclosure.contract(&schema(kind))))
        .collect()
}

/// The schema of a CloudEvent in the JSON format.
fn cloud_event() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<CloudEvent<'_>>();
    schema.insert("$id".into(), "urn:musubi:schema:cloud-event.v1".into());
    schema.insert("title".into(), "cloud-event.v1".into());
    schema.to_value()
}
