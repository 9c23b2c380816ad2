//! Whom events are for: messages in, the facilities that they name out.

use jiff::tz::TimeZone;

use musubi::canonical::Kind;
use musubi::decode::decode;
use musubi::envelope::Change;
use musubi::normalise::{self, normalise};
use musubi::route::{Address, Source, exactly_one};

const IZUMO: &str = "3210100018";
const MATSUE: &str = "3210200024";
const OKI: &str = "3210700019";
const PID: &str = "PID|1||00045678^^^^PI||架空^花子^^^^^L^I||19620314|F";

/// What an address word gives for a message of Izumo, and what comes of it where exactly one is needed.
#[track_caller]
fn check(
    address: Address,
    message: &str,
    segments: &[&str],
    expected: &[(&str, &str)],
    one: Result<&str, &str>,
) {
    let head = format!("MSH|^~\\&|HIS|S|G|R|20261120||{message}|1|P|2.5||||||UNICODE UTF-8");
    let text = [&[head.as_str(), PID], segments].concat().join("\r") + "\r";
    let (zone, decoded) = (TimeZone::UTC, decode(text.as_bytes()).unwrap());
    let source = normalise::Source {
        data_type: None,
        patient: "",
        order: None,
        facility: IZUMO,
        change: Change::Created,
        zone: &zone,
    };
    let event = normalise(&decoded, &source).unwrap();
    assert_ne!(event.content.kind(), Kind::Message);
    let named = address.named(&event, Source { feed: "izumo", facility: IZUMO }).unwrap();
    let told: Vec<_> = named.iter().map(|named| (named.code.unwrap_or("-"), named.place.as_ref())).collect();
    assert_eq!(told, expected);
    let chosen = exactly_one(&named);
    assert_eq!(chosen.as_ref().map(|code| *code).map_err(|finding| finding.code.as_ref()), one);
}

#[test]
fn a_referral_is_for_the_one_provider_that_it_is_referred_to() {
    let rp = "PRD|RP|出雲^一郎||内科|||3210100018";
    let referred_to = |segments: &[&str], expected: &[(&str, &str)], one| {
        check(Address::ReferredTo, "REF^I12", segments, expected, one);
    };
    referred_to(&[rp, "PRD|RT|松江^次郎||内科|||3210200024"], &[(MATSUE, "to[1]")], Ok(MATSUE));
    referred_to(&[rp, "PRD|RT|||呼吸器内科^^^3210200024"], &[(MATSUE, "to[1]")], Ok(MATSUE));
    // The same one twice, a doctor and the facility, is still one.
    referred_to(
        &[rp, "PRD|RT|松江^次郎|||||3210200024", "PRD|RT|松江^三郎|||||3210200024"],
        &[(MATSUE, "to[1]"), (MATSUE, "to[2]")],
        Ok(MATSUE),
    );
    referred_to(&[rp], &[], Err("addressee-missing"));
    // Two are named, of whom one is not known: nobody may be left out.
    referred_to(
        &[rp, "PRD|RT||||||3210200024", "PRD|RT|浜田^四郎||浜田架空病院"],
        &[(MATSUE, "to[1]"), ("-", "to[2]")],
        Err("addressee-unknown"),
    );
    referred_to(
        &[rp, "PRD|RT||||||3210200024", "PRD|RT||||||3210700019"],
        &[(MATSUE, "to[1]"), (OKI, "to[2]")],
        Err("addressee-several"),
    );
}

#[test]
fn a_reply_is_for_who_referred_whichever_way_the_roles_are_written() {
    let matsue = ["PRD|RP||||||3210200024", "PRD|RT||||||3210100018"];
    check(Address::Requester, "RRI^I12", &matsue, &[(MATSUE, "from")], Ok(MATSUE));
    // Izumo answers, and writes itself as the one who refers.
    let own = ["PRD|RP||||||3210100018", "PRD|RT||||||3210200024"];
    check(Address::Requester, "RRI^I12", &own, &[(MATSUE, "to[1]")], Ok(MATSUE));
    check(Address::Requester, "RRI^I12", &own[..1], &[], Err("addressee-missing"));
}

#[test]
fn a_report_is_for_the_facility_that_its_order_names() {
    let obr = "OBR|1|IR-1|F-1|10^胸部CT^JJ1017|||20261119|||||||||D1^医師^一郎||A-1||||||CT|F";
    let obx = "OBX|1|TX|59776-5^所見^LN||なし||||||F";
    let of = |orc: &str, obr: &str, expected: &[(&str, &str)], one| {
        check(Address::Requester, "ORU^R01", &[orc, obr, obx], expected, one);
    };
    of("ORC|RE|IR-1", obr, &[], Err("addressee-missing"));
    let by_organisation = format!("ORC|RE|IR-1{}隠岐診療所^D^^^^^^^^3210700019", "|".repeat(19));
    of(&by_organisation, obr, &[(OKI, "ORC-21.10")], Ok(OKI));
    let by_department = format!("ORC|RE|IR-1{}3210700019^隠岐診療所^99KKU", "|".repeat(15));
    of(&by_department, obr, &[(OKI, "ORC-17.1")], Ok(OKI));
    of("ORC|RE|IR-1^3210700019", obr, &[(OKI, "ORC-2.2")], Ok(OKI));
    of("ORC|RE|IR-1^OKI^3210700019^L", obr, &[(OKI, "ORC-2.3")], Ok(OKI));
    let by_doctor = obr.replace("D1^医師^一郎", "D1^医師^一郎^^^^^^^^^^^OKI&3210700019&L");
    of("ORC|RE|IR-1", &by_doctor, &[(OKI, "OBR-16.14.2")], Ok(OKI));
    // What is said twice is one, what differs is for people.
    of("ORC|RE|IR-1^3210700019", &by_doctor, &[(OKI, "ORC-2.2")], Ok(OKI));
    of(
        "ORC|RE|IR-1^3210200024",
        &by_doctor,
        &[(MATSUE, "ORC-2.2"), (OKI, "OBR-16.14.2")],
        Err("addressee-several"),
    );
}

#[test]
fn an_appointment_is_for_who_owns_what_is_booked() {
    let sch = "SCH|Y-1^3210100018|B-1^3210200024||||10^初回^99I|CT^検査^99I";
    let of = |segments: &[&str], expected: &[(&str, &str)], one| {
        check(Address::Resource, "SIU^S12", segments, expected, one);
    };
    of(&["SCH|Y-1", "RGS|1", "AIL|1|A|CT室1^^^松江架空病院"], &[], Err("addressee-missing"));
    of(&["SCH|Y-1", "RGS|1", "AIL|1|A|CT室1^^^3210200024"], &[(MATSUE, "AIL-3")], Ok(MATSUE));
    of(&["SCH|Y-1", "RGS|1", "AIL|1|A|CT室1^^^松江&3210200024&L"], &[(MATSUE, "AIL-3")], Ok(MATSUE));
    let person = "AIP|1|A|811^松江^次郎^^^^^^^^^^^3210200024";
    of(&["SCH|Y-1", "RGS|1", person], &[(MATSUE, "AIP-3")], Ok(MATSUE));
    // A cancellation often names no resource: the filler's number does.
    of(&[sch, "RGS|1|D"], &[(MATSUE, "SCH-2.2")], Ok(MATSUE));
    of(
        &[sch, "RGS|1", "AIL|1|A|会議室^^^3210200024", "AIL|2|A|会議室^^^3210700019"],
        &[(MATSUE, "AIL-3"), (OKI, "AIL[2]-3")],
        Err("addressee-several"),
    );
    check(Address::Requester, "SIU^S13", &[sch], &[(IZUMO, "SCH-1.2")], Ok(IZUMO));
    check(Address::Sender, "SIU^S13", &[sch], &[(IZUMO, "feed")], Ok(IZUMO));
}
