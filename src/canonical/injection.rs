//! The `injection` kind.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Coded, MedicationOrder, Observed, Place, TestResult};

/// The `injection` kind (OMP-02): what is to be injected, in which mixtures.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Injection<'m> {
    /// The injections.
    pub injections: Vec<InjectionOrder<'m>>,
}

/// One injection: its order and the drugs of the mixture (ORC, RXE, TQ1, RXR, RXC).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct InjectionOrder<'m> {
    /// Order, type of injection (`drug` holds it: `00^一般^99I02`), usage and route.
    #[serde(flatten)]
    pub order: MedicationOrder<'m>,
    /// The drugs that are mixed.
    pub components: Vec<MixtureComponent<'m>>,
    /// What was sent with the order, such as the body weight.
    #[schemars(extend("x-hl7" = "OBX"))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<TestResult<'m>>,
}

/// A drug of a mixture (RXC).
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct MixtureComponent<'m> {
    /// Where it stood: `RXC[n]`.
    pub at: Place,
    /// Base or additive (HL7 table 0166): `B`, `A`.
    #[schemars(extend("x-hl7" = "RXC-1"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<super::Text<'m>>,
    /// Drug, usually by HOT9.
    #[schemars(extend("x-hl7" = "RXC-2"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drug: Option<Coded<'m>>,
    /// Amount.
    #[schemars(extend("x-hl7" = "RXC-3"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Observed<'m>>,
    /// Unit of the amount.
    #[schemars(extend("x-hl7" = "RXC-4"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<Coded<'m>>,
}
