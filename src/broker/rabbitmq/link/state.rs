//! What is known of the connections, for status and for whoever stops intake.

use tokio::sync::watch;
use tokio::time::Instant;

/// Both connections of a link.
#[derive(Debug, Clone, Default)]
pub struct LinkState {
    /// The connection that publishes.
    pub publishing: LineState,
    /// The connection that consumes, declares and looks.
    pub consuming: LineState,
}

/// One connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineState {
    /// `amqp://host:port` of the server, without user and password; `None` while there is no connection.
    pub connected: Option<String>,
    /// Product and version of the server, as it says; of the consuming connection only.
    pub server: Option<String>,
    /// Why the server takes nothing at present: memory or disk alarm. What is published waits.
    pub blocked: Option<String>,
    /// Since when there is no connection; `None` while there is one, and before one was asked for.
    pub away_since: Option<Instant>,
    /// What the last attempt to connect failed with.
    pub trouble: Option<String>,
}

/// Which of the two connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Publishing,
    Consuming,
}

impl Side {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Publishing => "publishing",
            Self::Consuming => "consuming",
        }
    }
}

/// Writes one side of the state.
#[derive(Debug, Clone)]
pub(super) struct Reporter {
    pub(super) side: Side,
    pub(super) state: watch::Sender<LinkState>,
}

impl Reporter {
    fn report(&self, change: impl FnOnce(&mut LineState)) {
        self.state.send_modify(|state| {
            change(match self.side {
                Side::Publishing => &mut state.publishing,
                Side::Consuming => &mut state.consuming,
            });
        });
    }

    pub(super) fn connected(&self, url: &str, server: Option<String>) {
        self.report(|line| {
            *line = LineState { connected: Some(url.to_owned()), server, ..LineState::default() };
        });
    }

    pub(super) fn away(&self, trouble: Option<String>) {
        self.report(|line| {
            line.connected = None;
            line.blocked = None;
            line.away_since.get_or_insert_with(Instant::now);
            line.trouble = trouble.or_else(|| line.trouble.take());
        });
    }

    pub(super) fn blocked(&self, reason: Option<String>) {
        self.report(|line| line.blocked = reason);
    }
}
