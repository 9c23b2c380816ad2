//! What is written down of a message, and how it is found again.

use musubi::registry::EmergencyAccess;
use musubi::store::history::What;
use serde_json::Value;

use super::*;
use crate::support::HubFolder;

const ROUTES: &str = "version = 1\n\
    [[subscriber]]\nname = \"letters\"\nfacility = \"3210200024\"\ndeliver = { kind = \"folder\" }\n\
    [[subscriber]]\nname = \"own\"\ndeliver = { kind = \"queue\" }\n\
    [[route]]\nname = \"record\"\ntopic = \"record.shared\"\nto = [\"letters\"]\nkinds = [\"any\"]\nbasis = \"view-consent\"\n\
    [[route]]\nname = \"all\"\ntopic = \"referral.record\"\nto = [\"letters\"]\nkinds = [\"diagnosis\"]\nbasis = \"addressed\"\n\
    [[route]]\nname = \"count\"\ntopic = \"surveillance.evidence\"\nto = [\"own\"]\nkinds = [\"any\"]\nbasis = \"public-duty\"\n";

#[test]
fn a_message_is_traced_by_its_id_its_file_and_its_patient() {
    let hub = HubFolder::new();
    hub.write("routes.toml", ROUTES);
    hub.hl7_feed("izumo", SOURCE, "drop");
    let message =
        hl7("PPR^ZD1^PPR_ZD1", PATIENT, &["PRB|AD|20261118|1^高血圧症^MDCDX2|i1|||20261118|||I10^^I10"]);
    hub.write("drop/one.hl7", &message);
    hub.write("drop/two.hl7", hl7("ADT^A04^ADT_A01", "00000077", &["PV1|1|O|01^^^^^C"]));
    let (code, report) = hub.drain();
    assert_eq!(code, 0, "{report:#}");
    let cell = |service: &str, copies: u64| serde_json::json!({"facility": SOURCE, "name": "架空", "service": service, "copies": copies});
    assert_eq!(report["matrix"], serde_json::json!([cell("referral", 1), cell("surveillance", 2)]));

    let traced = |arguments: &[&str]| {
        let output = hub.run(&[&["trace", "--json"], arguments].concat());
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code().unwrap(), found["messages"].as_array().unwrap().clone())
    };
    let file = hub.path("drop/one.hl7");
    let (code, ways) = traced(&["--file", file.to_str().unwrap()]);
    assert_eq!((code, ways.len()), (0, 1), "{ways:?}");
    let steps = ways[0]["steps"].as_array().unwrap();
    let words: Vec<_> = steps.iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(words, ["decided", "delivered"]);
    let decided = &steps[0];
    assert_eq!(decided["kind"], "diagnosis");
    let recipients: Vec<_> = decided["recipients"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["subscriber"].as_str().unwrap(),
                one["route"].as_str().unwrap(),
                one["basis"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(recipients, [("letters", "all", "addressed"), ("own", "count", "public-duty")]);
    assert_eq!(decided["denials"][0]["clause"], "view-consent: not linked at the source");
    assert_eq!(steps[1]["subscriber"], "letters");

    assert_eq!(traced(&["--patient", "izumo/00000042"]).1, ways);
    assert_eq!(traced(&["--patient", &format!("{SOURCE}/{PATIENT}")]).1, ways);
    assert_eq!(traced(&[ways[0]["id"].as_str().unwrap()]).1, ways);
    assert_eq!(traced(&["nobody"]), (1, Vec::new()));
    assert_eq!(hub.run(&["trace"]).status.code(), Some(64));

    let output = hub.run(&["trace", "--patient", "izumo/00000042"]);
    let text = String::from_utf8_lossy(&output.stdout);
    for line in [
        "accepted: izumo (3210100018)",
        "yes letters ← all: referral.record, addressed",
        "no  letters ← record: view-consent: not linked",
        "delivered: letters ← all",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    for file in std::fs::read_dir(hub.path("var/history")).unwrap() {
        let file = file.unwrap().path();
        if file.is_dir() {
            continue;
        }
        let text = std::fs::read_to_string(file).unwrap();
        assert!(!text.contains(PATIENT) && !text.contains("架空") && !text.contains("高血圧"), "{text}");
    }
}

#[test]
fn an_emergency_is_audited_copy_by_copy() {
    let routes = format!(
        "[[subscriber]]\nname = \"er\"\nfacility = \"{VIEWER}\"\ndeliver = {{ kind = \"queue\" }}\n\
         [[route]]\nname = \"emergency\"\ntopic = \"emergency.record\"\nto = [\"er\"]\nkinds = [\"any\"]\nbasis = \"emergency\"\n"
    );
    let config = config(&routes);
    let view = consenting();
    let message =
        hl7("PPR^ZD1^PPR_ZD1", PATIENT, &["PRB|AD|20261118|1^ＨＩＶ感染症^MDCDX2|i1|||20261118|||B24^^I10"]);
    let before = processed(&routing(&config, view.clone()), SOURCE, PATIENT, &message);
    assert!(before.emergencies.is_empty() && copies(before).is_empty());
    let period =
        Period { from: instant("2026-11-22T11:00:00Z"), until: Some(instant("2026-11-22T13:00:00Z")) };
    let access =
        EmergencyAccess { network_id: Identifying(NETWORK_ID.into()), facility: VIEWER.into(), period };
    let opened =
        Entry { who: "当直医".into(), why: "unconscious".into(), ..entry(Fact::Emergency(access)) };
    view.apply(opened);
    let after = processed(&routing(&config, view), SOURCE, PATIENT, &message);
    let [used] = after.emergencies.as_slice() else { panic!("{:?}", after.emergencies) };
    assert_eq!((used.who.as_str(), used.why.as_str(), used.until), ("当直医", "unconscious", period.until));
    assert_eq!(
        (used.viewer.as_str(), used.subscriber.as_str(), used.facility.as_str()),
        (VIEWER, "er", SOURCE)
    );
    assert_ne!(used.patient.as_ref().unwrap().0, PATIENT);
    let Some(What::Decided(decision)) = after.decision.as_ref().map(|step| step.what.clone()) else {
        panic!()
    };
    assert!(decision.recipients[0].grounds.contains(&used.access));
    // Danger to life: nothing is withheld.
    let copies = copies(after);
    assert!(String::from_utf8_lossy(&copies[0].body).contains("B24"));
    assert_eq!(copies[0].envelope.event.as_ref().unwrap().basis, "emergency");
}
