//! The `administration` kind: what was given, dispensed or vaccinated.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Coded, InjectionOrder, Location, Observed, OrderDetails, PartialTime, Place, Practitioner, TestResult,
    Text,
};

/// What was done with the drug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AdministrationStep {
    /// RXA: given to the patient (OMP-11, OMP-12, RAS, VXU).
    Administered,
    /// RXD: handed out (RDS).
    Dispensed,
    /// RXG: to be given (RGV).
    ToBeGiven,
}

/// The `administration` kind.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Administration<'m> {
    /// The orders that were carried out, where they were sent with it (RXE).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<InjectionOrder<'m>>,
    /// What was given.
    pub administrations: Vec<AdministeredDrug<'m>>,
}

/// One drug that was given (ORC, RXA, RXR; RXD; RXG).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AdministeredDrug<'m> {
    /// Where it stood: `RXA[n]`.
    pub at: Place,
    /// What was done.
    pub step: AdministrationStep,
    /// Which of `orders`, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<usize>,
    /// Placer order number.
    #[schemars(extend("x-hl7" = "ORC-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<Text<'m>>,
    /// Group number.
    #[schemars(extend("x-hl7" = "ORC-4"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Text<'m>>,
    /// Order control (HL7 table 0119).
    #[schemars(extend("x-hl7" = "ORC-1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<Text<'m>>,
    /// Counter of the doses that were to be given.
    #[schemars(extend("x-hl7" = "RXA-1, RXD-1, RXG-1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub give_counter: Option<Text<'m>>,
    /// Counter of the doses that were given of it.
    #[schemars(extend("x-hl7" = "RXA-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub administration_counter: Option<Text<'m>>,
    /// Beginning.
    #[schemars(extend("x-hl7" = "RXA-3; RXD-3"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<PartialTime>,
    /// End.
    #[schemars(extend("x-hl7" = "RXA-4"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<PartialTime>,
    /// Drug or vaccine.
    #[schemars(extend("x-hl7" = "RXA-5; RXD-2; RXG-4"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drug: Option<Coded<'m>>,
    /// Amount.
    #[schemars(extend("x-hl7" = "RXA-6; RXD-4; RXG-5"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Observed<'m>>,
    /// Unit of the amount.
    #[schemars(extend("x-hl7" = "RXA-7; RXD-5; RXG-7"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Coded<'m>>,
    /// Dosage form.
    #[schemars(extend("x-hl7" = "RXA-8, RXD-6, RXG-8"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<Coded<'m>>,
    /// Notes on it.
    #[schemars(extend("x-hl7" = "RXA-9, RXD-9, RXG-9"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Coded<'m>>,
    /// Who gave it.
    #[schemars(extend("x-hl7" = "RXA-10; RXD-10"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Practitioner<'m>>,
    /// Where it was given.
    #[schemars(extend("x-hl7" = "RXA-11"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location<'m>>,
    /// Lot number.
    #[schemars(extend("x-hl7" = "RXA-15; RXD-18; RXG-19"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lot: Option<Text<'m>>,
    /// Until when the drug may be used.
    #[schemars(extend("x-hl7" = "RXA-16, RXD-19, RXG-20"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<PartialTime>,
    /// Who made it.
    #[schemars(extend("x-hl7" = "RXA-17, RXD-20, RXG-21"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manufacturer: Option<Coded<'m>>,
    /// Why it was refused.
    #[schemars(extend("x-hl7" = "RXA-18"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refusal_reasons: Vec<Coded<'m>>,
    /// Whether it was done (HL7 table 0322): `CP` complete, `PA` partly, `RE` refused, `NA` not.
    #[schemars(extend("x-hl7" = "RXA-20"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion: Option<Text<'m>>,
    /// Added, deleted or updated (HL7 table 0323): `A`, `D`, `U`.
    #[schemars(extend("x-hl7" = "RXA-21"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Text<'m>>,
    /// When it was recorded.
    #[schemars(extend("x-hl7" = "RXA-22"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<PartialTime>,
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
    /// What was observed with it.
    #[schemars(extend("x-hl7" = "OBX"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<TestResult<'m>>,
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
