//! What makes a router's answers, at this moment.

use std::fmt;
use std::sync::Arc;

/// Gives a fingerprint of all that makes a router's answers now: routers with the same one repeat each other exactly. It
/// must change before the first answer that is given otherwise, and never come back to what it was.
#[derive(Clone)]
pub struct History(Arc<dyn Fn() -> String + Send + Sync>);

impl History {
    /// One that changes while the router runs.
    pub fn new(now: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The fingerprint.
    pub fn now(&self) -> String {
        (self.0)()
    }
}

/// One that never changes.
impl From<&str> for History {
    fn from(history: &str) -> Self {
        let history = history.to_owned();
        Self::new(move || history.clone())
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("History").field(&self.now()).finish()
    }
}
