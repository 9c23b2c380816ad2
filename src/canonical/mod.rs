//! The canonical data model: what every subscriber sees, whatever the source wrote.
//!
//! An event borrows from the decoded message until it is serialised: nothing is copied on the way. Every object
//! says where it came from (`at`), every property's schema says from which field (`x-hl7`); together they give
//! the exact place of every value.

mod diagnosis;
mod encounter;
mod generic;
mod imaging;
mod lab;
mod patient;
mod place;
mod prescription;
mod schema;
mod short;
mod time;
mod value;

pub use diagnosis::{Diagnosis, Problem};
pub use encounter::{Encounter, EncounterClass, EncounterEvent, Location};
pub use generic::{Generic, GenericSegment};
pub use imaging::{ImagingOrder, ImagingPerformed, ImagingRequest, Study};
pub use lab::{Interpretation, LabCode, LabOrder, LabResult, ResultStatus, Specimen, TestResult};
pub use patient::{Address, Patient, PatientUpdate, PersonName, Script, Sex};
pub use place::Place;
pub use prescription::{MedicationOrder, Prescription};
pub use schema::{VERSION, schema};
pub use time::{PartialTime, Precision};
pub use value::{Coded, Observed, OtherCode, Practitioner, Priority, Text};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::envelope::Finding;

use crate::envelope::Change;

/// What an event is about: the closed set of kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Demographics (ADT-00; A08, A23, A28, A31).
    Patient,
    /// A visit, stay, leave or transfer, planned or done (ADT-12 … ADT-52).
    Encounter,
    /// All diagnoses of a patient (PPR-01): a snapshot, not a new case.
    Diagnosis,
    /// Laboratory results (OML-11; OUL^R22, ORU^R01).
    LabResult,
    /// Prescription (OMP-01).
    Prescription,
    /// Radiology order (OMG-01; ORM^O01 is carried as a message).
    ImagingOrder,
    /// Radiology performed (OMG-11).
    ImagingPerformed,
    /// Any other message, carried whole with its fields.
    Message,
}

impl Kind {
    /// All kinds, in the order of the documentation.
    pub const ALL: [Self; 8] = [
        Self::Patient,
        Self::Encounter,
        Self::Diagnosis,
        Self::LabResult,
        Self::Prescription,
        Self::ImagingOrder,
        Self::ImagingPerformed,
        Self::Message,
    ];

    /// The word that stands in topics, schemas and `routes.toml`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::Encounter => "encounter",
            Self::Diagnosis => "diagnosis",
            Self::LabResult => "lab-result",
            Self::Prescription => "prescription",
            Self::ImagingOrder => "imaging-order",
            Self::ImagingPerformed => "imaging-performed",
            Self::Message => "message",
        }
    }

    /// The kind of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// The message that an event was made from, in its own words.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct MessageHeader<'m> {
    /// Message type and trigger event.
    #[schemars(extend("x-hl7" = "MSH-9.1^MSH-9.2"))]
    #[serde(rename = "type")]
    pub message_type: Text<'m>,
    /// Message control id. Not unique in practice: never a key.
    #[schemars(extend("x-hl7" = "MSH-10"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control_id: Option<Text<'m>>,
    /// When the sender made it.
    #[schemars(extend("x-hl7" = "MSH-7"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<PartialTime>,
    /// HL7 version.
    #[schemars(extend("x-hl7" = "MSH-12"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Text<'m>>,
}

/// One canonical event with its kind's content.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Event<'m, C> {
    /// What happened to the record: created, updated or deleted.
    pub change: Change,
    /// The message that it was made from.
    pub message: MessageHeader<'m>,
    /// Whom it is about. Always there but for the `message` kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient: Option<Patient<'m>>,
    /// What the kind adds.
    #[serde(flatten)]
    pub content: C,
    /// What was odd about the message.
    pub findings: Vec<Finding>,
}

/// The content of an event, by kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "a router holds one event at a time, on its stack")]
pub enum Content<'m> {
    /// [`Kind::Patient`].
    Patient(PatientUpdate<'m>),
    /// [`Kind::Encounter`].
    Encounter(Encounter<'m>),
    /// [`Kind::Diagnosis`].
    Diagnosis(Diagnosis<'m>),
    /// [`Kind::LabResult`].
    LabResult(LabResult<'m>),
    /// [`Kind::Prescription`].
    Prescription(Prescription<'m>),
    /// [`Kind::ImagingOrder`].
    ImagingOrder(ImagingOrder<'m>),
    /// [`Kind::ImagingPerformed`].
    ImagingPerformed(ImagingPerformed<'m>),
    /// [`Kind::Message`].
    Message(Generic<'m>),
}

impl Content<'_> {
    /// The kind of this content.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Patient(_) => Kind::Patient,
            Self::Encounter(_) => Kind::Encounter,
            Self::Diagnosis(_) => Kind::Diagnosis,
            Self::LabResult(_) => Kind::LabResult,
            Self::Prescription(_) => Kind::Prescription,
            Self::ImagingOrder(_) => Kind::ImagingOrder,
            Self::ImagingPerformed(_) => Kind::ImagingPerformed,
            Self::Message(_) => Kind::Message,
        }
    }
}

/// An event of any kind: what normalising gives and routing reads.
pub type CanonicalEvent<'m> = Event<'m, Content<'m>>;

impl CanonicalEvent<'_> {
    /// CloudEvents `type`: `<kind>.<change>.v1`.
    pub fn event_type(&self) -> String {
        format!("{}.{}.v{VERSION}", self.content.kind().as_str(), self.change.as_str())
    }
}
