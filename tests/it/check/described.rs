//! The description of the configuration's files, the schemas and the reference that are made from it, and the readers:
//! they agree.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use musubi::config::describe::{self, Need};
use musubi::config::{Config, Files};
use serde_json::{Map, Value, json};

use crate::support::repository;

/// Writes the file, or compares it.
#[track_caller]
fn compare(path: &Path, text: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        return;
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == text,
        "{} is not what it is made from: BLESS=1 cargo test --test it check::described",
        path.display()
    );
}

#[test]
fn the_committed_schemas_are_those_of_the_code() {
    let schemas = describe::schemas();
    for (name, schema) in &schemas {
        compare(&repository().join("schemas/config").join(name), &format!("{schema:#}\n"));
    }
    let committed = fs::read_dir(repository().join("schemas/config")).unwrap();
    let committed: BTreeSet<_> =
        committed.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(committed, schemas.into_keys().collect());
}

#[test]
fn the_keys_in_the_reference_are_those_of_the_code() {
    let path = repository().join("docs/integrate/reference.md");
    let page = fs::read_to_string(&path).unwrap();
    compare(&path, &describe::reference(&page).unwrap());
}

fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(list) => list.into_iter().map(json).collect::<Vec<_>>().into(),
        toml::Value::Table(table) => {
            table.into_iter().map(|(key, value)| (key, json(value))).collect::<Map<_, _>>().into()
        }
    }
}

fn parsed(text: &str) -> Value {
    json(toml::Value::Table(text.parse().unwrap_or_else(|error| panic!("{error}: {text}"))))
}

/// Validates a file, whose first line names that schema.
#[track_caller]
fn validate(path: &str) {
    let text = fs::read_to_string(repository().join(path)).unwrap();
    let named = text.lines().next().unwrap().strip_prefix("#:schema ").unwrap_or_else(|| panic!("{path}"));
    let schema = repository().join(path).parent().unwrap().join(named);
    let schema: Value = serde_json::from_slice(&fs::read(&schema).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let faults: Vec<_> = validator
        .iter_errors(&parsed(&text))
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{path}: {}", faults.join("\n"));
}

#[test]
fn the_files_of_the_demo_region_are_as_their_schemas_say() {
    validate("hub.toml");
    validate("routes.toml");
    for feed in fs::read_dir(repository().join("feeds")).unwrap() {
        validate(&format!("feeds/{}", feed.unwrap().file_name().to_str().unwrap()));
    }
}

#[test]
fn a_schema_refuses_what_an_editor_should_mark() {
    let schemas = describe::schemas();
    let is_valid = |stem: &str, text: &str| {
        jsonschema::validator_for(&schemas[&format!("{stem}.v1.json")]).unwrap().is_valid(&parsed(text))
    };
    let feed = "version = 1\nfacility = \"3210100018\"\nname = \"n\"\nroles = [\"disclosing\"]\n[[source]]\n";
    assert!(is_valid("feed", &format!("{feed}kind = \"hl7-files\"\npath = \"in\"")));
    for wrong in [
        "kind = \"hl7-files\"",
        "kind = \"hl7-files\"\npath = \"in\"\nstandard = \"in\"",
        "kind = \"hl7-files\"\npath = \"in\"\nafter = \"moved\"",
        "kind = \"hl7-files\"\npath = \"in\"\npoll = \"3 seconds\"",
        "kind = \"mllp\"\nlisten = 2575",
    ] {
        assert!(!is_valid("feed", &format!("{feed}{wrong}")), "{wrong}");
    }
    assert!(!is_valid("hub", "version = 2\nnetwork = \"n\"\ntimezone = \"Asia/Tokyo\""));
    assert!(!is_valid("routes", "version = 1\n[[subscriber]]\nname = \"S\"\ndeliver = { kind = \"queue\" }"));
}

/// Every key says what it means, and its example is as the schema has it.
#[test]
fn every_key_is_described_with_an_example_that_fits() {
    for file in describe::files() {
        let schema = &describe::schemas()[&format!("{}.v1.json", file.stem)];
        let definitions = &schema["definitions"];
        for (at, table) in file.tables.iter().enumerate() {
            let described = if at == 0 { schema } else { &definitions[table.id] };
            for key in &table.keys {
                let place = format!("{} {}", table.id, key.name);
                assert!(!key.meaning.is_empty(), "{place}");
                let mut property = described["properties"][key.name].clone();
                assert!(property["description"].as_str().unwrap().starts_with(key.meaning), "{place}");
                property["definitions"] = definitions.clone();
                let example = &parsed(&format!("x = {}", key.example))["x"];
                let validator = jsonschema::validator_for(&property).unwrap();
                assert!(validator.is_valid(example), "{place}: {example}");
                let is_required = described["required"].as_array().unwrap().contains(&json!(key.name));
                assert_eq!(is_required, key.need == Need::Required, "{place}");
            }
        }
    }
}

const HUB: &str = "version = 1\nnetwork = \"n\"\ntimezone = \"Asia/Tokyo\"\n";
const OIDC: &str = "[console]\nlisten = \"127.0.0.1:1\"\n[console.oidc]\nissuer = \"https://h\"\nclient_id = \"m\"\n\
    client_secret_file = \"s\"\npublic_url = \"https://m\"\nroles = { ops = \"operator\" }\n";
const FEED: &str = "version = 1\nfacility = \"3210100018\"\nname = \"n\"\nroles = [\"disclosing\"]\n";
const SOURCE: &str = "[[source]]\nkind = \"hl7-files\"\npath = \"in\"\n";
const ROUTES: &str = "version = 1\n[[subscriber]]\nname = \"s\"\ndeliver = { kind = \"queue\" }\n";
const ROUTE: &str =
    "[[route]]\nname = \"r\"\ntopic = \"t\"\nto = [\"s\"]\nkinds = [\"lab-result\"]\nbasis = \"addressed\"\n";
/// A key that no table has.
const UNHEARD: &str = "unheard = 1";

/// Those of hub.toml.
fn hub_with_unheard_keys() -> Vec<(&'static str, &'static str, String)> {
    let hub = |id, rest: &str| (id, "hub.toml", format!("{HUB}{rest}"));
    let rabbit = "pseudonym_key = \"k\"\n[broker]\nkind = \"rabbitmq\"\nurls = [\"amqps://h\"]\nuser = \"u\"\npassword_file = \"p\"\n";
    vec![
        hub("hub", UNHEARD),
        hub("broker-embedded", &format!("[broker]\nkind = \"embedded\"\n{UNHEARD}")),
        hub("broker-rabbitmq", &format!("{rabbit}{UNHEARD}\ntls = {{ ca = \"c\" }}")),
        hub("broker-tls", &format!("{rabbit}[broker.tls]\nca = \"c\"\n{UNHEARD}")),
        hub("claims", &format!("[claims]\npath = \"c\"\n{UNHEARD}")),
        hub("registry", &format!("[registry]\n{UNHEARD}")),
        hub("history", &format!("[history]\n{UNHEARD}")),
        hub("console", &format!("[console]\nlisten = \"127.0.0.1:1\"\n{UNHEARD}")),
        hub("oidc", &format!("{OIDC}{UNHEARD}")),
        hub("metrics", &format!("[metrics]\nlisten = \"127.0.0.1:1\"\n{UNHEARD}")),
        hub("telemetry", &format!("[telemetry]\notlp = \"http://h:1\"\n{UNHEARD}")),
        hub("alerts", &format!("[alerts]\n{UNHEARD}")),
        hub(
            "alert-webhook",
            &format!("[[alerts.to]]\nkind = \"webhook\"\nname = \"n\"\nurl = \"https://h/p\"\n{UNHEARD}"),
        ),
        hub(
            "alert-mail",
            &format!(
                "[[alerts.to]]\nkind = \"mail\"\nname = \"n\"\nsmtp = \"h:1\"\nfrom = \"a@h\"\nto = \"b@h\"\n{UNHEARD}"
            ),
        ),
    ]
}

/// Each table of the description as it stands in its file, with a key that it does not have.
fn with_unheard_keys() -> Vec<(&'static str, &'static str, String)> {
    let source = |id, rest: &str| (id, "feeds/izumo.toml", format!("{FEED}[[source]]\n{rest}\n{UNHEARD}\n"));
    let deliver = |id, rest: &str| {
        let text =
            format!("version = 1\n[[subscriber]]\nname = \"s\"\ndeliver = {{ {rest}, {UNHEARD} }}\n{ROUTE}");
        (id, "routes.toml", text.replace("basis", "send = \"original\"\nbasis"))
    };
    let route = |id, rest: &str| (id, "routes.toml", format!("{ROUTES}{ROUTE}{rest}"));
    let part = "{ field = \"status\", is = \"final\" }";
    let visit = "{ field = \"message.type\", is = \"x\" }";
    let mut all = hub_with_unheard_keys();
    all.extend([
        ("feed", "feeds/izumo.toml", format!("{FEED}{UNHEARD}\n{SOURCE}")),
        source("source-ssmix2", "kind = \"ssmix2\"\nstandard = \"s\""),
        source("source-hl7-files", "kind = \"hl7-files\"\npath = \"s\""),
        source("source-checkup", "kind = \"checkup\"\npath = \"s\""),
        source("source-mllp", "kind = \"mllp\"\nlisten = \"127.0.0.1:1\""),
        ("routes", "routes.toml", format!("{UNHEARD}\n{ROUTES}{ROUTE}")),
        ("subscriber", "routes.toml", format!("{ROUTES}{UNHEARD}\n{ROUTE}")),
        deliver("deliver-queue", "kind = \"queue\""),
        deliver("deliver-folder", "kind = \"folder\""),
        deliver("deliver-http", "kind = \"http\", url = \"https://h/p\""),
        deliver("deliver-mllp", "kind = \"mllp\", connect = \"127.0.0.1:1\""),
        deliver("deliver-ssmix2", "kind = \"ssmix2\", path = \"copies\""),
        (
            "disclosure",
            "routes.toml",
            format!(
                "{ROUTES}[[disclosure]]\nname = \"d\"\nfields = [\"patient\"]\n{UNHEARD}\n{ROUTE}disclose = \"d\""
            ),
        ),
        route("route", UNHEARD),
        route(
            "test",
            &format!("[[route.test]]\nname = \"n\"\ninput = \"i\"\nexpect = {{ to = [] }}\n{UNHEARD}"),
        ),
        route(
            "test-registry",
            &format!(
                "[[route.test]]\nname = \"n\"\ninput = \"i\"\nregistry = {{ only = \"r\", {UNHEARD} }}\nexpect = {{ to = [] }}"
            ),
        ),
        route(
            "expect",
            &format!("[[route.test]]\nname = \"n\"\ninput = \"i\"\nexpect = {{ to = [], {UNHEARD} }}"),
        ),
        route(
            "condition-field",
            &format!("where = {{ field = \"message.type\", in_table = \"codes\", {UNHEARD} }}"),
        ),
        route("condition-all", &format!("where = {{ all = [{visit}], {UNHEARD} }}")),
        route("condition-any", &format!("where = {{ any = [{visit}], {UNHEARD} }}")),
        route("condition-not", &format!("where = {{ not = {visit}, {UNHEARD} }}")),
        route(
            "condition-any-element",
            &format!("where = {{ any = \"results\", all = [{part}], {UNHEARD} }}"),
        ),
        route(
            "condition-every-element",
            &format!("where = {{ every = \"results\", all = [{part}], {UNHEARD} }}"),
        ),
    ]);
    all
}

/// The keys that the reader says it knows there.
fn known_there(id: &str, file: &str, text: &str) -> BTreeSet<String> {
    let sound = [
        ("hub.toml", HUB.to_owned()),
        ("feeds/izumo.toml", format!("{FEED}{SOURCE}")),
        ("routes.toml", format!("{ROUTES}{ROUTE}")),
        ("tables/codes.tsv", "code\nADT\n".to_owned()),
    ];
    let files: Files = sound.into_iter().chain([(file, text.to_owned())]).collect();
    let (_, faults) = Config::check(&files, Path::new("/etc/musubi"));
    let shown: String = faults.iter().map(|fault| format!("{fault}\n")).collect();
    let unknown: Vec<_> =
        faults.iter().filter(|fault| fault.message.starts_with("unknown key \"unheard\"")).collect();
    let [fault] = unknown[..] else { panic!("{id}: {shown}\n{text}") };
    fault.allowed.iter().cloned().collect()
}

#[test]
fn the_readers_know_the_keys_that_are_described_and_no_others() {
    let samples = with_unheard_keys();
    let tables: Vec<_> = describe::files().into_iter().flat_map(|file| file.tables).collect();
    for (id, file, text) in &samples {
        let table = tables.iter().find(|table| table.id == *id).unwrap_or_else(|| panic!("{id}"));
        let described: BTreeSet<_> = table.keys.iter().map(|key| key.name.to_owned()).collect();
        assert_eq!(known_there(id, file, text), described, "{id}: the reader on the left");
    }
    let sampled: BTreeSet<_> = samples.iter().map(|(id, ..)| *id).collect();
    assert_eq!(sampled, tables.iter().map(|table| table.id).collect());
}
