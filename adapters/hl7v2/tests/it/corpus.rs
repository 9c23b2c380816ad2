//! Every file of a corpus that nobody in this project wrote goes through the whole adapter.
//!
//! The folder is named by `MUSUBI_CORPUS`, else looked for beside the project; without it the
//! test says that it was skipped.
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use encoding_rs::ISO_2022_JP;
use hl7v2::charset::{Charset, respell};
use hl7v2::{Message, alignment, completeness, decode, decode_as_written, split};

pub(crate) fn corpus() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("MUSUBI_CORPUS") {
        let named = PathBuf::from(named);
        assert!(named.is_dir(), "MUSUBI_CORPUS names no folder: {}", named.display());
        return Some(named);
    }
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    beside.is_dir().then_some(beside)
}

pub(crate) fn files(folder: &Path, found: &mut Vec<PathBuf>) {
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

/// Counts of what was decoded, found and refused, by code.
#[derive(Default)]
struct Tally {
    counts: BTreeMap<String, usize>,
    verbose: bool,
}

impl Tally {
    #[expect(clippy::print_stderr, reason = "what was found is for people to look at")]
    fn count(&mut self, kind: String, place: &str, name: &str) {
        if self.verbose {
            eprintln!("{kind}\t{place}\t{name}");
        }
        *self.counts.entry(kind).or_default() += 1;
    }

    /// Puts one file through everything.
    fn file(&mut self, name: &str, bytes: &[u8]) {
        if let Err(incomplete) = completeness(bytes) {
            self.count(format!("incomplete {}", incomplete.code), &incomplete.place, name);
        }
        let split = split(bytes);
        for finding in &split.findings {
            self.count(format!("file finding {}", finding.code), &finding.place, name);
        }
        for part in split.parts {
            match decode(&bytes[part]) {
                Ok(message) => {
                    assert!(touch(&message) > 0);
                    let charset = message.charset();
                    self.count(format!("decoded from {}, {}", charset.used, charset.reason), "", name);
                    for finding in message.findings() {
                        self.count(format!("message finding {}", finding.code), &finding.place, name);
                    }
                }
                Err(error) => self.count(format!("refused {}", error.code), error.place, name),
            }
        }
    }
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
    let mut tally =
        Tally { verbose: std::env::var_os("MUSUBI_CORPUS_VERBOSE").is_some(), ..Tally::default() };
    for path in &paths {
        tally.file(&path.strip_prefix(&root).unwrap().to_string_lossy(), &fs::read(path).unwrap());
    }
    for (kind, count) in &tally.counts {
        eprintln!("{count:6} {kind}");
    }
    let decoded: usize =
        tally.counts.iter().filter(|(kind, _)| kind.starts_with("decoded")).map(|(_, count)| count).sum();
    assert!(decoded * 10 > paths.len() * 9, "{decoded} messages of {} files", paths.len());
}

/// Each character stands where alignment says: read alone it is what the whole gives.
#[test]
fn every_character_of_the_corpus_has_its_bytes() {
    let Some(corpus) = corpus() else {
        eprintln!("SKIPPED: no corpus beside the project and MUSUBI_CORPUS is not set");
        return;
    };
    let mut paths = Vec::new();
    files(&corpus.join("hl7v2"), &mut paths);
    let mut odd = BTreeMap::<String, usize>::new();
    for path in paths {
        let bytes = fs::read(&path).unwrap();
        for part in split(&bytes).parts {
            let bytes = &bytes[part];
            let Ok(message) = decode_as_written(bytes) else { continue };
            let ranges = alignment(bytes, &message);
            assert_eq!(ranges.len(), message.text().chars().count(), "{}", path.display());
            assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start), "{}", path.display());
            assert!(ranges.last().is_none_or(|last| last.end <= bytes.len()), "{}", path.display());
            let charset = message.charset().used;
            for (range, character) in ranges.into_iter().zip(message.text().chars()) {
                let alone = &bytes[range];
                let same = respell(character, alone, charset, character).is_some_and(|again| again == alone);
                if !same && character != char::REPLACEMENT_CHARACTER {
                    *odd.entry(format!("{charset}: {character}")).or_default() += 1;
                }
            }
        }
    }
    eprintln!("written otherwise than it is read: {odd:?}");
    assert!(odd.len() < 10, "{odd:?}");
}

#[test]
fn official_style_storages_are_read_without_a_flaw() {
    let Some(corpus) = corpus() else {
        eprintln!("SKIPPED: no corpus beside the project and MUSUBI_CORPUS is not set");
        return;
    };
    let storages = corpus.join("hl7v2/_ssmix2_trees");
    if !storages.is_dir() {
        eprintln!("SKIPPED: the corpus holds no storages");
        return;
    }
    let mut paths = Vec::new();
    files(&storages, &mut paths);
    let mut all = String::new();
    for path in &paths {
        let bytes = fs::read(path).unwrap();
        if !bytes.windows(4).any(|four| four == b"MSH|") {
            continue;
        }
        let name = path.display();
        assert_eq!(completeness(&bytes), Ok(()), "{name}");
        let parts = split(&bytes).parts;
        assert_eq!(parts.len(), 1, "{name}");
        let message = decode(&bytes[parts[0].clone()]).unwrap();
        assert_eq!(message.charset().used, Charset::Iso2022Jp, "{name}");
        assert_eq!(message.findings(), [], "{name}");
        // Another decoder reads these flawless escape sequences just as well.
        let (other, faulty) = ISO_2022_JP.decode_without_bom_handling(&bytes);
        assert!(!faulty, "{name}");
        assert_eq!(message.text().trim(), other.trim_matches(|c: char| c <= ' '), "{name}");
        let family = message.segment("PID").unwrap().field(5).value();
        assert!(!family.is_ascii(), "{name}");
        all.push_str(message.text());
    }
    // All hold bytes that look like delimiters.
    for word in ["日本", "剤"] {
        assert!(all.contains(word), "{word}");
    }
}
