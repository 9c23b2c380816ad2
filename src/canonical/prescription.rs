//! The `prescription` kind.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Coded, Observed, OrderDetails, PartialTime, Place, Practitioner, Text};

/// The `prescription` kind: one order of one or more drugs.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Prescription<'m> {
    /// The drugs.
    pub medications: Vec<MedicationOrder<'m>>,
}

/// One drug with its dose and usage (ORC, RXE, TQ1, RXR).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct MedicationOrder<'m> {
    /// Where it stood: `RXE[n]`; `ORC[n]` where the order has none (it is cancelled by its number alone).
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
    /// Largest amount, where the dose is a range.
    #[schemars(extend("x-hl7" = "RXE-4"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dose_max: Option<Observed<'m>>,
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
    /// Number of the prescription.
    #[schemars(extend("x-hl7" = "RXE-15"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prescription_number: Option<Text<'m>>,
    /// Amount of a whole day.
    #[schemars(extend("x-hl7" = "RXE-19.1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_amount: Option<Observed<'m>>,
    /// Unit of the amount of a day.
    #[schemars(extend("x-hl7" = "RXE-19.2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_unit: Option<Coded<'m>>,
    /// What the one who ordered it wants to be done.
    #[schemars(extend("x-hl7" = "RXE-7"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instructions: Vec<Coded<'m>>,
    /// The time that the dose is for: `H1` an hour.
    #[schemars(extend("x-hl7" = "RXE-22"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dose_per: Option<Text<'m>>,
    /// Amount per unit of time, as sent.
    #[schemars(extend("x-hl7" = "RXE-23"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Observed<'m>>,
    /// Unit of the rate.
    #[schemars(extend("x-hl7" = "RXE-24"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_unit: Option<Coded<'m>>,
    /// The drug in other coding systems.
    #[schemars(extend("x-hl7" = "RXE-31"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub supplementary_codes: Vec<Coded<'m>>,
    /// In or out of the hospital: `OHP`, `OHI`, `IHP` …
    #[schemars(extend("x-hl7" = "RXE-21, else ORC-29"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setting: Option<Coded<'m>>,
    /// Further instructions to the pharmacy (RXE-21 repeats: `OHP` and `OHI`).
    #[schemars(extend("x-hl7" = "RXE-21[2] and on"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dispensing: Vec<Coded<'m>>,
    /// Usage (JAMISDP01 16 digits).
    #[schemars(extend("x-hl7" = "TQ1-3"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Coded<'m>>,
    /// What supplements the usage (JAMISDP01 too).
    #[schemars(extend("x-hl7" = "TQ1-3[2] and on"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub usage_details: Vec<Coded<'m>>,
    /// How long, as sent.
    #[schemars(extend("x-hl7" = "TQ1-6"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<Text<'m>>,
    /// First day.
    #[schemars(extend("x-hl7" = "TQ1-7"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<PartialTime>,
    /// End.
    #[schemars(extend("x-hl7" = "TQ1-8"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<PartialTime>,
    /// Instruction in words.
    #[schemars(extend("x-hl7" = "TQ1-11"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage_text: Option<Text<'m>>,
    /// How many times in all (doses taken as needed).
    #[schemars(extend("x-hl7" = "TQ1-14"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurrences: Option<Observed<'m>>,
    /// Where the order has several TQ1 (a dose that changes): the second and on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub further_timings: Vec<Timing<'m>>,
    /// Route.
    #[schemars(extend("x-hl7" = "RXR-1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<Coded<'m>>,
    /// Site.
    #[schemars(extend("x-hl7" = "RXR-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<Coded<'m>>,
    /// Device.
    #[schemars(extend("x-hl7" = "RXR-3"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Coded<'m>>,
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

/// A further timing of an order (TQ1).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Timing<'m> {
    /// Where it stood: `TQ1[n]`.
    pub at: Place,
    /// Amount at this time.
    #[schemars(extend("x-hl7" = "TQ1-2.1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Observed<'m>>,
    /// Usage.
    #[schemars(extend("x-hl7" = "TQ1-3"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Coded<'m>>,
    /// How long, as sent.
    #[schemars(extend("x-hl7" = "TQ1-6"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<Text<'m>>,
    /// Beginning.
    #[schemars(extend("x-hl7" = "TQ1-7"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<PartialTime>,
    /// End.
    #[schemars(extend("x-hl7" = "TQ1-8"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<PartialTime>,
    /// Instruction in words.
    #[schemars(extend("x-hl7" = "TQ1-11"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text<'m>>,
}
