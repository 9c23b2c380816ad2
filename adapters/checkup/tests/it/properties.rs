//! Any bytes: no panic, an answer.

use std::io::Cursor;

use checkup::Limits;
use proptest::prelude::*;

use crate::build::*;

fn answers(bytes: &[u8]) {
    let limits = Limits { free_bytes: 1 << 20, ..Limits::default() };
    let whole = checkup::completeness(bytes);
    match checkup::read(Cursor::new(bytes), FILE, &limits) {
        Ok(archive) => {
            assert!(whole.is_ok() && archive.insurer().is_some());
            assert_eq!(archive.index.total_records.unwrap_or(archive.records), archive.records);
        }
        Err(fault) => assert!(!fault.code.is_empty() && !fault.reason.is_empty() && !fault.place.is_empty()),
    }
}

proptest! {
    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        answers(&bytes);
    }

    #[test]
    fn any_bytes_with_an_end(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        end in proptest::collection::vec(any::<u8>(), 18),
    ) {
        answers(&[&bytes, b"PK\x05\x06".as_slice(), &end].concat());
    }

    #[test]
    fn a_good_archive_with_bytes_changed(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = zip(&entries(2));
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        answers(&bytes);
    }

    #[test]
    fn a_good_archive_cut_anywhere(at in any::<prop::sample::Index>()) {
        let bytes = zip(&entries(2));
        let cut = &bytes[..at.index(bytes.len())];
        prop_assert_eq!(read(cut).unwrap_err().code, "torn");
    }

    #[test]
    fn any_xml_in_its_place(text in "(<[a-z:/!?&; ='\"\\[\\]-]{0,12}>|&[a-z#0-9]{0,4};|\\PC{0,4}){0,20}") {
        let mut all = entries(1);
        all[2] = Entry::new(record_path(1), &text);
        answers(&zip(&all));
        all[1] = Entry::new(format!("{NAME}/ix08_V08.xml"), text);
        answers(&zip(&all));
    }

    #[test]
    fn any_names(names in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..6)) {
        let mut all = entries(1);
        all.extend(names.into_iter().map(|name| Entry::new(name, "")));
        answers(&zip(&all));
    }

    #[test]
    fn counts_that_agree_are_read(records in 0_usize..12, declared in 0_usize..12) {
        let mut all = entries(records);
        all[1] = Entry::new(format!("{NAME}/ix08_V08.xml"), index("3210500033", "06320011", declared));
        prop_assert_eq!(read(&zip(&all)).is_ok(), records == declared);
    }
}
