//! Several roots of one facility: a storage that was split by period, with a root of its own for what has no date.

use super::*;

/// The file of a version, in the root of that name.
fn put(storage: &Storage, root: &str, place: &Place, time: &str, flag: u8, content: &str) -> String {
    let folder = place.folder().replacen("standard", root, 1);
    let path = format!("{folder}/{}_{flag}", place.stem(time));
    storage.write(&path, content.as_bytes());
    path
}

fn root(storage: &Storage, name: &str) -> Source {
    storage.make_folder(name);
    let Source::Ssmix2 { settle, incomplete_limit, poll, .. } = ssmix2(storage, false) else {
        unreachable!()
    };
    let standard = storage.path(name);
    Source::Ssmix2 {
        standard,
        transaction: None,
        index: None,
        extension: None,
        settle,
        incomplete_limit,
        poll,
    }
}

#[tokio::test]
async fn a_patient_in_several_roots_keeps_one_lane() {
    let mut hub = Hub::new(|storage| root(storage, "dated"));
    hub.more.push(root(&hub.storage, "undated"));
    let undated = Place { date: "-".into(), data_type: "ADT-00".into(), ..place("999999999999999") };
    for patient in ["0000123", "0000456", "0000789"] {
        let of = |place: &Place| Place { patient: patient.into(), ..place.clone() };
        let first =
            put(&hub.storage, "dated", &of(&place("7")), "20260401090000000", 1, &message(patient, 1));
        put(&hub.storage, "undated", &of(&undated), "20260401091000000", 1, &message(patient, 2));
        hub.wait(4);
        hub.drain().await;
        hub.storage.reflag(&first, 2);
        put(&hub.storage, "dated", &of(&place("7")), "20260401100000000", 1, &message(patient, 3));
        hub.wait(4);
        hub.drain().await;
    }
    let (told, mut of_patient) = (["7:1+", "999999999999999:2+", "7:3~"], BTreeMap::<_, Vec<_>>::new());
    // Lane by lane: what were in two lanes would come in another order.
    for delivery in hub.broker.all(&topology::ingest()) {
        of_patient.entry(delivery.envelope.patient.0.clone()).or_default().push(super::told(&delivery));
    }
    assert_eq!(of_patient.len(), 3);
    of_patient.into_values().for_each(|own| assert_eq!(own, told));
}
