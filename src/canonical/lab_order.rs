//! The `lab-order` kind.

use schemars::JsonSchema;
use serde::Serialize;

use super::{LabCode, OrderDetails, PartialTime, Place, Practitioner, Priority, Specimen, TestResult, Text};

/// The `lab-order` kind (OML-01; OML^O21, OML^O33): what is to be tested.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct LabOrders<'m> {
    /// Specimens.
    pub specimens: Vec<Specimen<'m>>,
    /// The tests, each pointing to its specimen.
    pub tests: Vec<OrderedTest<'m>>,
    /// What was sent with the order; `order` counts `tests`.
    #[schemars(extend("x-hl7" = "OBX"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<TestResult<'m>>,
}

/// One test that was ordered (ORC, TQ1, OBR).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct OrderedTest<'m> {
    /// Where it stood: `OBR[n]`.
    pub at: Place,
    /// Which of `specimens`, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub specimen: Option<usize>,
    /// Placer order number.
    #[schemars(extend("x-hl7" = "ORC-2, else OBR-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<Text<'m>>,
    /// Order control (HL7 table 0119).
    #[schemars(extend("x-hl7" = "ORC-1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<Text<'m>>,
    /// What is to be tested.
    #[schemars(extend("x-hl7" = "OBR-4"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<LabCode<'m>>,
    /// Priority.
    #[schemars(extend("x-hl7" = "TQ1-9, else OBR-5, OBR-27.6"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// When it is wanted.
    #[schemars(extend("x-hl7" = "TQ1-7"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduled_at: Option<PartialTime>,
    /// When the specimen was or is to be collected.
    #[schemars(extend("x-hl7" = "OBR-7"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collected_at: Option<PartialTime>,
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
