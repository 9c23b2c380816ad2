//! SS-MIX2: names, paths, transaction storages, index databases, conformance.

use std::hint::black_box;

use ssmix2::conformance::check_file;
use ssmix2::index::Rows;
use ssmix2::transaction::{TransactionFileName, records};
use ssmix2::{FileName, StoragePath};

use crate::mutate::{cases, mutate};
use crate::{bounded, time};

const PATH: &str =
    "000/012/00012345/20260401/OMP-01/00012345_20260401_OMP-01_000000000000007_20260401093015123_01_1";

#[test]
fn names() {
    let names = [PATH, "TR_20260401093015123_00001.DAT"];
    let seeds = names.map(|name| name.as_bytes().to_vec());
    bolero::check!().with_test_time(time()).for_each(|script: &[u8]| {
        bounded(&mutate(&seeds, script), 60, |bytes| {
            let Ok(name) = std::str::from_utf8(bytes) else { return };
            if let Ok(parsed) = FileName::parse(name) {
                assert_eq!(parsed.to_string(), name);
            }
            let _path = black_box((StoragePath::parse(name).is_ok(), TransactionFileName::parse(name)));
        });
    });
}

#[test]
fn transactions() {
    let header = "#SSMIX,2.00,3210100018,00012345,20260401,OMP-01,000000000000007,INS,01,20260401093015123\r";
    let seeds: Vec<Vec<u8>> =
        cases().iter().map(|case| [header.as_bytes(), case].concat().repeat(2)).collect();
    bolero::check!().with_test_time(time()).for_each(|script: &[u8]| {
        bounded(&mutate(&seeds, script), 60, |bytes| {
            let mut end = 0;
            for record in records(bytes) {
                assert!(record.header_range.start >= end);
                end = record.message_range.end;
            }
            assert!(end <= bytes.len());
        });
    });
}

/// The export of an index database. A row that could not be read must not be taken for another.
#[test]
fn index() {
    let header = "VolumeLabel,FacilityID,PatientID,OrderDate,DataKind,OrderNo,ProcessingType,EnterOrgCD,\
        TransactionDatetime,OutRelDirectory,FileName,UpdateDatetime\r\n";
    let row = format!(
        "STD01,3210100018,00012345,20260401,OMP-01,000000000000007,INS,01,20260401093015123,\
        000/012/00012345/20260401/OMP-01,{},2026-04-01 09:30:15\r\n",
        PATH.rsplit('/').next().unwrap_or_default()
    );
    let seeds = vec![
        [header, &row].concat().into_bytes(),
        [header, &row, &row.replace("OMP-01", "\"患者\"\"\"")].concat().into_bytes(),
    ];
    bolero::check!().with_test_time(time()).for_each(|script: &[u8]| {
        bounded(&mutate(&seeds, script), 200, |bytes| {
            let Ok(rows) = Rows::open(std::io::Cursor::new(bytes)) else { return };
            let lines = bytes.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count() + 1;
            assert!(rows.count() <= lines);
        });
    });
}

/// One file against the specification.
#[test]
fn conformance() {
    let seeds = cases();
    let path = StoragePath::parse(PATH).unwrap();
    bolero::check!().with_test_time(time()).for_each(|script: &[u8]| {
        bounded(&mutate(&seeds, script), 1_000, |bytes| {
            let _findings = black_box(check_file(&path, bytes).len());
        });
    });
}
