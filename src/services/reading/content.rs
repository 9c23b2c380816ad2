//! What the desk reads of an event's data: fields of the kinds `imaging-order`, `imaging-performed` and `report`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::worklist::Priority;

/// An order, or what was done of it: both have the same shape.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Content {
    pub(super) patient: Option<Patient>,
    pub(super) visit: Option<Visit>,
    pub(super) known_allergies: Vec<Value>,
    pub(super) requests: Vec<Requested>,
    pub(super) observations: Vec<Observation>,
    pub(super) procedures: Vec<Performed>,
    pub(super) studies: Vec<Study>,
    pub(super) unmapped: BTreeMap<String, String>,
}

/// The patient, passed on as it came.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Patient {
    pub(super) id: String,
    #[serde(flatten)]
    pub(super) rest: serde_json::Map<String, Value>,
}

impl std::fmt::Debug for Patient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[identifying]")
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Visit {
    pub(super) class: Option<String>,
    pub(super) department: Option<Coded>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Coded {
    pub(super) code: Option<String>,
    pub(super) text: Option<String>,
    pub(super) system: Option<String>,
    pub(super) local: Option<Local>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Local {
    pub(super) code: Option<String>,
}

impl Coded {
    /// The standard code and the sender's own.
    pub(super) fn codes(&self) -> impl Iterator<Item = &str> {
        let local = self.local.as_ref().and_then(|local| local.code.as_deref());
        self.code.as_deref().into_iter().chain(local)
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Requested {
    pub(super) number: Option<String>,
    pub(super) parent: Option<String>,
    pub(super) procedure: Option<Coded>,
    pub(super) priority: Option<Priority>,
    pub(super) performed_at: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) ordered_by: Option<Doctor>,
    pub(super) department: Option<Coded>,
    pub(super) order_status: Option<String>,
    pub(super) notes: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Doctor {
    pub(super) id: Option<String>,
    pub(super) family: Option<String>,
    pub(super) given: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Observation {
    pub(super) code: Option<Coded>,
    pub(super) value: Option<Observed>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Observed {
    pub(super) text: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Performed {
    pub(super) progress: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Study {
    pub(super) accession: Option<String>,
    pub(super) procedure_id: Option<String>,
    pub(super) study_uid: Option<String>,
    pub(super) modality: Option<String>,
}

impl Content {
    /// The number of the whole order: of a parent rather than of its children.
    pub(super) fn number(&self) -> Option<&str> {
        let root = self.requests.iter().find(|request| request.parent.is_none() && request.number.is_some());
        let parent = self.requests.iter().find_map(|request| request.parent.as_deref());
        root.and_then(|request| request.number.as_deref()).or(parent)
    }

    /// Whether images were taken: ZE1-2 `RS`, or an order that is completed (ORC-5 `CM`), as senders without ZE1 say.
    pub(super) fn is_performed(&self) -> bool {
        self.procedures.iter().any(|procedure| procedure.progress.as_deref() == Some("RS"))
            || self.requests.iter().any(|request| request.order_status.as_deref() == Some("CM"))
    }
}

/// A report (ORU^R01, MDM^T02).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct ReportContent {
    pub(super) reports: Vec<Reported>,
    pub(super) studies: Vec<Study>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Reported {
    pub(super) number: Option<String>,
    pub(super) status: Option<String>,
    pub(super) requesters: Vec<Facility>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Facility {
    pub(super) code: String,
}
