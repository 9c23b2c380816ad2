//! What stands in a feed's way: what `musubi feed doctor` does. It changes nothing, and works while the hub runs.
//!
//! - `way`: whether a path can be gone, as whom, and what stops it
//! - `mount`, `disk`, `time`: what lies beneath
//! - `source`: the folders of a feed
//! - `scan`, `pace`: how fast a folder is walked
//! - `held`: what it holds: facility, copies, transaction storage
//! - `listener`: the addresses of a feed
//! - `broker`, `certificate`: what carries the messages
//! - `ledger`: what was picked up

mod broker;
mod certificate;
mod disk;
mod held;
mod ledger;
mod line;
mod listener;
pub mod mount;
mod pace;
mod scan;
mod source;
mod time;
mod way;

use serde::Serialize;

pub(in crate::ops) use certificate::ends as certificate_ends;
pub use line::{Line, State, Words};
pub use way::shell;

use super::survey::Limits;
use crate::clock::Clock;
use crate::config::{Config, Feed};
use crate::pipeline::{ProcessStatus, processes};

/// What was found about the hub and its feeds.
#[derive(Debug, Serialize)]
pub struct Report {
    /// About the hub: what all feeds need.
    pub hub: Vec<Line>,
    /// About each feed.
    pub feeds: Vec<FeedReport>,
}

/// What was found about a feed.
#[derive(Debug, Serialize)]
pub struct FeedReport {
    /// Its name.
    pub feed: String,
    /// Its facility's code.
    pub facility: String,
    /// What was found.
    pub lines: Vec<Line>,
}

impl Report {
    /// How many lines are of that state.
    pub fn count(&self, state: State) -> usize {
        let lines = self.hub.iter().chain(self.feeds.iter().flat_map(|feed| &feed.lines));
        lines.filter(|line| line.state == state).count()
    }
}

/// What is known before a feed is looked at, and how far to look.
struct Around<'a> {
    config: &'a Config,
    running: &'a [ProcessStatus],
    limits: Limits,
    clock: &'a dyn Clock,
    progress: &'a dyn Fn(u64),
}

/// Looks at the hub and at these feeds. `progress` is told how many names were seen.
pub async fn examine(
    config: &Config,
    feeds: &[String],
    limits: Limits,
    clock: &dyn Clock,
    progress: &dyn Fn(u64),
) -> Report {
    let running = running(config);
    let mut hub = Vec::new();
    disk::look(config, &mut hub);
    time::look(&mut hub);
    broker::look(config, &running, clock, &mut hub).await;
    let around = Around { config, running: &running, limits, clock, progress };
    let chosen = config.feeds.iter().filter(|feed| feeds.contains(&feed.settings.name));
    Report { hub, feeds: chosen.map(|feed| look(feed, &around)).collect() }
}

fn look(feed: &Feed, around: &Around<'_>) -> FeedReport {
    let mut lines = Vec::new();
    for source in &feed.settings.sources {
        source::look(source, feed, around, &mut lines);
    }
    for listener in &feed.settings.listeners {
        listener::look(listener, &feed.settings.name, around.running, &mut lines);
    }
    ledger::look(feed, around.config, &mut lines);
    failing(feed, around.running, &mut lines);
    FeedReport { feed: feed.settings.name.clone(), facility: feed.settings.facility.clone(), lines }
}

/// Processes of this data folder that are there.
fn running(config: &Config) -> Vec<ProcessStatus> {
    let known = processes(&config.hub.data_dir).map(|(known, _)| known).unwrap_or_default();
    known.into_iter().filter(|process| process.is_gone() != Some(true)).collect()
}

/// Whether a process picks up from that feed.
fn serves(process: &ProcessStatus, feed: &str) -> bool {
    let picks_up = matches!(process.role.as_str(), "run" | "adapter");
    picks_up && (process.names.is_empty() || process.names.iter().any(|name| name == feed))
}

/// What the running hub itself says.
fn failing(feed: &Feed, running: &[ProcessStatus], lines: &mut Vec<Line>) {
    let name = feed.settings.name.as_str();
    let Some(process) = running.iter().find(|process| serves(process, name)) else {
        return lines.push(Line::ok(
            "hub",
            "",
            Words::new("no hub picks it up at present", "現在このフィードを取り込むハブは動いていません"),
        ));
    };
    let (role, pid) = (&process.role, process.pid);
    match process.feeds.iter().find(|status| status.feed == name) {
        Some(status) => match &status.failing {
            Some(reason) => lines.push(Line::fault(
                "hub",
                "",
                Words::new(
                    format!("the running hub ({role}, process {pid}) can't go on with it: {reason}"),
                    format!("稼働中のハブ（{role}、プロセス {pid}）がこのフィードを継続できません: {reason}"),
                ),
                Words::new(
                    "what is wrong stands in the other lines; it goes on by itself once that is mended",
                    "原因は他の行を参照してください。解消すれば自動的に再開します",
                ),
            )),
            None => lines.push(Line::ok(
                "hub",
                "",
                Words::new(
                    format!(
                        "the running hub ({role}, process {pid}) picks it up: {} accepted since {}",
                        status.accepted, process.since
                    ),
                    format!(
                        "稼働中のハブ（{role}、プロセス {pid}）が取込中: {} 以降の受理 {} 件",
                        process.since, status.accepted
                    ),
                ),
            )),
        },
        None => lines.push(Line::warning(
            "hub",
            "",
            Words::new(
                format!(
                    "the running hub ({role}, process {pid}) does not know this feed: it was started before"
                ),
                format!(
                    "稼働中のハブ（{role}、プロセス {pid}）はこのフィードを認識していません（起動後に追加）"
                ),
            ),
            Words::new(
                "let it read the configuration: musubi reload, or stop and start it",
                "設定を読み直す: musubi reload、または再起動",
            ),
        )),
    }
}
