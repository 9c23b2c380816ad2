//! What every order says beside its number.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Coded, FacilityCode, PartialTime, Practitioner, Text};

/// The rest of an order's head (ORC).
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct OrderDetails<'m> {
    /// Filler order number.
    #[schemars(extend("x-hl7" = "ORC-3, else OBR-3"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filler_number: Option<Text<'m>>,
    /// Where the order stands (HL7 table 0038): `CM` completed, `IP` in process …
    #[schemars(extend("x-hl7" = "ORC-5"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_status: Option<Text<'m>>,
    /// Who entered it.
    #[schemars(extend("x-hl7" = "ORC-10"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entered_by: Option<Practitioner<'m>>,
    /// From when it holds.
    #[schemars(extend("x-hl7" = "ORC-15"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_at: Option<PartialTime>,
    /// Why it was cancelled or changed.
    #[schemars(extend("x-hl7" = "ORC-16"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control_reason: Option<Coded<'m>>,
    /// Department that entered it.
    #[schemars(extend("x-hl7" = "ORC-17"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<Coded<'m>>,
    /// For an inpatient or an outpatient (HL7 table 0482): `I`, `O`.
    #[schemars(extend("x-hl7" = "ORC-29"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_type: Option<Coded<'m>>,
    /// Facilities that it names as the one that ordered, each once; most messages name none.
    #[schemars(extend("x-hl7" = "ORC-21.10, ORC-21.3, ORC-17, ORC-2.2, ORC-2.3, ORC-4, ORC-12.14, OBR-2, OBR-16.14"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requesters: Vec<FacilityCode<'m>>,
}
