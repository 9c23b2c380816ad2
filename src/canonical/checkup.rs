//! The `checkup` kind: an archive of health check-up results (特定健診).

use schemars::JsonSchema;
use serde::Serialize;

use super::Text;

/// The `checkup` kind: one archive, as its index tells it. The archive itself is sent as original bytes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Checkup<'m> {
    /// 10-digit code of the facility that sends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<Text<'m>>,
    /// 8-digit number of the insurer (保険者番号) that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insurer: Option<Text<'m>>,
    /// Day of the archive's name, `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Serial number of that day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<Text<'m>>,
    /// 実施区分: 1 特定健診, 2 特定保健指導 …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<Text<'m>>,
    /// interactionType of ix08: 6 from a facility to an insurer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interaction: Option<Text<'m>>,
    /// totalRecordCount of ix08.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared_records: Option<u64>,
    /// XML files found in DATA.
    pub records: u64,
    /// XML files found in CLAIMS.
    pub claims: u64,
}
