//! What can come of an attempt to deliver.

use std::time::Duration;

/// Outcome of an attempt: a closed set, the same for all delivery kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The subscriber has it durably.
    Delivered,
    /// The subscriber answered that it won't have this message.
    Refused {
        /// A word of the hub's and the subscriber's numbers, such as `http-422`; never the subscriber's text.
        code: String,
    },
    /// The subscriber can't be reached, can't take anything now, or gave no answer that can be understood: whether
    /// it has the message is unknown.
    Away {
        /// For the log: no contents, no text of the subscriber's.
        why: String,
        /// The shortest wait that the subscriber asked for.
        retry_after: Option<Duration>,
    },
    /// The subscriber wants no more, ever.
    Gone,
    /// Nothing was sent: what the permission of one of the copies rests on is no longer in force.
    Withdrawn,
    /// Nothing was sent: an operator lets one of the copies wait.
    Held,
}

impl Outcome {
    /// Nobody was there, or nobody understood.
    pub(super) fn away(why: impl Into<String>) -> Self {
        Self::Away { why: why.into(), retry_after: None }
    }

    /// This message won't do.
    pub(super) fn refused(code: impl Into<String>) -> Self {
        Self::Refused { code: code.into() }
    }

    /// Whether the subscriber said something about the message.
    pub(super) const fn is_answer(&self) -> bool {
        matches!(self, Self::Delivered | Self::Refused { .. })
    }
}
