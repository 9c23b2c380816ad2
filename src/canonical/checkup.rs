//! The `checkup` kind: an archive of health check-up results (特定健診).

use schemars::JsonSchema;
use serde::Serialize;

use super::{PartialTime, Text};

/// The `checkup` kind: one archive, as its name and its index tell it. It is about no single patient. The archive itself is sent
/// as original bytes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Checkup<'m> {
    /// 10-digit code of the facility that sends it (健診機関番号): of the archive's name, else of the index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<Text<'m>>,
    /// 8-digit number of the insurer (保険者番号) that it is for: of the archive's name, else of the index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insurer: Option<Text<'m>>,
    /// Day of the archive's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<PartialTime>,
    /// Number of the archive within that day, of its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<Text<'m>>,
    /// 実施区分 (1 特定健診, 2 特定保健指導 …): of the archive's name, else serviceEventType of ix08.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Text<'m>>,
    /// interactionType of ix08: 6 from a facility to an insurer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interaction: Option<Text<'m>>,
    /// totalRecordCount of ix08.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared_records: Option<u64>,
    /// XML files found in DATA: persons.
    pub records: u64,
    /// totalSubjectCount of su08, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared_claims: Option<u64>,
    /// XML files found in CLAIMS: bills.
    pub claims: u64,
}
