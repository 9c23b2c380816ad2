//! The catalogue of topics: what is promised to those who subscribe, and what it looks like.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::flows::Flows;
use crate::config::Config;
use crate::publication;
use crate::route::{Route, Send};

/// A topic.
#[derive(Debug, Serialize)]
pub struct Topic {
    /// Name; its first part is the service.
    pub name: String,
    /// Who gets its copies.
    pub subscribers: Vec<String>,
    /// Feeds whose messages may come on it.
    pub feeds: Vec<String>,
    /// What is sent on it.
    pub contracts: Vec<Contract>,
}

/// What one route sends of one kind.
#[derive(Debug, Serialize)]
pub struct Contract {
    /// Route.
    pub route: String,
    /// Kind of event.
    pub kind: &'static str,
    /// Ground on which copies leave.
    pub basis: &'static str,
    /// What consent is asked for.
    pub purpose: Option<&'static str>,
    /// Name of the disclosure, where only a part leaves.
    pub disclosure: Option<String>,
    /// Form: `canonical`, `original`, `fhir`, `icalendar`.
    pub form: &'static str,
    /// File of the schema of its bodies, where they are JSON of ours.
    pub schema: Option<String>,
}

/// The catalogue of a configuration, in the order of its routes.
pub fn catalogue(config: &Config) -> Vec<Topic> {
    let flows = Flows::of(config);
    let topics = flows.topics.into_iter().map(|topic| Topic {
        contracts: config
            .routes
            .iter()
            .filter(|route| route.topic == topic.name)
            .flat_map(contracts)
            .collect(),
        name: topic.name,
        subscribers: topic.subscribers,
        feeds: topic.feeds,
    });
    topics.collect()
}

fn contracts(route: &Route) -> impl Iterator<Item = Contract> {
    route.kinds.iter().map(|kind| Contract {
        route: route.name.clone(),
        kind: kind.as_str(),
        basis: route.basis.as_str(),
        purpose: route.purpose.map(|purpose| purpose.as_str()),
        disclosure: route.disclosure.as_ref().map(|disclosure| disclosure.name.clone()),
        form: match route.send {
            Send::Canonical => "canonical",
            Send::Original => "original",
            Send::Fhir => "fhir",
            Send::ICalendar => "icalendar",
        },
        schema: (route.send == Send::Canonical)
            .then(|| publication::file(*kind, route.disclosure.as_deref())),
    })
}

/// All documents for those who subscribe, by file name: JSON Schemas, and AsyncAPI.
pub fn documents(config: &Config) -> BTreeMap<String, Value> {
    publication::documents(config)
}

/// Name of the AsyncAPI document among them.
pub const ASYNCAPI: &str = publication::ASYNCAPI;

/// An invented body (架空) that is valid for a schema.
pub fn sample(schema: &Value) -> Value {
    publication::sample(schema)
}
