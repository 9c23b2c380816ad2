//! What was published stays readable: `schemas/published` holds the schemas as they were released.

use std::fs;

use musubi::publication::{breaking_changes, schemas};
use serde_json::Value;

use crate::support::{HubFolder, repository};

#[test]
fn no_schema_breaks_what_was_published_of_it() {
    let present = schemas();
    let folder = repository().join("schemas/published");
    for entry in fs::read_dir(&folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let published: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let schema = present.get(&name).unwrap_or_else(|| panic!("{name} was published and is gone"));
        let breaks = breaking_changes(&published, schema);
        assert!(breaks.is_empty(), "{name}: {breaks:#?}\nundo it, or make a new version of the model");
    }
}

#[test]
fn publishing_freezes_the_schemas_and_refuses_to_break_them() {
    let hub = HubFolder::new();
    let publish = || hub.run(&["schema", "--publish", hub.path("schemas").to_str().unwrap()]);
    assert!(publish().status.success());
    assert!(publish().status.success(), "nothing changed");
    let path = hub.path("schemas/published/patient.v1.json");
    let mut published: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    published["properties"]["gone"] = serde_json::json!({ "type": "string" });
    hub.write("schemas/published/patient.v1.json", published.to_string());
    let refused = publish();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("patient.v1.json: gone: is gone"));
    assert_eq!(fs::read_to_string(&path).unwrap(), published.to_string(), "what was published stays");
}
