//! The `physiology-result` kind.

use schemars::JsonSchema;
use serde::Serialize;

use super::{ExaminationRequest, TestResult};

/// The `physiology-result` kind (OMG-13): electrocardiogram, lung function, ultrasound and the like.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct PhysiologyResult<'m> {
    /// The examinations.
    pub requests: Vec<ExaminationRequest<'m>>,
    /// What was measured or found; `order` counts `requests`.
    pub results: Vec<TestResult<'m>>,
}
