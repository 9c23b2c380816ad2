//! The committed schemas are those of the code.

use std::collections::BTreeSet;
use std::fs;

use musubi::canonical::{Kind, schema};
use musubi::config::Config;
use musubi::publication::documents;

use crate::support::repository;

#[test]
fn the_committed_schemas_are_those_of_the_code_and_of_this_configuration() {
    let (config, faults) = Config::load(repository());
    let documents = documents(&config.unwrap_or_else(|| panic!("{faults:?}")));
    let folder = repository().join("schemas");
    for (name, document) in &documents {
        let committed = fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert!(
            committed == format!("{document:#}\n"),
            "schemas/{name} is not what the code makes: run `musubi schema`"
        );
    }
    let committed = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let committed: BTreeSet<_> = committed.map(|name| name.to_string_lossy().into_owned()).collect();
    let expected: BTreeSet<_> =
        documents.into_keys().chain(["config".to_owned(), "published".to_owned()]).collect();
    assert!(committed.is_subset(&expected), "nothing makes {:?}", committed.difference(&expected));
}

/// Every property says what it is.
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
