//! What is addressed by a record of the registry goes only while that record is in force.

use musubi::registry::{Membership, RecordId};

use super::*;

const ROUTES: &str = r#"
[[subscriber]]
name = "care"
facility = "3210200024"
deliver = { kind = "folder" }

[[route]]
name = "notice"
topic = "care.notice"
to = ["care"]
address = "care-team"
kinds = ["encounter"]
basis = "view-consent"
"#;

fn member(until: Option<&str>) -> Fact {
    Fact::CareTeam(Membership {
        network_id: Identifying(NETWORK_ID.into()),
        facility: VIEWER.into(),
        profession: None,
        period: Period { from: instant("2026-01-01T00:00:00Z"), until: until.map(instant) },
    })
}

#[test]
fn who_leaves_the_care_team_gets_nothing_that_waits() {
    let (config, registry) = (config(ROUTES), consenting());
    let routing = routing(&config, registry.clone());
    let body = hl7("ADT^A01", PATIENT, &["PV1|1|I"]);
    let notices = || copies(processed(&routing, SOURCE, PATIENT, &body));
    assert_eq!(notices().len(), 0, "not of the team");

    registry.apply(entry(member(None)));
    let waiting = notices();
    let event = waiting[0].envelope.event.as_ref().unwrap();
    let grounds: Vec<_> = event.grounds.iter().cloned().map(RecordId).collect();
    let now = instant("2026-11-22T12:00:00Z");
    assert!(registry.read().still(&grounds, now));

    registry.apply(entry(member(Some("2026-11-22T11:00:00Z"))));
    assert!(!registry.read().still(&grounds, now), "the consent alone is not enough");
    assert_eq!(notices().len(), 0);
}
