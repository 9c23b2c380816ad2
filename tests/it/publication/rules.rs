//! What AsyncAPI 3.0.0 asks of a document, as far as ours uses it (specification, chapters of the objects named).
//!
//! The official JSON Schema is not part of this repository; these rules were written from the specification.

use serde_json::Value;

/// The fields that an object may have beside `x-…`, and those that it must have.
struct Rule {
    object: &'static str,
    required: &'static [&'static str],
    allowed: &'static [&'static str],
}

const ROOT: Rule = Rule {
    object: "AsyncAPI Object",
    required: &["asyncapi", "info"],
    allowed: &[
        "asyncapi",
        "id",
        "info",
        "servers",
        "defaultContentType",
        "channels",
        "operations",
        "components",
    ],
};
const INFO: Rule = Rule {
    object: "Info Object",
    required: &["title", "version"],
    allowed: &[
        "title",
        "version",
        "description",
        "termsOfService",
        "contact",
        "license",
        "tags",
        "externalDocs",
    ],
};
const SERVER: Rule = Rule {
    object: "Server Object",
    required: &["host", "protocol"],
    allowed: &[
        "host",
        "protocol",
        "protocolVersion",
        "pathname",
        "description",
        "title",
        "summary",
        "variables",
        "security",
        "tags",
        "externalDocs",
        "bindings",
    ],
};
const CHANNEL: Rule = Rule {
    object: "Channel Object",
    required: &[],
    allowed: &[
        "address",
        "messages",
        "title",
        "summary",
        "description",
        "servers",
        "parameters",
        "tags",
        "externalDocs",
        "bindings",
    ],
};
const OPERATION: Rule = Rule {
    object: "Operation Object",
    required: &["action", "channel"],
    allowed: &[
        "action",
        "channel",
        "title",
        "summary",
        "description",
        "security",
        "tags",
        "externalDocs",
        "bindings",
        "traits",
        "messages",
        "reply",
    ],
};
const MESSAGE: Rule = Rule {
    object: "Message Object",
    required: &[],
    allowed: &[
        "headers",
        "payload",
        "correlationId",
        "contentType",
        "name",
        "title",
        "summary",
        "description",
        "tags",
        "externalDocs",
        "bindings",
        "examples",
        "traits",
    ],
};
const MULTI_FORMAT: Rule = Rule {
    object: "Multi Format Schema Object",
    required: &["schemaFormat", "schema"],
    allowed: &["schemaFormat", "schema"],
};
const QUEUE: Rule = Rule {
    object: "AMQP channel binding, queue",
    required: &[],
    allowed: &["name", "durable", "exclusive", "autoDelete", "vhost"],
};

impl Rule {
    #[track_caller]
    fn holds(&self, value: &Value, place: &str) {
        let fields = value.as_object().unwrap_or_else(|| panic!("{place}: {} is no object", self.object));
        for name in self.required {
            assert!(fields.contains_key(*name), "{place}: {} lacks {name}", self.object);
        }
        for name in fields.keys() {
            let allowed = self.allowed.contains(&name.as_str()) || name.starts_with("x-");
            assert!(allowed, "{place}: {} has no {name}", self.object);
        }
    }
}

fn entries<'v>(document: &'v Value, key: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    document.get(key).and_then(Value::as_object).into_iter().flatten()
}

/// Panics where the document is not one of AsyncAPI 3.0.0.
pub(super) fn check(document: &Value) {
    ROOT.holds(document, "#");
    assert_eq!(document["asyncapi"], "3.0.0");
    assert!(document["id"].as_str().unwrap().starts_with("urn:"), "an id is a URI");
    INFO.holds(&document["info"], "#/info");
    for (name, server) in entries(document, "servers") {
        SERVER.holds(server, name);
        assert!(!server["host"].as_str().unwrap().contains("://"), "{name}: a host has no scheme");
    }
    for (name, channel) in entries(document, "channels") {
        CHANNEL.holds(channel, name);
        assert!(channel["address"].is_string() || channel["address"].is_null(), "{name}");
        for server in channel["servers"].as_array().unwrap() {
            resolve(document, server);
        }
        entries(channel, "messages")
            .for_each(|(key, message)| check_message(message, &format!("{name} {key}")));
        if let Some(amqp) = channel.pointer("/bindings/amqp") {
            assert_eq!((&amqp["is"], &amqp["bindingVersion"]), (&"queue".into(), &"0.3.0".into()), "{name}");
            QUEUE.holds(&amqp["queue"], name);
        }
    }
    for (name, operation) in entries(document, "operations") {
        OPERATION.holds(operation, name);
        assert!(["send", "receive"].contains(&operation["action"].as_str().unwrap()), "{name}");
        let channel = resolve(document, &operation["channel"]);
        for message in operation["messages"].as_array().unwrap() {
            let message = resolve(document, message);
            let own = entries(channel, "messages").any(|(_, known)| std::ptr::eq(known, message));
            assert!(own, "{name}: a message of another channel");
        }
    }
    references(document, document);
}

fn check_message(message: &Value, place: &str) {
    MESSAGE.holds(message, place);
    assert!(message["contentType"].as_str().unwrap().contains('/'), "{place}");
    for schema in [&message["headers"], &message["payload"]] {
        if schema.get("schema").is_some() {
            MULTI_FORMAT.holds(schema, place);
        }
    }
}

/// What a Reference Object names.
#[track_caller]
pub(super) fn resolve<'v>(document: &'v Value, reference: &Value) -> &'v Value {
    let path = reference["$ref"].as_str().unwrap_or_else(|| panic!("no reference: {reference}"));
    let pointer = path.strip_prefix('#').unwrap_or_else(|| panic!("{path} leads out of the document"));
    document.pointer(pointer).unwrap_or_else(|| panic!("{path} leads nowhere"))
}

/// Every reference within the document leads somewhere.
fn references(document: &Value, value: &Value) {
    match value {
        Value::Object(object) => {
            if object.get("$ref").and_then(Value::as_str).is_some_and(|path| path.starts_with('#')) {
                resolve(document, value);
            }
            object.values().for_each(|value| references(document, value));
        }
        Value::Array(values) => values.iter().for_each(|value| references(document, value)),
        _ => {}
    }
}
