//! What happened to a patient and when it was sent: one event becomes one file.

use std::rc::Rc;

use jiff::civil::Date;
use jiff::civil::DateTime;

use super::catalogue::*;
use super::people::Person;

/// A person as one facility knows them.
#[derive(Debug)]
pub(super) struct Patient {
    /// The facility's own patient id.
    pub(super) id: String,
    pub(super) person: Person,
}

/// A ward bed: PV1-3 of an inpatient.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bed {
    pub(super) ward: &'static str,
    pub(super) room: u64,
    pub(super) bed: u64,
}

/// A stay on a ward.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stay {
    pub(super) bed: Bed,
    /// The bed before a transfer.
    pub(super) previous: Option<Bed>,
    pub(super) admitted: DateTime,
}

/// The setting in which an event took place: what PV1 says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Encounter {
    pub(super) department: &'static Department,
    pub(super) doctor: &'static Doctor,
    /// None for an outpatient.
    pub(super) stay: Option<Stay>,
}

/// The movements of a patient, each with a data type and a trigger event of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Movement {
    Reception,
    PlannedAdmission,
    Admission,
    Leave,
    Return,
    PlannedTransfer,
    Transfer,
    PlannedDischarge,
    Discharge,
}

/// One diagnosis of a patient's list.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) diagnosis: &'static Diagnosis,
    pub(super) suspected: bool,
    /// PRB-4.
    pub(super) instance: u64,
    pub(super) since: DateTime,
    pub(super) department: &'static Department,
}

/// Tests that share a specimen.
#[derive(Debug, Clone, Copy)]
pub(super) enum LabGroup {
    Panel(&'static Panel),
    /// With whether it comes out positive.
    Infection(&'static InfectionTest, bool),
}

/// What an event is about.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// Demographics; `moved` gives a second address.
    Registration {
        moved: bool,
    },
    Allergies(Vec<&'static Allergy>),
    Movement(Movement),
    /// Another doctor is in charge from now on (ADT-01).
    DoctorChange,
    /// The whole list of a patient's diagnoses, as PPR-01 sends it every time.
    Problems(Rc<[Problem]>),
    LabOrder(Rc<[LabGroup]>),
    LabResult {
        groups: Rc<[LabGroup]>,
        is_final: bool,
    },
    Prescription {
        drugs: &'static [&'static Drug],
        /// Given out by a pharmacy elsewhere (院外処方).
        outside: bool,
    },
    /// The hospital gave the drugs out itself.
    Dispensed(&'static [&'static Drug]),
    Injection(&'static Infusion),
    Injected(&'static Infusion),
    Diet,
    ImagingOrder(&'static Imaging),
    ImagingPerformed(&'static Imaging),
    PhysiologyOrder(&'static Physiology),
    PhysiologyResult(&'static Physiology),
}

/// One message to be sent.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) patient: Rc<Patient>,
    pub(super) encounter: Encounter,
    /// When the message is sent: the time in the file name.
    pub(super) sent: DateTime,
    /// When it happens; a planned movement lies after `sent`.
    pub(super) at: DateTime,
    pub(super) order: Option<u64>,
    /// Decides the values; an order and its result share it, and so do the versions of one result.
    pub(super) noise: u64,
    /// The event takes back what was sent under its key.
    pub(super) is_deletion: bool,
    pub(super) content: Content,
}

impl Event {
    /// The data type (データ種別): folder name and third part of the file name.
    pub(super) fn data_type(&self) -> &'static str {
        match &self.content {
            Content::Registration { .. } => "ADT-00",
            Content::Allergies(_) => "ADT-61",
            Content::Movement(movement) => movement.data_type(),
            Content::DoctorChange => "ADT-01",
            Content::Problems(_) => "PPR-01",
            Content::LabOrder(_) => "OML-01",
            Content::LabResult { .. } => "OML-11",
            Content::Prescription { .. } => "OMP-01",
            Content::Dispensed(_) => "OMP-11",
            Content::Injection(_) => "OMP-02",
            Content::Injected(_) => "OMP-12",
            Content::Diet => "OMD",
            Content::ImagingOrder(exam) if exam.is_endoscopy() => "OMG-02",
            Content::ImagingOrder(_) => "OMG-01",
            Content::ImagingPerformed(exam) if exam.is_endoscopy() => "OMG-12",
            Content::ImagingPerformed(_) => "OMG-11",
            Content::PhysiologyOrder(_) => "OMG-03",
            Content::PhysiologyResult(_) => "OMG-13",
        }
    }

    /// The care date (診療日), or None for what has no date.
    pub(super) fn care_date(&self) -> Option<Date> {
        match &self.content {
            Content::Registration { .. }
            | Content::DoctorChange
            | Content::Allergies(_)
            | Content::Problems(_) => None,
            _ => Some(self.at.date()),
        }
    }

    /// The care date as paths and names spell it: `YYYYMMDD` or `-`.
    pub(super) fn care_date_text(&self) -> String {
        self.care_date().map_or_else(|| "-".to_owned(), |date| date.strftime("%Y%m%d").to_string())
    }

    /// The department as names spell it: a code or `-`.
    pub(super) fn department_text(&self) -> &'static str {
        if self.care_date().is_some() { self.encounter.department.code } else { "-" }
    }

    /// The order number, padded to 15 digits; all nines where there is no order.
    pub(super) fn order_text(&self) -> String {
        format!("{:015}", self.order.unwrap_or(999_999_999_999_999))
    }

    /// What stays the same over the versions of one record.
    pub(super) fn key(&self) -> (String, String, &'static str, String) {
        (self.patient.id.clone(), self.care_date_text(), self.data_type(), self.order_text())
    }
}

impl Movement {
    /// The data type of the movement.
    pub(super) fn data_type(self) -> &'static str {
        match self {
            Self::Reception => "ADT-12",
            Self::PlannedAdmission => "ADT-21",
            Self::Admission => "ADT-22",
            Self::Leave => "ADT-31",
            Self::Return => "ADT-32",
            Self::PlannedTransfer => "ADT-41",
            Self::Transfer => "ADT-42",
            Self::PlannedDischarge => "ADT-51",
            Self::Discharge => "ADT-52",
        }
    }

    /// MSH-9 of the movement or of its cancellation. A reception has no cancel message of its own.
    pub(super) fn message_type(self, is_cancel: bool) -> &'static str {
        match (self, is_cancel) {
            (Self::Reception, _) => "ADT^A04^ADT_A01",
            (Self::PlannedAdmission, false) => "ADT^A14^ADT_A05",
            (Self::PlannedAdmission, true) => "ADT^A27^ADT_A21",
            (Self::Admission, false) => "ADT^A01^ADT_A01",
            (Self::Admission, true) => "ADT^A11^ADT_A09",
            (Self::Leave, false) => "ADT^A21^ADT_A21",
            (Self::Leave, true) => "ADT^A52^ADT_A52",
            (Self::Return, false) => "ADT^A22^ADT_A21",
            (Self::Return, true) => "ADT^A53^ADT_A52",
            (Self::PlannedTransfer, false) => "ADT^A15^ADT_A15",
            (Self::PlannedTransfer, true) => "ADT^A26^ADT_A21",
            (Self::Transfer, false) => "ADT^A02^ADT_A02",
            (Self::Transfer, true) => "ADT^A12^ADT_A09",
            (Self::PlannedDischarge, false) => "ADT^A16^ADT_A16",
            (Self::PlannedDischarge, true) => "ADT^A25^ADT_A21",
            (Self::Discharge, false) => "ADT^A03^ADT_A03",
            (Self::Discharge, true) => "ADT^A13^ADT_A01",
        }
    }
}
