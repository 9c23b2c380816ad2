//! Messages: what a route sends of a kind, in the form in which it is carried.

use serde_json::{Map, Value, json};

use super::CLOUD_EVENT;
use super::channel::Carriage;
use crate::canonical::{Kind, VERSION};
use crate::cloud_event::{AMQP_PREFIX, FHIR_BUNDLE, ICALENDAR};
use crate::envelope::{CANONICAL, Change, FHIR, Format, ICALENDAR_CANCEL, ICALENDAR_REQUEST};
use crate::pipeline::INVALID;
use crate::publication::file;
use crate::route::{Route, Send};

/// Our schemas are of this version of JSON Schema, which is not that of AsyncAPI's own Schema Objects.
const SCHEMA_FORMAT: &str = "application/schema+json;version=2020-12";

/// Media type of a CloudEvent in the JSON format.
const CLOUD_EVENT_JSON: &str = "application/cloudevents+json";

/// What a message is about.
#[derive(Clone, Copy)]
pub(super) enum About {
    /// An event of that kind.
    Event(Kind),
    /// A message that makes no sense, as the route asks for.
    Invalid,
}

impl About {
    /// The first word of the event type.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Event(kind) => kind.as_str(),
            Self::Invalid => INVALID,
        }
    }
}

/// The Message Object.
pub(super) fn object(route: &Route, about: About, carriage: Carriage) -> Value {
    let name = format!("{}.v{VERSION}", about.as_str());
    let mut object = json!({
        "name": name,
        "title": title(route, about),
        "summary": format!("Route `{}`, on the ground of `{}`.", route.name, route.basis.as_str()),
    });
    let attributes = attributes(route, about);
    match carriage {
        Carriage::Binary => {
            object["contentType"] = media_types(route, about)[0].into();
            object["headers"] = headers(attributes);
            object["payload"] = body(route, about);
        }
        Carriage::Structured => {
            object["contentType"] = CLOUD_EVENT_JSON.into();
            object["payload"] = structured(route, about, attributes);
        }
        Carriage::Bare => {
            object["contentType"] = media_types(route, about)[0].into();
            object["payload"] = original();
        }
    }
    object
}

fn title(route: &Route, about: About) -> String {
    let what = match route.send {
        Send::Canonical => "canonical event",
        Send::Original => "original bytes",
        Send::Fhir => "FHIR R4 Bundle (JP Core)",
        Send::ICalendar => "iCalendar invitation",
    };
    match &route.disclosure {
        Some(disclosure) => {
            format!("{}: {what}, as far as `{}` discloses it", about.as_str(), disclosure.name)
        }
        None => format!("{}: {what}", about.as_str()),
    }
}

/// What the attributes of every copy of this route and kind say, each as a schema.
fn attributes(route: &Route, about: About) -> Map<String, Value> {
    let part =
        route.disclosure.as_ref().map(|disclosure| format!(":{}", disclosure.name)).unwrap_or_default();
    let changes: Vec<_> = route.changes.iter().map(|change| change.as_str()).collect();
    let type_of = |change: &Change| format!("{}.{}.v{VERSION}", about.as_str(), change.as_str());
    let types: Vec<_> = route.changes.iter().map(type_of).collect();
    let mut attributes = Map::new();
    let mut says = |name: &str, schema| attributes.insert(name.into(), schema);
    says("type", json!({ "enum": types }));
    says("change", json!({ "enum": changes }));
    if let Some(facilities) = &route.facilities {
        let sources = facilities.iter().map(|code| format!("urn:musubi:facility:{code}"));
        says("source", json!({ "enum": sources.collect::<Vec<_>>() }));
    }
    says("topic", json!({ "const": route.topic }));
    says("basis", json!({ "const": route.basis.as_str() }));
    let described = match route.send {
        Send::Fhir => FHIR_BUNDLE.to_owned(),
        Send::ICalendar => ICALENDAR.to_owned(),
        Send::Canonical | Send::Original => format!("urn:musubi:schema:{}.v{VERSION}{part}", about.as_str()),
    };
    says("dataschema", json!({ "const": described }));
    says("datacontenttype", json!({ "enum": media_types(route, about) }));
    attributes
}

/// Media types of the bodies that such a copy can have.
fn media_types(route: &Route, about: About) -> Vec<&'static str> {
    match (route.send, about) {
        (Send::Canonical, _) => vec![CANONICAL],
        (Send::Fhir, _) => vec![FHIR],
        (Send::ICalendar, _) => vec![ICALENDAR_REQUEST, ICALENDAR_CANCEL],
        (Send::Original, About::Event(Kind::Checkup)) => vec![Format::Checkup.media_type()],
        (Send::Original, About::Event(Kind::Document | Kind::Referral | Kind::ReferralReply)) => {
            vec![Format::Hl7v2.media_type(), Format::Document.media_type()]
        }
        (Send::Original, About::Event(_)) => vec![Format::Hl7v2.media_type()],
        (Send::Original, About::Invalid) => vec![Format::Hl7v2, Format::Document, Format::Checkup]
            .into_iter()
            .map(Format::media_type)
            .collect(),
    }
}

/// The body alone.
fn body(route: &Route, about: About) -> Value {
    match route.send {
        Send::Canonical => {
            json!({ "schemaFormat": SCHEMA_FORMAT, "schema": schema_of(route, about) })
        }
        Send::Fhir => fhir(),
        Send::ICalendar => invitation(),
        Send::Original => original(),
    }
}

fn fhir() -> Value {
    json!({ "type": "object", "properties": { "resourceType": { "const": "Bundle" } }, "required": ["resourceType"] })
}

fn invitation() -> Value {
    json!({ "type": "string", "description": "A calendar object of RFC 5545, UTF-8." })
}

fn original() -> Value {
    json!({ "type": "string", "description": "The bytes as the facility wrote them, untouched." })
}

/// The file of the schema; none for messages that make no sense, of which only bytes are sent.
fn schema_of(route: &Route, about: About) -> Value {
    match about {
        About::Event(kind) => json!({ "$ref": file(kind, route.disclosure.as_deref()) }),
        About::Invalid => json!({}),
    }
}

/// A CloudEvent that holds the body.
fn structured(route: &Route, about: About, attributes: Map<String, Value>) -> Value {
    let mut says = json!({ "properties": attributes });
    match route.send {
        Send::Canonical => {
            says["properties"]["data"] = schema_of(route, about);
            says["required"] = json!(["data"]);
        }
        Send::Fhir => {
            says["properties"]["data"] = fhir();
            says["required"] = json!(["data"]);
        }
        Send::ICalendar => says["required"] = json!(["data_base64"]),
        // Either the bytes or, where they are too many for a queue, their hash.
        Send::Original => {
            says["anyOf"] = json!([{ "required": ["data_base64"] }, { "required": ["claimhash"] }])
        }
    }
    json!({ "schemaFormat": SCHEMA_FORMAT, "schema": { "allOf": [{ "$ref": CLOUD_EVENT }, says] } })
}

/// The attributes as headers of an AMQP message.
fn headers(attributes: Map<String, Value>) -> Value {
    let properties: Map<_, _> = attributes
        .into_iter()
        .filter(|(name, _)| is_header(name))
        .map(|(name, schema)| (format!("{AMQP_PREFIX}{name}"), schema))
        .collect();
    json!({ "allOf": [{ "$ref": "#/components/schemas/attributes" }, { "properties": properties }] })
}

/// All attributes of a CloudEvent as headers of an AMQP message. Its content type is a property of the message.
pub(super) fn amqp_attributes(cloud_event: &Value) -> Value {
    let properties = cloud_event["properties"].as_object().into_iter().flatten();
    let headers = properties.filter(|(name, _)| is_header(name));
    // Only what is a JSON Schema of every version: headers are described by AsyncAPI's own schema.
    let described = |schema: &Value| {
        let kept = ["type", "description"]
            .into_iter()
            .filter_map(|key| Some((key.to_owned(), schema.get(key)?.clone())));
        Value::Object(kept.collect())
    };
    let headers: Map<_, _> =
        headers.map(|(name, schema)| (format!("{AMQP_PREFIX}{name}"), described(schema))).collect();
    let required = cloud_event["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let required: Vec<_> =
        required.filter(|name| is_header(name)).map(|name| format!("{AMQP_PREFIX}{name}")).collect();
    json!({
        "type": "object",
        "description": "Attributes of CloudEvents 1.0 as headers (AMQP binding, binary mode).",
        "properties": headers,
        "required": required,
    })
}

fn is_header(name: &str) -> bool {
    !matches!(name, "data" | "data_base64" | "datacontenttype")
}
