//! The committed schemas are those of the code.

use std::fs;

use musubi::canonical::{Kind, VERSION, schema};

use crate::support::repository;

#[test]
fn the_committed_schemas_are_those_of_the_code() {
    for kind in Kind::ALL {
        let path = repository().join(format!("schemas/{}.v{VERSION}.json", kind.as_str()));
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(committed, format!("{:#}\n", schema(kind)), "{}: run `musubi schema`", path.display());
    }
}

/// Every property says what it is, and every value which HL7 field it comes from.
#[test]
fn every_property_has_a_description() {
    for kind in Kind::ALL {
        let schema = schema(kind);
        let definitions = schema["$defs"].as_object().unwrap();
        for (name, definition) in definitions.iter().chain([(&kind.as_str().to_owned(), &schema)]) {
            let properties = definition.get("properties").and_then(serde_json::Value::as_object);
            for (property, described) in properties.into_iter().flatten() {
                assert!(described.get("description").is_some(), "{} {name}.{property}", kind.as_str());
            }
        }
    }
}
