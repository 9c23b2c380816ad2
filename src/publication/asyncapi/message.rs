//! Messages: what a route sends of a kind, in the form in which it is carried.

use serde_json::{Map, Value, json};

use super::CLOUD_EVENT;
use super::channel::Carriage;
use crate::canonical::{Kind, VERSION};
use crate::cloud_event::AMQP_PREFIX;
use crate::envelope::{CANONICAL, Change, Format};
use crate::publication::file;
use crate::route::{Route, Send};

/// Our schemas are of this version of JSON Schema, which is not that of AsyncAPI's own Schema Objects.
const SCHEMA_FORMAT: &str = "application/schema+json;version=2020-12";

/// Media type of a CloudEvent in the JSON format.
const CLOUD_EVENT_JSON: &str = "application/cloudevents+json";

/// The Message Object.
pub(super) fn object(route: &Route, kind: Kind, carriage: Carriage) -> Value {
    let name = format!("{}.v{VERSION}", kind.as_str());
    let mut object = json!({
        "name": name,
        "title": title(route, kind),
        "summary": format!("Route `{}`, on the ground of `{}`.", route.name, route.basis.as_str()),
    });
    let attributes = attributes(route, kind);
    match carriage {
        Carriage::Binary => {
            object["contentType"] = media_types(route, kind)[0].into();
            object["headers"] = headers(attributes);
            object["payload"] = body(route, kind);
        }
        Carriage::Structured => {
            object["contentType"] = CLOUD_EVENT_JSON.into();
            object["payload"] = structured(route, kind, attributes);
        }
        Carriage::Frame => {
            object["contentType"] = media_types(route, kind)[0].into();
            object["payload"] = original();
        }
    }
    object
}

fn title(route: &Route, kind: Kind) -> String {
    let what = match route.send {
        Send::Canonical => "canonical event",
        Send::Original => "original bytes",
    };
    match &route.disclosure {
        Some(disclosure) => {
            format!("{}: {what}, as far as `{}` discloses it", kind.as_str(), disclosure.name)
        }
        None => format!("{}: {what}", kind.as_str()),
    }
}

/// What the attributes of every copy of this route and kind say, each as a schema.
fn attributes(route: &Route, kind: Kind) -> Map<String, Value> {
    let part =
        route.disclosure.as_ref().map(|disclosure| format!(":{}", disclosure.name)).unwrap_or_default();
    let changes: Vec<_> = route.changes.iter().map(|change| change.as_str()).collect();
    let type_of = |change: &Change| format!("{}.{}.v{VERSION}", kind.as_str(), change.as_str());
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
    says("dataschema", json!({ "const": format!("urn:musubi:schema:{}.v{VERSION}{part}", kind.as_str()) }));
    says("datacontenttype", json!({ "enum": media_types(route, kind) }));
    attributes
}

/// Media types of the bodies that such a copy can have.
fn media_types(route: &Route, kind: Kind) -> Vec<&'static str> {
    match (route.send, kind) {
        (Send::Canonical, _) => vec![CANONICAL],
        (Send::Original, Kind::Checkup) => vec![Format::Checkup.media_type()],
        (Send::Original, Kind::Document | Kind::Referral | Kind::ReferralReply) => {
            vec![Format::Hl7v2.media_type(), Format::Document.media_type()]
        }
        (Send::Original, _) => vec![Format::Hl7v2.media_type()],
    }
}

/// The body alone.
fn body(route: &Route, kind: Kind) -> Value {
    match route.send {
        Send::Canonical => {
            json!({ "schemaFormat": SCHEMA_FORMAT, "schema": { "$ref": schema_file(route, kind) } })
        }
        Send::Original => original(),
    }
}

fn original() -> Value {
    json!({ "type": "string", "description": "The bytes as the facility wrote them, untouched." })
}

fn schema_file(route: &Route, kind: Kind) -> String {
    file(kind, route.disclosure.as_deref())
}

/// A CloudEvent that holds the body.
fn structured(route: &Route, kind: Kind, attributes: Map<String, Value>) -> Value {
    let mut says = json!({ "properties": attributes });
    match route.send {
        Send::Canonical => {
            says["properties"]["data"] = json!({ "$ref": schema_file(route, kind) });
            says["required"] = json!(["data"]);
        }
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
