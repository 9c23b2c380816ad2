//! Builds archives byte by byte, so that each byte can be wrong.

use checkup::{Archive, Fault, Limits};
use std::io::{Cursor, Write};

pub(crate) const NAME: &str = "3210500033_06320011_202611220_1";
pub(crate) const FILE: &str = "3210500033_06320011_202611220_1.zip";

/// An entry as it is written.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    pub(crate) data: Vec<u8>,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    pub(crate) crc: u32,
    /// Of the unpacked data.
    pub(crate) size: u32,
    pub(crate) attributes: u32,
    pub(crate) made_by: u16,
    pub(crate) extra: Vec<u8>,
    /// The name in the local header, where that is another.
    pub(crate) local_name: Option<Vec<u8>>,
    /// The directory points here instead.
    pub(crate) offset: Option<u32>,
    /// Sizes and checksum stand behind the data.
    pub(crate) descriptor: bool,
}

impl Entry {
    pub(crate) fn new(name: impl AsRef<[u8]>, data: impl AsRef<[u8]>) -> Self {
        let data = data.as_ref().to_vec();
        Self {
            name: name.as_ref().to_vec(),
            method: 0,
            flags: 0,
            crc: crc(&data),
            size: data.len() as u32,
            attributes: 0,
            made_by: 20,
            extra: Vec::new(),
            local_name: None,
            offset: None,
            descriptor: false,
            data,
        }
    }

    /// The same, packed.
    pub(crate) fn packed(self) -> Self {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options =
            zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        zip.start_file("a", options).unwrap();
        zip.write_all(&self.data).unwrap();
        let mut archive = zip::ZipArchive::new(zip.finish().unwrap()).unwrap();
        let mut data = Vec::new();
        std::io::Read::read_to_end(&mut archive.by_index_raw(0).unwrap(), &mut data).unwrap();
        Self { data, method: 8, ..self }
    }

    fn header(&self, name: &[u8], is_local: bool) -> Vec<u8> {
        let in_place = |value: u32| if self.descriptor && is_local { 0 } else { value };
        let flags = self.flags | u16::from(self.descriptor) << 3;
        let mut out = Vec::new();
        for short in [20, flags, self.method, 0, 0x21] {
            out.extend(u16::to_le_bytes(short));
        }
        for long in [self.crc, self.data.len() as u32, self.size] {
            out.extend(in_place(long).to_le_bytes());
        }
        out.extend((name.len() as u16).to_le_bytes());
        out.extend((self.extra.len() as u16).to_le_bytes());
        out
    }
}

/// The entries of a good archive of so many persons.
pub(crate) fn entries(persons: usize) -> Vec<Entry> {
    let mut entries = vec![
        Entry::new(format!("{NAME}/"), ""),
        Entry::new(format!("{NAME}/ix08_V08.xml"), index("3210500033", "06320011", persons)),
    ];
    entries.extend((1..=persons).map(|number| Entry::new(record_path(number), record(number)).packed()));
    entries.push(Entry::new(format!("{NAME}/XSD/ix08_V08.xsd"), "<schema/>"));
    entries
}

pub(crate) fn record_path(number: usize) -> String {
    format!("{NAME}/DATA/h3210500033202611220{}{number:06}.xml", 1)
}

pub(crate) fn index(sender: &str, receiver: &str, records: usize) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<index xmlns="http://tokuteikenshin.jp/checkup/2007"><interactionType code="6"/><creationTime value="20261122"/>
<sender><id root="1.2.392.200119.6.102" extension="{sender}"/></sender>
<receiver><id root="1.2.392.200119.6.101" extension="{receiver}"/></receiver>
<serviceEventType code="1"/><totalRecordCount value="{records}"/></index>"#
    )
}

pub(crate) fn record(number: usize) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3"><id extension="{number}" root="1.2.392.200119.6.1"/>
<recordTarget><patientRole><id extension="{number}" root="1.2.392.200119.6.204"/>
<addr><postalCode>690-0887</postalCode>島根県架空市架空町{number}</addr>
<patient><name>カクウ　タロウ</name></patient></patientRole></recordTarget></ClinicalDocument>"#
    )
}

/// The bytes of an archive.
pub(crate) fn zip(entries: &[Entry]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let start = entry.offset.unwrap_or(out.len() as u32);
        if entry.offset.is_none() {
            let name = entry.local_name.as_ref().unwrap_or(&entry.name);
            out.extend(b"PK\x03\x04");
            out.extend(entry.header(name, true));
            out.extend(name);
            out.extend(&entry.extra);
            out.extend(&entry.data);
            if entry.descriptor {
                out.extend(b"PK\x07\x08");
                for long in [entry.crc, entry.data.len() as u32, entry.size] {
                    out.extend(long.to_le_bytes());
                }
            }
        }
        directory.extend(b"PK\x01\x02");
        directory.extend(entry.made_by.to_le_bytes());
        directory.extend(entry.header(&entry.name, false));
        directory.extend([0; 6]);
        directory.extend(entry.attributes.to_le_bytes());
        directory.extend(start.to_le_bytes());
        directory.extend(&entry.name);
        directory.extend(&entry.extra);
    }
    let (start, length, count) = (out.len() as u32, directory.len() as u32, entries.len() as u16);
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    out.extend([length.to_le_bytes(), start.to_le_bytes()].concat());
    out.extend([0, 0]);
    out
}

/// Reads an archive under its right name.
pub(crate) fn read(bytes: &[u8]) -> Result<Archive, Fault> {
    checkup::read(Cursor::new(bytes), FILE, &Limits::default())
}

/// Why an archive of these entries is refused.
#[track_caller]
pub(crate) fn refused(entries: &[Entry]) -> &'static str {
    let fault = read(&zip(entries)).unwrap_err();
    assert!(!fault.reason.is_empty() && !fault.place.is_empty());
    assert!(!fault.reason.contains("SECRET") && !fault.place.contains("SECRET"), "{fault}");
    fault.code
}

/// The codes of what is odd about an archive of these entries.
#[track_caller]
pub(crate) fn odd(entries: &[Entry]) -> Vec<&'static str> {
    let archive = read(&zip(entries)).unwrap();
    for finding in &archive.findings {
        assert!(!finding.text.contains("SECRET") && !finding.place.contains("SECRET"), "{finding:?}");
    }
    archive.findings.iter().map(|finding| finding.code).collect()
}

fn crc(data: &[u8]) -> u32 {
    let fold = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 })
    };
    !data.iter().fold(!0, fold)
}
