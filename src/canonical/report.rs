//! The `report` kind: what a reader says of an examination.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Attachment, Coded, FacilityCode, PartialTime, Place, Practitioner, ResultStatus, Section, Study, Text,
};

/// The `report` kind (ORU^R01 or MDM of radiology and other readings).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Report<'m> {
    /// The reports: one per examination.
    pub reports: Vec<ExaminationReport<'m>>,
    /// The studies that they are about.
    pub studies: Vec<Study<'m>>,
}

/// One report (OBR with its OBX, or TXA with its OBX).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ExaminationReport<'m> {
    /// Where it stood.
    pub at: Place,
    /// Placer order number.
    #[schemars(extend("x-hl7" = "ORC-2, else OBR-2; TXA-14"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<Text<'m>>,
    /// Filler order number.
    #[schemars(extend("x-hl7" = "ORC-3, else OBR-3; TXA-15"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filler_number: Option<Text<'m>>,
    /// Facilities that it names as the one that ordered, each once; most messages name none.
    #[schemars(extend("x-hl7" = "ORC-21.10, ORC-21.3, ORC-17, ORC-2.2, ORC-2.3, ORC-4, ORC-12.14, OBR-2, OBR-16.14"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requesters: Vec<FacilityCode<'m>>,
    /// What was examined.
    #[schemars(extend("x-hl7" = "OBR-4; TXA-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub examination: Option<Coded<'m>>,
    /// Preliminary, final or corrected.
    #[schemars(extend("x-hl7" = "OBR-25, else TXA-17, else OBX-11"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ResultStatus>,
    /// When it was examined.
    #[schemars(extend("x-hl7" = "OBR-7; TXA-4"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performed_at: Option<PartialTime>,
    /// When the report was made.
    #[schemars(extend("x-hl7" = "OBR-22; TXA-7, TXA-6"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported_at: Option<PartialTime>,
    /// Who read it.
    #[schemars(extend("x-hl7" = "OBR-32; TXA-9"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reader: Option<Practitioner<'m>>,
    /// What the report says, one section per OBX.
    #[schemars(extend("x-hl7" = "OBX-3, OBX-5"))]
    pub sections: Vec<Section<'m>>,
    /// Files that came with it.
    #[schemars(extend("x-hl7" = "OBX-5 (ED)"))]
    pub attachments: Vec<Attachment<'m>>,
}
