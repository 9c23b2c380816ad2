//! Examinations: the `imaging-…`, `endoscopy-…` and `physiology-order` kinds have the same shape.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Coded, Observed, OrderDetails, PartialTime, Place, Practitioner, Priority, ResultStatus, TestResult, Text,
};

/// The `imaging-order`, `endoscopy-order` and `physiology-order` kinds: what is to be examined. An image can't be
/// read before it was taken.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ExaminationOrder<'m> {
    /// The requests: parent and children of an order.
    pub requests: Vec<ExaminationRequest<'m>>,
    /// What was sent with the requests (indication, body weight); `order` counts `requests`.
    #[schemars(extend("x-hl7" = "OBX"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<TestResult<'m>>,
    /// The studies, where the order names them already (OMI^O23, ZDS).
    pub studies: Vec<Study<'m>>,
}

/// One examination asked for or done (ORC, TQ1, OBR).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ExaminationRequest<'m> {
    /// Where it stood: `OBR[n]`.
    pub at: Place,
    /// Placer order number.
    #[schemars(extend("x-hl7" = "ORC-2, else OBR-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<Text<'m>>,
    /// Order control (HL7 table 0119): `NW`, `PA` parent, `CH` child, `CA` …
    #[schemars(extend("x-hl7" = "ORC-1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<Text<'m>>,
    /// Number of the parent order.
    #[schemars(extend("x-hl7" = "OBR-29.1, else ORC-8.1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Text<'m>>,
    /// Examination: JJ1017 (16 or 32 characters), LENDO for endoscopy.
    #[schemars(extend("x-hl7" = "OBR-4"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub procedure: Option<Coded<'m>>,
    /// Priority.
    #[schemars(extend("x-hl7" = "TQ1-9"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// When it is wanted.
    #[schemars(extend("x-hl7" = "TQ1-7, else OBR-36"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduled_at: Option<PartialTime>,
    /// When it was done.
    #[schemars(extend("x-hl7" = "OBR-7"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performed_at: Option<PartialTime>,
    /// When it ended.
    #[schemars(extend("x-hl7" = "OBR-8"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<PartialTime>,
    /// When it was reported.
    #[schemars(extend("x-hl7" = "OBR-22"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported_at: Option<PartialTime>,
    /// Where its result stands (HL7 table 0123).
    #[schemars(extend("x-hl7" = "OBR-25"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_status: Option<ResultStatus>,
    /// Clinical question.
    #[schemars(extend("x-hl7" = "OBR-13, OBR-31.2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<'m>>,
    /// When it was ordered.
    #[schemars(extend("x-hl7" = "ORC-9"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordered_at: Option<PartialTime>,
    /// Who ordered it.
    #[schemars(extend("x-hl7" = "ORC-12, else OBR-16"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordered_by: Option<Practitioner<'m>>,
    /// Notes on it.
    #[schemars(extend("x-hl7" = "NTE-3"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Text<'m>>,
    /// The rest of the order's head.
    #[serde(flatten)]
    pub details: OrderDetails<'m>,
}

/// The `imaging-performed` and `endoscopy-performed` kinds.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ExaminationPerformed<'m> {
    /// The examinations.
    pub requests: Vec<ExaminationRequest<'m>>,
    /// What was sent with the requests (indication, body weight); `order` counts `requests`.
    #[schemars(extend("x-hl7" = "OBX"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<TestResult<'m>>,
    /// What was done, piece by piece.
    #[schemars(extend("x-hl7" = "ZE1"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub procedures: Vec<PerformedProcedure<'m>>,
    /// The studies, each once, however often its identifiers are repeated in the message.
    pub studies: Vec<Study<'m>>,
    /// Progress of the examination as sent: `RS` performed.
    #[schemars(extend("x-hl7" = "ZE1-2 of the first ZE1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Text<'m>>,
}

/// One thing that was done in an examination (ZE1, with its ZE2 and OBX).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PerformedProcedure<'m> {
    /// Where it stood: `ZE1[n]`.
    pub at: Place,
    /// Which of `requests`, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<usize>,
    /// Planned or done, as sent: `RS` performed.
    #[schemars(extend("x-hl7" = "ZE1-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Text<'m>>,
    /// What was done.
    #[schemars(extend("x-hl7" = "ZE1-3"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub procedure: Option<Coded<'m>>,
    /// How often.
    #[schemars(extend("x-hl7" = "ZE1-4"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<Observed<'m>>,
    /// What may be charged besides.
    #[schemars(extend("x-hl7" = "ZE1-5"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub additions: Vec<Coded<'m>>,
    /// Who took part.
    #[schemars(extend("x-hl7" = "ZE1-7"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub staff: Vec<Practitioner<'m>>,
    /// Exposures.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exposures: Vec<Exposure<'m>>,
    /// Times, people, drugs and devices of it.
    #[schemars(extend("x-hl7" = "OBX after ZE1"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<TestResult<'m>>,
}

/// An exposure to X-rays (ZE2), every quantity as sent with its unit.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Exposure<'m> {
    /// Where it stood: `ZE2[n]`.
    pub at: Place,
    /// Tube voltage.
    #[schemars(extend("x-hl7" = "ZE2-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tube_voltage: Option<Text<'m>>,
    /// Tube current.
    #[schemars(extend("x-hl7" = "ZE2-3"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tube_current: Option<Text<'m>>,
    /// Distance.
    #[schemars(extend("x-hl7" = "ZE2-4"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distance: Option<Text<'m>>,
    /// Time.
    #[schemars(extend("x-hl7" = "ZE2-5"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Text<'m>>,
    /// How often.
    #[schemars(extend("x-hl7" = "ZE2-6"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<Observed<'m>>,
}

/// One imaging study (IPC).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Study<'m> {
    /// Where it stood: `IPC[n]`.
    pub at: Place,
    /// Accession number.
    #[schemars(extend("x-hl7" = "IPC-1.1, else OBR-18"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accession: Option<Text<'m>>,
    /// Requested procedure id.
    #[schemars(extend("x-hl7" = "IPC-2.1, else OBR-19"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub procedure_id: Option<Text<'m>>,
    /// DICOM Study Instance UID.
    #[schemars(extend("x-hl7" = "IPC-3.1, else ZDS-1.1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub study_uid: Option<Text<'m>>,
    /// DICOM modality.
    #[schemars(extend("x-hl7" = "IPC-5.1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modality: Option<Text<'m>>,
}
