//! What a process writes down beside its queues: the messages as they were accepted, their history, and the audit of
//! emergency access.

use std::sync::Arc;

use jiff::Timestamp;

use super::originals::Originals;
use super::part::Part;
use crate::config::{Broker, Hub};
use crate::store::history::{AUDIT, EmergencyUse, HISTORY, Step};
use crate::store::messages::{MESSAGES, Messages};
use crate::store::{DayLog, DayLogError};

/// The day files of this process.
pub(super) struct Written {
    pub(super) history: Arc<DayLog>,
    audit: DayLog,
    /// What was accepted, for replay and for whoever looks at a message.
    pub(super) originals: Originals,
}

impl Written {
    /// On RabbitMQ several processes may share the data folder: each has files of its own.
    pub(super) fn new(hub: &Hub, part: &Part) -> Self {
        let process = match &hub.broker {
            Broker::Embedded { .. } => None,
            Broker::RabbitMq(_) => Some(format!("{}-{}", part.role(), std::process::id())),
        };
        let log = |folder| DayLog::new(hub.data_dir.join(folder), process.clone(), hub.timezone.clone());
        let messages = Messages::new(hub.data_dir.join(MESSAGES), hub.timezone.clone());
        Self { history: Arc::new(log(HISTORY)), audit: log(AUDIT), originals: Originals::new(messages) }
    }

    /// Writes down decisions. The audit comes first: what stands in neither was not sent.
    pub(super) fn note(
        &self,
        at: Timestamp,
        steps: &[Step],
        uses: &[EmergencyUse],
    ) -> Result<(), DayLogError> {
        self.audit.append(at, uses)?;
        self.history.append(at, steps)
    }
}
