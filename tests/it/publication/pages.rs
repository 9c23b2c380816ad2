//! A page per kind, made from its schema, the catalogue of data types and the cases; and one of what all kinds share.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use jiff::tz::TimeZone;
use musubi::canonical::{Kind, VERSION};
use musubi::config::Config;
use musubi::envelope::Change;
use musubi::fhir::offers;
use musubi::normalise::Source;
use musubi::pipeline::{decode, normalise};
use serde_json::Value;

use super::coverage::mapped;
use super::fields::{COMMON, Field, Model, Word, words};
use super::samples::{Sample, samples};
use crate::support::repository;

/// Message types of HL7 v2 whose kind is told where they come without an SS-MIX2 data type.
const MESSAGES: &[&str] = &[
    "ADT^A01", "ADT^A02", "ADT^A03", "ADT^A04", "ADT^A05", "ADT^A06", "ADT^A07", "ADT^A08", "ADT^A11",
    "ADT^A12", "ADT^A13", "ADT^A14", "ADT^A15", "ADT^A16", "ADT^A18", "ADT^A21", "ADT^A22", "ADT^A23",
    "ADT^A25", "ADT^A26", "ADT^A27", "ADT^A28", "ADT^A29", "ADT^A31", "ADT^A34", "ADT^A38", "ADT^A40",
    "ADT^A47", "ADT^A52", "ADT^A53", "ADT^A54", "ADT^A55", "ADT^A60", "PPR^PC1", "PPR^ZD1", "OMD^O03",
    "OML^O21", "OML^O33", "OML^O35", "OMG^O19", "OMI^O23", "OMI^Z23", "ORM^O01", "OMP^O09", "RDE^O11",
    "RDE^O25", "RDS^O13", "RGV^O15", "RAS^O17", "ORU^R01", "ORU^R30", "OUL^R21", "OUL^R22", "OUL^R23",
    "OUL^R24", "REF^I12", "REF^I13", "REF^I14", "RRI^I12", "RRI^I13", "SIU^S12", "SIU^S13", "SIU^S14",
    "SIU^S15", "SIU^S26", "MDM^T01", "MDM^T02", "MDM^T03", "MDM^T04", "MDM^T05", "MDM^T06", "MDM^T07",
    "MDM^T08", "MDM^T09", "MDM^T10", "MDM^T11", "VXU^V04", "DFT^P03", "MFN^M02", "QBP^Q22", "RSP^K22",
    "ACK^A01",
];

/// Writes the file, or compares it.
#[track_caller]
pub(super) fn compare(path: &Path, text: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        return;
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    let place = path.display();
    assert!(
        committed == text,
        "{place} is not what it is made from: BLESS=1 cargo test --test it publication"
    );
}

#[test]
fn the_pages_of_the_kinds_are_those_of_the_schemas_and_the_cases() {
    let (config, faults) = Config::load(repository());
    let samples = samples(&config.unwrap_or_else(|| panic!("{faults:?}")));
    let model = Model::new();
    let folder = repository().join("docs/subscribe/kinds");
    compare(&folder.join("common.md"), &common(&model));
    for (kind, schema) in &model.schemas {
        let example =
            samples.iter().filter(|sample| sample.kind == *kind).min_by_key(|sample| fullest(sample));
        assert!(example.is_some(), "no fixture makes a {}", kind.as_str());
        if let Some(example) = example {
            let validator = jsonschema::validator_for(schema).unwrap();
            assert!(validator.is_valid(&example.event), "{} is no {}", example.place, kind.as_str());
        }
        compare(&folder.join(format!("{}.md", kind.as_str())), &page(&model, *kind, schema, example));
    }
    let overview = fs::read_to_string(repository().join("docs/subscribe/events.md")).unwrap();
    for kind in Kind::ALL {
        assert!(
            overview.contains(&format!("(kinds/{}.md)", kind.as_str())),
            "events.md lacks {}",
            kind.as_str()
        );
    }
}

/// The order of examples: the most fields first, of those with as many the shortest.
fn fullest(sample: &Sample) -> (Reverse<usize>, usize) {
    let mut fields = BTreeSet::new();
    mapped(&sample.event, "", &mut fields);
    (Reverse(fields.len()), sample.event.to_string().len())
}

/// Every field says which field of HL7 it comes from, or else from what.
#[test]
fn every_field_says_where_it_comes_from() {
    let model = Model::new();
    let mut without = Vec::new();
    for (kind, schema) in &model.schemas {
        let rows = model.rows(kind.as_str(), schema, &|_| true, "");
        without.extend(
            rows.into_iter()
                .filter(|row| row.from.is_none())
                .map(|row| format!("{}: {}", kind.as_str(), row.path)),
        );
    }
    for name in model.shared.iter().filter(|name| model.is_object(name)) {
        let rows = model.rows(name, model.definition(name), &|_| true, "");
        without.extend(
            rows.into_iter().filter(|row| row.from.is_none()).map(|row| format!("{name}.{}", row.path)),
        );
    }
    assert!(without.is_empty(), "give these an x-hl7 or explain them in explained.rs: {without:#?}");
}

const GENERATED: &str =
    "This page is made from the types and the cases: `BLESS=1 cargo test --test it publication`.";

fn page(model: &Model, kind: Kind, schema: &Value, example: Option<&Sample>) -> String {
    let name = kind.as_str();
    let mut page = format!("# `{name}`\n\n{}\n\n", description(kind));
    _ = writeln!(page, "[JSON Schema](../../../schemas/{name}.v{VERSION}.json). {GENERATED}\n");
    _ = writeln!(page, "## Made from\n\n{}\n", made_from(kind).trim_end());
    if offers(kind) {
        _ = writeln!(
            page,
            "A route with `send = \"fhir\"` sends it as a [FHIR Bundle](../schemas.md#fhir).\n"
        );
    }
    _ = writeln!(
        page,
        "## Fields\n\nBeside these it has what [every event](common.md) has. `[]` is each element of a list.\n"
    );
    page.push_str(&table(&model.rows(name, schema, &|name| !COMMON.contains(&name), &format!("{name}.md"))));
    for (name, words) in model.words(schema) {
        _ = write!(page, "\n### {name}\n\n{}", word_table(&words));
    }
    if let Some(example) = example {
        let event = serde_json::to_string_pretty(&example.event).unwrap();
        _ = write!(
            page,
            "\n## Example\n\nOf `{}`. Everybody in it is invented (架空).\n\n```json\n{event}\n```\n",
            example.place
        );
    }
    page
}

fn common(model: &Model) -> String {
    let mut page = format!("# What all kinds share\n\n{GENERATED}\n\n## Every event\n\n");
    let (kind, schema) = &model.schemas[0];
    page.push_str(&table(&model.rows(kind.as_str(), schema, &|name| COMMON.contains(&name), "common.md")));
    for name in &model.shared {
        let definition = model.definition(name);
        let said = definition["description"].as_str().unwrap_or_default();
        _ = write!(page, "\n### {name}\n\n{said}\n\n");
        match words(definition) {
            Some(words) => page.push_str(&word_table(&words)),
            None => page.push_str(&table(&model.rows(name, definition, &|_| true, "common.md"))),
        }
    }
    page
}

fn table(rows: &[Field]) -> String {
    let mut table = "| field | is | always | from | meaning |\n|---|---|---|---|---|\n".to_owned();
    for row in rows {
        let always = if row.always { "yes" } else { "" };
        let from = row.from.as_deref().unwrap_or_default();
        _ = writeln!(table, "| `{}` | {} | {always} | {from} | {} |", row.path, row.what, row.meaning);
    }
    table
}

fn word_table(words: &[Word]) -> String {
    let mut table = "| word | means |\n|---|---|\n".to_owned();
    for (word, meaning) in words {
        _ = writeln!(table, "| `{word}` | {meaning} |");
    }
    table
}

/// What the kind's own documentation says.
fn description(kind: Kind) -> String {
    let kinds = schemars::schema_for!(Kind).to_value();
    let words = words(&kinds).unwrap();
    words.into_iter().find(|(word, _)| word == kind.as_str()).unwrap().1
}

/// Data types and messages of which comes an event of that kind, as the hub decides it.
fn made_from(kind: Kind) -> String {
    let types = ssmix2::data_type::ALL.iter().filter(|entry| {
        kind_of(&format!("{}^{}", entry.message.0, entry.message.1), Some(entry.code)) == Some(kind)
    });
    let types: Vec<_> = types
        .map(|entry| {
            let cancel = entry.cancel.map(|cancel| format!(", cancelled by {cancel}")).unwrap_or_default();
            let (code, trigger) = entry.message;
            format!("- `{}` {} ({}): {code}^{trigger}{cancel}\n", entry.code, entry.ja, entry.en)
        })
        .collect();
    let messages: Vec<_> = MESSAGES
        .iter()
        .filter(|message| kind_of(message, None) == Some(kind))
        .map(|name| format!("`{name}`"))
        .collect();
    let mut text = String::new();
    if !types.is_empty() {
        _ = write!(text, "SS-MIX2 standardised storage:\n\n{}\n", types.concat());
    }
    if !messages.is_empty() {
        _ = writeln!(text, "HL7 v2 without a data type: {}\n", messages.join(", "));
    }
    let other = match kind {
        Kind::Document => {
            "SS-MIX2 extension storage: every content folder that is no referral; data types that the specification does not know."
        }
        Kind::Referral => "SS-MIX2 extension storage: `57133-1`.",
        Kind::Report => "HL7 v2: results whose fields say that they are a reading.",
        Kind::Checkup => "Archives of health check-up results (特定健診).",
        Kind::Message => "Every other message of HL7 v2.",
        _ => "",
    };
    if !other.is_empty() {
        _ = writeln!(text, "{other}\n");
    }
    text
}

/// The kind of a message that says no more than its type and whom it is about.
fn kind_of(message_type: &str, data_type: Option<&str>) -> Option<Kind> {
    let text = format!("MSH|^~\\&|||||20260101||{message_type}|1|P|2.5\rPID|||1\r");
    let message = decode(text.as_bytes()).unwrap();
    let source = Source {
        data_type,
        order: None,
        patient: "1",
        facility: "3210100018",
        change: Change::Created,
        zone: &TimeZone::UTC,
    };
    normalise(&message, &source).ok().map(|event| event.content.kind())
}
