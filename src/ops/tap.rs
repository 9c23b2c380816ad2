//! The wire tap (Enterprise Integration Patterns): messages as they pass, step by step, without holding anything.
//!
//! What passes is what the history is told. Inside a process that runs it is followed as it is written; from outside, or
//! of several processes on one data folder, the day files are followed as they grow.

mod body;
mod files;
mod passed;

use std::collections::VecDeque;
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::pipeline::ControlBus;
use crate::store::day_log::{Appended, Following};

pub use body::{Body, body};
pub use files::{Files, FilesError};
pub use passed::{Addressed, Passed, Refused};

/// Lines that a tap reads in a second; the others are missed, and counted. Nobody looks at more, and a tap that reads all
/// of what a busy hub writes costs it a tenth of what the messages do. A line that the filter can't mean does not count.
const A_SECOND: usize = 200;
const SECOND: Duration = Duration::from_secs(1);

/// What is shown: all that fits everything that is named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Feed.
    pub feed: Option<String>,
    /// 10-digit code of the sending facility.
    pub facility: Option<String>,
    /// Kind, or `invalid`.
    pub kind: Option<String>,
    /// Subscriber of a copy.
    pub subscriber: Option<String>,
    /// Topic of a copy, or its first parts.
    pub topic: Option<String>,
}

impl Filter {
    /// The same as the query of a URL, with or without bodies.
    pub fn query(&self, bodies: bool) -> String {
        let named = [
            ("feed", &self.feed),
            ("facility", &self.facility),
            ("kind", &self.kind),
            ("subscriber", &self.subscriber),
            ("topic", &self.topic),
        ];
        let named = named.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?)));
        let named = named.chain(bodies.then_some(("body", "true")));
        let Ok(mut url) = reqwest::Url::parse("http://hub/") else { return String::new() };
        url.query_pairs_mut().extend_pairs(named);
        url.query().unwrap_or_default().to_owned()
    }
}

/// What a tap says.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// A step passed.
    Passed(Box<Passed>),
    /// So many steps passed that were not looked at, because who looks was too slow.
    Missed(u64),
}

/// A tap on a process that runs. It ends when it is dropped.
pub struct Tap {
    appended: Receiver<Appended>,
    /// Lines appended so far, as far as they were looked at.
    seen: u64,
    reader: passed::Reader,
    ready: VecDeque<Told>,
    /// Lines that were read in this second.
    read: usize,
    second: Interval,
}

impl Tap {
    /// What passes from now on. Needs a runtime.
    pub fn on(control: &ControlBus, filter: Filter) -> Self {
        let Following { before, appended } = control.follow();
        let mut second = interval(SECOND);
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            appended,
            seen: before,
            reader: passed::Reader::new(filter),
            ready: VecDeque::new(),
            read: 0,
            second,
        }
    }

    /// What comes next; `None` once the process has ended its part. May be given up at any time without losing anything.
    pub async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some(told) = self.ready.pop_front() {
                return Some(told);
            }
            let appended = tokio::select! {
                biased;
                _ = self.second.tick() => {
                    self.read = 0;
                    continue;
                }
                appended = self.appended.recv(), if self.read < A_SECOND => appended,
            };
            match appended {
                Ok(appended) => self.take(&appended),
                // The numbers of the next lines tell how many.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    }

    fn take(&mut self, appended: &Appended) {
        let missed = appended.before.saturating_sub(self.seen);
        if missed > 0 {
            self.ready.push_back(Told::Missed(missed));
        }
        let mut count = 0;
        for line in appended.lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            if self.reader.may_mean(line) {
                if self.read == A_SECOND {
                    break;
                }
                self.read += 1;
                self.ready.extend(self.reader.read(line).map(|passed| Told::Passed(Box::new(passed))));
            }
            count += 1;
        }
        self.seen = appended.before + count;
    }
}
