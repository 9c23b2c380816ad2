//! One sound region, and what may not be said in it. All people are invented (架空).

use jiff::Timestamp;

use super::super::*;
use super::Refusal;
use crate::envelope::Identifying;

const CHUO: &str = "3210100018";
const KITA: &str = "3210200024";
const GONE: &str = "3210300013";
/// When everything is entered.
const NOW: i64 = 1000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn id(text: &str) -> Identifying {
    Identifying(text.to_owned())
}

fn period(from: i64, until: impl Into<Option<i64>>) -> Period {
    Period { from: at(from), until: until.into().map(at) }
}

fn entry(fact: Fact) -> Entry {
    Entry { recorded_at: at(NOW), who: "desk".into(), why: "form".into(), fact }
}

fn facility(code: &str, period: Period) -> Entry {
    let roles = vec![FacilityRole::Disclosing];
    let name = "架空病院".to_owned();
    entry(Fact::Facility(Facility {
        code: code.into(),
        name,
        name_en: None,
        area: Area::Izumo,
        roles,
        period,
    }))
}

fn member(network_id: &str, period: Period) -> Entry {
    entry(Fact::Member(Member { network_id: id(network_id), period }))
}

fn link(facility: &str, local_id: &str, network_id: &str, period: Period) -> Entry {
    let (local_id, network_id) = (id(local_id), id(network_id));
    entry(Fact::Link(Link { facility: facility.into(), local_id, network_id, period }))
}

fn consent(network_id: &str, facility: &str, period: Period) -> Entry {
    let (network_id, purpose) = (id(network_id), Purpose::SharedRecord);
    entry(Fact::ViewConsent(ViewConsent { network_id, facility: facility.into(), purpose, period }))
}

fn pair(former: &str, into: &str, second: i64) -> Merge {
    Merge { facility: CHUO.into(), former: id(former), into: id(into), at: at(second) }
}

fn merge(former: &str, into: &str, second: i64) -> Entry {
    entry(Fact::Merge(pair(former, into, second)))
}

fn unmerge(former: &str, into: &str, second: i64) -> Entry {
    entry(Fact::Unmerge(pair(former, into, second)))
}

fn removal(local_id: &str, second: i64) -> Entry {
    entry(Fact::Removal(Removal { facility: CHUO.into(), local_id: id(local_id), at: at(second) }))
}

fn contract(kind: ContractKind, with: Option<&str>) -> Entry {
    let with = with.map(str::to_owned);
    entry(Fact::Contract(Contract { kind, facility: CHUO.into(), with, rank: 0, period: period(10, None) }))
}

/// Two facilities, one that left, two members; n1 is linked at Chuo and lets Kita view.
fn region() -> Vec<Entry> {
    vec![
        facility(CHUO, period(0, None)),
        facility(KITA, period(0, None)),
        facility(GONE, period(0, 50)),
        member("n1", period(5, None)),
        member("n2", period(5, None)),
        link(CHUO, "A", "n1", period(10, None)),
        consent("n1", KITA, period(10, None)),
    ]
}

fn known() -> Registry {
    let mut registry = Registry::default();
    registry.check(&region()).unwrap();
    region().into_iter().for_each(|entry| registry.apply(entry));
    registry
}

/// What is refused of a batch, as `index code`; ` <other>` where it contradicts another one of the batch.
fn refused(batch: &[Entry]) -> Vec<String> {
    let spell = |Refusal { index, code, other, .. }| match other {
        Some(other) => format!("{index} {code} <{other}>"),
        None => format!("{index} {code}"),
    };
    let alone =
        known().check(batch).map_or_else(|refusals| refusals.into_iter().map(spell).collect(), |()| vec![]);
    // With the region in the same batch the answer is the same.
    let all = region().into_iter().chain(batch.iter().cloned()).collect::<Vec<_>>();
    let together = Registry::default().check(&all).map_or_else(|refusals| refusals.len(), |()| 0);
    assert_eq!(alone.is_empty(), together == 0, "{alone:?}");
    alone
}

fn check(batch: &[Entry], expected: &[&str]) {
    assert_eq!(refused(batch), expected);
}

#[test]
fn what_is_sound_is_taken() {
    check(&[], &[]);
    check(&[link(CHUO, "B", "n2", period(20, None)), consent("n2", KITA, period(20, 2000))], &[]);
    check(&[merge("B", "A", 20), unmerge("B", "A", 30), merge("A", "B", 40)], &[]);
    check(&[contract(ContractKind::Reading, Some(KITA)), contract(ContractKind::Participation, None)], &[]);
}

#[test]
fn the_order_of_a_batch_does_not_matter() {
    let mut batch = region();
    batch.reverse();
    assert_eq!(Registry::default().check(&batch), Ok(()));
}

#[test]
fn two_rows_about_one_record_must_say_the_same() {
    let batch = [consent("n2", KITA, period(20, 2000)), consent("n2", KITA, period(20, 3000))];
    check(&batch, &["1 conflict <0>"]);
    check(&[batch[0].clone(), batch[0].clone()], &[]);
}

#[test]
fn a_local_id_has_one_network_id_at_a_time() {
    check(&[link(CHUO, "A", "n2", period(20, None))], &["0 two-network-ids"]);
    check(&[link(CHUO, "A", "n2", period(6, 10))], &[]);
    check(&[link(CHUO, "A", "n2", period(6, 11))], &["0 two-network-ids"]);
    check(&[link(KITA, "A", "n2", period(20, None))], &[]);
    let both = [link(CHUO, "B", "n1", period(20, 30)), link(CHUO, "B", "n2", period(29, None))];
    check(&both, &["0 two-network-ids <1>", "1 two-network-ids <0>"]);
    // One ends where the other begins, in the same batch.
    let moved = [link(CHUO, "A", "n2", period(900, None)), link(CHUO, "A", "n1", period(10, 900))];
    assert_eq!(known().check(&moved), Ok(()));
}

#[test]
fn a_removed_record_can_be_linked_to_somebody_else() {
    check(&[link(CHUO, "A", "n2", period(20, None)), removal("A", 20)], &[]);
    check(&[link(CHUO, "A", "n2", period(20, None)), removal("A", 21)], &["0 two-network-ids"]);
}

#[test]
fn a_merged_id_is_not_linked_to_another_network_id() {
    check(&[merge("A", "B", 20), link(CHUO, "B", "n2", period(20, None))], &["1 two-network-ids"]);
    check(&[merge("A", "B", 20), link(CHUO, "B", "n1", period(20, None))], &[]);
    // What the facility merges later is its fact: the identity is ambiguous from then on.
    check(&[merge("A", "B", 21), link(CHUO, "B", "n2", period(20, None))], &[]);
}

#[test]
fn merges_do_not_lead_back() {
    check(&[merge("A", "A", 20)], &["0 merge-with-itself"]);
    check(&[merge("A", "B", 20), merge("B", "A", 30)], &["0 merge-cycle <1>", "1 merge-cycle <0>"]);
    let three = [merge("A", "B", 20), merge("C", "A", 40), merge("B", "C", 30), merge("D", "A", 30)];
    check(&three, &["0 merge-cycle <1>", "1 merge-cycle <0>", "2 merge-cycle <0>"]);
    check(&[merge("A", "B", 20), merge("B", "C", 30), merge("A", "C", 40)], &[]);
    let mut registry = known();
    [merge("A", "B", 20), merge("B", "C", 40)].into_iter().for_each(|entry| registry.apply(entry));
    let refusals = registry.check(&[merge("C", "A", 30)]).unwrap_err();
    assert_eq!(
        (refusals.len(), refusals[0].code.as_ref()),
        (1, "merge-cycle"),
        "it closes when the last one comes"
    );
}

#[test]
fn only_what_is_merged_is_unmerged() {
    check(&[unmerge("A", "B", 20)], &["0 unmerge-without-merge"]);
    check(&[merge("A", "B", 20), unmerge("A", "B", 19)], &["1 unmerge-without-merge"]);
    check(&[merge("A", "B", 20), unmerge("A", "B", 30), unmerge("A", "B", 40)], &["2 unmerge-without-merge"]);
}

#[test]
fn an_end_lies_after_its_beginning() {
    for until in [5, 10] {
        let batch = [consent("n2", KITA, period(10, until))];
        check(&batch, &["0 ends-before-it-begins", "0 ended-in-the-past"]);
        check(&[facility("3210400011", period(10, until))], &["0 ends-before-it-begins"]);
    }
}

#[test]
fn a_new_consent_that_ended_is_a_mistake_unless_it_is_history() {
    let mut over = consent("n2", KITA, period(20, NOW));
    check(&[over.clone()], &["0 ended-in-the-past"]);
    over.why.insert_str(0, HISTORY);
    check(&[over], &[]);
    check(&[consent("n2", KITA, period(20, NOW + 1))], &[]);
    check(&[link(CHUO, "B", "n2", period(20, 30))], &[]);
}

#[test]
fn what_is_over_stays_over() {
    let mut registry = known();
    let withdrawn = consent("n1", KITA, period(10, NOW));
    registry.check(std::slice::from_ref(&withdrawn)).unwrap();
    registry.apply(withdrawn.clone());
    let codes = |registry: &Registry, entry: Entry| {
        let refusals = registry.check(&[entry]).err().into_iter().flatten();
        refusals.map(|refusal| refusal.code.into_owned()).collect::<Vec<_>>()
    };
    for until in [None, Some(NOW + 5), Some(NOW - 5)] {
        let reopened = Entry { why: "by mistake".into(), ..consent("n1", KITA, period(10, until)) };
        assert_eq!(codes(&registry, reopened), ["over"]);
    }
    // The file in which it once stood is imported again: that says nothing new.
    let again = Entry { recorded_at: at(NOW + 9), ..consent("n1", KITA, period(10, None)) };
    assert_eq!(codes(&registry, again.clone()), [""; 0]);
    assert_eq!(registry.news(vec![again, withdrawn]), []);
    assert_eq!(
        codes(&registry, consent("n1", KITA, period(NOW, None))),
        [""; 0],
        "a new consent is another record"
    );
}

#[test]
fn facilities_are_known_and_in_force() {
    check(&[consent("n2", "3210400011", period(20, None))], &["0 unknown-facility"]);
    check(&[consent("n2", "3210400011", period(20, None)), facility("3210400011", period(0, None))], &[]);
    check(
        &[consent("n2", GONE, period(20, None)), consent("n2", GONE, period(50, None))],
        &["1 facility-not-in-force"],
    );
    check(&[contract(ContractKind::Reading, Some("3210400011"))], &["0 unknown-facility"]);
    check(&[facility(CHUO, period(90, None))], &["0 two-facilities"]);
    check(&[facility(GONE, period(50, None))], &[]);
    check(&[link("32101", "B", "n1", period(20, None))], &["0 bad-code"]);
    check(&[link("4810100018", "B", "n1", period(20, None))], &["0 bad-code"]);
}

#[test]
fn a_network_id_belongs_to_a_member() {
    check(&[link(CHUO, "B", "n3", period(20, None))], &["0 no-member"]);
    check(&[link(CHUO, "B", "n2", period(4, None))], &["0 no-member"]);
    check(&[consent("n3", KITA, period(20, None)), member("n3", period(20, None))], &[]);
    check(&[consent("n3", KITA, period(20, None)), member("n3", period(5, 20))], &["0 no-member"]);
}

#[test]
fn ids_and_names_can_be_written_down() {
    for bad in ["", " n", "n\n", &"9".repeat(65)] {
        check(&[member(bad, period(20, None))], &["0 bad-id"]);
    }
    check(&[Entry { who: " ".into(), ..member("n9", period(20, None)) }], &["0 nobody"]);
    check(&[contract(ContractKind::Reading, None)], &["0 bad-contract"]);
    check(&[contract(ContractKind::Reading, Some(CHUO))], &["0 bad-contract"]);
    check(&[contract(ContractKind::Entrusted, Some(KITA))], &["0 bad-contract"]);
}

#[test]
fn a_refusal_tells_nothing_of_a_patient() {
    let batch = [link(CHUO, "架空-77", "n1-88", period(20, 3)), merge("架空-77", "架空-77", 3)];
    let text = format!("{:?}", known().check(&batch));
    assert!(!text.contains("77") && !text.contains("88"), "{text}");
}

mod laws;
