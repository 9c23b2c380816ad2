//! What a hub does beside its work for its history: days that are too old are deleted, and the index is kept near.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

use super::search::Follower;
use crate::config::Config;
use crate::pipeline::ControlBus;
use crate::store::history::HISTORY;
use crate::store::messages::MESSAGES;
use crate::store::prune::{self, Pruned};
use crate::telemetry::causes;

/// How often the index takes in what is new: a search then has little left to take in.
const FOLLOWED: Duration = Duration::from_secs(2);
/// How many of these until days are looked at: an hour.
const LOOKED_AT: u64 = 1_800;

/// Deletes the days that are too old or too many, of the accepted messages and of the history. The audits stay.
///
/// # Errors
/// If a folder can't be read, or a file can't be deleted.
pub fn prune(config: &Config, now: Timestamp) -> std::io::Result<Pruned> {
    let hub = &config.hub;
    let day = |at: Timestamp| at.to_zoned(hub.timezone.clone()).date();
    let oldest = now.saturating_sub(hub.history.keep).map_or(Timestamp::MIN, |at| at);
    let (messages, history) = (hub.data_dir.join(MESSAGES), hub.data_dir.join(HISTORY));
    // The bytes give way before the steps do: who got what is to be told for longer than what it was.
    prune::prune(&[&messages, &history], day(now), day(oldest), hub.history.bytes_max)
}

/// Does so until told to stop, for the configuration that is in force. The index is followed where a console asks it.
pub async fn run(control: ControlBus, follow: bool, mut stop: watch::Receiver<bool>) {
    let mut ticks = interval(FOLLOWED);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut follower, mut tick) = (Follower::default(), 0_u64);
    loop {
        tokio::select! {
            biased;
            _ = stop.wait_for(|&stop| stop) => return,
            _ = ticks.tick() => {}
        }
        let (config, now) = (control.config(), control.clock().now());
        let looks = tick.is_multiple_of(LOOKED_AT);
        tick += 1;
        let work = move || {
            if looks {
                tell(prune(&config, now));
            }
            if follow && let Err(error) = follower.follow(&config) {
                warn!(error = causes(&error), "the index of the history is not brought up to date");
            }
            follower
        };
        // A panic is a fault of the hub; it goes on without an index.
        let Ok(back) = tokio::task::spawn_blocking(work).await else { return };
        follower = back;
    }
}

fn tell(pruned: std::io::Result<Pruned>) {
    match pruned {
        Ok(Pruned { files: 0, .. }) => {}
        Ok(Pruned { files, bytes }) => info!(files, bytes, "days of the history were deleted"),
        Err(error) => warn!(%error, "old days of the history can't be deleted"),
    }
}
