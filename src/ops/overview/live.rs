//! Looking again and again: what is expensive to ask is asked seldom.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use super::{Overview, Usual, silent, usual};
use crate::config::{Broker, Config};
use crate::ops::replay::{Desk, Replay};
use crate::ops::status::{self, Process, State, StatusError};
use crate::pipeline::QueueStatus;

/// What RabbitMQ says of its queues is asked again after so many seconds.
const QUEUES: i64 = 10;
/// Replays are looked at again after so many: there is a file for each that ever was.
const REPLAYS: i64 = 5;
/// What is usual is looked up again after so many: another hour may have begun.
const USUAL: i64 = 300;

/// What the broker said of its queues, or why it said nothing.
type Said = Result<Vec<QueueStatus>, String>;

/// Looks at a hub from outside or inside, and remembers what is expensive to ask.
#[derive(Default)]
pub struct Looker {
    queues: Option<(Timestamp, Said)>,
    usual: Option<(Timestamp, Usual)>,
    replays: Option<(Timestamp, Arc<Vec<Replay>>)>,
}

impl Looker {
    /// How the hub is.
    ///
    /// # Errors
    ///
    /// The folder of the status files can't be read.
    pub async fn look(&mut self, config: &Config, now: Timestamp) -> Result<Overview, StatusError> {
        let (seen, overview) = self.look_closely(config, now).await?;
        drop(seen);
        Ok(overview)
    }

    /// The same, with what it was made of.
    ///
    /// # Errors
    ///
    /// As [`Self::look`].
    pub async fn look_closely(
        &mut self,
        config: &Config,
        now: Timestamp,
    ) -> Result<(status::Overview, Overview), StatusError> {
        let (processes, unreadable) = status::looked_up(&config.hub.data_dir, now)?;
        let queues = self.queues(config, &processes, now).await;
        let usual = self.usual(config, now).await;
        let seen = status::judged(config, processes, unreadable, queues);
        let replays = self.replays(config, now).await;
        let overview = Overview::of(config, &seen, &replays, &usual, now);
        Ok((seen, overview))
    }

    async fn queues(&mut self, config: &Config, processes: &[Process], now: Timestamp) -> Said {
        let embedded = matches!(config.hub.broker, Broker::Embedded { .. });
        let runs = processes.iter().any(|process| process.state != State::Gone);
        if embedded && runs {
            // It is told each second.
            self.queues = None;
            return status::waiting(config, processes).await;
        }
        match &self.queues {
            // Who opens the folder of the embedded broker again and again keeps a hub from starting.
            Some((at, said)) if embedded || (now.as_second() - at.as_second()).abs() < QUEUES => said.clone(),
            _ => {
                let said = status::waiting(config, processes).await;
                self.queues = Some((now, said.clone()));
                said
            }
        }
    }

    async fn replays(&mut self, config: &Config, now: Timestamp) -> Arc<Vec<Replay>> {
        if let Some((at, replays)) = &self.replays
            && (now.as_second() - at.as_second()).abs() < REPLAYS
        {
            return replays.clone();
        }
        let asked = config.clone();
        let found = spawn_blocking(move || Desk::look(&asked)).await;
        // Who asks for replays is told that they can't be read; here there are none then.
        let found = Arc::new(found.ok().and_then(Result::ok).unwrap_or_default());
        self.replays = Some((now, found.clone()));
        found
    }

    async fn usual(&mut self, config: &Config, now: Timestamp) -> Usual {
        let fresh = |at: &Timestamp| (now.as_second() - at.as_second()).abs() < USUAL;
        let known = self.usual.clone().filter(|(at, _)| fresh(at));
        let asked = config.clone();
        // Files that can't be read are told where they are written; here nothing is known then.
        let found = spawn_blocking(move || {
            let known = known.unwrap_or_else(|| (now, usual(&asked, now).unwrap_or_default()));
            (known, silent(&asked).unwrap_or_default())
        });
        let Ok((known, silent)) = found.await else { return Usual::default() };
        self.usual = Some(known.clone());
        known.1.with_silent(silent)
    }
}

/// One look for all who look at the same second.
#[derive(Default)]
pub struct Live {
    last: Mutex<(Looker, Option<Arc<Overview>>)>,
}

impl Live {
    /// How the hub is, at most a second ago.
    ///
    /// # Errors
    ///
    /// The folder of the status files can't be read.
    pub async fn overview(&self, config: &Config, now: Timestamp) -> Result<Arc<Overview>, StatusError> {
        let (looker, last) = &mut *self.last.lock().await;
        if let Some(last) = last
            && (now.as_millisecond() - last.at.as_millisecond()).abs() < 1_000
        {
            return Ok(last.clone());
        }
        let overview = Arc::new(looker.look(config, now).await?);
        *last = Some(overview.clone());
        Ok(overview)
    }
}
