//! `musubi simulate region` and `musubi simulate live`

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use jiff::civil::Date;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::super::{complain, exit, fail, print, print_json};
use super::progress_bar;
use crate::clock::{Clock, SystemClock};
use crate::lang::Lang;
use crate::simulate::{
    self, FaultRates, LiveSettings, LiveSummary, RegionError, RegionSettings, RegionSummary,
};

#[derive(Debug, Args)]
#[command(after_help = "Example:
  musubi simulate region --out sandbox --seed 7
  musubi --config sandbox check
  musubi --config sandbox run --drain

Faults: torn, half-written, empty, lf-terminators, undeclared-charset, wrong-facility, bad-date,
duplicate, out-of-order, control-characters, huge; each with its share of all messages
(--faults torn=0.01,bad-date=0.02). faults.ndjson tells which file has which.")]
pub(super) struct RegionArguments {
    /// Folder to write it into; must be empty or not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Decides everything: the same seed and arguments give the same bytes
    #[arg(long, default_value_t = 1, value_name = "S")]
    seed: u64,
    /// Facilities, 1 to 10000: hospitals, clinics, pharmacies, laboratories
    #[arg(long, default_value_t = 8, value_name = "N")]
    facilities: u16,
    /// People
    #[arg(long, default_value_t = 400, value_name = "N")]
    patients: u64,
    /// Days that have passed
    #[arg(long, default_value_t = 14, value_name = "N")]
    days: u16,
    /// The first of them
    #[arg(long, default_value = "2026-11-02", value_name = "YYYY-MM-DD")]
    from: Date,
    /// Messages of a working day, roughly; by default as many as suit the number of people
    #[arg(long, value_name = "N")]
    per_day: Option<u64>,
    /// What is to be wrong, and how often
    #[arg(long, default_value = "", hide_default_value = true, value_name = "FAULT=SHARE,…")]
    faults: FaultRates,
    /// Let facilities without a storage send by MLLP when it goes on, to this port of 127.0.0.1 and those after it
    #[arg(long, value_name = "PORT")]
    mllp_port: Option<u16>,
    /// Go on writing afterwards, until SIGTERM: as `musubi simulate live`
    #[arg(long)]
    live: bool,
    /// Seconds of the region in a second, when it goes on
    #[arg(long, default_value_t = 1.0, value_name = "X", value_parser = speed)]
    speed: f64,
    /// Print what was written as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct LiveArguments {
    /// The folder of a region
    folder: PathBuf,
    /// Seconds of the region in a second
    #[arg(long, default_value_t = 1.0, value_name = "X", value_parser = speed)]
    speed: f64,
    /// End after so many of its days, instead of at SIGTERM
    #[arg(long, value_name = "N")]
    days: Option<u16>,
    /// Print what was written as JSON
    #[arg(long)]
    json: bool,
}

fn speed(text: &str) -> Result<f64, String> {
    let speed: Option<f64> = text.parse().ok().filter(|speed: &f64| speed.is_finite() && *speed > 0.0);
    speed.ok_or_else(|| "a number above 0, such as 60: an hour in a minute".to_owned())
}

pub(super) fn region(lang: Lang, arguments: &RegionArguments) -> u8 {
    let settings = RegionSettings {
        seed: arguments.seed,
        facilities: arguments.facilities,
        patients: arguments.patients,
        from: arguments.from,
        days: arguments.days,
        per_day: arguments.per_day,
        mllp_port: arguments.mllp_port,
        faults: arguments.faults.clone(),
    };
    let bar = progress_bar("{bar:40} {pos}/{len} {msg} {eta}");
    bar.set_length(u64::from(settings.days));
    let began = SystemClock.now();
    let written = simulate::region(&arguments.out, &settings, |progress| {
        bar.set_position(u64::from(progress.days));
        bar.set_message(format!("{} messages", progress.messages));
    });
    bar.finish_and_clear();
    let seconds = began.duration_until(SystemClock.now()).as_secs_f64();
    let code = match written {
        Ok(summary) if arguments.json => print_json(&json!({ "seconds": seconds, "written": summary })),
        Ok(summary) => {
            print(&told(lang, &arguments.out, &summary, seconds));
            exit::DONE
        }
        Err(error) => return refused(&error),
    };
    if !arguments.live {
        return code;
    }
    let live = LiveSettings { root: arguments.out.clone(), speed: arguments.speed, days: None };
    go_on(lang, live, arguments.json)
}

pub(super) fn live(lang: Lang, arguments: &LiveArguments) -> u8 {
    let LiveArguments { folder, speed, days, json } = arguments;
    go_on(lang, LiveSettings { root: folder.clone(), speed: *speed, days: *days }, *json)
}

fn refused(error: &RegionError) -> u8 {
    let code = match error {
        RegionError::NotEmpty(_) => exit::CANT_CREATE,
        RegionError::Settings(_) => exit::USAGE,
        RegionError::NoRegion { .. } => exit::BAD_DATA,
        RegionError::Write { .. } => exit::TRY_LATER,
    };
    fail(error, code)
}

fn told(lang: Lang, out: &Path, summary: &RegionSummary, seconds: f64) -> String {
    let RegionSummary { facilities, patients, messages, bytes, faults, .. } = summary;
    let (megabytes, faults) = (*bytes as f64 / 1e6, faults.values().sum::<u64>());
    let config = out.display();
    let next = format!("  musubi --config {config} check\n  musubi --config {config} run --drain\n");
    match lang {
        Lang::En => format!(
            "{messages} messages ({megabytes:.1} MB) of {facilities} facilities and {patients} patients, all invented (架空), {faults} with a fault; {seconds:.1} s\nNext:\n{next}"
        ),
        Lang::Ja => format!(
            "{facilities} 施設・患者 {patients} 人 (すべて架空) の {messages} 件 ({megabytes:.1} MB、うち異常 {faults} 件) を {seconds:.1} 秒で書きました\n次に:\n{next}"
        ),
    }
}

/// Goes on until SIGTERM, Ctrl-C or the end.
fn go_on(lang: Lang, live: LiveSettings, json: bool) -> u8 {
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, exit::SOFTWARE),
    };
    match runtime.block_on(until_stopped(lang, live)) {
        Ok(Ok(summary)) if json => print_json(&summary),
        Ok(Ok(LiveSummary { messages, seconds, now, .. })) => {
            let rate = messages as f64 / seconds.max(0.001);
            print(&match lang {
                Lang::En => format!(
                    "{messages} messages in {seconds:.1} s ({rate:.1}/s); the region's time is {now}\n"
                ),
                Lang::Ja => {
                    format!("{seconds:.1} 秒で {messages} 件 ({rate:.1} 件/秒)。地域の時刻は {now}\n")
                }
            });
            exit::DONE
        }
        Ok(Err(error)) => refused(&error),
        Err(error) => fail(&error, exit::SOFTWARE),
    }
}

/// The writing blocks; a signal asks it to stop between two messages.
async fn until_stopped(lang: Lang, live: LiveSettings) -> std::io::Result<Result<LiveSummary, RegionError>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = Arc::new(AtomicBool::new(false));
    let asked = stop.clone();
    complain(match lang {
        Lang::En => "the region goes on; SIGTERM or Ctrl-C stops it",
        Lang::Ja => "地域の模擬を続けます。SIGTERM または Ctrl-C で停止します",
    });
    let mut work = tokio::task::spawn_blocking(move || {
        let line = progress_bar("{spinner} {msg}");
        let written = simulate::live(&live, &SystemClock, &|| asked.load(Ordering::Relaxed), |progress| {
            line.set_message(format!(
                "{}  {} messages, {:.1}/s, {} wait for somebody to listen",
                progress.now.strftime("%Y-%m-%d %H:%M"),
                progress.messages,
                progress.rate,
                progress.waiting
            ));
            line.tick();
        });
        line.finish_and_clear();
        written
    });
    loop {
        tokio::select! {
            done = &mut work => return done.map_err(std::io::Error::other),
            _ = terminate.recv() => stop.store(true, Ordering::Relaxed),
            _ = interrupt.recv() => stop.store(true, Ordering::Relaxed),
        }
    }
}
