//! The body of a [`Format::Document`](crate::envelope::Format::Document) message: what lies in a content folder of an
//! SS-MIX2 extension storage. The files themselves are claimed, each by its hash.

use serde::{Deserialize, Serialize};

use crate::envelope::{Claim, Identifying};

/// A content folder. The same folder gives the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Name of the data-type folder: `local code^local name^local system^standard code^standard name^standard system`.
    pub data_type: String,
    /// Standard code that the facility's configuration gives for the local one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapped_code: Option<String>,
    /// Name of the content folder. Holds the patient id.
    pub folder: Identifying,
    /// Its files, those of folders in it too, sorted by path.
    pub files: Vec<ManifestFile>,
}

/// A file of a content folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    /// Path in the content folder, `/` between its parts.
    pub path: Identifying,
    /// Length.
    pub bytes: u64,
    /// BLAKE3, hexadecimal: the name of its claim.
    pub hash: String,
    /// What it is, by its first bytes, else by its name.
    pub media_type: String,
}

impl Manifest {
    /// The body that carries it.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Texts and numbers: there is nothing in it that JSON could refuse.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads a body.
    ///
    /// # Errors
    /// It is not what [`Self::to_bytes`] writes.
    pub fn from_bytes(bytes: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(bytes)
    }

    /// The file that says what the document is: `main_document.*`, else the only one that is XML or HL7 v2.
    pub fn main(&self) -> Option<&ManifestFile> {
        let named = self.files.iter().find(|file| file.path.0.starts_with("main_document."));
        let mut readable = self.files.iter().filter(|file| file.is_xml() || file.is_hl7v2());
        named.or_else(|| readable.next().filter(|_| readable.next().is_none()))
    }
}

impl ManifestFile {
    /// Whether it may be a CDA document.
    pub fn is_xml(&self) -> bool {
        self.media_type == XML
    }

    /// Whether it is an HL7 v2 message.
    pub fn is_hl7v2(&self) -> bool {
        self.media_type == crate::envelope::ORIGINAL
    }

    /// The claim under which it lies.
    pub fn claim(&self) -> Claim {
        Claim { hash: self.hash.clone(), bytes: self.bytes, media_type: self.media_type.clone() }
    }
}

/// Media type of XML.
pub const XML: &str = "application/xml";

#[cfg(test)]
mod tests {
    use super::*;

    fn main_of(files: &[(&str, &str)]) -> Option<String> {
        let files = files.iter().map(|(path, media_type)| ManifestFile {
            path: Identifying((*path).to_owned()),
            bytes: 1,
            hash: String::new(),
            media_type: (*media_type).to_owned(),
        });
        let manifest = Manifest {
            data_type: String::new(),
            mapped_code: None,
            folder: Identifying::default(),
            files: files.collect(),
        };
        manifest.main().map(|file| file.path.0.clone())
    }

    #[test]
    fn the_main_document() {
        assert_eq!(main_of(&[("a.pdf", "application/pdf")]), None);
        assert_eq!(main_of(&[("a.pdf", "application/pdf"), ("b.xml", XML)]).as_deref(), Some("b.xml"));
        assert_eq!(main_of(&[("a.xml", XML), ("b.xml", XML)]), None);
        assert_eq!(
            main_of(&[("a.xml", XML), ("main_document.xml", XML)]).as_deref(),
            Some("main_document.xml")
        );
        assert_eq!(
            main_of(&[("main_document.pdf", "application/pdf"), ("b.xml", XML)]).as_deref(),
            Some("main_document.pdf")
        );
        assert_eq!(main_of(&[("v/a.hl7", "application/hl7-v2")]).as_deref(), Some("v/a.hl7"));
    }
}
