//! Every file of a corpus that nobody in this project wrote goes through the whole adapter.
//!
//! The folder is named by `MUSUBI_CORPUS`, else looked for beside the project; without it the
//! test says that it was skipped.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use hl7v2::{Message, completeness, decode, split};

fn corpus() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("MUSUBI_CORPUS") {
        let named = PathBuf::from(named);
        assert!(named.is_dir(), "MUSUBI_CORPUS names no folder: {}", named.display());
        return Some(named);
    }
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    beside.is_dir().then_some(beside)
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The length of everything that can be asked for, so that all of it is computed.
fn touch(message: &Message) -> usize {
    let mut touched = 0;
    for segment in message.segments() {
        touched += segment.name().len() + segment.occurrence() + segment.raw().len();
        for field in segment.fields() {
            touched += field.raw().len() + field.value().len();
            for repetition in field.repetitions() {
                for component in repetition.components() {
                    touched += component.subcomponents().map(|text| text.len()).sum::<usize>();
                }
            }
        }
    }
    touched
}

#[test]
fn every_file_of_the_corpus_is_read_or_refused() {
    let Some(corpus) = corpus() else {
        eprintln!("SKIPPED: no corpus beside the project and MUSUBI_CORPUS is not set");
        return;
    };
    let root = corpus.join("hl7v2");
    let mut paths = Vec::new();
    files(&root, &mut paths);
    paths.retain(|path| !path.ends_with("MANIFEST.tsv") && !path.starts_with(root.join("LICENSES")));
    paths.sort();
    let verbose = std::env::var_os("MUSUBI_CORPUS_VERBOSE").is_some();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for path in &paths {
        let bytes = fs::read(path).unwrap();
        let name = path.strip_prefix(&root).unwrap().display().to_string();
        let mut count = |kind: String, place: &str| {
            if verbose {
                eprintln!("{kind}\t{place}\t{name}");
            }
            *counts.entry(kind).or_default() += 1;
        };
        if let Err(incomplete) = completeness(&bytes) {
            count(format!("incomplete {}", incomplete.code), &incomplete.place);
        }
        let split = split(&bytes);
        for finding in &split.findings {
            count(format!("file finding {}", finding.code), &finding.place);
        }
        for part in split.parts {
            match decode(&bytes[part]) {
                Ok(message) => {
                    let charset = message.charset();
                    count(format!("decoded from {}, {}", charset.used, charset.reason), "");
                    assert!(touch(&message) > 0);
                    for finding in message.findings() {
                        count(format!("message finding {}", finding.code), &finding.place);
                    }
                }
                Err(error) => count(format!("refused {}", error.code), error.place),
            }
        }
    }
    for (kind, count) in &counts {
        eprintln!("{count:6} {kind}");
    }
}
