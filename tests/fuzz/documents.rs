//! Documents of an extension storage: names of folders, lists of files, CDA.

use std::hint::black_box;
use std::path::Path;

use jiff::tz::TimeZone;
use musubi::decode::{Raw, decode};
use musubi::envelope::{Change, Format, Identifying};
use musubi::manifest::{Manifest, ManifestFile, XML};
use musubi::normalise::{Source, normalise};
use ssmix2::{ContentFolder, DataTypeFolder};

use crate::mutate::mutate;
use crate::{bounded, time};

const DATA_TYPE: &str = "^診療情報提供書^^57133-1^診療情報提供書^LN";
const CONTENT: &str = "00084151_20261112_57133-1_0000000301_20261112161500123_01_1";

/// A letter of the demo region.
fn letter() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/region/izumo-chuo/extension");
    let folder = folder.join("000/841/00084151/20261112").join(DATA_TYPE).join(CONTENT);
    std::fs::read(folder.join("main_document.xml")).unwrap()
}

fn manifest() -> Manifest {
    let file = ManifestFile {
        path: Identifying("main_document.xml".to_owned()),
        bytes: 1,
        hash: "0".repeat(64),
        media_type: XML.to_owned(),
    };
    let (data_type, folder) = (DATA_TYPE.to_owned(), Identifying(CONTENT.to_owned()));
    Manifest { data_type, mapped_code: None, folder, files: vec![file] }
}

fn understand(manifest: &[u8], main: &[u8]) {
    let raw = Raw { format: Format::Document, body: manifest, name: "", main: Some(main) };
    let source = Source {
        data_type: None,
        patient: "00084151",
        order: None,
        facility: "3210100018",
        change: Change::Created,
        zone: &TimeZone::UTC,
    };
    let event = decode(raw).and_then(|native| normalise(&native, &source).map(|event| event.event_type()));
    let _event = black_box(event);
}

#[test]
fn cda() {
    let (seeds, manifest) = ([letter()], manifest().to_bytes());
    bolero::check!().with_test_time(time()).for_each(|script: &[u8]| {
        bounded(&mutate(&seeds, script), 1_000, |bytes| understand(&manifest, bytes));
    });
}

#[test]
fn manifests() {
    let (seeds, letter) = ([manifest().to_bytes()], letter());
    bolero::check!().with_test_time(time()).for_each(|script: &[u8]| {
        bounded(&mutate(&seeds, script), 1_000, |bytes| understand(bytes, &letter));
    });
}

#[test]
fn folder_names() {
    let seeds = [DATA_TYPE, CONTENT].map(|name| name.as_bytes().to_vec());
    bolero::check!().with_test_time(time()).for_each(|script: &[u8]| {
        bounded(&mutate(&seeds, script), 60, |bytes| {
            let Ok(name) = std::str::from_utf8(bytes) else { return };
            let above = DataTypeFolder::parse(name);
            let content = ContentFolder::parse(name);
            let _parts = black_box(content.map(|content| content.split(&above)));
        });
    });
}
