//! Names and hints on messages that others wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use hl7v2::dictionary;
use musubi::ops::inspect::{Given, hint, inspect};

use crate::support::{corpus, files_below};

/// Nearly every field that is sent in a segment that the dictionary knows has a name: the others are those that senders
/// made up behind the last one.
#[test]
fn fields_of_the_corpus_have_names() {
    let Some(corpus) = corpus() else { return };
    let (mut named, mut unnamed) = (0_usize, BTreeMap::<String, usize>::new());
    for file in files_below(&corpus) {
        let bytes = fs::read(&file).unwrap();
        for part in hl7v2::split(&bytes).parts {
            let Ok(message) = hl7v2::decode(&bytes[part]) else { continue };
            for segment in message.segments().filter(|segment| dictionary::segment(segment.name()).is_some())
            {
                for (index, _) in segment.fields().enumerate().filter(|(_, field)| !field.is_empty()) {
                    match dictionary::field(segment.name(), index + 1) {
                        Some(_) => named += 1,
                        None => *unnamed.entry(format!("{}-{}", segment.name(), index + 1)).or_default() += 1,
                    }
                }
            }
        }
    }
    let count: usize = unnamed.values().sum();
    println!("{named} fields have a name; {count} have none: {unnamed:?}");
    assert!(named > 100_000 && count * 200 < named, "{unnamed:?}");
    // Where Japanese storages are, all are named but one that a generator makes up.
    let own = ["PID", "PV1", "OBX", "ORC", "OBR", "RXE", "SPM", "PRB", "IN1"];
    let behind = |place: &String| {
        let (segment, number) = place.split_once('-').unwrap();
        !own.contains(&segment) || number.parse::<usize>().unwrap() > 20
    };
    assert!(unnamed.keys().all(behind), "{unnamed:?}");
}

/// Whatever is found in other people's messages, somebody is told what to do about it.
#[test]
fn findings_of_the_corpus_have_hints() {
    let Some(corpus) = corpus() else { return };
    let mut without = BTreeSet::new();
    for file in files_below(&corpus) {
        let seen = inspect(&file, &fs::read(&file).unwrap(), Given::default(), None);
        let findings = seen.messages.iter().flat_map(|message| &message.findings).chain(&seen.findings);
        let codes = findings.map(|finding| finding.code.to_string());
        let refused = seen.refused.iter().map(|fault| fault.code.clone());
        without.extend(codes.chain(refused).filter(|code| hint(code).is_none()));
    }
    assert!(without.is_empty(), "{without:?}");
}
