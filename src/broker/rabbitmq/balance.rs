//! Which lanes this process holds, and how many it should.
//!
//! Every router registers once at a queue for that, so the number of its consumers is the number of routers: nothing
//! else is needed to share the lanes out.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::token::Token;
use crate::envelope::Lane;

/// A router's share of the lanes.
pub(super) fn share(lanes: u16, routers: u32) -> usize {
    usize::from(lanes).div_ceil(usize::try_from(routers.max(1)).unwrap_or(usize::MAX))
}

/// The lanes of this process.
#[derive(Debug, Default)]
pub(super) struct Lanes(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Lanes held, with what is open in each.
    held: BTreeMap<Lane, Open>,
    /// The last confirmed token of each lane that this process worked on.
    known: HashMap<Lane, Token>,
}

/// Messages received and not settled.
#[derive(Debug, Default)]
struct Open {
    count: u64,
    /// When the oldest was accepted.
    oldest: Option<Timestamp>,
}

impl Lanes {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lanes held, in order.
    pub(super) fn held(&self) -> Vec<Lane> {
        self.state().held.keys().copied().collect()
    }

    /// Messages received and not settled, in all lanes.
    pub(super) fn open(&self) -> u64 {
        self.state().held.values().map(|open| open.count).sum()
    }

    /// When the oldest of them was accepted.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        self.state().held.values().filter_map(|open| open.oldest).min()
    }

    /// Takes a lane, unless the share is full.
    pub(super) fn hold(this: &Arc<Self>, lane: Lane, share: usize) -> Option<Held> {
        let mut state = this.state();
        if state.held.len() >= share {
            return None;
        }
        state.held.insert(lane, Open::default());
        Some(Held { lanes: Arc::clone(this), lane })
    }

    /// Whether a lane is more than the share. Then it counts as given up at once, so that no other lane is given up for
    /// the same reason.
    pub(super) fn exceeds(&self, lane: Lane, share: usize) -> bool {
        let mut state = self.state();
        state.held.len() > share && state.held.remove(&lane).is_some()
    }

    /// Notes how far a lane is.
    pub(super) fn know(&self, lane: Lane, token: &Token) {
        self.state().known.insert(lane, token.clone());
    }

    /// How far a lane was when this process knew last.
    pub(super) fn known(&self, lane: Lane) -> Token {
        self.state().known.get(&lane).cloned().unwrap_or_default()
    }
}

/// A lane of this process, until it is dropped.
#[derive(Debug)]
pub(super) struct Held {
    lanes: Arc<Lanes>,
    lane: Lane,
}

impl Held {
    /// Notes how many messages are open, and when the oldest was accepted.
    pub(super) fn note_open(&self, count: usize, oldest: Option<Timestamp>) {
        self.lanes.state().held.insert(self.lane, Open { count: count as u64, oldest });
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.lanes.state().held.remove(&self.lane);
    }
}
