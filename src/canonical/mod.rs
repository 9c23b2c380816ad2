//! The canonical data model: what every subscriber sees, whatever the source wrote.
//!
//! An event borrows from the decoded message until it is serialised: nothing is copied on the way. Every object
//! says where it came from (`at`), every property's schema says from which field (`x-hl7`); together they give
//! the exact place of every value.

mod administration;
mod allergy;
mod appointment;
mod attachment;
mod checkup;
mod diagnosis;
mod diet;
mod document;
mod encounter;
mod examination;
mod facility;
mod generic;
mod injection;
mod lab;
mod lab_order;
mod merge;
mod numbers;
mod order;
mod patient;
mod physiology;
mod place;
mod prescription;
mod referral;
mod report;
mod schema;
mod short;
mod time;
mod unmapped;
mod value;
mod visit;

pub use administration::{AdministeredDrug, Administration, AdministrationStep};
pub use allergy::{Allergy, AllergyEntry};
pub use appointment::{Appointment, AppointmentEvent, Resource, ResourceKind};
pub use attachment::{Attached, Attachment};
pub use checkup::Checkup;
pub use diagnosis::{Diagnosis, DiseaseParts, Problem};
pub use diet::{Diet, DietOrder};
pub use document::{Document, DocumentCode, DocumentFile, Party, RelatedDocument, Section};
pub use encounter::{Encounter, EncounterClass, EncounterEvent, Location};
pub use examination::{
    ExaminationOrder, ExaminationPerformed, ExaminationRequest, Exposure, PerformedProcedure, Study,
};
pub use facility::FacilityCode;
pub use generic::Generic;
pub use injection::{Injection, InjectionOrder, MixtureComponent};
pub use lab::{
    Interpretation, LabCode, LabOrder, LabResult, ResultStatus, Specimen, Susceptibility, TestResult,
};
pub use lab_order::{LabOrders, OrderedTest};
pub use merge::{Merge, MergedRecord};
pub use order::OrderDetails;
pub use patient::{Address, Contact, Disability, Insurance, Patient, PatientUpdate, PersonName, Script, Sex};
pub use physiology::PhysiologyResult;
pub use place::Place;
pub use prescription::{MedicationOrder, Prescription, Timing};
pub use referral::Referral;
pub use report::{ExaminationReport, Report};
pub use schema::{VERSION, schema};
pub use time::{PartialTime, Precision};
pub use unmapped::Unmapped;
pub use value::{Coded, Observed, OtherCode, Practitioner, Priority, Text};
pub use visit::Visit;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::envelope::{Finding, is_facility_code};

use crate::envelope::Change;

/// What an event is about: the closed set of kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Demographics (ADT-00; A08, A23, A28, A31).
    Patient,
    /// Patient records that became one (A18, A34, A40 …).
    Merge,
    /// A visit, stay, leave or transfer, planned or done, and who attends (ADT-01, ADT-12 … ADT-52).
    Encounter,
    /// Allergies (ADT-61).
    Allergy,
    /// Diagnoses: of PPR-01 all of a patient, a snapshot and not a new case.
    Diagnosis,
    /// Prescription (OMP-01).
    Prescription,
    /// Injection order (OMP-02).
    Injection,
    /// What was given, dispensed or vaccinated (OMP-11, OMP-12; RAS, RDS, VXU).
    Administration,
    /// Diet order (OMD).
    DietOrder,
    /// Laboratory order (OML-01; OML^O21, OML^O33).
    LabOrder,
    /// Laboratory results (OML-11; OUL, ORU^R01).
    LabResult,
    /// Radiology order (OMG-01; OMI^O23).
    ImagingOrder,
    /// Radiology performed (OMG-11).
    ImagingPerformed,
    /// Endoscopy order (OMG-02).
    EndoscopyOrder,
    /// Endoscopy performed (OMG-12).
    EndoscopyPerformed,
    /// Physiology order (OMG-03).
    PhysiologyOrder,
    /// Physiology result (OMG-13).
    PhysiologyResult,
    /// Referral (紹介状: REF; extension storage 57133-1).
    Referral,
    /// Reply to a referral (返書: RRI).
    ReferralReply,
    /// Report of a reading (ORU^R01, MDM of radiology).
    Report,
    /// Appointment (SIU).
    Appointment,
    /// Any other document (extension storage, MDM, unknown data types).
    Document,
    /// Archive of health check-up results (特定健診).
    Checkup,
    /// Any other message, carried whole with its fields.
    Message,
}

impl Kind {
    /// All kinds, in the order of the documentation.
    pub const ALL: [Self; 24] = [
        Self::Patient,
        Self::Merge,
        Self::Encounter,
        Self::Allergy,
        Self::Diagnosis,
        Self::Prescription,
        Self::Injection,
        Self::Administration,
        Self::DietOrder,
        Self::LabOrder,
        Self::LabResult,
        Self::ImagingOrder,
        Self::ImagingPerformed,
        Self::EndoscopyOrder,
        Self::EndoscopyPerformed,
        Self::PhysiologyOrder,
        Self::PhysiologyResult,
        Self::Referral,
        Self::ReferralReply,
        Self::Report,
        Self::Appointment,
        Self::Document,
        Self::Checkup,
        Self::Message,
    ];

    /// The word that stands in topics, schemas and `routes.toml`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::Merge => "merge",
            Self::Encounter => "encounter",
            Self::Allergy => "allergy",
            Self::Diagnosis => "diagnosis",
            Self::Prescription => "prescription",
            Self::Injection => "injection",
            Self::Administration => "administration",
            Self::DietOrder => "diet-order",
            Self::LabOrder => "lab-order",
            Self::LabResult => "lab-result",
            Self::ImagingOrder => "imaging-order",
            Self::ImagingPerformed => "imaging-performed",
            Self::EndoscopyOrder => "endoscopy-order",
            Self::EndoscopyPerformed => "endoscopy-performed",
            Self::PhysiologyOrder => "physiology-order",
            Self::PhysiologyResult => "physiology-result",
            Self::Referral => "referral",
            Self::ReferralReply => "referral-reply",
            Self::Report => "report",
            Self::Appointment => "appointment",
            Self::Document => "document",
            Self::Checkup => "checkup",
            Self::Message => "message",
        }
    }

    /// Whether an event of this kind makes no sense without its patient.
    pub const fn is_about_a_patient(self) -> bool {
        !matches!(self, Self::Message | Self::Checkup)
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
    #[schemars(extend("x-hl7" = "MSH-9.1^MSH-9.2, else EVN-1"))]
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
    /// The visit or stay within which it happened; an event of the `encounter` kind is about it, and says more.
    #[schemars(extend("x-hl7" = "PV1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visit: Option<Visit<'m>>,
    /// Allergies that came with a message about something else; the list itself is the `allergy` kind.
    #[schemars(extend("x-hl7" = "AL1"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub known_allergies: Vec<AllergyEntry<'m>>,
    /// What the kind adds.
    #[serde(flatten)]
    pub content: C,
    /// What no other field holds.
    #[serde(skip_serializing_if = "Unmapped::is_empty")]
    pub unmapped: Unmapped<'m>,
    /// What was odd about the message.
    pub findings: Vec<Finding>,
    /// The bytes of its attachments: they are stored, and never sent with it.
    #[serde(skip)]
    pub attached: Vec<Attached>,
}

/// The content of an event, by kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Content<'m> {
    /// [`Kind::Patient`].
    Patient(PatientUpdate<'m>),
    /// [`Kind::Merge`].
    Merge(Merge<'m>),
    /// [`Kind::Encounter`].
    Encounter(Encounter<'m>),
    /// [`Kind::Allergy`].
    Allergy(Allergy<'m>),
    /// [`Kind::Diagnosis`].
    Diagnosis(Diagnosis<'m>),
    /// [`Kind::Prescription`].
    Prescription(Prescription<'m>),
    /// [`Kind::Injection`].
    Injection(Injection<'m>),
    /// [`Kind::Administration`].
    Administration(Administration<'m>),
    /// [`Kind::DietOrder`].
    DietOrder(DietOrder<'m>),
    /// [`Kind::LabOrder`].
    LabOrder(LabOrders<'m>),
    /// [`Kind::LabResult`].
    LabResult(LabResult<'m>),
    /// [`Kind::ImagingOrder`].
    ImagingOrder(ExaminationOrder<'m>),
    /// [`Kind::ImagingPerformed`].
    ImagingPerformed(ExaminationPerformed<'m>),
    /// [`Kind::EndoscopyOrder`].
    EndoscopyOrder(ExaminationOrder<'m>),
    /// [`Kind::EndoscopyPerformed`].
    EndoscopyPerformed(ExaminationPerformed<'m>),
    /// [`Kind::PhysiologyOrder`].
    PhysiologyOrder(ExaminationOrder<'m>),
    /// [`Kind::PhysiologyResult`].
    PhysiologyResult(PhysiologyResult<'m>),
    /// [`Kind::Referral`].
    Referral(Referral<'m>),
    /// [`Kind::ReferralReply`].
    ReferralReply(Referral<'m>),
    /// [`Kind::Report`].
    Report(Report<'m>),
    /// [`Kind::Appointment`].
    Appointment(Appointment<'m>),
    /// [`Kind::Document`].
    Document(Document<'m>),
    /// [`Kind::Checkup`].
    Checkup(Checkup<'m>),
    /// [`Kind::Message`].
    Message(Generic<'m>),
}

impl Content<'_> {
    /// The kind of this content.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Patient(_) => Kind::Patient,
            Self::Merge(_) => Kind::Merge,
            Self::Encounter(_) => Kind::Encounter,
            Self::Allergy(_) => Kind::Allergy,
            Self::Diagnosis(_) => Kind::Diagnosis,
            Self::Prescription(_) => Kind::Prescription,
            Self::Injection(_) => Kind::Injection,
            Self::Administration(_) => Kind::Administration,
            Self::DietOrder(_) => Kind::DietOrder,
            Self::LabOrder(_) => Kind::LabOrder,
            Self::LabResult(_) => Kind::LabResult,
            Self::ImagingOrder(_) => Kind::ImagingOrder,
            Self::ImagingPerformed(_) => Kind::ImagingPerformed,
            Self::EndoscopyOrder(_) => Kind::EndoscopyOrder,
            Self::EndoscopyPerformed(_) => Kind::EndoscopyPerformed,
            Self::PhysiologyOrder(_) => Kind::PhysiologyOrder,
            Self::PhysiologyResult(_) => Kind::PhysiologyResult,
            Self::Referral(_) => Kind::Referral,
            Self::ReferralReply(_) => Kind::ReferralReply,
            Self::Report(_) => Kind::Report,
            Self::Appointment(_) => Kind::Appointment,
            Self::Document(_) => Kind::Document,
            Self::Checkup(_) => Kind::Checkup,
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
