//! Which messages are meant.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::envelope::{Envelope, Identifying};
use crate::pipeline::{NoCopy, Renewed};
use crate::registry::{Identity, Registry};

/// Messages for a subscriber: those that fulfil all that is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Selection {
    /// The subscriber.
    pub to: String,
    /// Accepted from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Accepted before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// 10-digit code of the sending facility.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facility: Option<String>,
    /// Feed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feed: Option<String>,
    /// Whom it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient: Option<Patient>,
    /// Kind of the event, as of now; `invalid` for what makes no sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Topic of the copy, as of now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Ids; all where none is given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<String>,
}

/// Whom messages are about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Patient {
    /// By the facility's own id.
    Local {
        /// 10-digit code of the facility.
        facility: String,
        /// Id there.
        id: Identifying,
    },
    /// By the network's id: all of the person's records that are linked now.
    Network(Identifying),
}

impl Selection {
    /// What can be said of a message by its header alone.
    pub(super) fn means(&self, envelope: &Envelope, registry: &Registry, now: Timestamp) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_ref().is_none_or(|wanted| wanted == is);
        same(&self.facility, &envelope.facility)
            && same(&self.feed, &envelope.origin.feed)
            && (self.ids.is_empty() || self.ids.contains(&envelope.id))
            && self.is_in_time(envelope)
            && self.patient.as_ref().is_none_or(|patient| patient.is_of(envelope, registry, now))
    }

    /// A message whose time can't be read belongs to no time.
    fn is_in_time(&self, envelope: &Envelope) -> bool {
        if self.from.is_none() && self.until.is_none() {
            return true;
        }
        let Some(at) = accepted_at(envelope) else { return false };
        self.from.is_none_or(|from| at >= from) && self.until.is_none_or(|until| at < until)
    }

    /// What can be said once a message was judged.
    pub(super) fn means_renewed(&self, renewed: &Renewed) -> bool {
        let topics: Vec<&str> = match &renewed.copy {
            Ok(again) => {
                again.publication.envelope.event.iter().map(|routed| routed.topic.as_str()).collect()
            }
            Err(NoCopy::Denied { topics, .. }) => topics.iter().map(String::as_str).collect(),
            Err(_) => Vec::new(),
        };
        self.kind.as_ref().is_none_or(|kind| *kind == renewed.kind)
            && self.topic.as_ref().is_none_or(|topic| topics.contains(&topic.as_str()))
    }

    /// The same without saying who the patient is.
    #[must_use]
    pub fn without_patient(mut self) -> Self {
        let hidden = || Identifying("…".to_owned());
        self.patient = self.patient.map(|patient| match patient {
            Patient::Local { facility, .. } => Patient::Local { facility, id: hidden() },
            Patient::Network(_) => Patient::Network(hidden()),
        });
        self
    }
}

impl Patient {
    fn is_of(&self, envelope: &Envelope, registry: &Registry, now: Timestamp) -> bool {
        match self {
            Self::Local { facility, id } => *facility == envelope.facility && *id == envelope.patient,
            Self::Network(wanted) => {
                let is = registry.identity(&envelope.facility, &envelope.patient.0, now);
                matches!(is, Identity::Linked { network_id, .. } if *network_id == *wanted)
            }
        }
    }
}

/// When a message was accepted.
pub(super) fn accepted_at(envelope: &Envelope) -> Option<Timestamp> {
    envelope.accepted_at.parse().ok()
}
