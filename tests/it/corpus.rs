//! Every message that others wrote is carried, or refused for a reason that is right.
//!
//! `corpus/differences.toml` holds the reasons: one for each refusal (code and place), and one for each class of files of
//! which the source says something else than the hub does.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::tz::TimeZone;
use musubi::canonical::Kind;
use musubi::decode::decode;
use musubi::envelope::{Change, Fault};
use musubi::normalise::{Source, normalise};
use serde::Deserialize;

use crate::support::{corpus, repository};

/// Reasons, read by people.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reasons {
    refusal: BTreeMap<String, String>,
    difference: Vec<Difference>,
}

/// A class of files that the hub sees otherwise than their source.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    /// Repository, as the folder of the corpus is named.
    source: String,
    /// What the path has in it; all of the source where it is not said.
    #[serde(default)]
    path: String,
    /// Whether the hub carries it.
    carried: bool,
    #[expect(dead_code, reason = "for people")]
    why: String,
}

/// A file of the manifest.
struct File {
    path: String,
    /// What the source says of it: carry it, or refuse it; most say nothing.
    expected: Option<bool>,
}

fn files(corpus: &Path) -> Vec<File> {
    let manifest = fs::read_to_string(corpus.join("MANIFEST.tsv")).unwrap();
    let rows = manifest.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    rows.map(|row| File { path: row[0].to_owned(), expected: expected(row.last().unwrap()) }).collect()
}

/// `SOURCE SAYS: valid; …` and the like.
fn expected(notes: &str) -> Option<bool> {
    let says = notes.split("SOURCE SAYS: ").nth(1)?.split(';').next()?;
    let is = |words: &[&str]| words.iter().any(|word| says.contains(word));
    if is(&["invalid", "malformed", "must fail", "fatal"]) {
        return Some(false);
    }
    is(&["valid", "pass", "accepted", "acknowledged", "parses", "decode", "acknowledgements"]).then_some(true)
}

/// The kinds that a file's messages make; the faults of those that are refused.
fn outcome(path: &Path) -> (Vec<Kind>, Vec<Fault>) {
    let bytes = fs::read(path).unwrap();
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    // The corpus writes the folders of a path as `__`.
    let name = name.rsplit("__").find_map(|name| ssmix2::FileName::parse(name).ok());
    let zone = TimeZone::UTC;
    let source = Source {
        data_type: name.map(|name| name.data_type),
        patient: name.map_or("", |name| name.patient),
        order: name.map(|name| name.order),
        facility: "3210100018",
        change: Change::Created,
        zone: &zone,
    };
    let (mut kinds, mut faults) = (Vec::new(), Vec::new());
    let split = hl7v2::split(&bytes);
    let whole = 0..bytes.len();
    let parts = if split.parts.is_empty() { vec![whole] } else { split.parts };
    for part in parts {
        let message = decode(&bytes[part]);
        let event = message
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|message| normalise(message, &source).map(|event| event.content.kind()));
        match event {
            Ok(kind) => kinds.push(kind),
            Err(fault) => faults.push(fault),
        }
    }
    (kinds, faults)
}

#[test]
fn what_others_wrote_is_carried_or_refused_for_a_reason() {
    let Some(corpus) = corpus() else { return };
    let corpus = corpus.join("hl7v2");
    let text = fs::read_to_string(repository().join("tests/it/corpus/differences.toml")).unwrap();
    let reasons: Reasons = toml::from_str(&text).unwrap();
    let (mut kinds, mut refusals, mut wrong) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    let (mut agreed, mut differ) = (0, vec![0; reasons.difference.len()]);
    for file in files(&corpus) {
        let (made, faults) = outcome(&corpus.join(&file.path));
        made.iter().for_each(|kind| *kinds.entry(kind.as_str()).or_insert(0) += 1);
        for fault in &faults {
            let refusal = format!("{} {}", fault.code, fault.place);
            if !reasons.refusal.contains_key(&refusal) {
                wrong.push(format!("refused as {refusal}, which has no reason: {}", file.path));
            }
            *refusals.entry(refusal).or_insert(0) += 1;
        }
        // As a file it would wait for its rest, and then be refused.
        let is_whole = hl7v2::completeness(&fs::read(corpus.join(&file.path)).unwrap()).is_ok();
        let carried = is_whole && faults.is_empty();
        let Some(expected) = file.expected else { continue };
        if expected == carried {
            agreed += 1;
            continue;
        }
        let explains = |difference: &Difference| {
            file.path.starts_with(&difference.source)
                && file.path.contains(&difference.path)
                && difference.carried == carried
        };
        match reasons.difference.iter().position(explains) {
            Some(at) => differ[at] += 1,
            None => wrong.push(format!("carried: {carried}, its source says otherwise: {}", file.path)),
        }
    }
    println!(
        "kinds: {kinds:?}\nrefused: {refusals:?}\nagreed with the source: {agreed}, explained: {differ:?}"
    );
    let unused = reasons.difference.iter().zip(&differ).filter(|(_, count)| **count == 0);
    wrong.extend(unused.map(|(difference, _)| format!("explains nothing: {difference:?}")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(kinds.values().sum::<u32>() > 2_500);
}
