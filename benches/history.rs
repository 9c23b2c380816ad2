//! The index of the history with many messages: how long it takes to build, what it takes of the disk, and how long the
//! first page of each search takes.
//!
//! `cargo bench --bench history [-- MESSAGES]` (default 1,000,000; about 330 bytes of disk each). It generates the days
//! one after the other; of a day that is in the index only the length of its file is kept. The page cache is warm.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures the real time")]

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
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

fn decision(n: u64) -> Decision {
    let dice = spread(n);
    let of = facility(dice);
    let fault = (dice >> 8).is_multiple_of(200);
    let copies = if fault || (dice >> 20).is_multiple_of(5) { 0 } else { 1 + (dice >> 24) % 3 };
    let granted = |copy: u64| Granted {
        subscriber: subscriber(dice / 7 + copy * 11),
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
    for (copy, granted) in (0..).zip(recipients) {
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

type Asking = (&'static str, fn(u64, u64) -> Search);

/// The searches: of the n-th question among that many messages.
fn searches() -> Vec<Asking> {
    fn of(search: Search) -> Search {
        Search { most: 50, ..search }
    }
    fn keyed(key: Key<'_>) -> Search {
        let mut search = of(Search::default());
        search.known_by([key]);
        search
    }
    fn day(n: u64) -> (Option<Timestamp>, Option<Timestamp>) {
        let from = at(n - n % DAY);
        (Some(from), Some(from + SignedDuration::from_hours(24)))
    }
    vec![
        ("the newest", |_, _| of(Search::default())),
        ("id", |n, _| keyed(Key::Id(&hex(n)))),
        ("control id", |n, _| keyed(Key::Control(&control(n)))),
        ("patient", |n, _| keyed(Key::Patient(&patient(spread(n))))),
        ("network id", |n, _| keyed(Key::Network(&network(spread(n))))),
        ("order", |n, _| keyed(Key::Order(&order(n)))),
        ("file", |n, _| keyed(Key::File(&hex(n ^ 2)))),
        ("facility", |n, _| of(Search { facility: Some(facility(n)), ..Search::default() })),
        ("subscriber", |n, _| of(Search { subscriber: Some(subscriber(n)), ..Search::default() })),
        ("state", |n, _| {
            let states = [State::Invalid, State::Parked, State::Dead, State::Routed, State::Filtered];
            of(Search {
                state: states.get(usize::try_from(n % 5).unwrap_or_default()).copied(),
                ..Search::default()
            })
        }),
        ("day", |n, _| {
            let (from, until) = day(n);
            of(Search { from, until, ..Search::default() })
        }),
        ("facility, kind, day", |n, _| {
            let (from, until) = day(n);
            let (facility, kind) =
                (Some(facility(n)), Some(KINDS[usize::try_from(n % 12).unwrap_or_default()].to_owned()));
            of(Search { facility, kind, from, until, ..Search::default() })
        }),
        ("facility, subscriber, dead", |n, _| {
            let (facility, subscriber) = (Some(facility(n)), Some(subscriber(n / 3)));
            of(Search { facility, subscriber, state: Some(State::Dead), ..Search::default() })
        }),
        ("subscriber, an old page", |n, messages| {
            let until = Some(at(n % messages));
            of(Search { subscriber: Some(subscriber(n)), until, ..Search::default() })
        }),
        ("nothing is found", |n, _| {
            of(Search { facility: Some(facility(n)), fault: Some("nowhere".to_owned()), ..Search::default() })
        }),
    ]
}

fn ask(history: &Path, messages: u64) -> Result<(), Box<dyn Error>> {
    // As in a hub that runs, which has the index open all the time.
    let _kept = Index::open(history)?;
    println!("{:>28} {:>10} {:>10} {:>8}", "first page of", "p50 ms", "p99 ms", "rows");
    let tell = |name: &str, mut times: Vec<Duration>, rows: usize| {
        times.sort_unstable();
        let of = |part: usize| {
            times.get(times.len() * part / 100).copied().unwrap_or_default().as_secs_f64() * 1e3
        };
        println!("{name:>28} {:>10.2} {:>10.2} {:>8.1}", of(50), of(99), rows as f64 / times.len() as f64);
    };
    for (name, search) in searches() {
        let (mut times, mut rows) = (Vec::new(), 0);
        for question in 0..ASKED {
            let search = search(spread(question) % messages, messages);
            let begin = Instant::now();
            rows += Index::open(history)?.search(&search)?.hits.len();
            times.push(begin.elapsed());
        }
        tell(name, times, rows);
    }
    let mut times = Vec::new();
    for _ in 0..ASKED / 10 {
        let begin = Instant::now();
        Index::open(history)?.digest(&Search::default())?;
        times.push(begin.elapsed());
    }
    tell("digest of all", times, 0);
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
    let folder = tempfile::tempdir()?;
    let (bytes, took) = fill(folder.path(), messages)?;
    let index: u64 = fs::read_dir(folder.path().join("index"))?
        .map(|entry| Ok(entry?.metadata()?.len()))
        .sum::<Result<u64, std::io::Error>>()?;
    println!(
        "{messages} messages, {} MB of day files: {:.0} s, {} MB of index, memory {}",
        bytes >> 20,
        took.as_secs_f64(),
        index >> 20,
        memory()
    );
    ask(folder.path(), messages)?;
    println!("memory {}", memory());
    Ok(())
}
