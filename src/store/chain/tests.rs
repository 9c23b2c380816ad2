use std::sync::Arc;
use std::thread;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn chain(dir: &Path) -> Chain {
    Chain::new(dir.to_owned(), TimeZone::get("Asia/Tokyo").unwrap())
}

/// So many lines over two days.
fn written(dir: &Path, lines: usize) -> Chain {
    let chain = chain(dir);
    for number in 0..lines {
        let day = if number < lines / 2 { "2026-11-22T03:00:00Z" } else { "2026-11-23T03:00:00Z" };
        chain.append(at(day), &json!({"who": "架空", "n": number})).unwrap();
    }
    chain
}

fn numbers(chain: &Chain) -> Vec<u64> {
    let mut numbers = Vec::new();
    let show = |line: &[u8]| {
        numbers.push(serde_json::from_slice::<Value>(line).unwrap()["n"].as_u64().unwrap());
        true
    };
    chain.read(show).unwrap();
    numbers
}

#[test]
fn what_was_written_is_whole_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("access");
    assert_eq!(chain(&dir).verify().unwrap().unwrap().lines, 0);
    let chain = written(&dir, 6);
    assert_eq!(numbers(&chain), [0, 1, 2, 3, 4, 5]);
    let whole = chain.verify().unwrap().unwrap();
    assert_eq!(whole.lines, 6);
    assert_eq!(day_files(&dir).unwrap().len(), 2);
    // A clock that went back: the line follows all the same.
    chain.append(at("2026-11-21T03:00:00Z"), &json!({"n": 6})).unwrap();
    assert_eq!((numbers(&chain).pop(), chain.verify().unwrap().unwrap().lines), (Some(6), 7));
}

#[test]
fn several_that_write_at_once_make_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let dir = Arc::new(folder.path().to_owned());
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let dir = dir.clone();
            thread::spawn(move || drop(written(&dir, 10)))
        })
        .collect();
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    assert_eq!(chain(&dir).verify().unwrap().unwrap().lines, 40);
}

#[test]
fn a_crash_before_the_head_was_written_or_within_a_line_breaks_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let chain = written(folder.path(), 4);
    let head = fs::read(folder.path().join(HEAD)).unwrap();
    chain.append(at("2026-11-24T03:00:00Z"), &json!({"n": 4})).unwrap();
    fs::write(folder.path().join(HEAD), head).unwrap();
    assert_eq!(chain.verify().unwrap().unwrap().lines, 5, "what was written without its head is there");
    let last = chain.file("2026-11-24");
    let mut torn = fs::read(&last).unwrap();
    torn.extend(b"{\"before\":\"7");
    fs::write(&last, torn).unwrap();
    chain.append(at("2026-11-24T03:00:01Z"), &json!({"n": 5})).unwrap();
    assert_eq!(numbers(&chain), [0, 1, 2, 3, 4, 5]);
    assert_eq!(chain.verify().unwrap().unwrap().lines, 6);
}

#[test]
fn the_first_broken_line_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let chain = written(folder.path(), 8);
    let path = chain.file("2026-11-22");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"n\":1}", "\"n\":9}")).unwrap();
    let broken = chain.verify().unwrap().unwrap_err();
    assert_eq!((broken.file, broken.line), (path, 3), "it does not follow the line before it");
    fs::remove_dir_all(folder.path()).unwrap();
    let chain = written(folder.path(), 4);
    fs::remove_file(chain.file("2026-11-23")).unwrap();
    let broken = chain.verify().unwrap().unwrap_err();
    assert_eq!((broken.file, broken.line), (chain.file("2026-11-22"), 2));
}

/// What somebody does to the files.
#[derive(Debug, Clone)]
enum Harm {
    /// Another byte at a place.
    Byte(usize, u8),
    /// A line less.
    Remove(usize),
    /// Two lines change places.
    Swap(usize, usize),
    /// A line twice.
    Repeat(usize),
    /// The last lines are cut off.
    Cut(usize),
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(place, byte)| Harm::Byte(place, byte)),
        (0..8_usize).prop_map(Harm::Remove),
        (0..8_usize, 0..8_usize).prop_map(|(one, other)| Harm::Swap(one, other)),
        (0..8_usize).prop_map(Harm::Repeat),
        (1..8_usize).prop_map(Harm::Cut),
    ]
}

fn harmed(text: &[u8], harm: &Harm) -> Vec<u8> {
    let mut lines: Vec<_> = text.split_inclusive(|byte| *byte == b'\n').collect();
    match harm {
        Harm::Byte(place, byte) => {
            let mut text = text.to_vec();
            let place = place % text.len();
            text[place] = *byte;
            return text;
        }
        Harm::Remove(line) => drop(lines.remove(line % lines.len())),
        Harm::Swap(one, other) => {
            let count = lines.len();
            lines.swap(one % count, other % count);
        }
        Harm::Repeat(line) => lines.push(lines[line % lines.len()]),
        Harm::Cut(count) => lines.truncate(lines.len().saturating_sub(*count)),
    }
    lines.concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn whatever_is_done_to_a_day_is_found(harm in harm(), first in any::<bool>()) {
        let folder = tempfile::tempdir().unwrap();
        let chain = written(folder.path(), 8);
        let path = chain.file(if first { "2026-11-22" } else { "2026-11-23" });
        let before = fs::read(&path).unwrap();
        let after = harmed(&before, &harm);
        fs::write(&path, &after).unwrap();
        prop_assert_eq!(chain.verify().unwrap().is_err(), before != after, "{:?}", harm);
    }
}
