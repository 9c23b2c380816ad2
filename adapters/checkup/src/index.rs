//! `ix08_V08.xml`: from whom, for whom, how many.

use std::io::BufRead;

use crate::xml::{Element, Visitor, XmlError, walk};

/// Namespace of the index, the totals and the bills.
pub(crate) const NAMESPACE: &str = "http://tokuteikenshin.jp/checkup/2007";
/// Longest value that is kept.
const VALUE_BYTES_MAX: usize = 64;

/// A sender or receiver.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Party {
    /// OID of the numbering: 1.2.392.200119.6.102 for facilities, .101 for insurers.
    pub root: Option<String>,
    /// The number.
    pub extension: Option<String>,
}

/// The index of an archive. Values are as they were written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Index {
    /// 種別コード; `6`: from a facility to an insurer.
    pub interaction: Option<String>,
    /// Day on which it was made, `YYYYMMDD`.
    pub created: Option<String>,
    /// From whom.
    pub sender: Party,
    /// For whom.
    pub receiver: Party,
    /// 実施区分コード; `1`: check-up.
    pub service_event: Option<String>,
    /// How many files `DATA/` holds.
    pub total_records: Option<u64>,
    /// The root element is as the specification has it.
    pub is_index: bool,
}

impl Index {
    pub(crate) fn read(xml: &mut dyn BufRead, depth_max: usize) -> Result<Self, XmlError> {
        let mut index = Self::default();
        walk(xml, depth_max, &mut index)?;
        Ok(index)
    }
}

impl Visitor for Index {
    fn element(&mut self, element: &Element<'_>) -> Result<(), XmlError> {
        let Some(path) = element.path.strip_prefix("index") else { return Ok(()) };
        match path {
            "" => self.is_index = element.namespace == NAMESPACE,
            "/interactionType" => self.interaction = value(element, "code")?,
            "/creationTime" => self.created = value(element, "value")?,
            "/sender/id" => self.sender = party(element)?,
            "/receiver/id" => self.receiver = party(element)?,
            "/serviceEventType" => self.service_event = value(element, "code")?,
            "/totalRecordCount" => self.total_records = count(element)?,
            _ => {}
        }
        Ok(())
    }
}

fn party(element: &Element<'_>) -> Result<Party, XmlError> {
    Ok(Party { root: value(element, "root")?, extension: value(element, "extension")? })
}

fn value(element: &Element<'_>, name: &str) -> Result<Option<String>, XmlError> {
    Ok(element.attribute(name)?.filter(|value| !value.is_empty() && value.len() <= VALUE_BYTES_MAX))
}

/// A whole number in `value`.
pub(crate) fn count(element: &Element<'_>) -> Result<Option<u64>, XmlError> {
    let digits = value(element, "value")?;
    Ok(digits
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok()))
}
