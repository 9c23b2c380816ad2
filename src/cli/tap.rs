//! `musubi tap`

mod line;

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use clap::Args;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::paint::harmless;
use super::{check, complain, exit, fail};
use crate::clock::{Clock, SystemClock};
use crate::config::{Broker, Config};
use crate::lang::Lang;
use crate::ops::audit::{Act, Action, Audit};
use crate::ops::client::{Event, Hub};
use crate::ops::tap::{Body, Files, Filter, Passed, body};

/// How often files are looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Arguments of `tap`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only what came from this feed
    #[arg(long, value_name = "FEED")]
    feed: Option<String>,
    /// Only what came from this facility: its 10-digit code
    #[arg(long, value_name = "CODE")]
    facility: Option<String>,
    /// Only this kind, or `invalid`
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Only what this subscriber gets
    #[arg(long, value_name = "SUBSCRIBER")]
    subscriber: Option<String>,
    /// Only copies of this topic, or of those that begin with it
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// Show the messages' bodies too; that is written into the audit
    #[arg(long)]
    body: bool,
    /// End after so many steps
    #[arg(long, value_name = "COUNT")]
    max: Option<u64>,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
}

/// A step, with its body where that was asked for.
#[derive(Debug, Serialize, Deserialize)]
struct Shown {
    #[serde(flatten)]
    passed: Passed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<Body>,
}

/// What a hub says that it did not look at.
#[derive(Debug, Serialize, Deserialize)]
struct Missed {
    missed: u64,
}

/// Where it goes, until there is nobody who reads or enough was shown.
struct Printer {
    lang: Lang,
    json: bool,
    left: Option<u64>,
    /// The network's, of the times that are shown.
    zone: TimeZone,
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let filter = Filter {
        feed: arguments.feed.clone(),
        facility: arguments.facility.clone(),
        kind: arguments.kind.clone(),
        subscriber: arguments.subscriber.clone(),
        topic: arguments.topic.clone(),
    };
    let printer =
        Printer { lang, json: arguments.json, left: arguments.max, zone: config.hub.timezone.clone() };
    // On RabbitMQ the console sees its own process only, the files of the data folder those of all.
    let hub = matches!(config.hub.broker, Broker::Embedded { .. }).then(|| Hub::of(&config)).flatten();
    match hub {
        Some(hub) => {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return fail(&error, exit::TRY_LATER),
            };
            runtime.block_on(from_hub(&hub, &filter.query(arguments.body), printer))
        }
        None => from_files(&config, filter, arguments.body, printer),
    }
}

async fn from_hub(hub: &Hub, query: &str, mut printer: Printer) -> u8 {
    let mut events = match hub.stream(&format!("/tap?{query}")).await {
        Ok(events) => events,
        Err(error) => return fail(&error, exit::of_client(&error)),
    };
    printer.ready();
    loop {
        match events.next().await {
            Ok(Some(event)) => match printer.event(&event) {
                Ok(true) => {}
                Ok(false) => return exit::DONE,
                Err(error) => return fail(&error, exit::SOFTWARE),
            },
            Ok(None) => {
                complain(printer.lang.pick("musubi: the hub has ended", "musubi: ハブが終了しました"));
                return exit::UNAVAILABLE;
            }
            Err(error) => return fail(&error, exit::of_client(&error)),
        }
    }
}

fn from_files(config: &Config, filter: Filter, bodies: bool, mut printer: Printer) -> u8 {
    let mut files = match Files::open(config, filter) {
        Ok(files) => files,
        Err(error) => return fail(&error, exit::TRY_LATER),
    };
    printer.ready();
    loop {
        let passed = match files.passed() {
            Ok(Some(passed)) => passed,
            Ok(None) => {
                std::thread::sleep(LOOK);
                continue;
            }
            Err(error) => return fail(&error, exit::TRY_LATER),
        };
        let body = match bodies.then(|| audited(config, &passed)) {
            Some(Err(code)) => return code,
            Some(Ok(body)) => body,
            None => None,
        };
        if !printer.step(&Shown { passed, body }) {
            return exit::DONE;
        }
    }
}

/// A body, once it is written down that somebody looked.
fn audited(config: &Config, passed: &Passed) -> Result<Option<Body>, u8> {
    if passed.kept.is_none() {
        return Ok(None);
    }
    let act = Act {
        at: SystemClock.now(),
        who: super::registry::account(None)?,
        from: "local".to_owned(),
        action: Action::ViewBody,
        object: passed.id.clone(),
        done: true,
    };
    Audit::of(config).note(&act).map_err(|error| fail(&error, exit::CANT_CREATE))?;
    body(config, passed).map_err(|error| fail(&error, exit::TRY_LATER))
}

impl Printer {
    fn ready(&self) {
        if !self.json {
            complain(self.lang.pick("watching; Ctrl-C ends", "監視中です。Ctrl-C で終了"));
        }
    }

    /// Whether to go on.
    fn event(&mut self, event: &Event) -> Result<bool, serde_json::Error> {
        match event.name.as_str() {
            "step" => Ok(self.step(&serde_json::from_str(&event.data)?)),
            "missed" => Ok(self.missed(&serde_json::from_str(&event.data)?)),
            _ => Ok(true),
        }
    }

    fn step(&mut self, shown: &Shown) -> bool {
        let text = match self.json {
            true => json(shown),
            false => line::text(&shown.passed, shown.body.as_ref(), self.lang, &self.zone),
        };
        self.left = self.left.map(|left| left.saturating_sub(1));
        self.print(&text) && self.left != Some(0)
    }

    fn missed(&self, missed: &Missed) -> bool {
        if self.json {
            return self.print(&json(missed));
        }
        complain(&match self.lang {
            Lang::En => format!("{} steps were not looked at: this reader was too slow", missed.missed),
            Lang::Ja => format!("表示が追いつかず {} 件を省略しました", missed.missed),
        });
        true
    }

    /// Whether anybody reads.
    fn print(&self, line: &str) -> bool {
        let mut out = io::stdout().lock();
        writeln!(out, "{}", harmless(line)).and_then(|()| out.flush()).is_ok()
    }
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"))
}
