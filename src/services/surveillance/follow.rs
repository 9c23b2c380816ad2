//! The service at work: it follows the folder.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::state::State;
use super::table::Tables;
use crate::services::inbox::{Inbox, InboxError, Line, Unreadable};

/// What stands in the folder, and what it comes to.
pub struct Follower {
    folder: PathBuf,
    tables: Tables,
    zone: TimeZone,
    secret: [u8; 32],
    /// Later days are not read.
    until: Option<Date>,
    inbox: Inbox,
    state: State,
}

impl Follower {
    /// Follows a folder from its beginning, as far as it was at the end of `until`. `secret` makes the keys that stand
    /// for patients in memory.
    pub fn new(folder: &Path, tables: Tables, zone: TimeZone, secret: [u8; 32], until: Option<Date>) -> Self {
        let state = State::new(tables.clone(), zone.clone(), secret);
        Self { inbox: Inbox::new(folder), folder: folder.to_owned(), tables, zone, secret, until, state }
    }

    /// Takes what came since the last call, and tells whether anything did. `tell` hears of every line that can't be
    /// used, by its place.
    pub fn catch_up(&mut self, mut tell: impl FnMut(&str, Unreadable)) -> Result<bool, InboxError> {
        let lines = self.read(&mut tell)?;
        if self.inbox.is_out_of_order() {
            // A line came to a day that is over. What was known when depends on the order, so all is read again.
            self.inbox = Inbox::new(&self.folder);
            self.state = State::new(self.tables.clone(), self.zone.clone(), self.secret);
            self.read(&mut |_, _| {})?;
        }
        self.state.publish();
        Ok(lines > 0)
    }

    fn read(&mut self, tell: &mut impl FnMut(&str, Unreadable)) -> Result<u64, InboxError> {
        let (state, until) = (&mut self.state, self.until);
        self.inbox.read(|place, line| {
            // A file that is not named after a day is nobody's delivery.
            let Ok(day) = place.day.parse::<Date>() else { return };
            if until.is_some_and(|until| day > until) {
                return;
            }
            let taken = match line {
                Line::Event(event) => state.take(day, &event),
                Line::Unreadable(why) => {
                    state.pass_over(day);
                    Err(why)
                }
            };
            if let Err(why) = taken {
                tell(&place.to_string(), why);
            }
        })
    }

    /// What is known now.
    pub const fn state(&self) -> &State {
        &self.state
    }
}
