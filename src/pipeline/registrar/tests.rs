//! Messages, and what they tell. All people are invented (架空).

use jiff::tz::TimeZone;

use super::*;
use crate::normalise::{Source, normalise};
use crate::registry::{Area, Facility, FacilityRole, Member};

const FACILITY: &str = "3210100018";
const ACCEPTED: &str = "2026-11-20T01:15:00Z";

fn envelope() -> Envelope {
    let text = format!(
        r#"{{"id":"1","facility":"{FACILITY}","patient":"0001","change":"created","key":"k","version":"1","origin":{{"feed":"one","file":"f","offset":0,"hash":"h"}},"accepted_at":"{ACCEPTED}"}}"#
    );
    serde_json::from_str(&text).unwrap()
}

/// A facility and one member.
fn registry() -> Registry {
    let mut registry = Registry::default();
    let period = Period::since("2026-01-01T00:00:00Z".parse().unwrap());
    let facility = Facility {
        code: FACILITY.into(),
        name: "架空病院".into(),
        name_en: None,
        area: Area::Izumo,
        roles: vec![FacilityRole::Disclosing],
        period,
    };
    let member = Member { network_id: Identifying("900000000001".into()), period };
    for fact in [Fact::Facility(facility), Fact::Member(member)] {
        registry.apply(Entry { recorded_at: period.from, who: "desk".into(), why: "form".into(), fact });
    }
    registry
}

fn tell(registry: &Registry, event: &str, change: Change, rest: &str) -> Told {
    let text = format!(
        "MSH|^~\\&|HIS|IZUMO|GW|HUB|20261120101500+0900||ADT^{event}|1|P|2.5\rEVN|{event}|20261120\r{rest}\r"
    );
    let message = crate::decode::decode(text.as_bytes()).unwrap();
    let source = Source {
        data_type: None,
        patient: "",
        order: None,
        facility: FACILITY,
        change,
        zone: &TimeZone::UTC,
    };
    let event = normalise(&message, &source).unwrap();
    told(&message, &event, &envelope(), Some("MUSUBI"), registry)
}

fn facts(told: &Told) -> Vec<String> {
    told.entries.iter().map(|entry| serde_json::to_string(&entry.fact).unwrap()).collect()
}

#[test]
fn a_merge_tells_which_record_stays_and_is_told_once() {
    let mut registry = registry();
    let told = tell(&registry, "A40", Change::Created, "PID|||0001\rMRG|0009");
    let [entry] = &told.entries[..] else { panic!("{told:?}") };
    assert_eq!((entry.who.as_str(), entry.why.as_str()), ("feed one", "ADT^A40"));
    assert_eq!(entry.recorded_at.to_string(), ACCEPTED);
    assert_eq!(
        facts(&told),
        [format!(
            r#"{{"fact":"merge","facility":"{FACILITY}","former":"0009","into":"0001","at":"{ACCEPTED}"}}"#
        )]
    );
    registry.apply(entry.clone());
    let again = tell(&registry, "A40", Change::Created, "PID|||0001\rMRG|0009");
    assert!(again.entries.is_empty() && again.refused.is_empty(), "{again:?}");
}

#[test]
fn only_what_joins_records_is_a_merge() {
    let registry = registry();
    for (event, rest) in [
        ("A40", "PID|||0001\rMRG|0001"),
        ("A44", "PID|||0001\rMRG|0009"),
        ("A42", "PID|||0001\rMRG|0009||77"),
    ] {
        assert!(tell(&registry, event, Change::Created, rest).entries.is_empty(), "{event} {rest}");
    }
}

#[test]
fn what_the_registry_can_not_take_is_a_finding() {
    let mut registry = registry();
    let first = tell(&registry, "A40", Change::Created, "PID|||0001\rMRG|0009");
    first.entries.into_iter().for_each(|entry| registry.apply(entry));
    let back = tell(&registry, "A40", Change::Created, "PID|||0009\rMRG|0001");
    assert!(back.entries.is_empty(), "{back:?}");
    assert_eq!(back.refused[0].code, "registry-refused");
    assert!(!format!("{back:?}").contains("0009"), "{back:?}");
}

#[test]
fn a_deleted_record_is_removed_and_history_tells_nothing() {
    let registry = registry();
    let told = tell(&registry, "A23", Change::Deleted, "PID|||0001");
    assert_eq!(
        facts(&told),
        [format!(r#"{{"fact":"removal","facility":"{FACILITY}","local_id":"0001","at":"{ACCEPTED}"}}"#)]
    );
    assert!(tell(&registry, "A40", Change::Superseded, "PID|||0001\rMRG|0009").entries.is_empty());
}

#[test]
fn only_an_id_of_the_network_links_and_only_once() {
    let mut registry = registry();
    let known = "PID|||0001^^^IZUMO~900000000001^^^MUSUBI||架空^花子||19700101|F";
    for event in ["A04", "A08", "A28", "A31"] {
        let facts = facts(&tell(&registry, event, Change::Created, known));
        assert!(
            facts.len() == 1 && facts[0].contains(r#""network_id":"900000000001""#),
            "{event}: {facts:?}"
        );
    }
    for (event, rest) in [
        ("A08", "PID|||0001||架空^花子||19700101|F"),
        ("A08", "PID|||0001~900000000001^^^OTHER"),
        ("A01", known),
    ] {
        assert!(tell(&registry, event, Change::Created, rest).entries.is_empty(), "{event} {rest}");
    }
    let told = tell(&registry, "A08", Change::Created, known);
    let mut ended = told.entries[0].clone();
    registry.apply(ended.clone());
    assert!(tell(&registry, "A08", Change::Created, known).entries.is_empty());
    if let Fact::Link(link) = &mut ended.fact {
        link.period.until = Some("2026-11-21T00:00:00Z".parse().unwrap());
    }
    registry.apply(ended);
    assert!(
        tell(&registry, "A08", Change::Created, known).entries.is_empty(),
        "a withdrawn link stays withdrawn"
    );
    let nobody = tell(&registry, "A08", Change::Created, "PID|||0002~900000000009^^^MUSUBI");
    assert!(nobody.entries.is_empty() && nobody.refused.len() == 1, "{nobody:?}");
}

#[test]
fn without_a_registry_nothing_is_told() {
    let told = tell(&Registry::default(), "A40", Change::Created, "PID|||0001\rMRG|0009");
    assert!(told.entries.is_empty() && told.refused.is_empty(), "{told:?}");
}
