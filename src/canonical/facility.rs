//! Facilities that a message names by their code.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Place, Text};

/// A facility that a message names, and where.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FacilityCode<'m> {
    /// Where it stood.
    pub at: Place,
    /// 10-digit code: prefecture, 点数表, and seven digits.
    pub code: Text<'m>,
}
