//! A document of an extension storage: its manifest, and what its main file says.
//!
//! A main file that can't be read takes nothing away: the document is carried with its files, and a finding says why.

use super::Raw;
use crate::envelope::{Fault, Finding};
use crate::manifest::Manifest;

/// A content folder.
#[derive(Debug)]
pub struct DocumentFolder {
    /// What lies in it.
    pub manifest: Manifest,
    /// What its main file says.
    pub main: Main,
    /// Why the main file was not read, and what was odd about it.
    pub findings: Vec<Finding>,
}

/// The main file of a document.
#[derive(Debug)]
pub enum Main {
    /// There is none that can be read: a folder of PDF or images.
    None,
    /// HL7 CDA R2.
    Cda(Box<cda::ClinicalDocument>),
    /// HL7 v2, such as vital signs.
    Hl7v2(hl7v2::Message),
}

/// Reads a manifest and the bytes of its main file.
pub(super) fn read(raw: &Raw<'_>) -> Result<DocumentFolder, Fault> {
    let manifest = Manifest::from_bytes(raw.body).map_err(|error| Fault {
        code: "manifest".to_owned(),
        reason: "the list of the document's files can't be read".to_owned(),
        place: format!("line {}, column {}", error.line(), error.column()),
    })?;
    let mut findings = Vec::new();
    let main = match (manifest.main().filter(|file| file.is_xml() || file.is_hl7v2()), raw.main) {
        (None, _) => Main::None,
        (Some(_), None) => {
            let text = "the main document is larger than 16 MiB: only its files are told".to_owned();
            findings.push(Finding { code: "main-document-too-large".into(), place: PLACE.to_owned(), text });
            Main::None
        }
        (Some(file), Some(bytes)) if file.is_xml() => xml(bytes, &mut findings),
        (Some(_), Some(bytes)) => hl7(bytes, &mut findings),
    };
    Ok(DocumentFolder { manifest, main, findings })
}

const PLACE: &str = "main document";

fn xml(bytes: &[u8], findings: &mut Vec<Finding>) -> Main {
    match cda::decode(bytes) {
        Ok(document) => {
            findings.extend(document.findings.iter().map(|finding| Finding {
                code: finding.code.into(),
                place: PLACE.to_owned(),
                text: finding.text.to_owned(),
            }));
            Main::Cda(Box::new(document))
        }
        Err(error) => {
            let place = format!("{PLACE}, line {}, column {}", error.line, error.column);
            findings.push(Finding { code: error.code.into(), place, text: error.reason.to_owned() });
            Main::None
        }
    }
}

fn hl7(bytes: &[u8], findings: &mut Vec<Finding>) -> Main {
    match hl7v2::decode(bytes) {
        Ok(message) => Main::Hl7v2(message),
        Err(error) => {
            let place = format!("{PLACE}, {}", error.place);
            findings.push(Finding { code: error.code.into(), place, text: error.reason.to_owned() });
            Main::None
        }
    }
}
