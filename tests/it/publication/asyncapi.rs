//! The AsyncAPI document: it is one, it tells no secret, and every copy that is sent is as it says.

use std::collections::BTreeMap;
use std::path::Path;

use jsonschema::{Retrieve, Uri, Validator};
use musubi::broker::{Delivery, Publication};
use musubi::config::{Config, Files};
use musubi::deliver::CloudEvent;
use musubi::envelope::Lane;
use musubi::publication::{ASYNCAPI, asyncapi, documents};
use serde_json::{Value, json};

use super::cases::cases;
use super::rules;
use crate::support::repository;

/// A network with everything that a document can tell: a cluster, queues, a webhook, a receiver of HL7, originals.
const HUB: &str = r#"
version = 1
network = "shimane"
timezone = "Asia/Tokyo"
pseudonym_key = "pseudonym.key"
[broker]
kind = "rabbitmq"
urls = ["amqps://one.example.jp:5671", "amqps://two.example.jp:5671"]
vhost = "region"
user = "hub-account"
password_file = "broker-password"
[broker.tls]
ca = "ca.pem"
"#;

const ROUTES: &str = r#"
version = 1
[[subscriber]]
name = "surveillance"
deliver = { kind = "queue" }
[[subscriber]]
name = "registry"
deliver = { kind = "http", url = "https://registry.example.jp:8443/events", token_file = "registry-token" }
[[subscriber]]
name = "ward"
deliver = { kind = "mllp", connect = "127.0.0.1:2575" }
[[subscriber]]
name = "archive"
deliver = { kind = "folder" }
[[disclosure]]
name = "evidence"
fields = ["patient.birth_date", "results.code", "results.value", "unmapped.MSH-3.1"]
[disclosure.only]
results = { field = "at", present = true }
[[route]]
name = "evidence"
topic = "surveillance.evidence"
to = ["surveillance", "registry"]
kinds = ["lab-result", "message"]
facilities = ["izumo-chuo"]
change = ["created", "updated"]
disclose = "evidence"
basis = "participation-agreement"
[[route]]
name = "originals"
topic = "ward.messages"
to = ["ward", "archive"]
kinds = ["patient", "encounter", "lab-result"]
send = "original"
basis = "addressed"
[[route]]
name = "bundles"
topic = "registry.fhir"
to = ["registry", "surveillance"]
kinds = ["lab-result", "prescription"]
send = "fhir"
basis = "public-duty"
[[route]]
name = "whole"
topic = "archive.all"
to = ["archive", "surveillance", "registry"]
kinds = ["encounter", "patient", "diagnosis", "prescription", "imaging-order", "imaging-performed"]
basis = "public-duty"
"#;

fn repository_config() -> Config {
    let (config, faults) = Config::load(repository());
    config.unwrap_or_else(|| panic!("{faults:?}"))
}

fn rich_config() -> Config {
    let feed = std::fs::read_to_string(repository().join("feeds/izumo-chuo.toml")).unwrap();
    let other = std::fs::read_to_string(repository().join("feeds/hamada-kenko.toml")).unwrap();
    let files: Files = [
        ("hub.toml", HUB.to_owned()),
        ("routes.toml", ROUTES.to_owned()),
        ("feeds/izumo-chuo.toml", feed),
        ("feeds/hamada-kenko.toml", other),
    ]
    .into_iter()
    .collect();
    let (config, faults) = Config::check(&files, Path::new("/etc/musubi"));
    config.unwrap_or_else(|| panic!("{faults:?}"))
}

#[test]
fn the_document_is_one_of_asyncapi_3() {
    for config in [repository_config(), rich_config()] {
        rules::check(&asyncapi(&config));
    }
}

#[test]
fn a_topic_says_who_gets_what_where() {
    let document = asyncapi(&rich_config());
    let channel = &document["channels"]["surveillance.evidence.to.surveillance"];
    assert_eq!(channel["address"], "musubi.to.surveillance");
    assert_eq!(channel["bindings"]["amqp"]["queue"]["vhost"], "region");
    let message = &channel["messages"]["evidence.lab-result"];
    assert_eq!(message["contentType"], "application/json");
    assert_eq!(message["payload"]["schema"]["$ref"], "lab-result.v1.evidence.json");
    let says = &message["headers"]["allOf"][1]["properties"];
    assert_eq!(
        says["cloudEvents:type"],
        json!({ "enum": ["lab-result.created.v1", "lab-result.updated.v1"] })
    );
    assert_eq!(says["cloudEvents:basis"], json!({ "const": "participation-agreement" }));
    assert!(says["cloudEvents:source"]["enum"][0].as_str().unwrap().starts_with("urn:musubi:facility:"));
    let webhook = &document["channels"]["surveillance.evidence.to.registry"];
    assert_eq!(webhook["address"], "/events");
    assert_eq!(document["servers"]["subscriber.registry"]["host"], "registry.example.jp:8443");
    assert_eq!(document["servers"]["broker.2"]["host"], "two.example.jp:5671");
    assert_eq!(
        document["channels"]["ward.messages.to.ward"]["messages"]["originals.patient"]["contentType"],
        "application/hl7-v2"
    );
    let operation = &document["operations"]["receive.surveillance.evidence.to.surveillance"];
    assert_eq!(operation["messages"].as_array().unwrap().len(), 2);
}

#[test]
fn the_document_tells_no_secret_and_no_place_on_the_hubs_machine() {
    let text = asyncapi(&rich_config()).to_string();
    for secret in [
        "hub-account",
        "broker-password",
        "registry-token",
        "pseudonym",
        "ca.pem",
        "/etc/musubi",
        "deliveries",
    ] {
        assert!(!text.contains(secret), "{secret} is told");
    }
}

/// The published documents, for references from one to another.
struct Documents(BTreeMap<String, Value>);

impl Retrieve for Documents {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let name = uri.as_str().rsplit('/').next().unwrap_or_default();
        self.0.get(name).cloned().ok_or_else(|| format!("{uri} is not published").into())
    }
}

impl Documents {
    fn validator(&self, schema: &Value) -> Validator {
        // What is referred to in the document itself must be found from within a part of it.
        let schema = schema.get("schema").unwrap_or(schema);
        let mut schema = schema.clone();
        schema["components"] = self.0[ASYNCAPI]["components"].clone();
        let options = jsonschema::options().with_retriever(Self(self.0.clone()));
        options.with_base_uri("https://published.example/").build(&schema).unwrap()
    }
}

#[track_caller]
fn assert_valid(validator: &Validator, value: &Value, place: &str) {
    let errors: Vec<_> =
        validator.iter_errors(value).map(|error| format!("{error} at {}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{place}: {errors:?}\n{value:#}");
}

/// Every copy of every case is as the message of its channel says: attributes and body, closed where a disclosure
/// closes it.
#[test]
fn every_copy_of_every_case_is_as_the_document_says() {
    let repository = repository_config();
    let mut checked = BTreeMap::new();
    for config in [repository_config(), rich_config()] {
        let documents = Documents(documents(&config));
        for case in cases() {
            for copy in case.copies(&repository, &config.routes) {
                let routed = copy.envelope.event.clone().unwrap();
                let kind = routed.event_type.split('.').next().unwrap();
                let key = format!("{}.{kind}", routed.route);
                for (queue, _) in &copy.to {
                    let subscriber = queue.as_str().strip_prefix("to.").unwrap();
                    let channel =
                        &documents.0[ASYNCAPI]["channels"][format!("{}.to.{subscriber}", routed.topic)];
                    let message = &channel["messages"][&key];
                    assert!(
                        message.is_object(),
                        "{}: {key} to {subscriber} is not in the document",
                        case.name
                    );
                    check_copy(&documents, message, &copy, &format!("{} to {subscriber}", case.name));
                    *checked.entry(key.clone()).or_insert(0) += 1;
                }
            }
        }
    }
    println!("{checked:?}");
    assert!(checked.len() >= 10, "{checked:?}");
}

fn check_copy(documents: &Documents, message: &Value, copy: &Publication, place: &str) {
    let delivery = Delivery {
        sequence: 1,
        redelivered: false,
        envelope: copy.envelope.clone(),
        body: copy.body.clone(),
    };
    let event = serde_json::to_value(CloudEvent::of(&delivery, Lane(3)).unwrap()).unwrap();
    let payload = documents.validator(&message["payload"]);
    if message["contentType"] == "application/cloudevents+json" {
        assert_valid(&payload, &event, place);
        let mut foreign = event.clone();
        foreign["basis"] = "none".into();
        assert!(!payload.is_valid(&foreign), "{place}: any basis is good");
        return;
    }
    assert_eq!(message["contentType"], copy.envelope.event.as_ref().unwrap().media_type.as_str(), "{place}");
    if let Some(body) = event.get("data") {
        assert_valid(&payload, body, place);
        let headers: serde_json::Map<_, _> = event
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| *name != "data" && *name != "datacontenttype")
            .map(|(name, value)| (format!("cloudEvents:{name}"), value.clone()))
            .collect();
        assert_valid(&documents.validator(&message["headers"]), &headers.into(), place);
    }
}

/// A disclosed body that says more than the contract is refused by it.
#[test]
fn a_contract_refuses_what_its_disclosure_keeps_back() {
    let documents = Documents(documents(&repository_config()));
    let contract = documents.validator(&documents.0["lab-result.v1.case-evidence.json"]);
    let event = |patient: Value| {
        json!({
            "change": "created", "message": { "type": "OUL^R22" }, "patient": patient,
            "specimens": [], "results": [{ "at": "OBX" }],
        })
    };
    assert_valid(&contract, &event(json!({ "at": "PID", "sex": "male" })), "listed");
    assert!(!contract.is_valid(&event(json!({ "at": "PID", "sex": "male", "names": [] }))));
    assert!(!contract.is_valid(&event(json!({ "at": "PID", "sex": "male", "id": "1" }))));
    let mut more = event(json!({ "at": "PID", "sex": "male" }));
    more["unmapped"] = json!({ "PID-19.1": "x" });
    assert!(!contract.is_valid(&more));
}
