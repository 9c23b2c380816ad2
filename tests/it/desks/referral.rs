//! 紹介状 and 返書.

use serde_json::json;

use super::*;

const ROUTES: &str = r#"
version = 1
[[subscriber]]
name = "izumo"
facility = "3210100018"
deliver = { kind = "folder" }
[[subscriber]]
name = "matsue"
facility = "3210200024"
deliver = { kind = "folder" }
[[subscriber]]
name = "tasks"
deliver = { kind = "folder" }
[[subscriber]]
name = "referral-desk"
deliver = { kind = "folder" }

[[disclosure]]
name = "referral-status"
fields = [
  "message.control_id", "message.type", "id", "external_id", "answers", "status", "priority", "expires_at",
  "from.facility", "from.organisation", "to.facility", "to.organisation",
  "document.id", "document.set_id", "document.relates_to", "document.files", "findings",
]

[[route]]
name = "referral-letter"
topic = "referral.letter"
to = ["izumo", "matsue"]
kinds = ["referral"]
address = "referred-to"
otherwise = "tasks"
basis = "addressed"
send = "original"
receipt = "referral.receipt"
receipt_to = "referral-desk"

[[route]]
name = "referral-reply"
topic = "referral.reply"
to = ["izumo", "matsue"]
kinds = ["referral-reply"]
address = "requester"
otherwise = "tasks"
basis = "addressed"
send = "original"

[[route]]
name = "referral-status"
topic = "referral.letter"
to = ["referral-desk"]
kinds = ["referral"]
change = ["created", "updated"]
disclose = "referral-status"
basis = "addressed"

[[route]]
name = "referral-cancelled"
topic = "referral.cancel"
to = ["referral-desk"]
kinds = ["referral"]
change = ["deleted"]
disclose = "referral-status"
basis = "addressed"

[[route]]
name = "reply-status"
topic = "referral.reply"
to = ["referral-desk"]
kinds = ["referral-reply"]
disclose = "referral-status"
basis = "addressed"
"#;

fn rows(hub: &HubFolder) -> Vec<(String, String, String)> {
    let list = printed(hub, &["referrals", "--json"]);
    let mut rows: Vec<_> = list["referrals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| ["id", "state", "proof"].map(|key| row[key].as_str().unwrap().to_owned()).into())
        .collect();
    rows.sort();
    rows
}

fn row(id: &str, state: &str, proof: &str) -> (String, String, String) {
    (id.into(), state.into(), proof.into())
}

#[test]
fn a_letter_goes_to_one_addressee_unchanged_and_the_desk_knows_what_became_of_it() {
    let hub = hub(ROUTES);
    let letter = drop_case(&hub, "izumo", "a", "ref_i12_referral");
    drop_case(&hub, "izumo", "b", "ref_i12_no_id_two_addressees");
    drain(&hub);
    let at_matsue = delivered(&hub, "matsue");
    let [copy] = at_matsue.as_slice() else { panic!("{at_matsue:#?}") };
    assert_eq!(bytes_of(copy), letter, "not a byte is changed");
    assert_eq!(copy["originhash"], blake3::hash(&letter).to_hex().to_string());
    assert_eq!((delivered(&hub, "izumo").len(), delivered(&hub, "tasks").len()), (0, 1));
    // What a person has to address has not arrived.
    let number = "3210100018-2026-000123";
    let open = row("REF-77", "accepted", "open");
    assert_eq!(rows(&hub), [row(number, "delivered", "same"), open.clone()]);

    drop_case(&hub, "matsue", "c", "rri_i12_reply");
    drain(&hub);
    assert_eq!(delivered(&hub, "izumo").len(), 1, "the reply goes to who referred");
    assert_eq!(rows(&hub), [row(number, "replied", "same"), open.clone()]);

    drop_case(&hub, "izumo", "d", "ref_i14_cancelled");
    drain(&hub);
    assert_eq!(rows(&hub), [row(number, "cancelled", "same"), open]);
    let changes: Vec<_> = delivered(&hub, "matsue").iter().map(|event| event["change"].clone()).collect();
    assert_eq!(changes, [json!("created"), json!("deleted")]);
}

#[test]
fn the_page_and_the_receipts_name_no_patient() {
    let hub = hub(ROUTES);
    drop_case(&hub, "izumo", "a", "ref_i12_referral");
    drain(&hub);
    let receipts: Vec<_> = delivered(&hub, "referral-desk")
        .into_iter()
        .filter(|event| event["topic"] == "referral.receipt")
        .collect();
    let [receipt] = receipts.as_slice() else { panic!("{receipts:#?}") };
    let letter = &delivered(&hub, "matsue")[0];
    assert_eq!((&receipt["data"]["event"], &receipt["subject"]), (&letter["id"], &json!("")));
    assert_eq!(receipt["data"]["outcome"], "delivered");
    let out = hub.path("out");
    let output =
        hub.run(&["--lang", "ja", "referrals", "--out", out.to_str().unwrap(), "--overdue-after", "0"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = |file: &str| fs::read_to_string(out.join(file)).unwrap();
    let page = read("index.html");
    assert!(
        page.contains("松江架空病院") && page.contains("配信済") && page.contains("class=\"late\""),
        "{page}"
    );
    for text in [page, read("referrals.csv"), read("referrals.json"), receipt.to_string()] {
        assert!(!text.contains("花子") && !text.contains("00045678"), "{text}");
    }
}
