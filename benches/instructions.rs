//! Instructions per message, counted by valgrind's callgrind: steady where clock times are not.
//!
//! `cargo bench --bench instructions` runs every case under callgrind with two numbers of rounds; the difference,
//! divided, is the cost of one message without start-up. Everything is compared within one run. The last column is
//! one core's time for the same work without valgrind.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;
use musubi::config::Config;
use musubi::envelope::{Change, Envelope, Format, Identifying, Lane, Origin};
use musubi::pipeline::{Original, Pseudonyms, Routing, process};
use musubi::registry::View;
use musubi::route::Routes;
use musubi::simulate::{Amount, StorageSettings, storage};

const CASES: [(&str, &str); 6] = [
    ("scan", "plain scan that records all delimiters of the decoded text"),
    ("decode", "decode the bytes and address every field"),
    ("hl7-parser", "the hl7-parser crate on the decoded text"),
    ("decode-text", "decode, canonical text only"),
    ("normalise", "decode -> normalise"),
    ("event", "decode -> normalise -> route -> serialised event"),
];
const ROUNDS: [u64; 2] = [20, 220];
const TIMED: u64 = 10_000;

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, marker, case, input, rounds, ..] = arguments.as_slice()
        && marker == "case"
    {
        return run(case, Path::new(input), rounds.parse()?);
    }
    let folder = tempfile::tempdir()?;
    let inputs = inputs(folder.path())?;
    println!("{:<24} {:>6} {:>13} {:>7} {:>11}", "case", "bytes", "instructions", "x scan", "messages/s");
    for (name, input) in inputs {
        let bytes = fs::metadata(&input)?.len();
        let mut scan = None;
        for (case, what) in CASES {
            let cost = cost(case, &input, folder.path())?;
            let scan = *scan.get_or_insert(cost);
            let (ratio, rate) = (cost as f64 / scan as f64, rate(case, &input)?);
            println!("{name:<12} {case:<11} {bytes:>6} {cost:>13} {ratio:>7.2} {rate:>11.0}   {what}");
        }
    }
    Ok(())
}

/// A laboratory result of about 4 kB in ISO-2022-JP, and an ORU^R01 of about 1.9 kB in ASCII.
fn inputs(folder: &Path) -> Result<Vec<(&'static str, PathBuf)>, Box<dyn Error>> {
    let root = folder.join("storage");
    storage(&StorageSettings::new(&root, Amount::Files(2_000), 1, date(2026, 11, 20)), |_| {})?;
    let mut files = Vec::new();
    walk(&root, &mut files)?;
    files.retain(|file| file.to_string_lossy().contains("_OML-11_"));
    files.sort();
    let near = |file: &PathBuf| fs::metadata(file).map_or(u64::MAX, |data| data.len().abs_diff(4_096));
    let oul = files.into_iter().min_by_key(near).ok_or("the storage holds no laboratory result")?;
    let oru = folder.join("oru");
    fs::write(&oru, ascii_oru())?;
    Ok(vec![("OUL^R22 JIS", oul), ("ORU^R01", oru)])
}

fn ascii_oru() -> String {
    let mut text = String::from(
        "MSH|^~\\&|LAB|FAC|GW|RCV|20261120093015||ORU^R01^ORU_R01|1|P|2.5\r\
         PID|1||0000123^^^^PI||KAKUU^HANAKO^^^^^L^A||19800229|F\r\
         OBR|1|A1|F1|CBC^Blood count^L|||202611200900\r",
    );
    for item in 1..=24 {
        text.push_str(&format!("OBX|{item}|NM|2A{item:03}0000019309{item:02}^Test {item}^JC10||7.{item}|g/dl^g/dl^ISO+|6.70-8.30|N|||F\r"));
    }
    text
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() { walk(&entry.path(), files)? } else { files.push(entry.path()) }
    }
    Ok(())
}

/// Instructions of one round.
fn cost(case: &str, input: &Path, folder: &Path) -> Result<u64, Box<dyn Error>> {
    let mut totals = [0; 2];
    for (total, rounds) in totals.iter_mut().zip(ROUNDS) {
        let out = folder.join("callgrind.out");
        let status = Command::new("valgrind")
            .args(["--tool=callgrind", "--quiet"])
            .arg(format!("--callgrind-out-file={}", out.display()))
            .arg(std::env::current_exe()?)
            .args(["case", case])
            .arg(input)
            .arg(rounds.to_string())
            .status()
            .map_err(|error| {
                format!("valgrind can't be started (Debian: apt-get install valgrind): {error}")
            })?;
        if !status.success() {
            return Err(format!("case {case} failed: {status}").into());
        }
        let text = fs::read_to_string(&out)?;
        let line =
            text.lines().find_map(|line| line.strip_prefix("summary: ").or(line.strip_prefix("totals: ")));
        *total = line.ok_or("callgrind wrote no summary")?.trim().parse()?;
    }
    Ok((totals[1] - totals[0]) / (ROUNDS[1] - ROUNDS[0]))
}

/// Messages a second on one core, the best of three.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures the real time")]
fn rate(case: &str, input: &Path) -> Result<f64, Box<dyn Error>> {
    let mut best = 0.0_f64;
    for _ in 0..3 {
        let start = Instant::now();
        run(case, input, TIMED)?;
        best = best.max(TIMED as f64 / start.elapsed().as_secs_f64());
    }
    Ok(best)
}

fn run(case: &str, input: &Path, rounds: u64) -> Result<(), Box<dyn Error>> {
    let bytes = fs::read(input)?;
    let decoded = hl7v2::decode(&bytes)?;
    let text = decoded.text().to_owned();
    match case {
        "scan" => repeat(rounds, || scan(black_box(&text))),
        "decode" => repeat(rounds, || decode_and_address(black_box(&bytes))),
        "decode-text" => {
            repeat(rounds, || hl7v2::decode(black_box(&bytes)).map(|message| message.len()).unwrap_or(0))
        }
        "hl7-parser" => repeat(rounds, || hl7_parser(black_box(&text))),
        "event" => {
            let routes = every_event_to_one_subscriber(input)?;
            let routing = Routing {
                routes,
                registry: View::default(),
                authority: None,
                zone: TimeZone::get("Asia/Tokyo")?,
                pseudonyms: Pseudonyms::new([7; 32]),
                archive: false,
            };
            let (envelope, body) = (envelope(input), Original::from(Bytes::from(bytes)));
            repeat(rounds, || {
                process(black_box(&envelope), &body, Lane(0), &routing, Timestamp::UNIX_EPOCH).follow.len()
            });
        }
        "normalise" => {
            let zone = TimeZone::get("Asia/Tokyo")?;
            repeat(rounds, || normalise(black_box(&bytes), &zone));
        }
        other => return Err(format!("no case {other}").into()),
    }
    Ok(())
}

/// The project's own routes, and one more before them that sends every event whole: so that each round writes one.
fn every_event_to_one_subscriber(input: &Path) -> Result<Arc<Routes>, Box<dyn Error>> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = input.parent().ok_or("no folder")?.join("config");
    for below in ["tables", "feeds"] {
        fs::create_dir_all(folder.join(below))?;
        for entry in fs::read_dir(own.join(below))? {
            let entry = entry?;
            fs::copy(entry.path(), folder.join(below).join(entry.file_name()))?;
        }
    }
    fs::copy(own.join("hub.toml"), folder.join("hub.toml"))?;
    let routes = fs::read_to_string(own.join("routes.toml"))?;
    let whole = "[[subscriber]]\nname = \"whole\"\ndeliver = { kind = \"queue\" }\n[[route]]\nname = \"whole\"\n\
                 topic = \"whole\"\nto = [\"whole\"]\nkinds = [\"lab-result\"]\nbasis = \"addressed\"\n";
    fs::write(folder.join("routes.toml"), routes + whole)?;
    let (config, faults) = Config::load(&folder);
    Ok(config.ok_or_else(|| faults.iter().map(ToString::to_string).collect::<String>())?.routes)
}

fn repeat<T>(rounds: u64, mut work: impl FnMut() -> T) {
    for _ in 0..rounds {
        black_box(work());
    }
}

/// What any reader must at least do: find every delimiter, here with the fastest way known for HL7's short fields, a
/// table of 256 entries.
fn scan(text: &str) -> usize {
    const TABLE: [bool; 256] = {
        let mut table = [false; 256];
        let delimiters = b"|^~\\&\r\n";
        let mut at = 0;
        while at < delimiters.len() {
            table[delimiters[at] as usize] = true;
            at += 1;
        }
        table
    };
    let mut places: Vec<u32> = Vec::with_capacity(text.len() / 4);
    for (at, byte) in text.bytes().enumerate() {
        if TABLE[usize::from(byte)] {
            places.push(at as u32);
        }
    }
    places.len()
}

fn decode_and_address(bytes: &[u8]) -> usize {
    let Ok(message) = hl7v2::decode(bytes) else {
        return 0;
    };
    let fields = message.segments().flat_map(|segment| segment.fields());
    fields.map(|field| field.raw().len()).sum()
}

fn hl7_parser(text: &str) -> usize {
    hl7_parser::parse_message_with_lenient_newlines(text)
        .map(|message| message.segments().count())
        .unwrap_or(0)
}

fn normalise(bytes: &[u8], zone: &TimeZone) -> usize {
    let Ok(message) = musubi::decode::decode(bytes) else {
        return 0;
    };
    let source = musubi::normalise::Source {
        data_type: Some("OML-11"),
        facility: "3210100018",
        patient: "0000123",
        order: None,
        change: Change::Created,
        zone,
    };
    musubi::normalise::normalise(&message, &source).map(|event| event.findings.len()).unwrap_or(0)
}

fn envelope(input: &Path) -> Envelope {
    let name = input.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let data_type = name.contains("_OML-11_").then(|| "OML-11".to_owned());
    Envelope {
        id: "0".repeat(32),
        facility: "3210100018".to_owned(),
        patient: Identifying("0000123".to_owned()),
        data_type,
        change: Change::Created,
        key: Identifying("key".to_owned()),
        version: "20261120093015000".to_owned(),
        origin: Origin {
            feed: "izumo-chuo".to_owned(),
            file: Identifying(name),
            offset: 0,
            hash: "0".repeat(64),
        },
        stored: None,
        accepted_at: "2026-11-20T09:30:15Z".to_owned(),
        format: Format::Hl7v2,
        claim: None,
        join: None,
        event: None,
        fault: None,
        findings: Vec::new(),
    }
}
