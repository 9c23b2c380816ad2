//! Proves a configuration before it meets a patient: its files, the network that they make, and the machine below.
//!
//! Nothing is changed, and a hub that runs is not disturbed. What the machine lacks is a warning: the configuration may
//! be checked on another machine than the hub's, or before a facility is connected.

mod broker;
mod facility;
mod path;
mod place;
mod port;
mod table;

use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use jiff::Timestamp;

use crate::config::{Checked, Config, Fault, Need, Part, Said, Severity, Thing, sort};
use crate::pipeline::processes;

/// How long one folder, file or port is looked at: a share that hangs never answers.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a check found.
#[derive(Debug)]
pub struct Report {
    /// The settings, where the files make some.
    pub config: Option<Config>,
    /// Every fault of the parts that were looked at, in the order of the files.
    pub faults: Vec<Fault>,
    /// The parts that were left out.
    pub skipped: Vec<Part>,
}

impl Report {
    /// How many faults are of that severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.faults.iter().filter(|fault| fault.severity == severity).count()
    }

    /// How many faults that part has; nothing where it was left out.
    pub fn of(&self, part: Part) -> Option<usize> {
        let found = self.faults.iter().filter(|fault| fault.part == part).count();
        (!self.skipped.contains(&part)).then_some(found)
    }
}

/// Checks the folder `dir`, without the parts that are skipped. `now` tells which rows of the registry are in force.
pub async fn check(dir: &Path, skip: &[Part], now: Timestamp) -> Report {
    let Checked { config, mut faults, needs } = Checked::read(dir);
    let looks_at = |part: Part| !skip.contains(&part);
    if let Some(config) = config.as_ref().filter(|_| looks_at(Part::Topology)) {
        faults.extend(facility::unknown(config, &needs, now));
        faults.extend(table::unused(config, &needs));
    }
    if looks_at(Part::Environment) {
        let runs = config.as_ref().is_some_and(runs_here);
        faults.extend(needs.iter().filter_map(|need| environment(need, runs)));
        if let Some(config) = &config {
            faults.extend(broker::away(config, &needs).await);
        }
    }
    faults.retain(|fault| looks_at(fault.part));
    sort(&mut faults);
    Report { config, faults, skipped: skip.to_vec() }
}

/// Whether a process of this hub runs here, so that its ports are in use rightly.
fn runs_here(config: &Config) -> bool {
    // A folder of which nothing can be told is that of no hub.
    let told = processes(&config.hub.data_dir).map(|(processes, _)| processes).unwrap_or_default();
    told.iter().any(|process| process.is_gone() == Some(false))
}

fn environment(need: &Need, runs: bool) -> Option<Fault> {
    let thing = need.thing.clone();
    let said = match thing {
        Thing::Broker | Thing::Facility(_) | Thing::Table(_) => return None,
        _ => within(PATIENCE, move || look(&thing, runs)),
    };
    let said = said.unwrap_or_else(|| Some(no_answer()))?;
    Some(need.fault(Severity::Warning, said.of(Part::Environment)))
}

/// What is wrong with a thing on this machine.
fn look(thing: &Thing, runs: bool) -> Option<Said> {
    match thing {
        Thing::Folder { path, written } => path::folder(path, *written),
        Thing::File(path) => path::file(path),
        Thing::Secret(path) => path::secret(path),
        Thing::Made(path) => path::made(path),
        Thing::Listen(address) => port::taken(*address, runs),
        Thing::Broker | Thing::Facility(_) | Thing::Table(_) => None,
    }
}

/// Does something that may never come to an end. Nothing is waited for any longer than `limit`; a thread that hangs
/// ends with the process.
fn within<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // Nobody waits any more: the answer is of no use.
        drop(sender.send(work()));
    });
    receiver.recv_timeout(limit).ok()
}

fn no_answer() -> Said {
    let seconds = PATIENCE.as_secs();
    Said::new(
        format!("no answer within {seconds} s: the share hangs"),
        format!("{seconds} 秒以内に応答がありません。共有フォルダーが止まっています"),
    )
    .help(
        "is its file server up, and the network to it? then: umount -f -l FOLDER; mount FOLDER; musubi check",
        "ファイルサーバーと、そこまでのネットワークを確かめ、umount -f -l FOLDER; mount FOLDER のあと musubi check",
    )
}
