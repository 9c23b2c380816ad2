//! A request for reading: what the reader gets.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::content::{Coded, Content, Requested, Study};
use super::examination::Examination;
use super::rule::Rules;
use super::worklist::Priority;

/// What makes a request one: it is made once for these.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) facility: String,
    pub(super) accession: String,
    pub(super) study_uid: String,
}

impl Key {
    /// The key of a study that can be read.
    pub(super) fn of(facility: &str, study: &Study) -> Option<Self> {
        let (accession, study_uid) = (study.accession.clone()?, study.study_uid.clone()?);
        Some(Self { facility: facility.to_owned(), accession, study_uid })
    }

    /// The same for the same study; holds neither the accession number nor the UID.
    pub(super) fn request_id(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for part in [&self.facility, &self.accession, &self.study_uid] {
            hasher.update(part.as_bytes()).update(&[0]);
        }
        let hash: String = hasher.finalize().to_hex().chars().take(16).collect();
        format!("{}-{hash}", self.facility)
    }
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Images can be read, and nobody has.
    Waiting,
    /// There is a preliminary report.
    Preliminary,
    /// There is a final report.
    Final,
    /// The report was corrected or added to.
    Addendum,
    /// Taken back by who asked.
    Cancelled,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Waiting, Self::Preliminary, Self::Final, Self::Addendum, Self::Cancelled];
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Requester {
    /// 10-digit code of the facility.
    pub facility: String,
    /// Department.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<String>,
    /// Doctor who ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doctor: Option<Doctor>,
    /// Telephone (ORC-14, OBR-17, ORC-23).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telephone: Option<String>,
}

/// A doctor, by the facility's own id.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Doctor {
    /// Id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What was examined.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Procedure {
    /// Code: JJ1017, 16 or 32 characters, or the facility's own.
    pub code: String,
    /// Its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Its system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
}

/// The images.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Instance {
    /// Accession number.
    pub accession: String,
    /// DICOM Study Instance UID.
    pub study_uid: String,
    /// Requested procedure id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub procedure_id: Option<String>,
    /// DICOM modality.
    pub modality: String,
    /// When they were taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performed_at: Option<String>,
    /// Where they are had from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retrieve: Option<String>,
}

/// A request for reading.
#[derive(Clone, PartialEq, Serialize)]
pub struct Request {
    /// Of the request: the same for all its versions.
    pub id: String,
    /// From 1.
    pub version: usize,
    /// Where it stands.
    pub state: State,
    /// Priority.
    pub priority: Priority,
    /// Since when the images can be read.
    pub ready_at: Timestamp,
    /// By when it is to be reported.
    pub due_at: Timestamp,
    /// Who asks.
    pub requester: Requester,
    /// The patient, as the facility sent them.
    pub patient: Value,
    /// `inpatient`, `outpatient` …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The images.
    pub study: Instance,
    /// What was examined.
    pub procedures: Vec<Procedure>,
    /// Why: the clinical question, and what was sent with it.
    pub reasons: Vec<String>,
    /// Allergies that the messages told of.
    pub allergies: Vec<Value>,
    /// Studies of the same patient that were to be read before, by their UIDs.
    pub priors: Vec<String>,
    /// Ids of the events that it is made of.
    pub events: Vec<String>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { id, version, state, priority, .. } = self;
        write!(f, "Request {{ id: {id}, version: {version}, state: {state:?}, priority: {priority:?} }}")
    }
}

/// What a request is made from besides its examination.
pub(super) struct Made<'m> {
    pub(super) key: &'m Key,
    pub(super) study: &'m Study,
    pub(super) ready_at: Timestamp,
    pub(super) state: State,
    pub(super) rules: &'m Rules,
}

impl Request {
    pub(super) fn of(examination: &Examination, made: &Made<'_>) -> Self {
        let Made { key, study, ready_at, state, rules } = made;
        let contents = || examination.contents();
        let requests = || contents().flat_map(|content| &content.requests);
        let patient = contents().find_map(|content| content.patient.clone()).unwrap_or_default();
        let mut priorities = requests().filter_map(|request| request.priority);
        let first = priorities.next().unwrap_or(Priority::Routine);
        let priority = priorities.fold(first, Priority::max);
        let minutes = i64::from(rules.sla_minutes.of(priority));
        let due_at = ready_at.saturating_add(jiff::SignedDuration::from_mins(minutes)).unwrap_or(*ready_at);
        let mut person = patient.rest;
        person.insert("id".to_owned(), patient.id.into());
        Self {
            id: key.request_id(),
            version: examination.versions,
            state: *state,
            priority,
            ready_at: *ready_at,
            due_at,
            requester: requester(key, examination),
            patient: Value::Object(person),
            class: contents().find_map(|content| content.visit.as_ref()?.class.clone()),
            study: Instance {
                accession: key.accession.clone(),
                study_uid: key.study_uid.clone(),
                procedure_id: study.procedure_id.clone(),
                modality: study.modality.clone().unwrap_or_default(),
                performed_at: requests().find_map(|request| request.performed_at.clone()),
                retrieve: rules.retrieve(&key.facility, &key.accession, &key.study_uid),
            },
            procedures: procedures(requests()),
            reasons: once(contents().flat_map(reasons)),
            allergies: contents()
                .map(|content| content.known_allergies.clone())
                .find(|known| !known.is_empty())
                .unwrap_or_default(),
            priors: Vec::new(),
            events: examination.events().map(str::to_owned).collect(),
        }
    }
}

fn requester(key: &Key, examination: &Examination) -> Requester {
    let requests = || examination.contents().flat_map(|content| &content.requests);
    let doctor = requests().find_map(|request| request.ordered_by.as_ref());
    let department = requests().find_map(|request| request.department.as_ref());
    let telephones = || examination.contents().filter_map(|content| telephone(&content.unmapped));
    Requester {
        facility: key.facility.clone(),
        department: department.and_then(|department| department.text.clone().or(department.code.clone())),
        doctor: doctor.map(|doctor| {
            let name: Vec<_> = [&doctor.family, &doctor.given].into_iter().flatten().cloned().collect();
            Doctor { id: doctor.id.clone(), name: (!name.is_empty()).then(|| name.join(" ")) }
        }),
        telephone: telephones().next(),
    }
}

/// A number to call back: that of the order, of the doctor, or of the facility; first or twelfth component (XTN).
fn telephone(unmapped: &BTreeMap<String, String>) -> Option<String> {
    let places = [
        "ORC-14",
        "ORC-14.1",
        "ORC-14.12",
        "OBR-17",
        "OBR-17.1",
        "OBR-17.12",
        "ORC-23",
        "ORC-23.1",
        "ORC-23.12",
    ];
    places.into_iter().find_map(|place| unmapped.get(place).cloned())
}

/// Every examination once: parents and children repeat each other, and the order what was performed.
fn procedures<'c>(requests: impl Iterator<Item = &'c Requested>) -> Vec<Procedure> {
    let mut procedures: Vec<Procedure> = Vec::new();
    for coded in requests.filter_map(|request| request.procedure.as_ref()) {
        let Some(code) = coded.codes().next() else { continue };
        if !procedures.iter().any(|known| known.code == code) {
            let Coded { text, system, .. } = coded;
            procedures.push(Procedure { code: code.to_owned(), text: text.clone(), system: system.clone() });
        }
    }
    procedures
}

/// The clinical question (OBR-13, OBR-31), notes, and words that were sent as results (MS3-04 …).
fn reasons(content: &Content) -> impl Iterator<Item = String> {
    let asked =
        content.requests.iter().flat_map(|request| request.reason.iter().chain(&request.notes)).cloned();
    let told = content.observations.iter().filter_map(|observation| {
        let text = observation.value.as_ref()?.text.clone()?;
        let title = observation.code.as_ref().and_then(|code| code.text.clone());
        Some(title.map_or(text.clone(), |title| format!("{title}: {text}")))
    });
    asked.chain(told)
}

fn once(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for text in texts {
        if !all.contains(&text) {
            all.push(text);
        }
    }
    all
}
