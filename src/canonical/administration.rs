//! The `administration` kind: what was given, dispensed or vaccinated.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Coded, MixtureComponent, Observed, PartialTime, Place, Practitioner, Text};

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
    /// Who gave it.
    #[schemars(extend("x-hl7" = "RXA-10; RXD-10"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Practitioner<'m>>,
    /// Lot number.
    #[schemars(extend("x-hl7" = "RXA-15; RXD-18"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lot: Option<Text<'m>>,
    /// Whether it was done (HL7 table 0322): `CP` complete, `PA` partly, `RE` refused, `NA` not.
    #[schemars(extend("x-hl7" = "RXA-20"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completion: Option<Text<'m>>,
    /// Route.
    #[schemars(extend("x-hl7" = "RXR-1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<Coded<'m>>,
    /// The drugs of the mixture that was ordered.
    pub components: Vec<MixtureComponent<'m>>,
}
