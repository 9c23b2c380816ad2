//! What facilities send one another through the network's services, as HL7 v2 with UTF-8: letters and replies,
//! appointments, readings, specimens and their results, drugs that were given out, summaries, merged patients.

use jiff::civil::DateTime;
use jiff::{SignedDuration, ToSpan};

use super::outgoing::{Consequence, Letter, Post};
use super::site::Site;
use super::visit::Visit;
use crate::simulate::catalogue::{Diagnosis, Drug, Imaging};
use crate::simulate::message::person_name;
use crate::simulate::people::Person;

/// Who writes, about whom, and when.
#[derive(Debug)]
pub(super) struct Party {
    code: String,
    name: String,
    mark: String,
    patient: String,
    pid: String,
    at: DateTime,
    /// MSH-10.
    pub(super) control: String,
}

impl Party {
    pub(super) fn new(site: &Site, patient: String, person: &Person, at: DateTime, control: u64) -> Self {
        let (name, birth) = (person_name(person), person.birth.strftime("%Y%m%d"));
        let pid = format!("PID|1||{patient}^^^^PI||{name}||{birth}|{}", person.sex);
        let control = format!("{}{}", site.mark(), control / 1000);
        let (code, name) = (site.facility.code.clone(), site.facility.name.clone());
        Self { code, name, mark: site.mark(), patient, pid, at, control }
    }

    fn write(&self, message_type: &str, segments: impl IntoIterator<Item = String>) -> Letter {
        let header = format!(
            "MSH|^~\\&|HIS|KAKUU|HUB|NETWORK|{}+0900||{message_type}|{}|P|2.5.1||||||UNICODE UTF-8",
            seconds(self.at),
            self.control
        );
        let segments = [header].into_iter().chain(segments).collect();
        Letter { patient: self.patient.clone(), segments }
    }

    fn pid(&self) -> String {
        self.pid.clone()
    }
}

fn seconds(at: DateTime) -> String {
    at.strftime("%Y%m%d%H%M%S").to_string()
}

fn day(at: DateTime) -> String {
    at.strftime("%Y%m%d").to_string()
}

/// A letter to a hospital, the reply on the next working day with an appointment, and the visit; or the letter is
/// withdrawn, or the appointment cancelled.
pub(super) fn referral(visit: &mut Visit<'_>, hospital: &Site, diagnosis: &Diagnosis) {
    let at = visit.within(15, 60);
    let from = visit.party(at);
    let number = format!("{}^{}^{}", from.code, at.year(), visit.order() / 1000);
    let told = from.write("REF^I12^REF_I12", request(&from, hospital, &number, diagnosis));
    visit.letter(at, told);
    if visit.random.chance(6) {
        let withdrawn = at.saturating_add(SignedDuration::from_mins(20));
        let from = visit.party(withdrawn);
        let letter = from.write("REF^I14^REF_I12", request(&from, hospital, &number, diagnosis));
        visit.letter(withdrawn, letter);
        return;
    }
    let calendar = &visit.world.calendar;
    let answered = calendar.working_day(at.date(), 1).at(9, 0, 0, 0);
    let answered = answered.saturating_add(visit.random_minutes(360));
    let coming = visit.world.calendar.working_day(answered.date(), 2 + visit.random.below_signed(5));
    let coming = coming.at(9, 0, 0, 0).saturating_add((15 * visit.random.below_signed(10)).minutes());
    let reply = reply(&visit.party_at(hospital, answered), visit.site, &number, &from.control, coming);
    visit.post(hospital.index, answered, reply);
    let booked = answered.saturating_add(2.minutes());
    let slot = (number.as_str(), coming);
    let booking = appointment(&visit.party_at(hospital, booked), visit.site, slot, false);
    visit.post(hospital.index, booked, booking);
    if visit.random.chance(8) {
        let cancelled = booked.saturating_add(visit.random_minutes(600));
        let letter = appointment(&visit.party_at(hospital, cancelled), visit.site, slot, true);
        visit.post(hospital.index, cancelled, letter);
        return;
    }
    let person = visit.patient.person.number;
    visit.posts.push(Post { to: hospital.index, what: Consequence::Visit { at: coming, person } });
}

/// REF: RF1 PRD+ PID DG1 OBX NTE.
fn request(from: &Party, to: &Site, number: &str, diagnosis: &Diagnosis) -> Vec<String> {
    let (today, until) = (day(from.at), day(from.at.saturating_add(30.days())));
    vec![
        format!(
            "RF1|P^^HL70283|R^^HL70280|MED^内科^HL70281|||{number}|{today}|{until}||1^精査加療のお願い (架空)^99KKU"
        ),
        format!("PRD|RP^^HL70286|医本^架一||内科^^^{}|||{}", from.name, from.code),
        format!("PRD|RT^^HL70286|||内科^^^{}|||{}", to.facility.name, to.facility.code),
        from.pid(),
        format!("DG1|1||{}^{}^I10||{today}|W", diagnosis.icd10, diagnosis.name),
        "OBX|1|ST|340^主訴^99KKU||数日前から症状が続く。(架空)||||||F".to_owned(),
        "NTE|1||よろしくお願いいたします。".to_owned(),
    ]
}

/// RRI: MSA RF1 PRD+ PID NTE.
fn reply(from: &Party, to: &Site, number: &str, answers: &str, coming: DateTime) -> Letter {
    let own = &from.control;
    let segments = [
        format!("MSA|AA|{answers}"),
        format!("RF1|A^^HL70283|R||||{number}|{}|||1^受診日を決めました (架空)^99KKU|{own}", day(from.at)),
        format!("PRD|RP^^HL70286|医谷^仮二||内科^^^{}|||{}", from.name, from.code),
        format!("PRD|RT^^HL70286|医本^架一||内科^^^{}|||{}", to.facility.name, to.facility.code),
        from.pid(),
        format!("NTE|1||{}に来院いただきます。(架空)", coming.strftime("%-m月%-d日")),
    ];
    from.write("RRI^I12^RRI_I12", segments)
}

/// SIU: a slot of the hospital that the other facility asked for.
fn appointment(from: &Party, to: &Site, (number, coming): (&str, DateTime), is_cancelled: bool) -> Letter {
    let number = number.replace('^', "-");
    let (trigger, status, action) =
        if is_cancelled { ("S15", "Cancelled", "D") } else { ("S12", "Booked", "A") };
    let (starts, ends) = (seconds(coming), seconds(coming.saturating_add(30.minutes())));
    let what = "GAIRAI^内科外来^99KKU";
    let segments = [
        format!(
            "SCH|{number}^{}^{}^L|{number}^{}^{}^L||||10^予約^99KKU|{what}||30|min^分^UCUM|^^^{starts}^{ends}|||||D00101^医本^架一||||D00202^医谷^仮二|||||{status}^^HL70278",
            to.mark(),
            to.facility.code,
            from.mark,
            from.code
        ),
        from.pid(),
        format!("RGS|1|{action}"),
        format!("AIS|1|{action}|{what}|{starts}+0900"),
        format!("AIL|1|{action}|内科外来^^^{}", from.code),
    ];
    from.write(&format!("SIU^{trigger}^SIU_S12"), segments)
}

/// ORU^R01: a reading for the facility that made the images.
pub(super) fn reading(
    from: &Party,
    asked_by: &Site,
    exam: &Imaging,
    (accession, study): (&str, &str),
    order: u64,
) -> Letter {
    let (facility, at) = (&asked_by.facility, seconds(from.at));
    let (code, name) = exam.children.first().unwrap_or(&exam.parent);
    let own = &from.control;
    let segments = [
        from.pid(),
        format!("ORC|RE|{order:015}|{own}||CM||||||||||||||||{}^^^^^^^^^{}", facility.name, facility.code),
        format!(
            "OBR|1|{order:015}|{own}|{code}^{name}^{}|||{at}|||||||||||{accession}||||{at}||{}|F|||||||D00303&医川&試三",
            exam.system, exam.modality
        ),
        "OBX|1|TX|59776-5^所見^LN||明らかな異常を認めない。(架空)||||||F".to_owned(),
        "OBX|2|TX|19005-8^診断^LN||急性期の異常なし。(架空)||||||F".to_owned(),
        format!("OBX|3|ST|110180^Study Instance UID^DCM||{study}||||||F"),
    ];
    from.write("ORU^R01^ORU_R01", segments)
}

/// OML^O21: a specimen for the laboratory.
pub(super) fn specimen(from: &Party, order: &str) -> Letter {
    let segments = [
        from.pid(),
        format!(
            "ORC|NW|{order}|||||||{}|||D00404^医島^例四|||||||||{}^^^^^^^^^{}",
            seconds(from.at),
            from.name,
            from.code
        ),
        format!("TQ1|1||||||{}||R^^HL70485", day(from.at)),
        format!("OBR|1|{order}||3D046000001920402^ヘモグロビンＡ１ｃ^JC10"),
        format!("SPM|1|{order}||019^全血^JC10"),
    ];
    from.write("OML^O21^OML_O21", segments)
}

/// ORU^R01: its result, which names who asked for it.
pub(super) fn specimen_result(from: &Party, asked_by: &Site, order: &str, taken: DateTime) -> Letter {
    let (facility, own) = (&asked_by.facility, &from.control);
    let (taken, at) = (seconds(taken), seconds(from.at));
    let tenths = from.control.bytes().fold(0, |sum, byte| (sum * 7 + u32::from(byte)) % 40);
    let (value, flag) = (49 + tenths, if tenths > 11 { "H" } else { "" });
    let segments = [
        from.pid(),
        format!("ORC|RE|{order}|{own}||CM||||||||||||||||{}^^^^^^^^^{}", facility.name, facility.code),
        format!("OBR|1|{order}|{own}|LAB02^糖代謝検査^99KKU|||{taken}|||||||||||||||{at}|||F"),
        format!(
            "OBX|1|NM|3D046000001920402^ヘモグロビンＡ１ｃ^JC10||{}.{}|%^%^UCUM|4.9-6.0|{flag}|||F|||{taken}",
            value / 10,
            value % 10
        ),
    ];
    from.write("ORU^R01^ORU_R01", segments)
}

/// RDS^O13: what a pharmacy gave out.
pub(super) fn dispensed(from: &Party, prescription: &str, drugs: &[&Drug]) -> Letter {
    let mut segments = vec![from.pid()];
    for (drug, line) in drugs.iter().zip(1..) {
        let amount = drug.dose * drug.usage.doses * drug.days;
        segments.push(format!("ORC|RE|{prescription}"));
        segments.push(format!(
            "RXD|{line}|{}^{}^HOT9|{}|{amount}|{}^{}^MR9P",
            drug.hot9,
            drug.name,
            seconds(from.at),
            drug.unit.0,
            drug.unit.1
        ));
    }
    from.write("RDS^O13^RDS_O13", segments)
}

/// MDM^T02: a discharge summary.
pub(super) fn summary(from: &Party, key: u64) -> Letter {
    let at = seconds(from.at);
    let segments = [
        format!("EVN|T02|{at}"),
        from.pid(),
        "PV1|1|I|2A^201^1".to_owned(),
        format!(
            "TXA|1|18842-5^退院時サマリー^LN|TX|{}|D00101^医本^架一|{at}|||D00101^医本^架一|||{}-DOC-{key}^HIS||||退院時サマリー|LA|N",
            day(from.at),
            from.code
        ),
        "OBX|1|FT|8648-8^入院経過^LN||経過良好、自宅へ退院。(架空)||||||F".to_owned(),
    ];
    from.write("MDM^T02^MDM_T02", segments)
}

/// ADT^A40: a second number of a patient is no more.
pub(super) fn merge(from: &Party, former: &str) -> Letter {
    let segments = [format!("EVN|A40|{}", seconds(from.at)), from.pid(), format!("MRG|{former}^^^^PI")];
    from.write("ADT^A40^ADT_A39", segments)
}
