//! The table of what is read of every data type and message, and which case shows it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use musubi::config::Config;
use serde_json::Value;

use super::pages::compare;
use super::samples::{Sample, samples};
use crate::support::repository;

/// A row: its first cells, and which fixtures are of it.
struct Row {
    name: String,
    what: String,
    is: Box<dyn Fn(&Sample) -> bool>,
}

fn row(name: impl Into<String>, what: impl Into<String>, is: impl Fn(&Sample) -> bool + 'static) -> Row {
    Row { name: name.into(), what: what.into(), is: Box::new(is) }
}

#[test]
fn the_table_of_what_is_covered_is_that_of_the_cases() {
    let (config, faults) = Config::load(repository());
    let samples = samples(&config.unwrap_or_else(|| panic!("{faults:?}")));
    let mut text = "# What is covered\n\n\
        This page is made from the cases: `BLESS=1 cargo test --test it publication`.\n\n\
        *Mapped* is how many different fields of the event the cases fill; *carried* is how many values of a case's \
        message stand in `unmapped`, by their place, because no field of the event holds them (`–` between the least \
        and the most of several cases). Together they are the whole message.\n"
        .to_owned();
    let parts = [
        ("SS-MIX2 standardised storage", "data type", standardised()),
        ("SS-MIX2 extension storage", "document", extension()),
        ("HL7 v2", "message", messages()),
    ];
    let mut missing = Vec::new();
    for (title, first, rows) in parts {
        _ = write!(
            text,
            "\n## {title}\n\n| {first} | is | kind | mapped | carried | tested by |\n|---|---|---|---|---|---|\n"
        );
        for row in rows {
            let of_row: Vec<_> = samples.iter().filter(|sample| (row.is)(sample)).collect();
            if of_row.is_empty() {
                missing.push(row.name.clone());
            }
            _ = writeln!(text, "| {} | {} | {} |", row.name, row.what, cells(&of_row));
        }
    }
    assert!(missing.is_empty(), "no fixture shows {missing:?}");
    compare(&repository().join("docs/integrate/coverage.md"), &text);
}

/// Kinds, mapped, carried and the fixtures; dashes where there are none.
fn cells(samples: &[&Sample]) -> String {
    if samples.is_empty() {
        return "– | – | – | –".into();
    }
    let kinds: BTreeSet<_> = samples.iter().map(|sample| sample.kind.as_str()).collect();
    let kinds: Vec<_> =
        kinds.into_iter().map(|kind| format!("[{kind}](../subscribe/kinds/{kind}.md)")).collect();
    let mut fields = BTreeSet::new();
    samples.iter().for_each(|sample| mapped(&sample.event, "", &mut fields));
    let carried =
        samples.iter().map(|sample| sample.event["unmapped"].as_object().map_or(0, serde_json::Map::len));
    let carried: BTreeSet<_> = carried.collect();
    let carried = match (carried.first(), carried.last()) {
        (Some(least), Some(most)) if least < most => format!("{least}–{most}"),
        (least, _) => least.copied().unwrap_or_default().to_string(),
    };
    let places: BTreeSet<_> =
        samples.iter().map(|sample| format!("`{}`", sample.place.trim_start_matches("fixtures/"))).collect();
    format!(
        "{} | {} | {carried} | {}",
        kinds.join(", "),
        fields.len(),
        places.into_iter().collect::<Vec<_>>().join(", ")
    )
}

/// The paths of all values of an event but places, findings and what is unmapped.
pub(super) fn mapped(value: &Value, path: &str, fields: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            let own = object.iter().filter(|(key, _)| {
                *key != "at"
                    && !(path.is_empty() && ["unmapped", "findings", "change"].contains(&key.as_str()))
            });
            own.for_each(|(key, value)| mapped(value, &format!("{path}.{key}"), fields));
        }
        Value::Array(list) => list.iter().for_each(|value| mapped(value, path, fields)),
        Value::Null => {}
        _ => {
            fields.insert(path.to_owned());
        }
    }
}

/// The 26 data types and the messages that cancel ten of them: 36 messages.
fn standardised() -> Vec<Row> {
    let mut rows = Vec::new();
    for entry in ssmix2::data_type::ALL {
        let message = format!("{}^{}", entry.message.0, entry.message.1);
        let of_type = |message: String| {
            move |sample: &Sample| {
                sample.data_type.as_deref() == Some(entry.code) && sample.message_type() == message
            }
        };
        let what = |message: &str| format!("{} ({}), {message}", entry.ja, entry.en);
        rows.push(row(format!("`{}`", entry.code), what(&message), of_type(message.clone())));
        if let Some(cancel) = entry.cancel {
            let message = format!("{}^{cancel}", entry.message.0);
            rows.push(row(format!("`{}` cancelled", entry.code), what(&message), of_type(message.clone())));
        }
    }
    assert_eq!(rows.len(), 36);
    rows
}

/// Types of documents (LOINC), and what their files can be.
fn extension() -> Vec<Row> {
    let of_type = |code: &'static str| {
        move |sample: &Sample| is_document(sample) && sample.data_type.as_deref() == Some(code)
    };
    let with_file = |media_type: &'static str| {
        move |sample: &Sample| sample.media_types.iter().any(|file| file == media_type)
    };
    let mut rows: Vec<_> = [
        ("57133-1", "診療情報提供書 (referral)"),
        ("18842-5", "退院時サマリー (discharge summary)"),
        ("11506-3", "経過記録 (progress note)"),
        ("34108-1", "外来診療録 (outpatient record)"),
        ("34112-3", "入院診療録 (inpatient record)"),
        ("L-OBSERVATIONS", "a local type: vital signs"),
    ]
    .map(|(code, name)| row(format!("`{code}`"), name, of_type(code)))
    .into();
    rows.extend(
        [
            ("application/xml", "CDA R2 and other XML"),
            ("application/hl7-v2", "HL7 v2"),
            ("application/pdf", "PDF"),
            ("image/jpeg", "image"),
        ]
        .map(|(media_type, name)| row(format!("file `{media_type}`"), name, with_file(media_type))),
    );
    rows
}

fn is_document(sample: &Sample) -> bool {
    !sample.media_types.is_empty()
}

/// Messages of HL7 v2 that the services use, whatever the data type.
fn messages() -> Vec<Row> {
    let named: &[(&str, &[&str], &str)] = &[
        ("ADT^A01", &["ADT^A01"], "admission"),
        ("ADT^A08", &["ADT^A08"], "patient updated"),
        ("ADT^A11", &["ADT^A11"], "admission cancelled"),
        ("ADT^A23", &["ADT^A23"], "patient deleted"),
        ("ADT^A28", &["ADT^A28"], "person added"),
        ("ADT^A31", &["ADT^A31"], "person updated"),
        ("ADT^A34", &["ADT^A34"], "patients merged, before 2.3.1"),
        ("ADT^A40", &["ADT^A40"], "patients merged"),
        ("ORU^R01", &["ORU^R01"], "results and readings"),
        ("OUL^R22", &["OUL^R22"], "laboratory results by specimen"),
        ("OML^O21", &["OML^O21"], "laboratory order"),
        ("OML^O33", &["OML^O33"], "laboratory order by specimen"),
        ("ORM^O01", &["ORM^O01"], "order of any sort"),
        ("OMG^O19", &["OMG^O19"], "examination order"),
        ("OMI^O23", &["OMI^O23"], "imaging order"),
        ("OMI^Z23", &["OMI^Z23"], "examination performed"),
        ("RDE^O11", &["RDE^O11"], "prescription, injection"),
        ("RAS^O17", &["RAS^O17"], "drug given"),
        ("RDS^O13", &["RDS^O13"], "drug dispensed"),
        ("PPR^ZD1", &["PPR^ZD1"], "diagnoses (SS-MIX2)"),
        ("PPR^PC1", &["PPR^PC1", "PPR^PC2", "PPR^PC3"], "problems"),
        ("REF^I12", &["REF^I12"], "referral"),
        ("REF^I13", &["REF^I13"], "referral changed"),
        ("REF^I14", &["REF^I14"], "referral cancelled"),
        ("RRI^I12", &["RRI^I12"], "reply to a referral"),
        ("SIU^S12", &["SIU^S12"], "appointment booked"),
        ("SIU^S13", &["SIU^S13"], "appointment moved"),
        ("SIU^S14", &["SIU^S14"], "appointment modified"),
        ("SIU^S15", &["SIU^S15"], "appointment cancelled"),
        ("SIU^S26", &["SIU^S26"], "patient did not come"),
        ("MDM^T01, T02", &["MDM^T01", "MDM^T02"], "document"),
        ("MDM^T03, T04", &["MDM^T03", "MDM^T04"], "document's status"),
        ("MDM^T05, T06", &["MDM^T05", "MDM^T06"], "addendum"),
        ("MDM^T07, T08", &["MDM^T07", "MDM^T08"], "document edited"),
        ("MDM^T09, T10", &["MDM^T09", "MDM^T10"], "document replaced"),
        ("MDM^T11", &["MDM^T11"], "document cancelled"),
        ("VXU^V04", &["VXU^V04"], "vaccination"),
        ("DFT", &["DFT"], "charges"),
        ("MFN", &["MFN"], "master files"),
        ("QBP", &["QBP"], "queries"),
        ("RSP", &["RSP"], "answers to queries"),
        ("ACK", &["ACK"], "acknowledgements"),
    ];
    let is = |sample: &Sample, types: &[&str]| {
        let is_of = |known: &&str| {
            let mut said = sample.message_type().split('^');
            known.split('^').all(|part| said.next() == Some(part))
        };
        types.iter().any(is_of) && !is_document(sample)
    };
    let mut rows: Vec<_> = named
        .iter()
        .map(|(name, types, what)| row(*name, *what, move |sample: &Sample| is(sample, types)))
        .collect();
    rows.push(row("any other", "carried whole", move |sample: &Sample| {
        sample.kind == musubi::canonical::Kind::Message
            && !named.iter().any(|(_, types, _)| is(sample, types))
    }));
    rows
}
