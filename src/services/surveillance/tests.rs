//! The traps of counting, event by event.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::*;

const IZUMO: &str = "3210100018";
const MATSUE: &str = "3210200024";

pub(super) fn tables() -> Tables {
    let read = |table: &str| {
        std::fs::read_to_string(format!("{}/tables/{table}.tsv", env!("CARGO_MANIFEST_DIR"))).ok()
    };
    Tables::read(read).unwrap()
}

/// A state that is told events one by one.
pub(super) struct Told {
    pub(super) state: State,
    sequence: u64,
    today: Date,
}

impl Told {
    pub(super) fn new() -> Self {
        let zone = TimeZone::get("Asia/Tokyo").unwrap();
        Self { state: State::new(tables(), zone, [7; 32]), sequence: 0, today: date(2026, 11, 20) }
    }

    pub(super) fn on(&mut self, today: Date) -> &mut Self {
        self.today = today;
        self
    }

    /// `what`: kind and change, such as `lab-result.created`. `who`: facility, patient, record.
    pub(super) fn event(&mut self, what: &str, who: (&str, &str, &str), data: Value) -> &mut Self {
        self.sequence += 1;
        let (facility, patient, record) = who;
        let event = json!({
            "id": self.sequence.to_string(), "source": format!("urn:musubi:facility:{facility}"),
            "type": format!("{what}.v1"), "subject": patient, "time": "2026-11-20T00:00:00Z",
            "topic": "surveillance.evidence", "basis": "participation-agreement", "lane": 1,
            "sequence": self.sequence, "datatype": "OML-11", "recordkey": record, "recordversion": "1",
            "change": what.split('.').nth(1).unwrap(), "originhash": "h", "data": data,
        });
        let event = serde_json::from_value(event).unwrap();
        self.state.take(self.today, &event).unwrap();
        self
    }

    /// Cases now: disease, date, class.
    #[track_caller]
    pub(super) fn counts(&mut self, expected: &[&str]) {
        self.state.publish();
        let diseases = &self.state.tables().diseases;
        let mut told: Vec<_> = self
            .state
            .cases()
            .map(|case| {
                let class = if case.cell.confirmed { "confirmed" } else { "suspected" };
                format!("{} {} {class}", diseases.of(case.cell.disease).word, case.date)
            })
            .collect();
        told.sort();
        assert_eq!(told, expected);
        let mut cells = BTreeMap::<Cell, u32>::new();
        self.state.cases().for_each(|case| *cells.entry(case.cell).or_default() += 1);
        let known = self.state.revisions().filter_map(|(cell, told)| Some((*cell, told.last()?.n)));
        assert_eq!(
            known.filter(|(_, n)| *n > 0).collect::<BTreeMap<_, _>>(),
            cells,
            "counts and cases agree"
        );
    }
}

fn patient() -> Value {
    json!({"birth_date": "2019-05-01", "sex": "female"})
}

pub(super) fn flu(taken: &str, value: &str, interpretation: &str, status: &str) -> Value {
    lab(("5F399", "1410", "099", "11"), taken, value, (interpretation, status))
}

fn lab(code: (&str, &str, &str, &str), taken: &str, value: &str, found: (&str, &str)) -> Value {
    json!({
        "change": "created", "message": {"type": "OUL^R22", "sent_at": "2026-11-20T12:00:00+09:00"},
        "patient": patient(), "specimens": [{"collected_at": taken}],
        "results": [{"specimen": 1, "value": {"text": value}, "interpretation": found.0, "status": found.1,
            "code": {"analyte": code.0, "identification": code.1, "material": code.2, "result_id": code.3}}],
    })
}

fn problem(instance: &str, icd10: &str, name: &str, diagnosed: &str, suspected: bool) -> Value {
    json!({"instance": instance, "icd10": icd10, "disease": {"text": name}, "diagnosed_at": diagnosed,
        "suspected": suspected})
}

fn list(problems: &[Value]) -> Value {
    json!({"message": {"sent_at": "2026-11-20T12:00:00+09:00"}, "patient": patient(), "snapshot": true,
        "problems": problems})
}

const A: (&str, &str, &str) = (IZUMO, "a", "r1");

#[test]
fn many_tests_and_diagnoses_of_one_patient_are_one_case() {
    let mut told = Told::new();
    told.event("lab-result.created", A, flu("2026-11-18T10:00+09:00", "(+)", "positive", "final"));
    told.event(
        "lab-result.created",
        (IZUMO, "a", "r2"),
        flu("2026-11-19T10:00+09:00", "2+", "positive", "final"),
    );
    told.event(
        "diagnosis.created",
        (IZUMO, "a", "p"),
        list(&[problem("1", "J101", "", "2026-11-18", false)]),
    );
    told.counts(&["influenza 2026-11-18 confirmed"]);
    told.event(
        "lab-result.created",
        (IZUMO, "b", "r3"),
        flu("2026-11-19T10:00+09:00", "2+", "positive", "final"),
    );
    told.event(
        "lab-result.created",
        (IZUMO, "a", "r4"),
        flu("2026-12-04T10:00+09:00", "+", "positive", "final"),
    );
    told.counts(&["influenza 2026-11-18 confirmed", "influenza 2026-11-19 confirmed"]);
}

#[test]
fn an_episode_ends_after_its_window() {
    let mut told = Told::new();
    for (record, day) in [("1", "2026-10-01"), ("2", "2026-10-15"), ("3", "2026-10-30")] {
        told.event("lab-result.created", (IZUMO, "a", record), flu(day, "(+)", "positive", "final"));
    }
    told.counts(&["influenza 2026-10-01 confirmed", "influenza 2026-10-30 confirmed"]);
}

#[test]
fn only_final_positive_results_of_the_right_test_count() {
    let mut told = Told::new();
    let taken = "2026-11-18";
    let influenza_antibody = ("5F400", "1430", "023", "05");
    let measles_igg = ("5F431", "1431", "023", "11");
    let verotoxin_in_stool = ("5E115", "0000", "015", "11");
    for (at, data) in [
        flu(taken, "(-)", "negative", "final"),
        flu(taken, "(±)", "indeterminate", "final"),
        flu(taken, "(+)", "positive", "preliminary"),
        lab(influenza_antibody, taken, "40", ("", "final")),
        lab(influenza_antibody, taken, "(+)", ("positive", "final")),
        lab(measles_igg, taken, "(+)", ("positive", "final")),
        lab(verotoxin_in_stool, taken, "(+)", ("positive", "final")),
    ]
    .into_iter()
    .enumerate()
    {
        told.event("lab-result.created", (IZUMO, &format!("p{at}"), "r"), data);
    }
    told.counts(&[]);
    let measles_igm = ("5F431", "1432", "023", "11");
    let isolate = ("5E115", "0000", "080", "11");
    told.event("lab-result.created", A, lab(measles_igm, taken, "(+)", ("positive", "final")));
    told.event("lab-result.created", A, lab(isolate, taken, "(+)", ("positive", "final")));
    told.counts(&["ehec 2026-11-18 confirmed"]);
    told.event(
        "lab-result.created",
        (IZUMO, "a", "r2"),
        lab(measles_igm, taken, "(+)", ("positive", "final")),
    );
    told.counts(&["ehec 2026-11-18 confirmed", "measles 2026-11-18 confirmed"]);
}

#[test]
fn a_kit_for_two_diseases_counts_the_one_that_its_value_names() {
    let mut told = Told::new();
    let kit = |value| lab(("5F626", "1410", "063", "11"), "2026-11-18", value, ("positive", "final"));
    told.event("lab-result.created", (IZUMO, "a", "1"), kit("SARS-CoV-2(-)A(+)B(-)"));
    told.event("lab-result.created", (IZUMO, "b", "1"), kit("コロナ(+)インフル(-)"));
    told.event("lab-result.created", (IZUMO, "c", "1"), kit("(+)"));
    told.counts(&["covid19 2026-11-18 confirmed", "influenza 2026-11-18 confirmed"]);
    assert_eq!(told.state.tally().undecided, 1);
}

#[test]
fn a_corrected_or_deleted_result_takes_its_case_back() {
    let taken = "2026-11-18T10:00+09:00";
    for status in ["deleted", "cancelled", "wrong"] {
        let mut told = Told::new();
        told.event("lab-result.created", A, flu(taken, "(+)", "positive", "final"));
        told.event("lab-result.updated", A, flu(taken, "(+)", "positive", status));
        told.counts(&[]);
    }
    let mut told = Told::new();
    told.event("lab-result.created", A, flu(taken, "(+)", "positive", "final"));
    told.event(
        "lab-result.created",
        (IZUMO, "a", "r2"),
        flu("2026-11-18T18:00+09:00", "(-)", "negative", "final"),
    );
    told.counts(&["influenza 2026-11-18 confirmed"]);
    // The correction comes as a message of its own: its record is another one, its specimen is the same.
    told.event("lab-result.created", (IZUMO, "a", "r3"), flu(taken, "(-)", "negative", "corrected"));
    told.counts(&[]);
    told.event("lab-result.created", A, flu(taken, "(+)", "positive", "final"));
    told.event("lab-result.deleted", A, json!({"change": "deleted"}));
    told.counts(&[]);
}

#[test]
fn a_list_of_diagnoses_is_compared_with_the_list_before() {
    let who = (IZUMO, "a", "p");
    let (old, new) =
        (problem("1", "B059", "", "2026-08-01", false), problem("2", "J101", "", "2026-11-19", false));
    let mut told = Told::new();
    told.event("diagnosis.created", who, list(std::slice::from_ref(&old)));
    told.counts(&[]);
    told.event("diagnosis.updated", who, list(&[old.clone(), new.clone()]));
    told.event("diagnosis.updated", who, list(&[old.clone(), new.clone()]));
    told.counts(&["influenza 2026-11-19 confirmed"]);
    told.event("diagnosis.updated", who, list(&[old]));
    told.counts(&[]);
    told.event("diagnosis.updated", who, list(std::slice::from_ref(&new)));
    told.event("diagnosis.updated", who, json!({"message": {}, "snapshot": true, "problems": []}));
    told.counts(&[]);
    told.event("diagnosis.updated", who, list(std::slice::from_ref(&new)));
    let mut deleted = new.clone();
    deleted["action"] = "DE".into();
    told.event("diagnosis.updated", who, list(&[deleted]));
    told.counts(&[]);
    told.event("diagnosis.updated", who, list(&[new]));
    told.event("diagnosis.deleted", who, json!({"message": {}, "snapshot": true, "problems": []}));
    told.counts(&[]);
}

#[test]
fn a_diagnosis_that_ended_may_leave_the_list() {
    let who = (IZUMO, "a", "p");
    let mut ended = problem("2", "J101", "", "2026-11-01", false);
    let mut told = Told::new();
    told.event("diagnosis.created", who, list(&[ended.clone()]));
    ended["resolved_at"] = "2026-11-08".into();
    told.event("diagnosis.updated", who, list(&[ended]));
    told.event("diagnosis.updated", who, list(&[]));
    told.counts(&["influenza 2026-11-01 confirmed"]);
}

#[test]
fn the_onset_is_the_day_and_confirmed_stands_apart_from_suspected() {
    let who = (IZUMO, "a", "p");
    let mut measles = problem("2", "B059", "", "2026-11-19", true);
    measles["onset_at"] = "2026-11-15".into();
    let mut told = Told::new();
    told.event("diagnosis.created", who, list(&[measles.clone()]));
    told.counts(&["measles 2026-11-15 suspected"]);
    measles["suspected"] = false.into();
    told.on(date(2026, 11, 22)).event("diagnosis.updated", who, list(&[measles]));
    told.counts(&["measles 2026-11-15 confirmed"]);
    let revisions: Vec<_> = told.state.revisions().collect();
    let told: Vec<_> = revisions
        .iter()
        .flat_map(|(cell, revisions)| {
            revisions.iter().map(|one| (cell.confirmed, one.as_of.day(), one.n)).collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(told, [(false, 20, 1), (false, 22, 0), (true, 22, 1)]);
}

#[test]
fn a_code_that_stands_for_more_than_one_disease_needs_its_name() {
    let mut told = Told::new();
    let fever = |instance, name| problem(instance, "A938", name, "2026-11-19", false);
    told.event("diagnosis.created", (IZUMO, "a", "p"), list(&[fever("1", "その他の節足動物媒介熱")]));
    told.event("diagnosis.created", (IZUMO, "b", "p"), list(&[fever("1", "重症熱性血小板減少症候群")]));
    told.counts(&["sfts 2026-11-19 confirmed"]);
    assert_eq!(told.state.tally().undecided, 1);
    let varicella = list(&[problem("1", "B019", "", "2026-11-19", false)]);
    told.event("diagnosis.created", (IZUMO, "c", "p"), varicella.clone());
    told.counts(&["sfts 2026-11-19 confirmed", "varicella 2026-11-19 confirmed"]);
    let mut on_a_ward = varicella;
    on_a_ward["visit"] = json!({"class": "inpatient"});
    told.event("diagnosis.updated", (IZUMO, "c", "p"), on_a_ward);
    told.counts(&[
        "sfts 2026-11-19 confirmed",
        "varicella 2026-11-19 confirmed",
        "varicella_inpatient 2026-11-19 confirmed",
    ]);
}

#[test]
fn a_drug_supports_a_case_and_alone_makes_a_suspected_one() {
    let drug = |duration: &str, usage: &str| {
        json!({"message": {"sent_at": "2026-11-20T12:00:00+09:00"}, "patient": patient(), "medications": [{
            "control": "NW", "drug": {"code": "999000101", "alternate": {"code": "6250021M1027"}},
            "usage": {"code": usage}, "duration": duration, "starts_at": "2026-11-19T10:15+09:00"}]})
    };
    let treatment = drug("5 d", "1012040400000000");
    let mut told = Told::new();
    told.event("prescription.created", A, drug("10 d", "1011040000000000"));
    told.counts(&[]);
    told.event("prescription.created", A, treatment.clone());
    told.counts(&["influenza 2026-11-19 suspected"]);
    told.event("lab-result.created", (IZUMO, "a", "r9"), flu("2026-11-18", "(+)", "positive", "final"));
    told.counts(&["influenza 2026-11-18 confirmed"]);
    told.event("prescription.created", (IZUMO, "b", "r1"), treatment.clone());
    told.event("prescription.deleted", (IZUMO, "b", "r1"), treatment);
    let peramivir = json!({"message": {"sent_at": "2026-11-20T12:00:00+09:00"}, "injections": [{
        "drug": {"code": "00"}, "components": [{"drug": {"alternate": {"code": "6250405A1032"}}}],
        "ordered_at": "2026-11-20T09:00+09:00"}]});
    told.event("injection.created", (IZUMO, "c", "r1"), peramivir);
    told.counts(&["influenza 2026-11-18 confirmed", "influenza 2026-11-20 suspected"]);
}

#[test]
fn two_facilities_are_one_case_only_through_the_network() {
    let mut told = Told::new();
    let at = |facility, network: Option<&str>| {
        let mut data = flu("2026-11-18", "(+)", "positive", "final");
        if let Some(network) = network {
            data["patient"]["network_id"] = network.into();
        }
        ((facility, if facility == IZUMO { "1" } else { "2" }, "r"), data)
    };
    for (who, data) in [at(IZUMO, None), at(MATSUE, Some("N1"))] {
        told.event("lab-result.created", who, data);
    }
    told.counts(&["influenza 2026-11-18 confirmed", "influenza 2026-11-18 confirmed"]);
    let (who, data) = at(IZUMO, Some("N1"));
    told.event("lab-result.updated", who, data);
    told.counts(&["influenza 2026-11-18 confirmed"]);
    assert_eq!(told.state.tally().linked, 2);
    let (who, data) = at(IZUMO, Some("N2"));
    told.event("lab-result.updated", who, data);
    told.counts(&["influenza 2026-11-18 confirmed", "influenza 2026-11-18 confirmed"]);
}

#[test]
fn visits_are_patients_a_day() {
    let visit = |day: &str| json!({"event": "visit", "admitted_at": day});
    let mut told = Told::new();
    told.event("encounter.created", (IZUMO, "a", "v1"), visit("2026-11-19T09:00+09:00"));
    told.event("encounter.created", (IZUMO, "a", "v2"), visit("2026-11-19T14:00+09:00"));
    told.event("encounter.created", (IZUMO, "b", "v3"), visit("2026-11-19"));
    told.event("encounter.updated", (IZUMO, "b", "v3"), visit("2026-11-18"));
    told.event("encounter.deleted", (IZUMO, "a", "v2"), visit("2026-11-19"));
    let visits = |told: &Told| {
        let facility = told.state.facilities().iter().find(|one| one.code == IZUMO).unwrap();
        facility.visits.iter().map(|(day, n)| (day.day(), *n)).collect::<Vec<_>>()
    };
    assert_eq!(visits(&told), [(18, 1), (19, 1)]);
    told.event("encounter.deleted", (IZUMO, "a", "another"), visit("2026-11-19"));
    assert_eq!(visits(&told), [(18, 1), (19, 0)]);
}

#[test]
fn a_sexually_transmitted_infection_has_no_area_and_no_day() {
    let mut told = Told::new();
    told.event("diagnosis.created", A, list(&[problem("1", "A539", "", "2026-11-19", false)]));
    told.state.publish();
    let (cell, _) = told.state.revisions().next().unwrap();
    assert_eq!(
        (cell.date, cell.place, cell.age, cell.sex),
        (date(2026, 11, 1), Place::Prefecture, None, None)
    );
}

/// What may happen to a patient.
fn happen(told: &mut Told, patient: u8, what: u8, day: u8) {
    let who = patient.to_string();
    let taken = format!("2026-11-{:02}", day + 1);
    let (result, other) = (format!("r{}", day % 3), format!("r{}", (day + 1) % 3));
    let diagnosed = problem(&format!("{patient}{}", day % 2), "J101", "", &taken, day.is_multiple_of(3));
    match what {
        0 => {
            told.event("lab-result.created", (IZUMO, &who, &result), flu(&taken, "(+)", "positive", "final"))
        }
        1 => told.event(
            "lab-result.updated",
            (IZUMO, &who, &result),
            flu(&taken, "(-)", "negative", "corrected"),
        ),
        2 => told.event("lab-result.deleted", (IZUMO, &who, &other), json!({"change": "deleted"})),
        3 => told.event("diagnosis.updated", (IZUMO, &who, "p"), list(&[diagnosed])),
        4 => told.event("diagnosis.updated", (IZUMO, &who, "p"), list(&[])),
        _ => {
            let mut linked = flu(&taken, "(+)", "positive", "final");
            linked["patient"]["network_id"] = format!("N{}", patient % 2).into();
            told.event("lab-result.created", (IZUMO, &who, &result), linked)
        }
    };
}

/// Counts as they are known in the end.
fn known(told: &mut Told) -> BTreeMap<Cell, u32> {
    told.state.publish();
    let known = told.state.revisions().filter_map(|(cell, told)| Some((*cell, told.last()?.n)));
    known.filter(|(_, n)| *n > 0).collect()
}

proptest::proptest! {
    /// Patients share no order: however their events are mixed, and however often they come, the counts are the same.
    #[test]
    fn only_the_order_of_each_patient_matters(
        events in proptest::collection::vec((0u8..4, 0u8..6, 0u8..20), 0..40)
    ) {
        let (mut mixed, mut sorted) = (Told::new(), Told::new());
        for (patient, what, day) in &events {
            happen(&mut mixed, *patient, *what, *day);
        }
        for patient in (0..4).rev() {
            for (_, what, day) in events.iter().filter(|(one, ..)| *one == patient) {
                happen(&mut sorted, patient, *what, *day);
            }
        }
        let counts = known(&mut mixed);
        proptest::prop_assert_eq!(&counts, &known(&mut sorted));
        let mut cases = BTreeMap::<Cell, u32>::new();
        mixed.state.cases().for_each(|case| *cases.entry(case.cell).or_default() += 1);
        proptest::prop_assert_eq!(counts, cases);
    }
}
