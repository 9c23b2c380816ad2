//! The index says what a scan of the day files says, however it came to be.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::envelope::Identifying;
use crate::store::history::{Act, CopyFate, Decision, Granted, Step, What};

/// 2026-11-22T15:00:00Z: a day of the zone of Tokyo begins.
const DAY: i64 = 1_795_359_600;

fn decision(feed: &str, patient: &str, to: &[&str], fault: Option<&str>) -> Decision {
    let granted = |subscriber: &&str| Granted {
        subscriber: (*subscriber).to_owned(),
        facility: None,
        route: "r".to_owned(),
        topic: "t".to_owned(),
        basis: "treatment".to_owned(),
        purpose: None,
        grounds: Vec::new(),
        disclosure: None,
        withheld: Vec::new(),
        tables: BTreeMap::new(),
    };
    Decision {
        feed: feed.to_owned(),
        facility: format!("32101000{feed}"),
        hash: format!("hash of {patient}"),
        file: Some(Identifying(format!("file of {patient}"))),
        offset: Some(0),
        accepted_at: "2026-11-23T00:00:00Z".to_owned(),
        patient: Some(Identifying(patient.to_owned())),
        network: None,
        control_id: Some(format!("control {patient}")),
        orders: vec!["1".to_owned(), format!("order {patient}")],
        findings: Vec::new(),
        kept: None,
        kind: if fault.is_some() { "invalid" } else { "lab-result" }.to_owned(),
        change: "created".to_owned(),
        fault: fault.map(str::to_owned),
        recipients: to.iter().map(granted).collect(),
        denials: Vec::new(),
    }
}

fn fate(subscriber: &str, code: Option<&str>) -> CopyFate {
    CopyFate {
        subscriber: subscriber.to_owned(),
        route: "r".to_owned(),
        code: code.map(str::to_owned),
        attempts: Some(2),
    }
}

fn act(subscriber: Option<&str>) -> Act {
    let text = |text: &str| text.to_owned();
    Act {
        subscriber: subscriber.map(text),
        who: text("tanaka"),
        why: text("test"),
        other: None,
        granted: None,
    }
}

/// A step of one of ten messages, to one of three subscribers.
fn what() -> impl Strategy<Value = What> {
    let subscriber = || prop::sample::select(vec!["a", "b", "c"]);
    let code = prop::option::of(prop::sample::select(vec!["http-422", "no-answer"]));
    let decided = (
        prop::sample::select(vec!["18", "24"]),
        prop::sample::select(vec!["p1", "p2", "p3"]),
        prop::sample::subsequence(vec!["a", "b", "c"], 0..=3),
        prop::option::of(prop::sample::select(vec!["no-msh", "too-large"])),
    );
    prop_oneof![
        4 => decided.prop_map(|(feed, patient, to, fault)| What::Decided(decision(feed, patient, &to, fault))),
        1 => Just(What::Filtered(decision("18", "p1", &[], None))),
        2 => subscriber().prop_map(|to| What::Delivered(fate(to, None))),
        2 => (subscriber(), code).prop_map(|(to, code)| What::Parked(fate(to, code))),
        1 => subscriber().prop_map(|to| What::Dead(fate(to, Some("http-422")))),
        1 => subscriber().prop_map(|to| What::Withdrawn(fate(to, Some("consent-withdrawn")))),
        1 => prop::option::of(subscriber()).prop_map(|to| What::Retried(act(to))),
        1 => prop::option::of(subscriber()).prop_map(|to| What::Discarded(act(to))),
        1 => subscriber().prop_map(|to| What::Replayed(act(Some(to)))),
    ]
}

/// Steps of ten messages on three days, written by two processes, in an order of their own.
fn steps() -> impl Strategy<Value = Vec<(String, Step)>> {
    let one = (0..10_u8, 0..3_i64, 0..2_u8, 0..86_400_i64, what());
    prop::collection::vec(one, 0..60).prop_map(|steps| {
        let step = |(n, (message, day, process, second, what)): (usize, (u8, i64, u8, i64, What))| {
            // No two at the same time, so that their order is told.
            let at = Timestamp::from_second(DAY + 86_400 * day + second).unwrap();
            let at = at + jiff::SignedDuration::from_nanos(i64::try_from(n).unwrap());
            let file = format!("2026-11-{}.p{process}.ndjson", 23 + day);
            (file, Step { at, id: format!("message {message}"), what })
        };
        steps.into_iter().enumerate().map(step).collect()
    })
}

fn append(history: &Path, steps: &[(String, Step)]) {
    fs::create_dir_all(history).unwrap();
    for (file, step) in steps {
        let mut file = fs::OpenOptions::new().create(true).append(true).open(history.join(file)).unwrap();
        writeln!(file, "{}", serde_json::to_string(step).unwrap()).unwrap();
    }
}

/// State and fault of a message, and of its copies.
type Known = (State, String, BTreeMap<String, (State, Option<String>)>);

/// What the day files say, read in the order of time.
fn scanned(history: &Path) -> BTreeMap<String, (Timestamp, Known)> {
    let mut steps: Vec<Step> = Vec::new();
    for file in day_files(history).unwrap() {
        steps.extend(
            fs::read_to_string(file).unwrap().lines().filter_map(|line| serde_json::from_str(line).ok()),
        );
    }
    steps.sort_by_key(|step| step.at);
    let mut known: BTreeMap<String, (Timestamp, Known)> = BTreeMap::new();
    for Step { at, id, what } in steps {
        let (_, (state, fault, copies)) =
            known.entry(id).or_insert_with(|| (at, (State::Accepted, String::new(), BTreeMap::new())));
        let mut copy =
            |to: &str, state, code: Option<&String>| copies.insert(to.to_owned(), (state, code.cloned()));
        match &what {
            What::Decided(decision) => {
                *fault = decision.fault.clone().unwrap_or_default();
                *state = match (&decision.fault, decision.recipients.len()) {
                    (Some(_), _) => State::Invalid,
                    (None, 0) => State::Filtered,
                    (None, _) => State::Routed,
                };
                for to in &decision.recipients {
                    copies.entry(to.subscriber.clone()).or_insert((State::Waiting, None));
                }
            }
            What::Filtered(_) => (*state, *fault) = (State::Filtered, String::new()),
            What::Delivered(fate) => drop(copy(&fate.subscriber, State::Delivered, fate.code.as_ref())),
            What::Parked(fate) => drop(copy(&fate.subscriber, State::Parked, fate.code.as_ref())),
            What::Dead(fate) => drop(copy(&fate.subscriber, State::Dead, fate.code.as_ref())),
            What::Withdrawn(fate) => drop(copy(&fate.subscriber, State::Withdrawn, fate.code.as_ref())),
            What::Retried(act) | What::Replayed(act) | What::Discarded(act) | What::Edited(act) => {
                let discarded = matches!(what, What::Discarded(_) | What::Edited(_));
                match &act.subscriber {
                    Some(to) if discarded => drop(copy(to, State::Discarded, None)),
                    Some(to) => drop(copy(to, State::Waiting, None)),
                    None => *state = if discarded { State::Discarded } else { State::Accepted },
                }
            }
        }
    }
    known
}

fn all(index: &Index) -> Vec<Hit> {
    all_or(index).unwrap()
}

fn all_or(index: &Index) -> Result<Vec<Hit>, IndexError> {
    Ok(index.search(&Search { most: 1_000, ..Search::default() })?.hits)
}

/// The index against the scan: every message, in order, with its copies and its steps.
#[track_caller]
fn agree(history: &Path, index: &Index) {
    let scanned = scanned(history);
    let hits = all(index);
    let times: Vec<_> = hits.iter().map(|hit| hit.at).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "the newest first: {times:?}");
    let indexed: BTreeMap<_, _> = hits
        .iter()
        .map(|hit| {
            let copies =
                hit.copies.iter().map(|copy| (copy.subscriber.clone(), (copy.state, copy.code.clone())));
            (hit.id.clone(), (hit.at, (hit.profile.state, hit.profile.fault.clone(), copies.collect())))
        })
        .collect();
    assert_eq!(indexed, scanned);
    for state in State::ALL {
        let mut found: Vec<_> =
            index.search(&Search { state: Some(state), most: 1_000, ..Search::default() }).unwrap().hits;
        found.sort_by(|a, b| a.id.cmp(&b.id));
        let found: Vec<_> = found.into_iter().map(|hit| hit.id).collect();
        let is_in = |known: &Known| known.0 == state || known.2.values().any(|copy| copy.0 == state);
        let expected: Vec<_> =
            scanned.iter().filter(|(_, (_, known))| is_in(known)).map(|(id, _)| id.clone()).collect();
        assert_eq!(found, expected, "{state:?}");
        let counted: u64 = index
            .digest(&Search { state: Some(state), ..Search::default() })
            .unwrap()
            .iter()
            .map(|tally| tally.count)
            .sum();
        let trouble = |state: State, fault: &str| State::TROUBLE.contains(&state) || !fault.is_empty();
        let of_messages =
            scanned.values().filter(|(_, known)| known.0 == state && trouble(state, &known.1)).count();
        let copies = scanned.values().flat_map(|(_, known)| known.2.values());
        let of_copies = copies
            .filter(|(other, code)| *other == state && trouble(state, code.as_deref().unwrap_or_default()))
            .count();
        assert_eq!(counted, (of_messages + of_copies) as u64, "{state:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_index_says_what_the_day_files_say(steps in steps(), cut in 0..60_usize, pruned in any::<bool>()) {
        let folder = tempfile::tempdir().unwrap();
        let history = folder.path();
        let (before, after) = steps.split_at(cut.min(steps.len()));
        append(history, before);
        agree(history, &Index::open(history).unwrap());
        append(history, after);
        let mut index = Index::open(history).unwrap();
        agree(history, &index);
        if pruned {
            for file in day_files(history).unwrap() {
                if file.file_name().unwrap().to_str().unwrap().starts_with("2026-11-23") {
                    fs::remove_file(file).unwrap();
                }
            }
            index.update().unwrap();
            agree(history, &index);
        }
        drop(index);
        fs::remove_dir_all(history.join(FOLDER)).unwrap();
        agree(history, &Index::open(history).unwrap());
    }

    #[test]
    fn pages_of_a_search_are_the_search(
        steps in steps(),
        most in 1..7_usize,
        effort in effort(),
        asked in prop::collection::vec(prop::sample::select(searches()), 8),
        keys in prop::sample::subsequence(vec![Key::Patient("p1"), Key::Patient("p2")], 0..=2),
    ) {
        let folder = tempfile::tempdir().unwrap();
        append(folder.path(), &steps);
        let mut index = Index::open(folder.path()).unwrap();
        let everything = all(&index);
        let of_keys = |search: Search| index.search(&Search { most: 1_000, ..search }).unwrap().hits;
        let of_keys = match keys.is_empty() {
            true => everything,
            false => of_keys(known_by(&Search::default(), &keys)),
        };
        index.effort = effort;
        for search in asked {
            let expected: Vec<_> = of_keys.iter().filter(|hit| is_meant(&search, hit)).cloned().collect();
            let search = if keys.is_empty() { search } else { known_by(&search, &keys) };
            let (mut pages, mut before) = (Vec::new(), None);
            loop {
                let page = index.search(&Search { most, before, ..search.clone() }).unwrap();
                pages.extend(page.hits);
                prop_assert!(page.next.is_none_or(|next| before.is_none_or(|before| next < before)));
                before = page.next;
                if before.is_none() {
                    break;
                }
            }
            prop_assert_eq!(&expected, &pages, "{:?}", search);
        }
    }
}

/// The same for what is known by one of these keys, and by an order that all have.
fn known_by(search: &Search, keys: &[Key<'_>]) -> Search {
    let mut search = search.clone();
    search.known_by(keys.iter().copied());
    search.known_by([Key::Order("1")]);
    search
}

/// Efforts so small that pages end before they are full.
fn effort() -> impl Strategy<Value = newest::Effort> {
    (0..4_i64, 1..4_i64, 0..6_usize, 0..4_usize, 1..4_usize).prop_map(
        |(few, many, profiles, looks, candidates)| newest::Effort { few, many, profiles, looks, candidates },
    )
}

/// Searches for every combination of some words.
fn searches() -> Vec<Search> {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let states = State::ALL.into_iter().map(Some).chain([None]);
    let mut searches = Vec::new();
    for state in states {
        for subscriber in ["", "a"] {
            for fault in ["", "no-msh", "http-422"] {
                for feed in ["", "24"] {
                    let (subscriber, fault, feed) = (text(subscriber), text(fault), text(feed));
                    searches.push(Search { state, subscriber, fault, feed, ..Search::default() });
                }
            }
        }
    }
    searches
}

/// Whether the words of a search hold of what is known of a message, or of one of its copies.
fn is_meant(search: &Search, hit: &Hit) -> bool {
    let feed = search.feed.as_ref().is_none_or(|feed| *feed == hit.profile.feed);
    let holds = |state: State, fault: &str, subscriber: &str| {
        search.state.is_none_or(|wanted| wanted == state)
            && search.fault.as_ref().is_none_or(|wanted| wanted == fault)
            && search.subscriber.as_ref().is_none_or(|wanted| wanted == subscriber)
    };
    let of_copies = hit
        .copies
        .iter()
        .any(|copy| holds(copy.state, copy.code.as_deref().unwrap_or_default(), &copy.subscriber));
    feed && (holds(hit.profile.state, &hit.profile.fault, "") || of_copies)
}

fn one(at: i64, id: &str, what: What) -> (String, Step) {
    let at = Timestamp::from_second(DAY + at).unwrap();
    ("2026-11-23.ndjson".to_owned(), Step { at, id: id.to_owned(), what })
}

fn decided(id: &str) -> (String, Step) {
    one(1, id, What::Decided(decision("18", id, &["a"], None)))
}

#[test]
fn a_torn_line_is_left_until_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("2026-11-23.ndjson");
    let line = serde_json::to_string(&decided("1").1).unwrap();
    fs::write(&path, &line).unwrap();
    let mut index = Index::open(folder.path()).unwrap();
    assert!(all(&index).is_empty());
    fs::write(&path, format!("{line}\n{{\"torn\n")).unwrap();
    assert_eq!(index.update().unwrap(), 1);
    fs::write(&path, format!("{line}\n{{\"torn\n{}\n", serde_json::to_string(&decided("2").1).unwrap()))
        .unwrap();
    assert_eq!(index.update().unwrap(), 1);
    assert_eq!(index.update().unwrap(), 0);
    agree(folder.path(), &index);
    assert_eq!(all(&index).len(), 2);
}

#[test]
fn a_damaged_index_or_one_of_other_files_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let steps: Vec<_> = (0..300).map(|n| decided(&n.to_string())).collect();
    append(folder.path(), &steps);
    drop(Index::open(folder.path()).unwrap());
    let database = folder.path().join(FOLDER).join(FILE);
    let whole = fs::read(&database).unwrap();
    for damage in 0..3 {
        let mut bytes = whole.clone();
        match damage {
            0 => bytes.truncate(0),
            1 => bytes.iter_mut().skip(100).for_each(|byte| *byte = 0xA5),
            _ => bytes.truncate(5_000),
        }
        fs::write(&database, bytes).unwrap();
        let index = Index::open(folder.path()).unwrap();
        assert_eq!(all(&index).len(), 300, "damage {damage}");
        agree(folder.path(), &index);
    }
    // What only shows when it is read.
    let mut bytes = whole.clone();
    bytes.iter_mut().skip(4096 * 3).for_each(|byte| *byte = 0xA5);
    fs::write(&database, bytes).unwrap();
    let hits = Index::ask(folder.path(), |index| Ok(all_or(index)?.len())).unwrap();
    assert_eq!(hits, 300);
    // Another history under the same name, as after something was put back.
    fs::remove_file(folder.path().join("2026-11-23.ndjson")).unwrap();
    append(folder.path(), &steps[..2]);
    let index = Index::open(folder.path()).unwrap();
    agree(folder.path(), &index);
    assert_eq!(all(&index).len(), 2);
}

#[test]
fn several_that_bring_it_up_to_date_at_once_take_everything_in_once() {
    let folder = tempfile::tempdir().unwrap();
    let steps: Vec<_> = (0..2_000).map(|n| decided(&n.to_string())).collect();
    append(folder.path(), &steps);
    let taken: u64 = std::thread::scope(|scope| {
        let one = || {
            let index = Index::open(folder.path()).unwrap();
            all(&index).len() as u64
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).min().unwrap()
    });
    assert_eq!(taken, 1_000, "the most of a page");
    agree_in_number(folder.path(), 2_000);
}

#[track_caller]
fn agree_in_number(history: &Path, count: usize) {
    let index = Index::open(history).unwrap();
    let hits = index.search(&Search { most: 10_000, ..Search::default() }).unwrap().hits;
    assert_eq!(hits.len(), count);
    for hit in hits.iter().take(20) {
        assert_eq!(index.steps(hit.number, &hit.id).unwrap().len(), 1);
    }
}

#[test]
fn what_is_pruned_is_given_back_to_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let steps: Vec<_> = (0..5_000).map(|n| decided(&n.to_string())).collect();
    append(folder.path(), &steps);
    let (file, last) = one(100_000, "last", What::Decided(decision("18", "x", &[], None)));
    append(folder.path(), &[(file.replace("23", "24"), last)]);
    let database = folder.path().join(FOLDER).join(FILE);
    schema::settle(&Index::open(folder.path()).unwrap().connection).unwrap();
    let before = fs::metadata(&database).unwrap().len();
    fs::remove_file(folder.path().join("2026-11-23.ndjson")).unwrap();
    let index = Index::open(folder.path()).unwrap();
    agree(folder.path(), &index);
    let after = fs::metadata(&database).unwrap().len();
    assert!(after * 10 < before, "{before} bytes before, {after} after");
}

fn rows(index: &Index, table: &str) -> i64 {
    index.connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

#[test]
fn nothing_is_left_of_days_that_are_pruned() {
    let folder = tempfile::tempdir().unwrap();
    let on = |day: i64, step: (String, Step)| {
        let at = step.1.at + jiff::SignedDuration::from_hours(24 * day);
        (format!("2026-11-{}.ndjson", 23 + day), Step { at, ..step.1 })
    };
    for day in 0..3 {
        let steps: Vec<_> = (0..50).map(|n| on(day, decided(&format!("{day} {n}")))).collect();
        append(folder.path(), &steps);
    }
    let dead = one(2, "0 7", What::Dead(fate("a", Some("http-422"))));
    append(folder.path(), &[on(1, dead)]);
    let mut index = Index::open(folder.path()).unwrap();
    // What is still told of a message stays, though its first day is gone.
    fs::remove_file(folder.path().join("2026-11-23.ndjson")).unwrap();
    index.update().unwrap();
    agree(folder.path(), &index);
    assert_eq!(rows(&index, "messages"), 101);
    // Several days at once.
    for file in day_files(folder.path()).unwrap() {
        fs::remove_file(file).unwrap();
    }
    index.update().unwrap();
    for table in ["files", "profiles", "messages", "copies", "profiled", "listed", "keys", "steps"] {
        assert_eq!(rows(&index, table), 0, "{table}");
    }
}

#[test]
fn what_every_copy_goes_through_is_not_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let waiting = Search { state: Some(State::Waiting), most: 10, ..Search::default() };
    let profiles = |index: &Index| waiting.profiles(&index.connection, waiting.range(), 10).unwrap().len();
    append(folder.path(), &[decided("1"), decided("2")]);
    let mut index = Index::open(folder.path()).unwrap();
    assert_eq!(profiles(&index), 1);
    for (at, id, left) in [(3, "1", 1), (4, "2", 0)] {
        append(folder.path(), &[one(at, id, What::Delivered(fate("a", None)))]);
        index.update().unwrap();
        assert_eq!(profiles(&index), left);
        assert_eq!(rows(&index, "listed"), i64::try_from(left).unwrap());
        assert_eq!(index.search(&waiting).unwrap().hits.len(), left);
    }
}
