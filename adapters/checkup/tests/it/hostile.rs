//! Archives that are made to harm whoever reads or unpacks them.

use std::io::{Cursor, Read, Seek, SeekFrom};

use checkup::Limits;

use crate::build::*;

/// A good archive with one more entry.
fn with(entry: Entry) -> Vec<Entry> {
    let mut all = entries(1);
    all.push(entry);
    all
}

#[test]
fn names_that_lead_elsewhere() {
    for name in [
        "../SECRET",
        "/SECRET",
        "a/../../SECRET",
        "a\\SECRET",
        "C:SECRET",
        "c:/SECRET",
        "a\0SECRET",
        "a\nSECRET",
        "./SECRET",
        "a//SECRET",
        "",
    ] {
        assert_eq!(refused(&with(Entry::new(name, ""))), "unsafe-name", "{name:?}");
    }
    assert_eq!(refused(&with(Entry::new(b"..\\\x95\x5C", ""))), "unsafe-name");
    // The last byte of 表 in CP932 looks like a backslash.
    assert_eq!(
        odd(&with(Entry::new([NAME.as_bytes(), b"/\x95\x5C.txt"].concat(), ""))),
        ["unexpected-entry"]
    );
    let utf8 = Entry { flags: 1 << 11, ..Entry::new(format!("{NAME}/表.txt"), "") };
    assert_eq!(odd(&with(utf8)), ["unexpected-entry"]);
}

/// A second name in an extra field (Info-ZIP Unicode Path) is what some readers take.
#[test]
fn a_second_name() {
    let name = format!("{NAME}/a.txt");
    let other = b"../SECRET";
    let mut crc = Entry::new("", &name).crc.to_le_bytes().to_vec();
    crc.extend(other);
    let mut extra = vec![0x75, 0x70];
    extra.extend((crc.len() as u16 + 1).to_le_bytes());
    extra.push(1);
    extra.extend(crc);
    assert_eq!(refused(&with(Entry { extra, ..Entry::new(name, "") })), "two-readings");
}

#[test]
fn names_that_are_there_twice() {
    let same = format!("{NAME}/XSD/ix08_V08.xsd");
    assert_eq!(refused(&with(Entry::new(&same, "<other/>"))), "duplicate-names");
    assert_eq!(refused(&with(Entry::new(same.to_uppercase(), "<other/>"))), "duplicate-names");
    assert_eq!(refused(&with(Entry::new(format!("{same}/"), ""))), "duplicate-names");
}

#[test]
fn links_and_devices() {
    for kind in [0o120_777_u32, 0o020_644, 0o010_644, 0o060_644] {
        let entry = Entry { attributes: kind << 16, made_by: 3 << 8 | 20, ..Entry::new("a", "/etc/passwd") };
        assert_eq!(refused(&with(entry)), "special-file", "{kind:o}");
    }
}

#[test]
fn encrypted_or_packed_otherwise() {
    assert_eq!(refused(&with(Entry { flags: 1, ..Entry::new("a", "secret bytes!") })), "encrypted");
    for method in [1, 9, 12, 14, 93, 99] {
        let code = refused(&with(Entry { method, ..Entry::new("a", "bytes") }));
        assert!(matches!(code, "packing" | "broken-zip"), "{method}: {code}");
    }
}

#[test]
fn bombs() {
    let limits = Limits { entry_bytes: 1 << 20, free_bytes: 1 << 20, ..Limits::default() };
    let refused =
        |entries: &[Entry]| checkup::read(Cursor::new(zip(entries)), FILE, &limits).unwrap_err().code;
    let blanks = vec![b' '; 2 << 20];
    let path = format!("{NAME}/DATA/a.xml");
    // What it says of itself is believed where it is bad.
    let large = Entry::new(&path, &blanks).packed();
    assert_eq!(refused(&with(large.clone())), "too-large");
    // What it hides is noticed while it is unpacked.
    assert_eq!(refused(&with(Entry { size: 10, ..large })), "bad-data");
    // Many that are small enough, alone.
    let small = Entry::new("", &blanks[..900 << 10]).packed();
    let mut many = entries(0);
    many.extend((0..9).map(|number| Entry { name: format!("{NAME}/XSD/{number}").into(), ..small.clone() }));
    assert_eq!(refused(&many), "too-large");
    // An XML file of one long text is read within bounds.
    let text = [b"<a>".as_slice(), &blanks[..900 << 10], b"</a>"].concat();
    assert_eq!(refused(&with(Entry::new(&path, text).packed())), "count-differs");
}

#[test]
fn one_content_for_many_entries() {
    let mut all = entries(0);
    let text = record(1);
    let start = zip(&all[..all.len()]).len() as u32;
    all.push(Entry::new(record_path(1), &text).packed());
    // The local header of the first, behind the entries before it.
    let bytes = zip(&all);
    let name = record_path(1);
    let at = bytes.windows(name.len()).position(|window| window == name.as_bytes()).unwrap() as u32 - 30;
    assert!(at < start);
    let again = Entry { offset: Some(at), ..all.last().unwrap().clone() };
    all.extend((2..50).map(|number| Entry { name: record_path(number).into(), ..again.clone() }));
    assert_eq!(refused(&all), "overlapping-entries");
}

#[test]
fn two_readings_of_one_archive() {
    let other = Entry { local_name: Some(b"b".to_vec()), ..Entry::new("a", "") };
    assert_eq!(refused(&with(other)), "two-readings");
    // An entry that the directory does not list.
    let hidden = zip(&entries(1));
    let mut bytes = zip(&[Entry::new("SECRET", "x")]);
    bytes.truncate(bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap());
    let shift = bytes.len() as u32;
    let mut all = entries(1);
    let mut at = 0;
    for entry in &mut all {
        entry.offset = Some(shift + at);
        at += (30 + entry.name.len() + entry.data.len()) as u32;
    }
    let directory = zip(&all);
    bytes.extend(&hidden[..at as usize]);
    let start = bytes.len() as u32;
    bytes.extend(&directory);
    let end = bytes.len() - 6;
    bytes[end..end + 4].copy_from_slice(&start.to_le_bytes());
    assert_eq!(read(&bytes).unwrap_err().code, "two-readings");
    // Something before the archive, or an end within the comment of the end.
    assert_eq!(read(&[b"MZ".as_slice(), &hidden].concat()).unwrap_err().code, "broken-zip");
    let mut two = hidden.clone();
    let length = two.len();
    two[length - 2] = 22;
    two.extend(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    assert_eq!(read(&two).unwrap_err().code, "broken-zip");
}

#[test]
fn a_data_descriptor_is_read() {
    let mut all = entries(1);
    all[2].descriptor = true;
    assert_eq!(odd(&all), [""; 0]);
}

#[test]
fn damaged_bytes() {
    let mut all = entries(1);
    all[2].crc ^= 1;
    assert_eq!(refused(&all), "bad-data");
    let mut all = entries(1);
    all[2].data.truncate(20);
    assert_eq!(refused(&all), "bad-data");
    let mut all = entries(1);
    all[1].crc ^= 1;
    assert_eq!(refused(&all), "bad-data");
}

#[test]
fn directories_that_are_cut_or_lie() {
    let bytes = zip(&entries(2));
    let end = bytes.len() - 22;
    let patched = |at: usize, patch: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[end + at..end + at + patch.len()].copy_from_slice(patch);
        read(&bytes).unwrap_err().code
    };
    assert_eq!(patched(4, &[1, 0]), "multi-volume");
    assert_eq!(patched(8, &[1, 0]), "multi-volume");
    assert_eq!(patched(8, &[1, 0, 1, 0]), "two-readings");
    assert_eq!(patched(8, &[99, 0, 99, 0]), "broken-zip");
    assert_eq!(patched(8, &[255, 255, 255, 255]), "zip64");
    assert_eq!(patched(12, &[0, 0, 0, 0]), "broken-zip");
    assert_eq!(patched(16, &[255, 255, 255, 255]), "zip64");
    let mut locator = bytes[..end].to_vec();
    locator.extend(b"PK\x06\x07\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    locator.extend(&bytes[end..]);
    assert_eq!(read(&locator).unwrap_err().code, "zip64");
}

#[test]
fn more_entries_than_allowed() {
    let limits = Limits { entries: 4, ..Limits::default() };
    let read =
        |count| checkup::read(Cursor::new(zip(&entries(count))), FILE, &limits).map_err(|fault| fault.code);
    assert!(read(1).is_ok());
    assert_eq!(read(2).unwrap_err(), "too-many-entries");
}

/// An archive of 1 GB, without its bytes: no more of it is read than is needed.
#[test]
fn a_large_archive_is_not_read_into_memory() {
    struct Large {
        at: u64,
        head: Vec<u8>,
        tail: Vec<u8>,
        length: u64,
        read: u64,
    }
    impl Read for Large {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let tail_start = self.length - self.tail.len() as u64;
            let from = match self.at {
                at if at < self.head.len() as u64 => &self.head[at as usize..],
                at if at >= tail_start => &self.tail[(at - tail_start) as usize..],
                at => &vec![b'x'; (tail_start - at).min(4096) as usize][..],
            };
            let count = from.len().min(buffer.len());
            buffer[..count].copy_from_slice(&from[..count]);
            self.at += count as u64;
            self.read += count as u64;
            Ok(count)
        }
    }
    impl Seek for Large {
        fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
            self.at = match to {
                SeekFrom::Start(at) => at,
                SeekFrom::End(by) => self.length.saturating_add_signed(by),
                SeekFrom::Current(by) => self.at.saturating_add_signed(by),
            };
            Ok(self.at)
        }
    }
    let mut all = entries(1);
    let mut large = Entry::new(format!("{NAME}/XSD/large"), "");
    large.size = 1 << 30;
    let at = zip(&all).windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    all.push(large);
    let bytes = zip(&all);
    // Its size in both headers, and everything behind it so much further.
    let gap = 1_u32 << 30;
    let mut head = bytes[..at + 30 + NAME.len() + 10].to_vec();
    head[at + 18..at + 22].copy_from_slice(&gap.to_le_bytes());
    let mut tail = bytes[head.len()..].to_vec();
    let end = tail.len() - 22;
    let entry = end - 46 - NAME.len() - 10;
    tail[entry + 20..entry + 24].copy_from_slice(&gap.to_le_bytes());
    tail[end + 16..end + 20].copy_from_slice(&(head.len() as u32 + gap).to_le_bytes());
    let length = (head.len() + tail.len()) as u64 + u64::from(gap);
    let mut archive = Large { at: 0, head, tail, length, read: 0 };
    let fault = checkup::read(&mut archive, FILE, &Limits::default()).unwrap_err();
    assert_eq!(fault.code, "too-large", "{fault}");
    assert!(archive.read < 1 << 20, "{} bytes were read", archive.read);
}
