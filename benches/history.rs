//! The index of the history with many messages: how long it takes to build, what it takes of the disk, how long the
//! first page of each search takes, and what it costs to forget a day.
//!
//! `cargo bench --bench history [-- MESSAGES]` (default 1,000,000; about 400 bytes of disk each). It generates the days
//! one after the other; of a day that is in the index only the length of its file is kept. Each question opens the index
//! anew, as a console does. `MUSUBI_HISTORY=FOLDER` keeps the index there, and asks again the one that is there.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures the real time")]

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use musubi::envelope::Identifying;
use musubi::store::history::{CopyFate, Decision, Granted, Step, What};
use musubi::store::history_index::{Index, Key, Search, State};

/// Messages of a day.
const DAY: u64 = 25_000;
/// 2025-11-01T00:00:00Z
const BEGIN: i64 = 1_761_955_200;
/// Questions of each kind.
const ASKED: u64 = 200;
const FACILITIES: u64 = 30;
const PATIENTS: u64 = 300_000;
const SUBSCRIBERS: u64 = 25;
/// Messages after which one facility sends nothing more, and one subscriber gets nothing more.
const LEFT: u64 = 500_000;
/// That facility.
const LEFT_FACILITY: u64 = 29;
/// That subscriber.
const LEFT_SUBSCRIBER: u64 = 23;
/// A subscriber that reads its queue itself: its copies stay waiting.
const READER: u64 = 24;
const KINDS: [&str; 12] = [
    "lab-result",
    "lab-order",
    "prescription",
    "injection",
    "encounter",
    "diagnosis",
    "imaging-order",
    "report",
    "patient",
    "document",
    "appointment",
    "allergy",
];
const FAULTS: [&str; 5] = ["no-msh", "too-large", "unknown-type", "no-patient", "charset"];

/// The same number for the same place, spread over all (SplitMix64).
fn spread(n: u64) -> u64 {
    let z = n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn hex(n: u64) -> String {
    format!("{:016x}{:016x}", spread(n), spread(n ^ 0xABCD))
}

fn facility(n: u64) -> String {
    format!("32101{:05}", n % FACILITIES)
}

fn subscriber(n: u64) -> String {
    format!("subscriber-{}", n % SUBSCRIBERS)
}

fn at(n: u64) -> Timestamp {
    let day = i64::try_from(n / DAY).unwrap_or_default();
    let within = i64::try_from(n % DAY).unwrap_or_default() * 3_400;
    Timestamp::from_second(BEGIN + 86_400 * day).unwrap_or_default() + SignedDuration::from_millis(within)
}

/// That one of so many, and another one once that one has left.
fn one_of(dice: u64, most: u64, left: u64, n: u64) -> u64 {
    let one = dice % most;
    if one == left && n >= LEFT { dice / most % left } else { one }
}

fn decision(n: u64) -> Decision {
    let dice = spread(n);
    let of = facility(one_of(dice, FACILITIES, LEFT_FACILITY, n));
    let fault = (dice >> 8).is_multiple_of(200);
    let copies = if fault || (dice >> 20).is_multiple_of(5) { 0 } else { 1 + (dice >> 24) % 3 };
    let granted = |copy: u64| Granted {
        subscriber: subscriber(one_of(dice / 7 + copy * 11, SUBSCRIBERS, LEFT_SUBSCRIBER, n)),
        facility: Some(facility(dice + copy)),
        route: "treatment".to_owned(),
        topic: "treatment.lab-result".to_owned(),
        basis: "treatment".to_owned(),
        purpose: None,
        grounds: vec![hex(dice / 11)],
        disclosure: None,
        withheld: Vec::new(),
        tables: Default::default(),
    };
    let kind = usize::try_from((dice >> 32) % 12).unwrap_or_default();
    Decision {
        feed: format!("{of}-{}", (dice >> 16) % 2),
        facility: of,
        hash: hex(n ^ 1),
        file: Some(Identifying(hex(n ^ 2))),
        offset: Some(0),
        accepted_at: at(n).to_string(),
        patient: Some(Identifying(patient(dice))),
        network: Some(Identifying(network(dice))),
        control_id: Some(control(n)),
        orders: vec![order(n)],
        findings: Vec::new(),
        kept: None,
        kind: if fault { "invalid" } else { KINDS[kind] }.to_owned(),
        change: if (dice >> 40).is_multiple_of(4) { "updated" } else { "created" }.to_owned(),
        fault: fault.then(|| FAULTS[usize::try_from((dice >> 44) % 5).unwrap_or_default()].to_owned()),
        recipients: (0..copies).map(granted).collect(),
        denials: Vec::new(),
    }
}

fn patient(dice: u64) -> String {
    hex((dice >> 12) % PATIENTS + 1_000_000)
}

fn network(dice: u64) -> String {
    hex((dice >> 12) % PATIENTS / 2 + 9_000_000)
}

fn control(n: u64) -> String {
    format!("{:012}", n * 7)
}

fn order(n: u64) -> String {
    format!("{:010}", n / 3)
}

/// The decision of a message and what became of its copies: about three steps.
fn write(n: u64, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let id = hex(n);
    let decision = decision(n);
    let recipients = decision.recipients.clone();
    let mut step = |after: i64, what: What| -> Result<(), Box<dyn Error>> {
        let at = at(n) + SignedDuration::from_millis(after);
        serde_json::to_writer(&mut *out, &Step { at, id: id.clone(), what })?;
        Ok(out.write_all(b"\n")?)
    };
    step(0, What::Decided(decision))?;
    for (copy, granted) in (0..).zip(recipients).filter(|(_, to)| to.subscriber != subscriber(READER)) {
        let dice = spread(n + 7 * copy) % 1000;
        let fate =
            CopyFate { subscriber: granted.subscriber, route: granted.route, code: None, attempts: Some(1) };
        let refused = CopyFate { code: Some(format!("http-{}", 400 + dice % 30)), ..fate.clone() };
        step(
            20 + i64::try_from(copy)?,
            match dice {
                0..5 => What::Parked(refused),
                5..7 => What::Dead(refused),
                _ => What::Delivered(fate),
            },
        )?;
    }
    Ok(())
}

/// Generates the days one after the other into the index.
fn fill(history: &Path, messages: u64) -> Result<(u64, Duration), Box<dyn Error>> {
    let (mut bytes, mut took) = (0, Duration::ZERO);
    for day in 0..messages.div_ceil(DAY) {
        let date = at(day * DAY).to_zoned(jiff::tz::TimeZone::UTC).date();
        let path = history.join(format!("{date}.ndjson"));
        let mut file = BufWriter::new(File::create(&path)?);
        for n in day * DAY..((day + 1) * DAY).min(messages) {
            write(n, &mut file)?;
        }
        file.flush()?;
        drop(file);
        let length = fs::metadata(&path)?.len();
        let begin = Instant::now();
        drop(Index::open(history)?);
        took += begin.elapsed();
        // As long as it was, and nothing on the disk.
        File::create(&path)?.set_len(length)?;
        bytes += length;
        if day % 40 == 39 {
            println!("  {} messages after {:.0} s", (day + 1) * DAY, took.as_secs_f64());
        }
    }
    Ok((bytes, took))
}

type Asking = (&'static str, fn(u64) -> Search);

fn of(search: Search) -> Search {
    Search { most: 50, ..search }
}

fn keyed(key: Key<'_>, search: Search) -> Search {
    let mut search = of(search);
    search.known_by([key]);
    search
}

fn all() -> Search {
    Search::default()
}

fn kind(n: u64) -> Option<String> {
    Some(KINDS[usize::try_from(n % 12).unwrap_or_default()].to_owned())
}

fn feed(n: u64) -> Option<String> {
    Some(format!("{}-{}", facility(n), n / 30 % 2))
}

/// The day of a message.
fn day(n: u64, search: Search) -> Search {
    let from = at(n - n % DAY);
    of(Search { from: Some(from), until: Some(from + SignedDuration::from_hours(24)), ..search })
}

/// Questions that name something rare, of the n-th message.
fn keyed_searches() -> Vec<Asking> {
    vec![
        ("id", |n| keyed(Key::Id(&hex(n)), all())),
        ("control id", |n| keyed(Key::Control(&control(n)), all())),
        ("order", |n| keyed(Key::Order(&order(n)), all())),
        ("file", |n| keyed(Key::File(&hex(n ^ 2)), all())),
        ("patient", |n| keyed(Key::Patient(&patient(spread(n))), all())),
        ("network id", |n| keyed(Key::Network(&network(spread(n))), all())),
        ("patient, subscriber", |n| {
            let subscriber = Some(subscriber(n));
            keyed(Key::Patient(&patient(spread(n))), Search { subscriber, ..all() })
        }),
        ("network id, dead", |n| {
            keyed(Key::Network(&network(spread(n))), Search { state: Some(State::Dead), ..all() })
        }),
    ]
}

/// Questions of one common word.
fn simple_searches() -> Vec<Asking> {
    fn state(state: State) -> Search {
        of(Search { state: Some(state), ..all() })
    }
    vec![
        ("the newest", |_| of(all())),
        ("day", |n| day(n, all())),
        ("facility", |n| of(Search { facility: Some(facility(n % LEFT_FACILITY)), ..all() })),
        ("facility that left", |_| of(Search { facility: Some(facility(LEFT_FACILITY)), ..all() })),
        ("feed", |n| of(Search { feed: feed(n % LEFT_FACILITY), ..all() })),
        ("kind", |n| of(Search { kind: kind(n), ..all() })),
        ("subscriber", |n| of(Search { subscriber: Some(subscriber(n % LEFT_SUBSCRIBER)), ..all() })),
        ("subscriber that left", |_| of(Search { subscriber: Some(subscriber(LEFT_SUBSCRIBER)), ..all() })),
        ("subscriber, an old page", |n| {
            of(Search { subscriber: Some(subscriber(n)), until: Some(at(n)), ..all() })
        }),
        ("filtered", |_| state(State::Filtered)),
        ("routed", |_| state(State::Routed)),
        ("invalid", |_| state(State::Invalid)),
        ("accepted", |_| state(State::Accepted)),
        ("waiting", |_| state(State::Waiting)),
        ("delivered", |_| state(State::Delivered)),
        ("parked", |_| state(State::Parked)),
        ("dead", |_| state(State::Dead)),
        ("fault of messages", |n| {
            of(Search { fault: Some(FAULTS[usize::try_from(n % 5).unwrap_or_default()].to_owned()), ..all() })
        }),
        ("fault of copies", |n| of(Search { fault: Some(format!("http-{}", 400 + n % 30)), ..all() })),
    ]
}

/// Questions of several common words, some of which rarely meet.
fn combined_searches() -> Vec<Asking> {
    fn to(n: u64, state: State) -> Search {
        of(Search { subscriber: Some(subscriber(n)), state: Some(state), ..all() })
    }
    vec![
        ("subscriber, delivered", |n| to(n, State::Delivered)),
        ("subscriber, waiting", |n| to(n % LEFT_SUBSCRIBER, State::Waiting)),
        ("subscriber, parked", |n| to(n, State::Parked)),
        ("subscriber, dead", |n| to(n, State::Dead)),
        ("subscriber, fault", |n| {
            let fault = Some(format!("http-{}", 400 + n / 25 % 30));
            of(Search { subscriber: Some(subscriber(n)), fault, ..all() })
        }),
        ("feed, invalid", |n| of(Search { feed: feed(n), state: Some(State::Invalid), ..all() })),
        ("kind, dead", |n| of(Search { kind: kind(n), state: Some(State::Dead), ..all() })),
        ("facility, kind", |n| of(Search { facility: Some(facility(n)), kind: kind(n / 30), ..all() })),
        ("facility, kind, day", |n| {
            day(n, Search { facility: Some(facility(n)), kind: kind(n / 30), ..all() })
        }),
        ("facility, subscriber, kind", |n| {
            let (facility, subscriber) = (Some(facility(n)), Some(subscriber(n / 30)));
            of(Search { facility, subscriber, kind: kind(n / 750), ..all() })
        }),
        ("facility, subscriber, dead", |n| Search { facility: Some(facility(n)), ..to(n / 30, State::Dead) }),
        ("feed, subscriber, kind, fault", |n| {
            let fault = Some(format!("http-{}", 400 + n / 9_000 % 30));
            of(Search {
                feed: feed(n),
                subscriber: Some(subscriber(n / 30)),
                kind: kind(n / 750),
                fault,
                ..all()
            })
        }),
        ("two facilities, delivered", |n| {
            let facilities = Some(vec![facility(n), facility(LEFT_FACILITY)]);
            of(Search { facilities, state: Some(State::Delivered), ..all() })
        }),
        ("nothing is found", |n| {
            of(Search { facility: Some(facility(n)), fault: Some("nowhere".to_owned()), ..all() })
        }),
    ]
}

/// Digests: those of a console's pages.
fn digests(messages: u64) -> Vec<(&'static str, Search)> {
    let lately = Some(at(messages) - SignedDuration::from_hours(24 * 7));
    vec![
        ("digest of seven days", Search { from: lately, ..all() }),
        ("digest of all invalid", Search { state: Some(State::Invalid), ..all() }),
        ("digest of all dead", Search { state: Some(State::Dead), ..all() }),
        ("digest of all trouble", all()),
    ]
}

/// Times of one kind of question, and what they found.
#[derive(Default)]
struct Told {
    /// Without what was waited for a processor.
    own: Vec<Duration>,
    elapsed: Vec<Duration>,
    rows: usize,
}

impl Told {
    fn ask(
        &mut self,
        question: impl FnOnce() -> Result<usize, Box<dyn Error>>,
    ) -> Result<(), Box<dyn Error>> {
        let (begin, waited) = (Instant::now(), waited());
        self.rows += question()?;
        let elapsed = begin.elapsed();
        self.elapsed.push(elapsed);
        self.own.push(elapsed.saturating_sub(self::waited().saturating_sub(waited)));
        Ok(())
    }

    fn print(mut self, name: &str) {
        let count = self.own.len();
        let rows = self.rows as f64 / count as f64;
        self.own.sort_unstable();
        self.elapsed.sort_unstable();
        let of = |times: &[Duration], part: usize| {
            let time = times.get((count * part / 100).min(count - 1));
            time.copied().unwrap_or_default().as_secs_f64() * 1e3
        };
        let (half, most, all) = (of(&self.own, 50), of(&self.own, 99), of(&self.own, 100));
        println!("{name:>30} {half:>9.2} {most:>9.2} {all:>9.2} {:>12.2} {rows:>8.1}", of(&self.elapsed, 99));
    }
}

/// How long this thread has waited for a processor (Linux: schedstat).
fn waited() -> Duration {
    let told = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let waited = told.split_whitespace().nth(1).and_then(|nanoseconds| nanoseconds.parse().ok());
    Duration::from_nanos(waited.unwrap_or_default())
}

fn ask(history: &Path, messages: u64) -> Result<(), Box<dyn Error>> {
    // As in a hub that runs, which has the index open all the time.
    let _kept = Index::open(history)?;
    println!("without waiting for a processor, which others use too; and as it was");
    println!(
        "{:>30} {:>9} {:>9} {:>9} {:>12} {:>8}",
        "first page of", "p50 ms", "p99 ms", "max ms", "p99 as it was", "rows"
    );
    for (name, search) in keyed_searches().into_iter().chain(simple_searches()).chain(combined_searches()) {
        let mut told = Told::default();
        for question in 0..ASKED {
            let search = search(spread(question) % messages);
            told.ask(|| Ok(Index::open(history)?.search(&search)?.hits.len()))?;
        }
        told.print(name);
    }
    for (name, search) in digests(messages) {
        let mut told = Told::default();
        for _ in 0..ASKED / 10 {
            told.ask(|| Ok(Index::open(history)?.digest(&search)?.len()))?;
        }
        told.print(name);
    }
    Ok(())
}

fn size(history: &Path) -> Result<u64, Box<dyn Error>> {
    let files = fs::read_dir(history.join("index"))?.map(|entry| Ok(entry?.metadata()?.len()));
    Ok(files.sum::<Result<u64, std::io::Error>>()?)
}

/// Forgets the oldest day.
fn forget(history: &Path) -> Result<(), Box<dyn Error>> {
    let files = fs::read_dir(history)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    let days = files.into_iter().filter(|path| path.extension().is_some_and(|end| end == "ndjson"));
    let Some(oldest) = days.min() else { return Ok(()) };
    let before = size(history)?;
    fs::remove_file(oldest)?;
    let begin = Instant::now();
    drop(Index::open(history)?);
    println!(
        "to forget a day: {:.2} s; {} kB of the index given back",
        begin.elapsed().as_secs_f64(),
        before.saturating_sub(size(history)?) >> 10
    );
    Ok(())
}

/// Megabytes of memory at most so far (Linux).
fn memory() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.unwrap_or(" unknown").trim().to_owned()
}

fn main() -> Result<(), Box<dyn Error>> {
    let messages = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(1_000_000);
    let (temporary, kept) = (tempfile::tempdir()?, std::env::var_os("MUSUBI_HISTORY").map(PathBuf::from));
    let history = kept.as_deref().unwrap_or(temporary.path());
    fs::create_dir_all(history)?;
    if !history.join("index").exists() {
        let (bytes, took) = fill(history, messages)?;
        println!("{messages} messages, {} MB of day files: {:.0} s", bytes >> 20, took.as_secs_f64());
    }
    println!("{} MB of index, memory {}", size(history)? >> 20, memory());
    ask(history, messages)?;
    forget(history)?;
    println!("memory {}", memory());
    Ok(())
}
