//! Who is logged in: kept in memory, by the hash of what the browser has.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::gate::Who;
use super::secret;

/// Sessions of one user; the oldest goes.
const OF_ONE: usize = 16;

/// A session.
#[derive(Debug, Clone)]
pub struct Session {
    /// Whose.
    pub name: String,
    /// What he may do, where no user of here says it: he came from an OpenID provider.
    pub who: Option<Who>,
    /// Since when.
    pub since: Timestamp,
    /// Last request.
    pub seen: Timestamp,
    /// From where it was begun.
    pub from: String,
    /// What every form of it carries.
    pub csrf: String,
}

#[derive(Debug, Default)]
pub(super) struct Sessions(Mutex<HashMap<String, Session>>);

impl Sessions {
    /// Begins one; gives what the browser keeps.
    pub(super) fn begin(&self, name: &str, who: Option<Who>, from: &str, now: Timestamp) -> String {
        let id = secret::random();
        let session = Session {
            name: name.to_owned(),
            who,
            since: now,
            seen: now,
            from: from.to_owned(),
            csrf: secret::random(),
        };
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = open.iter().filter(|(_, session)| session.name == name);
        let oldest = of_one.clone().min_by_key(|(_, session)| session.seen).map(|(key, _)| key.clone());
        if of_one.count() >= OF_ONE
            && let Some(oldest) = oldest
        {
            open.remove(&oldest);
        }
        open.insert(secret::hash(&id), session);
        id
    }

    /// The session of an id, if it is not over; `looks`: this is a request of a person, which keeps it from falling asleep.
    pub(super) fn get(&self, id: &str, limits: Limits, now: Timestamp, looks: bool) -> Option<Session> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, session| limits.allow(session, now));
        let session = open.get_mut(&secret::hash(id))?;
        if looks {
            session.seen = now;
        }
        Some(session.clone())
    }

    pub(super) fn end(&self, id: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&secret::hash(id));
    }

    /// Ends all of somebody but the one of that id.
    pub(super) fn end_others(&self, name: &str, id: &str) {
        let kept = secret::hash(id);
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|key, session| session.name != name || *key == kept);
    }

    pub(super) fn of(&self, name: &str) -> Vec<Session> {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut own: Vec<_> = open.values().filter(|session| session.name == name).cloned().collect();
        own.sort_by_key(|session| session.since);
        own
    }
}

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// Without a request.
    pub(super) idle: Duration,
    /// At most.
    pub(super) most: Duration,
}

impl Limits {
    fn allow(self, session: &Session, now: Timestamp) -> bool {
        let age = |since: Timestamp| Duration::try_from(now.duration_since(since)).unwrap_or_default();
        age(session.seen) < self.idle && age(session.since) < self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_when_nobody_looks_and_after_its_time() {
        let limits = Limits { idle: Duration::from_secs(60), most: Duration::from_secs(200) };
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let sessions = Sessions::default();
        let id = sessions.begin("a", None, "x", at(0));
        assert!(sessions.get("", limits, at(1), true).is_none());
        for second in [50, 100, 150, 199] {
            assert!(sessions.get(&id, limits, at(second), true).is_some(), "{second}");
        }
        assert!(sessions.get(&id, limits, at(200), true).is_none());
        let id = sessions.begin("a", None, "x", at(0));
        assert!(sessions.get(&id, limits, at(59), false).is_some());
        assert!(sessions.get(&id, limits, at(60), false).is_none());
        let (one, other) = (sessions.begin("a", None, "x", at(0)), sessions.begin("a", None, "x", at(0)));
        sessions.end_others("a", &one);
        assert!(sessions.get(&one, limits, at(1), true).is_some());
        assert!(sessions.get(&other, limits, at(1), true).is_none());
    }
}
