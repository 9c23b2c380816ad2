//! Which messages are meant.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
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

    /// The facility that it is bounded to, where it is.
    pub fn facility(&self) -> Option<&str> {
        let of_patient = match &self.patient {
            Some(Patient::Local { facility, .. }) => Some(facility),
            _ => None,
        };
        self.facility.as_ref().or(of_patient).map(String::as_str)
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

/// A moment as people write it: RFC 3339, or a date with or without a time of that zone.
///
/// # Errors
/// It is none of these.
pub fn time(text: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    let local = || {
        let day = text.parse::<DateTime>().or_else(|_| text.parse::<Date>().map(DateTime::from));
        day.and_then(|local| local.to_zoned(zone.clone())).map(|zoned| zoned.timestamp())
    };
    text.parse().or_else(|_| local()).map_err(|_| {
        format!("\"{text}\" is no time: write 2026-11-22, 2026-11-22T08:30 or 2026-11-22T08:30:00+09:00")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_day_or_a_local_time_or_a_moment() {
        let zone = TimeZone::get("Asia/Tokyo").unwrap();
        let at = |text: &str| time(text, &zone).map(|at| at.to_string());
        assert_eq!(at("2026-11-22").unwrap(), "2026-11-21T15:00:00Z");
        assert_eq!(at("2026-11-22T08:30").unwrap(), "2026-11-21T23:30:00Z");
        assert_eq!(at("2026-11-22T08:30:00Z").unwrap(), "2026-11-22T08:30:00Z");
        assert!(at("yesterday").unwrap_err().contains("yesterday"));
    }

    #[test]
    fn who_the_patient_is_is_kept_and_not_shown() {
        let patient = Patient::Local { facility: "3210100018".into(), id: Identifying("00084151".into()) };
        let selection = Selection { to: "lab".into(), patient: Some(patient), ..Selection::default() };
        let kept = serde_json::to_string(&selection).unwrap();
        assert_eq!(serde_json::from_str::<Selection>(&kept).unwrap(), selection);
        assert_eq!(selection.facility(), Some("3210100018"));
        let shown = serde_json::to_string(&selection.without_patient()).unwrap();
        assert!(!shown.contains("00084151") && shown.contains("3210100018"), "{shown}");
    }
}
