//! The `diet-order` kind.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Coded, OrderDetails, PartialTime, Place, Practitioner, Priority, Text};

/// The `diet-order` kind (OMD).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DietOrder<'m> {
    /// The diets, supplements and preferences.
    pub diets: Vec<Diet<'m>>,
}

/// One diet (ORC, TQ1, ODS).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Diet<'m> {
    /// Where it stood: `ODS[n]`; `ORC[n]` where the order has none (a meal is stopped).
    pub at: Place,
    /// Placer order number.
    #[schemars(extend("x-hl7" = "ORC-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<Text<'m>>,
    /// Order control (HL7 table 0119).
    #[schemars(extend("x-hl7" = "ORC-1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<Text<'m>>,
    /// Diet, supplement or preference (HL7 table 0159): `D`, `S`, `P`.
    #[schemars(extend("x-hl7" = "ODS-1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Text<'m>>,
    /// For which meals (HL7 user table).
    #[schemars(extend("x-hl7" = "ODS-2"))]
    pub service_periods: Vec<Coded<'m>>,
    /// What the patient is to eat.
    #[schemars(extend("x-hl7" = "ODS-3"))]
    pub codes: Vec<Coded<'m>>,
    /// Instructions.
    #[schemars(extend("x-hl7" = "ODS-4"))]
    pub instructions: Vec<Text<'m>>,
    /// How often.
    #[schemars(extend("x-hl7" = "TQ1-3"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frequency: Option<Coded<'m>>,
    /// Priority.
    #[schemars(extend("x-hl7" = "TQ1-9"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// First meal.
    #[schemars(extend("x-hl7" = "TQ1-7"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<PartialTime>,
    /// Last meal.
    #[schemars(extend("x-hl7" = "TQ1-8"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<PartialTime>,
    /// When it was ordered.
    #[schemars(extend("x-hl7" = "ORC-9"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordered_at: Option<PartialTime>,
    /// Who ordered it.
    #[schemars(extend("x-hl7" = "ORC-12"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordered_by: Option<Practitioner<'m>>,
    /// The rest of the order's head.
    #[serde(flatten)]
    pub details: OrderDetails<'m>,
}
