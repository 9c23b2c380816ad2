//! The index database's export as a source of changes.

use musubi::ingest::Source;

use super::{Hub, place, ssmix2};
use crate::support::storage::{Place, message};

const EXPORT: &str = "export/SSMIXIDX.csv";
const HEADER: &str =
    "VolumeLabel,PatientID,OrderDate,DataKind,OrderNo,OutRelDirectory,FileName,UpdateDatetime\n";

fn hub() -> Hub {
    Hub::new(|storage| match ssmix2(storage, false) {
        Source::Ssmix2 { standard, transaction, extension, settle, incomplete_limit, poll, .. } => {
            let index = Some(storage.path(EXPORT));
            Source::Ssmix2 { standard, transaction, index, extension, settle, incomplete_limit, poll }
        }
        other => other,
    })
}

fn of(patient: &str, order: &str) -> Place {
    Place { patient: patient.into(), ..place(order) }
}

/// Writes a patient's file with that serial; gives its row, which is not exported yet.
fn put(hub: &Hub, patient: &str, serial: u64) -> String {
    let order = serial.to_string();
    let place = of(patient, &order);
    let file = hub.storage.put(&place, &hub.storage.time(), 1, &message(patient, serial));
    let (folder, name) = file.strip_prefix("standard/").unwrap().rsplit_once('/').unwrap();
    let updated = hub.storage.time();
    format!("STD01,{patient},{},{},{order},{folder},{name},{updated}\n", place.date, place.data_type)
}

fn export(hub: &Hub, rows: &[&str]) {
    hub.storage.write(EXPORT, format!("{HEADER}{}", rows.concat()).as_bytes());
}

fn accepted(hub: &Hub) -> Vec<String> {
    let mut accepted = hub.accepted();
    accepted.sort();
    accepted
}

#[tokio::test]
async fn rows_say_what_is_looked_at_and_the_sweep_finds_the_rest() {
    let mut hub = hub();
    let first = put(&hub, "0000001", 1);
    export(&hub, &[&first]);
    hub.wait(5);
    hub.drain().await;
    assert_eq!(accepted(&hub), ["1:1+"]);
    hub.wait(5);
    let told = put(&hub, "0000002", 2);
    put(&hub, "0000003", 3);
    export(&hub, &[&first, &told]);
    hub.wait(5);
    hub.drain().await;
    assert_eq!(accepted(&hub), ["1:1+", "2:2+"], "no row tells of the third");
    hub.wait(24 * 3600);
    hub.drain().await;
    assert_eq!(accepted(&hub), ["1:1+", "2:2+", "3:3+"]);
    // The same again by a hub that was started anew.
    put(&hub, "0000003", 4);
    hub.feed = None;
    hub.wait(5);
    hub.drain().await;
    assert_eq!(accepted(&hub).len(), 4, "a start walks all");
}

#[tokio::test]
async fn a_row_is_looked_at_until_its_file_is_whole() {
    let mut hub = hub();
    export(&hub, &[]);
    hub.wait(5);
    let row = put(&hub, "0000001", 1);
    export(&hub, &[&row]);
    hub.wait(5);
    hub.drain().await;
    hub.wait(5);
    let place = of("0000002", "2");
    let file = hub.storage.put(&place, &hub.storage.time(), 1, "MSH|^~\\&|HIS");
    let time = hub.storage.time();
    let (folder, name) = file.strip_prefix("standard/").unwrap().rsplit_once('/').unwrap();
    let half = format!("STD01,0000002,20260401,OML-11,2,{folder},{name},{time}\n");
    export(&hub, &[&row, &half]);
    hub.wait(4);
    for _pass in 0..3 {
        hub.pass().await.unwrap();
    }
    assert_eq!(accepted(&hub), ["1:1+"]);
    hub.storage.write(&file, message("0000002", 2).as_bytes());
    hub.wait(4);
    hub.drain().await;
    assert_eq!(accepted(&hub), ["1:1+", "2:2+"]);
}

#[tokio::test]
async fn a_row_of_a_time_to_come_hides_no_later_ones() {
    let mut hub = hub();
    let wrong = "STD01,0000009,20260401,OML-11,9,000/000/0000009/20260401/OML-11,f,20990101000000000\n";
    export(&hub, &[wrong]);
    hub.wait(5);
    hub.drain().await;
    for serial in 1..4 {
        let row = put(&hub, "0000001", serial);
        export(&hub, &[wrong, &row]);
        hub.wait(5);
        hub.drain().await;
        assert_eq!(accepted(&hub).len() as u64, serial);
    }
}

#[tokio::test]
async fn rows_that_make_no_sense_and_lead_elsewhere_do_no_harm() {
    let mut hub = hub();
    export(&hub, &[]);
    hub.wait(5);
    hub.drain().await;
    let bad =
        "STD01,../../..,20260401,OML-11,9,f,f,20260401000000000\n\"\nSTD01,..,x,y,z,f,f,20260401000000000\n";
    let row = put(&hub, "0000001", 1);
    export(&hub, &[bad, &row]);
    hub.wait(5);
    hub.drain().await;
    assert_eq!(accepted(&hub), ["1:1+"]);
}

#[tokio::test]
async fn without_the_export_the_storage_is_walked() {
    let mut hub = hub();
    for serial in 1..3 {
        put(&hub, "0000001", serial);
        hub.wait(5);
        hub.drain().await;
        assert_eq!(accepted(&hub).len() as u64, serial);
    }
    hub.storage.write(EXPORT, b"no header");
    put(&hub, "0000001", 3);
    hub.wait(5);
    hub.drain().await;
    assert_eq!(accepted(&hub).len(), 3);
}
