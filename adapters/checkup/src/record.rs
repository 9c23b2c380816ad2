//! A file of `DATA/`: a person's results in CDA R2, read far enough to check it. Nothing of it is kept.

use std::io::BufRead;

use crate::index::NAMESPACE;
use crate::text;
use crate::xml::{Element, Visitor, XmlError, walk};

/// Namespace of CDA R2.
const HL7: &str = "urn:hl7-org:v3";
/// Longest address, a full-width character counted as two.
const ADDRESS_BYTES_MAX: usize = 80;
/// Characters of a text that are looked at.
const TEXT_CHARS_MAX: usize = 1_024;

const ROLE: &str = "ClinicalDocument/recordTarget/patientRole";
const ADDRESS: &str = "ClinicalDocument/recordTarget/patientRole/addr";
const POSTCODE: &str = "ClinicalDocument/recordTarget/patientRole/addr/postalCode";

/// What is wrong with a file: codes and texts of findings.
pub(crate) fn check(
    xml: &mut dyn BufRead,
    depth_max: usize,
) -> Result<Vec<(&'static str, &'static str)>, XmlError> {
    let mut record = Record::default();
    walk(xml, depth_max, &mut record)?;
    Ok(record.findings())
}

#[derive(Default)]
struct Record {
    is_document: bool,
    has_id: bool,
    has_person: bool,
    address: String,
    has_long_address: bool,
    postcode: String,
    has_bad_postcode: bool,
}

impl Record {
    fn findings(&self) -> Vec<(&'static str, &'static str)> {
        let all = [
            (!self.is_document, "not-cda", "the root element is not a ClinicalDocument of CDA R2"),
            (self.is_document && !self.has_id, "no-document-id", "the document has no id"),
            (
                self.is_document && !self.has_person,
                "no-person",
                "the document does not say whom it is about (recordTarget)",
            ),
            (
                self.has_long_address,
                "address-too-long",
                "the address is longer than 80 bytes, full-width characters counted as two",
            ),
            (self.has_bad_postcode, "postcode", "the postcode is not of the form ###-####"),
        ];
        all.into_iter().filter(|(is_odd, ..)| *is_odd).map(|(_, code, text)| (code, text)).collect()
    }
}

impl Visitor for Record {
    fn element(&mut self, element: &Element<'_>) -> Result<(), XmlError> {
        match element.path {
            "ClinicalDocument" => self.is_document = matches!(element.namespace, HL7 | NAMESPACE),
            "ClinicalDocument/id" => {
                self.has_id |= element.attribute("root")?.is_some()
                    || element.attribute("extension")?.is_some()
                    || element.attribute("nullFlavor")?.is_some();
            }
            ROLE => self.has_person = true,
            ADDRESS => self.address.clear(),
            POSTCODE => self.postcode.clear(),
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, path: &str, text: &str) {
        let kept = match path {
            POSTCODE => &mut self.postcode,
            ADDRESS => &mut self.address,
            _ => match path.strip_prefix(ADDRESS) {
                Some(part) if part.starts_with('/') => &mut self.address,
                _ => return,
            },
        };
        let room = TEXT_CHARS_MAX.saturating_sub(kept.len());
        kept.extend(text.chars().take(room));
    }

    fn end(&mut self, path: &str) {
        match path {
            ADDRESS => self.has_long_address |= text::bytes(self.address.trim()) > ADDRESS_BYTES_MAX,
            POSTCODE => self.has_bad_postcode |= !text::is_postcode(self.postcode.trim()),
            _ => {}
        }
    }
}
