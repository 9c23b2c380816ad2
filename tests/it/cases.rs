//! Every case of `fixtures/cases`: its event, findings and recipients are those that were reviewed, and the event
//! is what its schema says.
//!
//! `BLESS=1 cargo test --test it cases` writes what comes out now; read the difference before committing it.

use std::fs;
use std::path::Path;

use musubi::canonical::{Kind, schema};
use musubi::config::Config;
use musubi::ops::inspect::{Given, inspect};
use serde_json::{Value, json};

use crate::support::{HubFolder, copy_tree, corpus, files_below, repository};

#[test]
fn every_case_comes_out_as_it_was_reviewed() {
    let hub = HubFolder::new();
    copy_tree(&repository().join("feeds"), &hub.path("feeds"));
    let (config, faults) = Config::load(&hub.path(""));
    let config = config.unwrap_or_else(|| panic!("{faults:?}"));
    let mut wrong = Vec::new();
    for case in fs::read_dir(repository().join("fixtures/cases")).unwrap() {
        let case = case.unwrap().path();
        let got = format!("{:#}\n", outcome(&case, &config));
        let expected = case.join("expected.json");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&expected, got).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != got {
            wrong.push(format!("{}\n{got}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "these cases come out differently:\n{}", wrong.join("\n"));
}

/// No message of the standardised storage is without a case: every data type, and every cancel.
#[test]
fn every_message_of_the_standardised_storage_has_a_case() {
    for data_type in ssmix2::data_type::ALL {
        let name = format!("ssmix2_{}", data_type.code.to_ascii_lowercase().replace('-', "_"));
        let (code, trigger) = data_type.message;
        assert_case(&name, data_type.code, (code, trigger), "created");
        if let Some(trigger) = data_type.cancel {
            assert_case(&format!("{name}_cancel"), data_type.code, (code, trigger), "deleted");
        }
    }
}

fn assert_case(name: &str, data_type: &str, (code, trigger): (&str, &str), change: &str) {
    let folder = repository().join("fixtures/cases").join(name);
    let read =
        |file: &str| fs::read_to_string(folder.join(file)).unwrap_or_else(|_| panic!("no {name}/{file}"));
    let source: toml::Table = read("source.toml").parse().unwrap();
    assert_eq!(source["data_type"].as_str(), Some(data_type), "{name}");
    let expected: Value = serde_json::from_str(&read("expected.json")).unwrap();
    let message = &expected["messages"][0];
    assert_eq!(message["event"]["message"]["type"], format!("{code}^{trigger}"), "{name}");
    let event_type = message["type"].as_str().unwrap();
    assert!(event_type.contains(&format!(".{change}.")), "{name}: {event_type}");
    assert!(!event_type.starts_with("document.") && !event_type.starts_with("message."), "{name}");
}

fn outcome(case: &Path, config: &Config) -> Value {
    let input = case.join("input");
    let source: toml::Table = fs::read_to_string(case.join("source.toml")).unwrap().parse().unwrap();
    let word = |key: &str| source.get(key).and_then(toml::Value::as_str);
    let given = Given { data_type: word("data_type"), feed: word("feed"), ..Given::default() };
    // An archive's name says what it is; what else is read does not need one.
    let path = word("file").map_or(input.clone(), Into::into);
    let seen = inspect(&path, &fs::read(&input).unwrap(), given, Some(config));
    let messages: Vec<_> = seen.messages.iter().map(|message| {
        let recipients: Vec<_> =
            message.recipients.iter().filter(|to| to.receives).map(|to| format!("{} by {}", to.subscriber, to.route)).collect();
        let event: Option<Value> = message.event.as_ref().map(|event| serde_json::from_str(event.get()).unwrap());
        if let (Some(event), Some(event_type)) = (&event, &message.event_type) {
            assert_valid(event_type, event, case);
        }
        json!({"type": message.event_type, "refused": message.refused, "recipients": recipients, "event": event})
    }).collect();
    json!({"refused": seen.refused, "findings": seen.findings, "messages": messages})
}

fn assert_valid(event_type: &str, event: &Value, case: &Path) {
    let kind = Kind::parse(event_type.split('.').next().unwrap()).unwrap();
    let schema = jsonschema::validator_for(&schema(kind)).unwrap();
    let errors: Vec<_> =
        schema.iter_errors(event).map(|error| format!("{} at {}", error, error.instance_path())).collect();
    assert!(errors.is_empty(), "{}: {errors:?}", case.display());
}

/// No file of the corpus makes `inspect` panic or hang, and every event is what its schema says.
#[test]
fn every_file_of_the_corpus_can_be_inspected() {
    let Some(corpus) = corpus() else { return };
    let (config, _) = Config::load(repository());
    let (mut events, mut refused) = (0, 0);
    for file in files_below(&corpus.join("hl7v2")) {
        let bytes = fs::read(&file).unwrap();
        let seen = inspect(&file, &bytes, Given::default(), config.as_ref());
        for message in &seen.messages {
            let Some(event_type) = &message.event_type else {
                assert!(message.refused.is_some(), "{}: neither event nor reason", file.display());
                refused += 1;
                continue;
            };
            let event: Value = serde_json::from_str(message.event.as_ref().unwrap().get()).unwrap();
            let valid_type = event_type.replace(".superseded.", ".updated.");
            assert_valid(&valid_type, &event, &file);
            events += 1;
        }
        if let Some(fault) = seen.refused {
            assert!(
                !fault.code.is_empty() && !fault.reason.is_empty() && !fault.place.is_empty(),
                "{}",
                file.display()
            );
        }
    }
    println!("{events} events, {refused} messages refused");
    assert!(events > 2_000, "only {events} events");
}
