//! Events in, rows out.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::*;
use crate::services::inbox::Event;

const IZUMO: &str = "3210100018";
const MATSUE: &str = "3210200024";
const OKI: &str = "3210700019";
const NUMBER: &str = "3210100018^2026^000123";
const HASH: &str = "1111111111111111111111111111111111111111111111111111111111111111";

/// An event at that day of November, as a folder holds it.
fn event(id: &str, facility: &str, event_type: &str, day: u8, data: Value) -> Event {
    let change = event_type.split('.').nth(1).unwrap();
    let line = json!({
        "specversion": "1.0", "id": id, "source": format!("urn:musubi:facility:{facility}"),
        "type": format!("{event_type}.v1"), "subject": "-", "time": format!("2026-11-{day:02}T03:00:00Z"),
        "dataschema": "", "datacontenttype": "application/json", "topic": "referral.letter", "basis": "addressed",
        "lane": 0, "sequence": 1, "recordkey": id, "recordversion": "1", "change": change, "originhash": HASH,
        "data": data,
    });
    serde_json::from_value(line).unwrap()
}

fn letter(id: &str, event_type: &str, day: u8) -> Event {
    let data = json!({
        "message": {"control_id": format!("C-{id}")}, "id": NUMBER, "status": "P", "priority": "R",
        "expires_at": "2026-12-20", "from": {"facility": IZUMO, "organisation": "出雲架空中央病院"},
        "to": [{"facility": MATSUE, "organisation": "松江架空病院"}], "findings": [],
    });
    event(id, IZUMO, event_type, day, data)
}

fn answer(id: &str, status: &str, day: u8) -> Event {
    let data = json!({"id": NUMBER, "status": status, "external_id": "M-77"});
    event(id, MATSUE, "referral-reply.created", day, data)
}

fn receipt(of: &str, outcome: &str, day: u8, hash: &str) -> Event {
    let data = json!({"event": of, "subscriber": "matsue", "route": "referral-original",
        "at": format!("2026-11-{day:02}T03:00:05Z"), "outcome": outcome, "hash": hash});
    event(&format!("r-{of}-{outcome}"), IZUMO, "receipt.created", day, data)
}

fn list(events: &[Event], day: u8) -> List {
    let mut desk = Desk::default();
    events.iter().for_each(|event| desk.take(event).unwrap());
    let now: Timestamp = format!("2026-11-{day:02}T04:00:00Z").parse().unwrap();
    desk.list(now, 7, &TimeZone::get("Asia/Tokyo").unwrap())
}

/// The only row of these events on the 30th, whatever the order between facilities.
#[track_caller]
fn row(events: Vec<Event>) -> Row {
    let rows = list(&events, 30).referrals;
    let turned: Vec<_> = {
        let (own, others): (Vec<_>, Vec<_>) =
            events.into_iter().partition(|event| event.kind() == "referral");
        others.into_iter().chain(own).collect()
    };
    assert_eq!(list(&turned, 30).referrals, rows, "what comes first matters");
    let [row] = <[Row; 1]>::try_from(rows).unwrap();
    row
}

#[test]
fn a_referral_goes_through_its_states() {
    let created = || letter("a", "referral.created", 20);
    let delivered = || receipt("a", "delivered", 20, HASH);
    let step = |at: &str, who: &str| Some(Step { at: at.parse().unwrap(), who: who.into() });
    let first = row(vec![created()]);
    assert_eq!((first.state, first.age_days, first.overdue), (State::Accepted, 10, true));
    assert_eq!((first.from.as_str(), first.to.as_slice()), (IZUMO, &[MATSUE.to_owned()][..]));
    assert_eq!((first.id.as_str(), first.proof), (NUMBER, Proof::Open));
    let second = row(vec![created(), delivered()]);
    assert_eq!((second.state, second.proof, second.overdue), (State::Delivered, Proof::Same, true));
    assert_eq!(second.delivered, step("2026-11-20T03:00:05Z", "matsue"));
    let third = row(vec![created(), delivered(), answer("b", "P", 21)]);
    assert_eq!((third.state, third.external_id.as_deref()), (State::Opened, Some("M-77")));
    assert_eq!(third.opened, step("2026-11-21T03:00:00Z", MATSUE));
    let fourth = row(vec![created(), delivered(), answer("b", "P", 21), answer("c", "A", 22)]);
    assert_eq!((fourth.state, fourth.overdue), (State::Replied, false));
    assert_eq!(fourth.replied, step("2026-11-22T03:00:00Z", MATSUE));
    assert_eq!(row(vec![created(), answer("b", "R", 21)]).state, State::Rejected);
    assert_eq!(row(vec![created(), answer("b", "E", 21)]).state, State::Expired);
    let withdrawn = event("d", MATSUE, "referral-reply.deleted", 23, json!({"id": NUMBER}));
    assert_eq!(row(vec![created(), answer("c", "A", 22), withdrawn]).state, State::Accepted);
}

#[test]
fn a_letter_is_changed_cancelled_and_taken_up_again() {
    let versions = |last: Option<Event>| {
        let events = [letter("a", "referral.created", 20), letter("b", "referral.updated", 21)];
        row(events.into_iter().chain(last).collect())
    };
    let changed = versions(None);
    assert_eq!((changed.state, changed.versions), (State::Accepted, 2));
    let short = json!({"message": {}, "id": NUMBER});
    let cancelled = versions(Some(event("c", IZUMO, "referral.deleted", 22, short)));
    assert_eq!((cancelled.state, cancelled.overdue), (State::Cancelled, false));
    assert_eq!(cancelled.to, [MATSUE], "the cancellation does not repeat what the letter says");
    let again = [
        letter("a", "referral.created", 20),
        letter("c", "referral.deleted", 22),
        letter("d", "referral.created", 23),
    ];
    assert_eq!(row(again.into()).state, State::Accepted);
}

#[test]
fn what_is_not_delivered_or_differs_is_told() {
    let created = || letter("a", "referral.created", 20);
    assert_eq!(row(vec![created(), receipt("a", "dead", 24, HASH)]).state, State::Undeliverable);
    // The copy was sent again by hand.
    let events = vec![created(), receipt("a", "dead", 24, HASH), receipt("a", "delivered", 25, HASH)];
    assert_eq!(row(events).state, State::Delivered);
    assert_eq!(row(vec![created(), receipt("a", "delivered", 20, "2222")]).proof, Proof::Differs);
}

#[test]
fn copies_of_the_original_prove_their_bytes() {
    let copy = |bytes: &str, hash: String| {
        let mut line = json!({
            "id": "a", "source": "", "type": "referral.created.v1", "subject": "", "time": "", "topic": "",
            "basis": "", "lane": 0, "sequence": 2, "recordkey": "", "recordversion": "", "change": "created",
            "originhash": hash, "data_base64": bytes,
        });
        let own = || serde_json::from_value::<Event>(line.clone()).unwrap();
        let in_data = row(vec![letter("a", "referral.created", 20), own()]).proof;
        line["data_base64"] = Value::Null;
        line["claimhash"] = json!(blake3::hash(b"MSH|").to_hex().to_string());
        let claimed = serde_json::from_value(line).unwrap();
        (in_data, row(vec![letter("a", "referral.created", 20), claimed]).proof)
    };
    let hash = || blake3::hash(b"MSH|").to_hex().to_string();
    assert_eq!(copy("TVNIfA==", hash()), (Proof::Same, Proof::Same));
    assert_eq!(copy("TVNIfQ==", hash()), (Proof::Differs, Proof::Same));
    assert_eq!(copy("***", HASH.to_owned()), (Proof::Differs, Proof::Differs));
}

#[test]
fn an_answer_finds_its_letter_by_number_message_or_document() {
    let created = || letter("a", "referral.created", 20);
    let by = |data: Value| {
        let list = list(&[created(), event("b", MATSUE, "referral-reply.created", 21, data)], 22);
        (list.referrals[0].state, list.unmatched.len())
    };
    assert_eq!(by(json!({"id": NUMBER})), (State::Replied, 0));
    assert_eq!(by(json!({"id": "77", "answers": "C-a"})), (State::Replied, 0));
    assert_eq!(by(json!({"id": "77", "answers": "C-x"})), (State::Accepted, 1));
    let document = |kind: &str, to: &str, id: &str| {
        let data = json!({"id": "D-1", "status": "AU", "relates_to": [{"relation": "APND", "id": id}]});
        let list = list(&[created(), event("b", to, kind, 21, data)], 22);
        (list.referrals.len(), list.referrals[0].state, list.unmatched.len())
    };
    assert_eq!(document("document.created", MATSUE, NUMBER), (1, State::Replied, 0));
    assert_eq!(document("document.created", MATSUE, "other"), (1, State::Accepted, 0));
    assert_eq!(
        document("document.created", IZUMO, NUMBER),
        (1, State::Accepted, 0),
        "nobody answers themselves"
    );
    // A reply by the same kind of document is no referral of its own.
    assert_eq!(document("referral.created", MATSUE, NUMBER), (1, State::Replied, 0));
}

#[test]
fn the_same_number_of_two_facilities_is_two_referrals() {
    let of = |facility: &str, to: &str| {
        let data = json!({"id": "77", "to": [{"facility": to}]});
        event(facility, facility, "referral.created", 20, data)
    };
    let answer = |by: &str| event("x", by, "referral-reply.created", 21, json!({"id": "77"}));
    let states = |by: &str| {
        let list = list(&[of(IZUMO, MATSUE), of(OKI, IZUMO), answer(by)], 22);
        let state = |from: &str| list.referrals.iter().find(|row| row.from == from).map(|row| row.state);
        (state(IZUMO).unwrap(), state(OKI).unwrap(), list.unmatched.len())
    };
    assert_eq!(states(MATSUE), (State::Replied, State::Accepted, 0));
    assert_eq!(states("3210500033"), (State::Accepted, State::Accepted, 1), "it can't be told which");
}

#[test]
fn what_nobody_answered_comes_first_and_what_is_over_expires() {
    let old = || event("b", IZUMO, "referral.created", 10, json!({"id": "old", "expires_at": "2026-11-21"}));
    let list_on = |day| list(&[letter("a", "referral.created", 12), old()], day);
    let list = list_on(20);
    let told: Vec<_> =
        list.referrals.iter().map(|row| (row.id.as_str(), row.overdue, row.age_days)).collect();
    assert_eq!(told, [("old", true, 10), (NUMBER, true, 8)]);
    assert_eq!(list_on(22).referrals[1].state, State::Expired, "the 21st is over");
    assert_eq!(list_on(22).counts[&State::Accepted], 1);
}
