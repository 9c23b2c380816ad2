//! HL7 CDA Release 2: a clinical document's header and the text of its sections.
//!
//! Bytes become characters by what the document says of itself ([`encoding`]); what is hostile is refused before
//! anything is built of it ([`guard`]: document types and with them entities, depth, numbers); then a tree is read.
//! Elements are found by their local names in the namespace `urn:hl7-org:v3`; what is not known is passed over.
//!
//! Nothing in here opens a file or follows a reference.

mod document;
mod encoding;
mod error;
mod guard;
mod header;
mod section;

pub use document::{
    Attachment, ClinicalDocument, Code, Finding, Id, Party, Patient, PersonName, Related, Section,
};
pub use error::DecodeError;

use roxmltree::{Document, ParsingOptions};

/// Largest document that is read.
pub const BYTES_MAX: usize = 16 << 20;
/// Elements, texts, comments and instructions of a document.
const NODES_MAX: u32 = 500_000;
/// Namespace of CDA.
const HL7_V3: &str = "urn:hl7-org:v3";

/// Reads a document.
///
/// # Errors
/// It is not well-formed, is hostile, or is no clinical document; where in it, and never what stands there.
pub fn decode(bytes: &[u8]) -> Result<ClinicalDocument, DecodeError> {
    if bytes.len() > BYTES_MAX {
        return Err(DecodeError::whole("xml-too-large", "the XML is larger than 16 MiB"));
    }
    let (text, mut findings) = encoding::decode(bytes)?;
    guard::check(&text)?;
    let options = ParsingOptions { nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let tree = Document::parse_with_options(&text, options).map_err(|error| DecodeError::of(&error))?;
    let root = tree.root_element();
    if root.tag_name().name() != "ClinicalDocument" || root.tag_name().namespace() != Some(HL7_V3) {
        let place = tree.text_pos_at(root.range().start);
        return Err(DecodeError::at("not-cda", "the root element is not ClinicalDocument of HL7 CDA", place));
    }
    let mut document = header::read(root);
    findings.extend(section::read(root, &mut document));
    document.findings = findings;
    Ok(document)
}

#[cfg(test)]
mod tests;
