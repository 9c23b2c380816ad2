//! What a process writes down beside its queues: the history of messages, and the audit of emergency access.

use std::sync::Arc;

use jiff::Timestamp;

use super::part::Part;
use crate::config::{Broker, Hub};
use crate::store::history::{AUDIT, EmergencyUse, HISTORY, Step};
use crate::store::{DayLog, DayLogError};

/// The day files of this process.
pub(super) struct Written {
    pub(super) history: Arc<DayLog>,
    audit: DayLog,
}

impl Written {
    /// On RabbitMQ several processes may share the data folder: each has files of its own.
    pub(super) fn new(hub: &Hub, part: &Part) -> Self {
        let process = match &hub.broker {
            Broker::Embedded { .. } => None,
            Broker::RabbitMq(_) => Some(format!("{}-{}", part.role(), std::process::id())),
        };
        let log = |folder| DayLog::new(hub.data_dir.join(folder), process.clone(), hub.timezone.clone());
        Self { history: Arc::new(log(HISTORY)), audit: log(AUDIT) }
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
