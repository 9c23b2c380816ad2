//! Events in, the worklist out.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::*;
use crate::services::inbox::Event;

const OKI: &str = "3210700019";
const OTHER: &str = "3210500033";
const READER: &str = "3210200024";
const UID: &str = "1.2.392.1";

/// An event at that minute of 1 June, 09:00 in Japan, as a folder holds it.
fn event(facility: &str, event_type: &str, minute: i64, data: Value) -> Event {
    let change = event_type.split('.').nth(1).unwrap();
    let start: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    let id = format!("{event_type}-{minute}");
    let line = json!({
        "id": id, "source": format!("urn:musubi:facility:{facility}"), "type": format!("{event_type}.v1"),
        "subject": "s", "time": (start + jiff::SignedDuration::from_mins(minute)).to_string(), "topic": "imaging",
        "basis": "addressed", "lane": 0, "sequence": 1, "recordkey": id, "recordversion": "1", "change": change,
        "originhash": "h", "data": data,
    });
    serde_json::from_value(line).unwrap()
}

/// An examination of a patient: number, accession number, priority.
#[derive(Clone, Copy)]
struct Exam<'e>(&'e str, &'e str, &'e str, &'e str);

const EXAM: Exam<'static> = Exam("P1", "O-1", "A-1", "routine");

impl Exam<'_> {
    fn requests(&self) -> Value {
        let Exam(_, number, _, priority) = self;
        let procedure = json!({"code": "6000", "text": "胸部CT", "system": "JJ1017"});
        json!([
            {"number": number, "control": "PA", "procedure": procedure, "priority": priority, "reason": "結節?",
             "department": {"code": "50", "text": "内科"}, "ordered_by": {"id": "D1", "family": "医師", "given": "一郎"}},
            {"number": format!("{number}-1"), "control": "CH", "parent": number, "procedure": procedure},
        ])
    }

    fn order(&self, minute: i64) -> Event {
        event(OKI, "imaging-order.created", minute, self.data("imaging-order"))
    }

    fn performed(&self, minute: i64) -> Event {
        event(OKI, "imaging-performed.created", minute, self.data("imaging-performed"))
    }

    fn data(&self, kind: &str) -> Value {
        let Exam(patient, _, accession, _) = self;
        let mut data = json!({
            "patient": {"id": patient, "names": [{"family": "架空"}], "sex": "female"},
            "visit": {"class": "outpatient"}, "requests": self.requests(), "studies": [],
            "unmapped": {"ORC[2]-4.1": "REMOTE", "ORC-23.12": "08512-0-0000"},
        });
        if kind == "imaging-performed" {
            data["procedures"] = json!([{"progress": "RS"}]);
            data["studies"] = json!([{"accession": accession, "study_uid": format!("{UID}.{accession}"), "modality": "CT"}]);
        }
        data
    }
}

fn report(
    minute: i64,
    status: &str,
    accession: Option<&str>,
    uid: Option<&str>,
    requester: Option<&str>,
) -> Event {
    let requesters: Vec<_> = requester.into_iter().map(|code| json!({"code": code})).collect();
    let data = json!({
        "reports": [{"number": "O-1", "status": status, "requesters": requesters}],
        "studies": [{"accession": accession, "study_uid": uid}],
    });
    let event_type = if status == "corrected" { "report.updated" } else { "report.created" };
    event(READER, event_type, minute, data)
}

fn worklist_by(rules: Rules, events: &[Event], minute: i64) -> Worklist {
    let mut desk = Desk::new(rules);
    events.iter().for_each(|event| desk.take(event).unwrap());
    let start: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    let now = start + jiff::SignedDuration::from_mins(minute);
    desk.worklist(now, &TimeZone::get("Asia/Tokyo").unwrap())
}

fn worklist(events: &[Event], minute: i64) -> Worklist {
    worklist_by(Rules::all(), events, minute)
}

fn states(events: &[Event]) -> Vec<State> {
    worklist(events, 600).work.iter().map(|work| work.request.state).collect()
}

#[test]
fn an_order_and_its_images_are_one_request_in_whatever_order_they_come() {
    let (order, performed) = (|at| EXAM.order(at), |at| EXAM.performed(at));
    assert_eq!(states(&[order(0)]), []);
    assert_eq!(worklist(&[order(0)], 1).missing, [("performed", 1)].into());
    let both = worklist(&[order(0), performed(10)], 70);
    let turned = worklist(&[performed(0), order(10)], 60);
    for list in [&both, &turned] {
        let [work] = list.work.as_slice() else { panic!("{list:?}") };
        assert_eq!((work.request.state, work.age_minutes, work.late), (State::Waiting, 60, false));
    }
    assert_eq!(both.work[0].request.id, turned.work[0].request.id);
    // The same again, as a version, is the same request.
    let again = worklist(&[order(0), performed(10), performed(20), order(30)], 70);
    let [work] = again.work.as_slice() else { panic!() };
    assert_eq!((work.request.version, work.age_minutes), (4, 60), "since it could first be read");
}

#[test]
fn a_request_holds_what_a_reader_needs() {
    let rules = "version = 1\n[[facility]]\ncode = \"3210700019\"\nretrieve = \"https://p.example/{accession}/{study_uid}\"";
    let earlier = Exam("P1", "O-0", "A-0", "routine").performed(0);
    let list = worklist_by(Rules::read(rules).unwrap(), &[earlier, EXAM.order(1), EXAM.performed(2)], 3);
    let request = serde_json::to_value(&list.work[1].request).unwrap();
    for (pointer, expected) in [
        ("/priority", json!("routine")),
        ("/requester/facility", json!(OKI)),
        ("/requester/department", json!("内科")),
        ("/requester/doctor/name", json!("医師 一郎")),
        ("/requester/telephone", json!("08512-0-0000")),
        ("/patient/id", json!("P1")),
        ("/patient/names/0/family", json!("架空")),
        ("/study/accession", json!("A-1")),
        ("/study/modality", json!("CT")),
        ("/study/retrieve", json!("https://p.example/A-1/1.2.392.1.A-1")),
        ("/procedures/0/code", json!("6000")),
        ("/reasons", json!(["結節?"])),
        ("/priors", json!(["1.2.392.1.A-0"])),
        ("/due_at", json!("2026-06-02T00:02:00Z")),
    ] {
        assert_eq!(request.pointer(pointer), Some(&expected), "{pointer} of {request:#}");
    }
    assert_eq!(request["procedures"].as_array().unwrap().len(), 1, "parent and child repeat each other");
}

#[test]
fn only_performed_radiology_with_its_ids_is_asked_for() {
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut data = EXAM.data("imaging-performed");
        change(&mut data);
        let list = worklist(&[event(OKI, "imaging-performed.created", 0, data)], 1);
        (list.work.len(), list.missing.into_keys().collect::<Vec<_>>())
    };
    assert_eq!(changed(&|_| ()), (1, vec![]));
    assert_eq!(changed(&|data| data["studies"][0]["modality"] = json!("ES")), (0, vec![]));
    assert_eq!(changed(&|data| data["studies"][0]["modality"] = Value::Null), (0, vec!["modality"]));
    assert_eq!(changed(&|data| data["studies"][0]["study_uid"] = Value::Null), (0, vec!["study_uid"]));
    assert_eq!(changed(&|data| data["procedures"][0]["progress"] = json!("PL")), (0, vec!["performed"]));
    let completed = changed(&|data| {
        data["procedures"] = json!([]);
        data["requests"][0]["order_status"] = json!("CM");
    });
    assert_eq!(completed, (1, vec![]));
    // What the images lack the order may say.
    let mut order = EXAM.data("imaging-order");
    order["studies"] = json!([{"accession": "A-1", "study_uid": "1.2.392.1.A-1"}]);
    let mut performed = EXAM.data("imaging-performed");
    performed["studies"][0]["study_uid"] = Value::Null;
    let events = [
        event(OKI, "imaging-performed.created", 0, performed),
        event(OKI, "imaging-order.created", 1, order),
    ];
    assert_eq!(states(&events), [State::Waiting]);
}

#[test]
fn what_is_taken_back_is_cancelled_and_may_come_again() {
    let gone = |kind: &str| {
        let data = json!({"requests": [{"number": "O-1", "control": "CA"}]});
        event(OKI, &format!("{kind}.deleted"), 20, data)
    };
    for kind in ["imaging-order", "imaging-performed"] {
        let events = [EXAM.order(0), EXAM.performed(10), gone(kind)];
        assert_eq!(states(&events), [State::Cancelled], "{kind}");
        let again: Vec<_> = events.into_iter().chain([EXAM.performed(30)]).collect();
        assert_eq!(states(&again), [State::Waiting], "{kind}");
    }
    // The images were filed under another study: the reader must not read the first.
    let moved = Exam("P1", "O-1", "A-2", "routine").performed(20);
    assert_eq!(states(&[EXAM.performed(10), moved]), [State::Waiting, State::Cancelled]);
}

#[test]
fn reports_find_their_request_and_tell_how_final_they_are() {
    let uid = "1.2.392.1.A-1";
    let of = |reports: &[Event]| {
        let events: Vec<_> = [EXAM.performed(0)].into_iter().chain(reports.iter().map(copy)).collect();
        let list = worklist(&events, 600);
        (list.work[0].request.state, list.unmatched.len())
    };
    let by = |status: &str| report(30, status, Some("A-1"), Some(uid), None);
    assert_eq!(of(&[by("preliminary")]), (State::Preliminary, 0));
    assert_eq!(of(&[by("preliminary"), by("final")]), (State::Final, 0));
    assert_eq!(of(&[by("final"), by("corrected")]), (State::Addendum, 0));
    assert_eq!(of(&[by("final"), by("cancelled")]), (State::Waiting, 0));
    assert_eq!(of(&[by("final"), by("cancelled"), by("final")]), (State::Final, 0));
    // One id is enough, but no id may differ.
    assert_eq!(of(&[report(30, "final", Some("A-1"), None, None)]).0, State::Final);
    assert_eq!(of(&[report(30, "final", None, Some(uid), None)]).0, State::Final);
    assert_eq!(of(&[report(30, "final", Some("A-1"), Some("1.2.3"), None)]), (State::Waiting, 1));
    assert_eq!(of(&[report(30, "final", Some("A-2"), Some(uid), None)]), (State::Waiting, 1));
    assert_eq!(of(&[report(30, "final", Some("A-1"), None, Some(OTHER))]), (State::Waiting, 1));
    assert_eq!(
        of(&[report(30, "final", None, None, Some(OKI))]).0,
        State::Final,
        "by the number of the order"
    );
    // Accession numbers are each facility's own.
    let elsewhere = event(OTHER, "imaging-performed.created", 1, {
        let mut data = EXAM.data("imaging-performed");
        data["studies"][0]["study_uid"] = json!("1.9");
        data
    });
    let list = worklist(&[EXAM.performed(0), elsewhere, report(30, "final", Some("A-1"), None, None)], 60);
    assert_eq!((list.counts.get(&State::Waiting), list.unmatched.len()), (Some(&2), 1));
}

fn copy(event: &Event) -> Event {
    let start: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    let at: Timestamp = event.time.parse().unwrap();
    let event_type = event.event_type.trim_end_matches(".v1");
    self::event(event.facility(), event_type, at.duration_since(start).as_mins(), event.read().unwrap())
}

#[test]
fn a_stat_request_overtakes_other_patients_and_never_its_own() {
    let exams = [
        Exam("P1", "O-1", "A-1", "routine"),
        Exam("P2", "O-2", "A-2", "routine"),
        Exam("P3", "O-3", "A-3", "asap"),
        Exam("P2", "O-4", "A-4", "stat"),
        Exam("P2", "O-5", "A-5", "routine"),
        Exam("P4", "O-6", "A-6", "stat"),
    ];
    let events: Vec<_> = exams.iter().zip(0..).map(|(exam, minute)| exam.performed(minute)).collect();
    let list = worklist(&events, 65);
    let order: Vec<_> = list.work.iter().map(|work| work.request.study.accession.as_str()).collect();
    assert_eq!(order, ["A-2", "A-4", "A-6", "A-3", "A-1", "A-5"]);
    let late: Vec<_> =
        list.work.iter().filter(|work| work.late).map(|work| &work.request.study.accession).collect();
    assert_eq!(late, ["A-4", "A-6"], "the only ones with an hour");
}

#[test]
fn the_rule_of_each_facility_says_what_is_remote() {
    let taken = |rule: &str| {
        let rules = Rules::read(&format!("version = 1\n{rule}")).unwrap();
        worklist_by(rules, &[EXAM.order(0), EXAM.performed(1)], 2).work.len()
    };
    assert_eq!(taken(""), 0, "a facility without a rule");
    assert_eq!(taken("[[facility]]\ncode = \"3210700019\""), 1);
    let rule = |more: &str| taken(&format!("[[facility]]\ncode = \"3210700019\"\n{more}"));
    assert_eq!([rule("departments = [\"50\"]"), rule("departments = [\"51\"]")], [1, 0]);
    assert_eq!([rule("procedures = [\"60\"]"), rule("procedures = [\"1\"]")], [1, 0]);
    assert_eq!(
        [rule("places = { \"ORC-4\" = [\"REMOTE\"] }"), rule("places = { \"ORC-4\" = [\"X\"] }")],
        [1, 0]
    );
    assert_eq!(rule("departments = [\"50\"]\nprocedures = [\"1\"]"), 0, "all must hold");
}

#[test]
fn days_and_nights_are_counted() {
    // 09:00, and 18:00 in Japan.
    let list = worklist(&[EXAM.performed(0), Exam("P2", "O-2", "A-2", "stat").performed(540)], 541);
    assert_eq!((list.by_day, list.by_night), (1, 1));
    assert!(list.work[0].night && !list.work[1].night);
}
