//! Examinations: the `imaging-…`, `endoscopy-…` and `physiology-order` kinds have the same shape.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Coded, PartialTime, Place, Practitioner, Priority, Text};

/// The `imaging-order`, `endoscopy-order` and `physiology-order` kinds: what is to be examined. An image can't be
/// read before it was taken.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ExaminationOrder<'m> {
    /// The requests: parent and children of an order.
    pub requests: Vec<ExaminationRequest<'m>>,
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
    #[schemars(extend("x-hl7" = "OBR-29.1"))]
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
    #[schemars(extend("x-hl7" = "TQ1-7"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduled_at: Option<PartialTime>,
    /// When it was done.
    #[schemars(extend("x-hl7" = "OBR-7"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performed_at: Option<PartialTime>,
    /// Clinical question.
    #[schemars(extend("x-hl7" = "OBR-13, OBR-31.2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text<'m>>,
    /// When it was ordered.
    #[schemars(extend("x-hl7" = "ORC-9"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordered_at: Option<PartialTime>,
    /// Who ordered it.
    #[schemars(extend("x-hl7" = "ORC-12"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordered_by: Option<Practitioner<'m>>,
}

/// The `imaging-performed` and `endoscopy-performed` kinds.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ExaminationPerformed<'m> {
    /// The examinations.
    pub requests: Vec<ExaminationRequest<'m>>,
    /// The studies, each once, however often its identifiers are repeated in the message.
    pub studies: Vec<Study<'m>>,
    /// Progress of the examination as sent: `RS` performed.
    #[schemars(extend("x-hl7" = "ZE1-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Text<'m>>,
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
