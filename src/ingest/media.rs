//! Media type of a file: by its first bytes, else by its name.

use crate::envelope::ORIGINAL;
use crate::manifest::XML;

/// First bytes that are looked at.
pub(super) const LOOKED_AT: u64 = 512;

const OTHER: &str = "application/octet-stream";

/// Media type of a file that begins so, by at least its first 512 bytes, and has that name.
pub fn of(first: &[u8], name: &str) -> &'static str {
    let by_name =
        || by_name(&name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default());
    match by_content(first) {
        // Both are the shell of many formats, which the name tells apart.
        Some(shell @ ("application/zip" | "application/x-ole-storage")) => by_name().unwrap_or(shell),
        Some(found) => found,
        None => by_name().filter(|found| *found != XML && *found != ORIGINAL).unwrap_or(OTHER),
    }
}

fn by_content(first: &[u8]) -> Option<&'static str> {
    let at = |offset: usize, magic: &[u8]| first.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    Some(match () {
        () if at(0, b"%PDF-") => "application/pdf",
        () if at(0, b"\x89PNG\r\n\x1a\n") => "image/png",
        () if at(0, b"\xff\xd8\xff") => "image/jpeg",
        () if at(0, b"GIF8") => "image/gif",
        () if at(0, b"II*\0") || at(0, b"MM\0*") => "image/tiff",
        () if at(0, b"RIFF") && at(8, b"WEBP") => "image/webp",
        () if at(4, b"ftyp") => "video/mp4",
        () if at(128, b"DICM") => "application/dicom",
        () if at(0, b"PK\x03\x04") => "application/zip",
        () if at(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") => "application/x-ole-storage",
        () => return by_text(first),
    })
}

/// XML and HL7 v2 begin with text, of two bytes a character in UTF-16.
fn by_text(first: &[u8]) -> Option<&'static str> {
    let text: Vec<u8> = match first {
        [0xef, 0xbb, 0xbf, rest @ ..] => rest.to_vec(),
        [0xff, 0xfe, rest @ ..] | [0xfe, 0xff, rest @ ..] => {
            rest.iter().copied().filter(|byte| *byte != 0).collect()
        }
        _ => first.to_vec(),
    };
    let text = text.trim_ascii_start();
    let text = text.strip_prefix(b"\x0b").unwrap_or(text);
    match () {
        () if text.starts_with(b"<?xml") || text.starts_with(b"<ClinicalDocument") => Some(XML),
        () if text.starts_with(b"MSH|") || text.starts_with(b"FHS|") || text.starts_with(b"BHS|") => {
            Some(ORIGINAL)
        }
        () => None,
    }
}

fn by_name(end: &str) -> Option<&'static str> {
    Some(match end {
        "css" => "text/css",
        "csv" => "text/csv",
        "txt" | "log" => "text/plain",
        "htm" | "html" => "text/html",
        "js" => "text/javascript",
        "json" => "application/json",
        "xml" => XML,
        "hl7" => ORIGINAL,
        "xsl" | "xslt" => "application/xslt+xml",
        "svg" => "image/svg+xml",
        "bmp" => "image/bmp",
        "doc" => "application/msword",
        "xls" => "application/vnd.ms-excel",
        "ppt" => "application/vnd.ms-powerpoint",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "xdw" => "application/vnd.fujixerox.docuworks",
        "dcm" => "application/dicom",
        "mpg" | "mpeg" => "video/mpeg",
        "avi" => "video/x-msvideo",
        "wav" => "audio/wav",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_comes_before_the_name() {
        assert_eq!(of(b"%PDF-1.7", "a.xml"), "application/pdf");
        assert_eq!(of(b"<?xml version=\"1.0\"?>", "a.dat"), XML);
        assert_eq!(of(b"\xef\xbb\xbf\r\n<?xml", "a"), XML);
        assert_eq!(of(b"\xff\xfe<\0?\0x\0m\0l\0", "a"), XML);
        assert_eq!(of(b"\xfe\xff\0<\0?\0x\0m\0l", "a"), XML);
        assert_eq!(of(b"\x0bMSH|^~\\&|", "main_document.dat"), ORIGINAL);
        assert_eq!(of(b"plain", "a.CSS"), "text/css");
        assert_eq!(of(b"PK\x03\x04", "a.docx").rsplit_once('.').unwrap().1, "document");
        assert_eq!(of(b"PK\x03\x04", "a"), "application/zip");
        assert_eq!(of(b"not at all", "a.xml"), OTHER);
        assert_eq!(of(b"", "a"), OTHER);
        let dicom = [&[0; 128][..], b"DICM"].concat();
        assert_eq!(of(&dicom, "IMG0001"), "application/dicom");
    }
}
