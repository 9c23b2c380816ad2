//! Archives of health check-ups: the ZIP itself, and the XML in it.

use std::hint::black_box;
use std::io::{Cursor, Read, Write};

use jiff::tz::TimeZone;
use musubi::decode::{Raw, decode};
use musubi::envelope::{Change, Format};
use musubi::normalise::{Source, normalise};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::mutate::mutate;
use crate::{bounded, time};

const NAME: &str = "3210500033_06320011_202611180_1.zip";

/// The archive of the case.
fn archive() -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases");
    std::fs::read(folder.join("checkup_archive/input")).unwrap()
}

/// Its files.
fn files() -> Vec<(String, Vec<u8>)> {
    let mut zip = ZipArchive::new(Cursor::new(archive())).unwrap();
    let mut read = |number| {
        let mut file = zip.by_index(number).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        (file.name().unwrap().into_owned(), bytes)
    };
    (0..4).map(&mut read).collect()
}

fn packed(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in files {
        zip.start_file(name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn understand(bytes: &[u8]) {
    let raw = Raw { format: Format::Checkup, body: bytes, name: NAME, main: None };
    let source = Source {
        data_type: None,
        patient: "",
        order: None,
        facility: "3210500033",
        change: Change::Created,
        zone: &TimeZone::UTC,
    };
    let event = decode(raw).and_then(|native| normalise(&native, &source).map(|event| event.event_type()));
    let _event = black_box(event);
}

#[test]
fn archives() {
    let seeds = [archive()];
    bolero::check!().with_test_time(time()).for_each(|script: &[u8]| {
        bounded(&mutate(&seeds, script), 60, understand);
    });
}

#[test]
fn xml_in_archives() {
    let (files, seeds): (Vec<_>, Vec<_>) = (files(), files().into_iter().map(|(_, bytes)| bytes).collect());
    bolero::check!().with_test_time(time()).for_each(|script: &[u8]| {
        let mut files = files.clone();
        let place = script.first().map_or(0, |pick| usize::from(*pick) % files.len());
        files[place].1 = mutate(&seeds, script);
        bounded(&packed(&files), 60, understand);
    });
}
