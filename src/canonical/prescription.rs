//! The `prescription` kind.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Coded, Observed, PartialTime, Place, Practitioner, Text};

/// The `prescription` kind: one order of one or more drugs.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Prescription<'m> {
    /// The drugs.
    pub medications: Vec<MedicationOrder<'m>>,
}

/// One drug with its dose and usage (ORC, RXE, TQ1, RXR).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct MedicationOrder<'m> {
    /// Where it stood: `RXE[n]`.
    pub at: Place,
    /// Placer order number.
    #[schemars(extend("x-hl7" = "ORC-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<Text<'m>>,
    /// Group number: drugs taken together (RP).
    #[schemars(extend("x-hl7" = "ORC-4"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Text<'m>>,
    /// Order control (HL7 table 0119): `NW`, `CA`, `DC`, `XO` …
    #[schemars(extend("x-hl7" = "ORC-1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<Text<'m>>,
    /// Drug, usually by HOT9.
    #[schemars(extend("x-hl7" = "RXE-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drug: Option<Coded<'m>>,
    /// Amount per dose or day, as sent.
    #[schemars(extend("x-hl7" = "RXE-3"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dose: Option<Observed<'m>>,
    /// Unit of the dose (MERIT-9).
    #[schemars(extend("x-hl7" = "RXE-5"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dose_unit: Option<Coded<'m>>,
    /// Dosage form (MERIT-9).
    #[schemars(extend("x-hl7" = "RXE-6"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<Coded<'m>>,
    /// Amount to dispense.
    #[schemars(extend("x-hl7" = "RXE-10"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispense: Option<Observed<'m>>,
    /// Unit of the amount to dispense.
    #[schemars(extend("x-hl7" = "RXE-11"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dispense_unit: Option<Coded<'m>>,
    /// In or out of the hospital: `OHP`, `OHI`, `IHP` …
    #[schemars(extend("x-hl7" = "RXE-21, else ORC-29"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setting: Option<Coded<'m>>,
    /// Usage (JAMISDP01 16 digits).
    #[schemars(extend("x-hl7" = "TQ1-3"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Coded<'m>>,
    /// How long, as sent.
    #[schemars(extend("x-hl7" = "TQ1-6"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<Text<'m>>,
    /// First day.
    #[schemars(extend("x-hl7" = "TQ1-7"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<PartialTime>,
    /// Route.
    #[schemars(extend("x-hl7" = "RXR-1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<Coded<'m>>,
    /// When it was ordered.
    #[schemars(extend("x-hl7" = "ORC-9"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordered_at: Option<PartialTime>,
    /// Who ordered it.
    #[schemars(extend("x-hl7" = "ORC-12"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ordered_by: Option<Practitioner<'m>>,
}
