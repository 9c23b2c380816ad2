//! Messages of 20 MB.

use std::thread;
use std::time::Duration;

use musubi::clock::{Clock, SystemClock};

use super::{ask, drop_file, messages, peak};
use crate::browser::Region;

const HEAD: &str =
    "MSH|^~\\&|HIS|IZUMO|GW|HUB|20261120101500+0900||ORU^R01^ORU_R01|C|P|2.5||||||UNICODE UTF-8\r";
/// Most that a page may be: it is shown in part.
const PAGE: usize = 2 << 20;
/// Most memory that the hub may take.
const MEMORY: u64 = 1 << 30;

fn many_results(patient: &str, count: usize) -> String {
    let long = "架空の所見".repeat(30);
    let order = "OBR|1|O-1|F-1|3A010^総蛋白^JC10|||20261118";
    let results = (1..=count)
        .map(|set| format!("OBX|{set}|NM|3A010{set:06}^総蛋白^JC10||7.{set}|g/dL|6.7-8.3||||F||{long}\r"));
    format!("{HEAD}PID|||{patient}^^^IZUMO||架空^花子\r{order}\r{}", results.collect::<String>())
}

fn one_result(patient: &str, length: usize) -> String {
    let long = "A".repeat(length);
    format!(
        "{HEAD}PID|||{patient}^^^IZUMO||架空^花子\rOBR|1|O-1|F-1|1^所見^JC10\rOBX|1|ST|1^所見^JC10||{long}||||||F\r"
    )
}

#[test]
fn a_message_of_20_megabytes_is_shown_in_part_and_holds_nobody_up() {
    let region = Region::start(|hub| {
        hub.only_drops();
        hub.write("drop/.keep", "");
    });
    // That many results of 20 MB take a build for tests too long.
    let large = [many_results("0001", 500), one_result("0002", 20 << 20), one_result("", 20 << 20)];
    for (number, text) in large.iter().enumerate() {
        drop_file(&region, &format!("{number}.hl7"), text);
    }
    drop_file(&region, "editable.hl7", one_result("", 900_000));
    let rows = messages(&region, 4);
    let ids: Vec<_> = rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    let others = || (0..10).map(|_| timed(&region, "GET /livez").1).max().unwrap();
    let (slowest, quick) = thread::scope(|scope| {
        let views: Vec<_> = ids
            .iter()
            .map(|id| {
                let (id, region) = (id.clone(), &region);
                scope.spawn(move || timed(region, &format!("POST /messages/{id}")))
            })
            .collect();
        let quick = others();
        let views: Vec<_> = views.into_iter().map(|view| view.join().unwrap()).collect();
        for (body, _) in &views {
            assert!(body.contains("bytes") && body.len() < PAGE, "{}", body.len());
        }
        (views.iter().map(|(_, took)| *took).max().unwrap(), quick)
    });
    assert!(quick < slowest, "others wait for whoever looks: {quick:?} {slowest:?}");
    for id in &ids {
        for request in [
            format!("GET /messages/{id}"),
            format!("GET /api/v1/messages/{id}"),
            format!("POST /invalid/{id}"),
        ] {
            let (status, body) = ask(&region, &request, "");
            assert!([200, 400].contains(&status) && body.len() < PAGE, "{request}: {status} {}", body.len());
        }
        let traced = region.hub.run(&["trace", id, "--json"]);
        assert!(traced.status.success() && traced.stdout.len() < PAGE, "{}", traced.stdout.len());
    }
    assert!(peak(&region) < MEMORY, "{}", peak(&region));
}

#[track_caller]
fn timed(region: &Region, request: &str) -> (String, Duration) {
    let begun = SystemClock.now();
    let (status, body) = ask(region, request, "");
    assert_eq!(status, 200, "{request}: {body}");
    (body, SystemClock.now().duration_since(begun).unsigned_abs())
}
