//! HL7 v2: files and batches, messages up to their event, MLLP streams, answers.

use std::hint::black_box;

use hl7v2::mllp::Decoder;
use jiff::tz::TimeZone;
use musubi::envelope::Change;
use musubi::normalise::{Source, normalise};

use crate::mutate::{cases, mutate};
use crate::{bounded, time};

/// A batch of two, for the readers of files.
fn batches() -> Vec<Vec<u8>> {
    let mut seeds = cases();
    let head = b"FHS|^~\\&|\rBHS|^~\\&|\r".to_vec();
    seeds.push([head, seeds[0].clone(), seeds[1].clone(), b"BTS|2\rFTS|1\r".to_vec()].concat());
    seeds
}

#[test]
fn files() {
    let seeds = batches();
    bolero::check!().with_test_time(time()).for_each(|script: &[u8]| {
        bounded(&mutate(&seeds, script), 60, |bytes| {
            let split = hl7v2::split(bytes);
            let mut end = 0;
            for part in &split.parts {
                assert!(part.start >= end && part.end <= bytes.len());
                end = part.end;
            }
            let _whole = black_box(hl7v2::completeness(bytes).is_ok());
        });
    });
}

/// Kinds that are read by the same reader share a data type here.
const DATA_TYPES: [Option<&str>; 12] = [
    None,
    Some("ADT-00"),
    Some("ADT-22"),
    Some("ADT-61"),
    Some("PPR-01"),
    Some("OMD"),
    Some("OMP-02"),
    Some("OMP-12"),
    Some("OML-01"),
    Some("OML-11"),
    Some("OMG-11"),
    Some("OMG-13"),
];

#[test]
fn messages() {
    let seeds = cases();
    bolero::check!().with_test_time(time()).for_each(|script: &[u8]| {
        bounded(&mutate(&seeds, script), 1_000, |bytes| {
            understand(bytes, DATA_TYPES[script.len() % DATA_TYPES.len()]);
        });
    });
}

#[test]
fn mllp() {
    let framed = |bytes: &Vec<u8>| hl7v2::mllp::frame(bytes);
    let seeds: Vec<Vec<u8>> = cases().iter().map(framed).collect();
    bolero::check!().with_test_time(time()).for_each(|script: &[u8]| {
        let step = script.len() % 13 + 1;
        bounded(&mutate(&seeds, script), 8, |bytes| {
            let mut decoder = Decoder::new(4_000);
            for piece in bytes.chunks(step) {
                decoder.extend(piece);
                while !matches!(decoder.next_frame(), Ok(None)) {}
            }
            let _last = black_box(decoder.finish().is_ok());
        });
    });
}

#[test]
fn answers() {
    let seeds = cases();
    bolero::check!().with_test_time(time()).for_each(|script: &[u8]| {
        bounded(&mutate(&seeds, script), 60, |bytes| {
            let _answer = black_box(hl7v2::ack::read(bytes).is_ok());
        });
    });
}

/// What an event is made of is many times as large as the shortest bytes that it can be made from.
#[test]
fn a_megabyte_of_the_shortest_pieces() {
    for piece in ["OBX\r", "OBX|1\r", "a|", "~a^b&c", "PRB\r", "ORC\r", "\\E\\", "NTE|\n", "RXE\r", "PID\r"] {
        let head = "MSH|^~\\&|||||20261120||ORU^R01|1|P|2.5\rPID|||1\rOBX|1|ST|";
        let text = format!("{head}{}", piece.repeat((1 << 20) / piece.len()));
        bounded(text.as_bytes(), 60, |bytes| understand(bytes, None));
    }
}

/// From bytes to the event as it is sent.
fn understand(bytes: &[u8], data_type: Option<&str>) {
    let Ok(message) = musubi::decode::decode(bytes) else { return };
    let zone = TimeZone::UTC;
    let source = Source {
        data_type,
        patient: "1",
        order: None,
        facility: "3210100018",
        change: Change::Created,
        zone: &zone,
    };
    if let Ok(event) = normalise(&message, &source) {
        let _written = black_box(serde_json::to_vec(&event).unwrap());
    }
}
