//! First and second pass over an SS-MIX2 storage, beside walking and reading the same files.
//!
//! `cargo bench --bench storage [-- FILES]` (default 50,000). All of it in one run on one machine, in the same order
//! each round; only the ratios mean much. The page cache is warm: the storage has just been written.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::civil::date;
use musubi::clock::SystemClock;
use musubi::config::Config;
use musubi::pipeline::{Hub, Mode, Part, Report};
use musubi::simulate::{Amount, StorageSettings, storage};
use tokio::sync::watch;

const ROUNDS: usize = 3;

/// The allocator of the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let files = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(50_000);
    let folder = tempfile::tempdir()?;
    let root = folder.path().join("standard");
    let written = storage(&StorageSettings::new(&root, Amount::Files(files), 1, date(2026, 11, 20)), |_| {})?;
    println!(
        "{} files, {} bytes, {} invented patients (架空)",
        written.files, written.bytes, written.patients
    );
    // The hub waits until a file has kept still; that is no work and must not count.
    std::thread::sleep(Duration::from_secs(4));
    println!(
        "{:>12} {:>12} {:>12} {:>12} {:>10} {:>10}",
        "walk", "walk+read", "first", "second", "first/", "second/"
    );
    println!("{:>12} {:>12} {:>12} {:>12} {:>10} {:>10}", "", "", "pass", "pass", "walk+read", "walk");
    for round in 0..ROUNDS {
        let config = configure(&folder.path().join(format!("hub{round}")), &root)?;
        let (walk, _) = timed(|| Ok(visit(&root, false)?))?;
        let (read, _) = timed(|| Ok(visit(&root, true)?))?;
        let (first, report) = timed(|| drain(&config))?;
        check(report.feeds[0].accepted == written.files && report.conserved, &report)?;
        let (second, report) = timed(|| drain(&config))?;
        check(report.feeds[0].unchanged == written.files && report.messages.accepted == 0, &report)?;
        println!(
            "{walk:>10.2} s {read:>10.2} s {first:>10.2} s {second:>10.2} s {:>10.2} {:>10.2}",
            read / first,
            walk / second
        );
    }
    Ok(())
}

fn check(holds: bool, report: &Report) -> Result<(), Box<dyn Error>> {
    if holds { Ok(()) } else { Err(format!("not what was written: {report:?}").into()) }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures the real time")]
fn timed<T>(work: impl FnOnce() -> Result<T, Box<dyn Error>>) -> Result<(f64, T), Box<dyn Error>> {
    let start = Instant::now();
    let done = work()?;
    Ok((start.elapsed().as_secs_f64(), done))
}

/// A hub with that one storage, and the project's own routes.
fn configure(folder: &Path, root: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::create_dir_all(folder.join("feeds"))?;
    fs::create_dir_all(folder.join("tables"))?;
    for file in ["hub.toml", "routes.toml", "tables/lab_tests.tsv", "tables/notifiable_diseases.tsv"] {
        fs::copy(own.join(file), folder.join(file))?;
    }
    let feed = format!(
        "version = 1\nfacility = \"3210100018\"\nname = \"架空病院\"\nroles = [\"disclosing\"]\n[[source]]\nkind = \"ssmix2\"\nstandard = {root:?}\n"
    );
    fs::write(folder.join("feeds/bench.toml"), feed)?;
    Ok(folder.to_owned())
}

fn drain(folder: &Path) -> Result<Report, Box<dyn Error>> {
    let (config, faults) = Config::load(folder);
    let config = config.ok_or_else(|| faults.iter().map(ToString::to_string).collect::<String>())?;
    let hub = Hub::open(config, Part::All, Arc::new(SystemClock))?;
    let (_stop, stopped) = watch::channel(false);
    let runtime = tokio::runtime::Runtime::new()?;
    Ok(runtime.block_on(hub.run(Mode::Drain, stopped, |_, _| {}))?)
}

fn visit(folder: &Path, read: bool) -> std::io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            bytes += visit(&entry.path(), read)?;
        } else if read {
            bytes += fs::read(entry.path())?.len() as u64;
        }
    }
    Ok(bytes)
}
