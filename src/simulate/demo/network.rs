//! What facilities of the demo region send one another through the network's services, beside their storages: letters of
//! referral and the reply, appointments, an examination that is read elsewhere and its report, prescriptions for a
//! pharmacy, orders to a laboratory, a list of diagnoses with one that is withheld.
//!
//! HL7 v2 files in a drop folder per facility, UTF-8 with CR. Their numbers tell the order in which they were sent.

use std::fs;
use std::io;
use std::path::Path;

use crate::simulate::Facility;
use crate::simulate::message::person_name;
use crate::simulate::patient_id;
use crate::simulate::people::person;
use crate::simulate::segment::escape;

/// The facilities that take part, and the seed of their people.
pub(super) struct Network<'n> {
    pub(super) izumo: &'n Facility,
    pub(super) matsue: &'n Facility,
    pub(super) oki: &'n Facility,
    pub(super) hamada: &'n Facility,
    pub(super) seed: u64,
}

/// A file: its name, and its segments.
type File = (&'static str, Vec<String>);

/// A patient of a facility, by the person's number.
type Subject<'n> = (&'n Facility, u64);

/// The study that is made on the island and read in Matsue.
const STUDY: &str = "2.25.118206342390214458162273420085411913216";
const ACCESSION: &str = "OKI20261119001";
/// The letter to Matsue, by the number of the national referral service: facility, year, number.
const LETTER: &str = "3210100018^2026^0101";
const LETTER_WITHDRAWN: &str = "3210100018^2026^0102";
const LETTER_TO_NOBODY: &str = "3210100018^2026^0103";

impl Network<'_> {
    /// Writes the drop folders of the facilities, named as their feeds, below `root`.
    ///
    /// # Errors
    /// When a folder or file can't be written.
    pub(super) fn write(&self, root: &Path) -> io::Result<()> {
        for (feed, files) in [
            ("izumo-chuo", self.izumo_files()),
            ("matsue-kita", self.matsue_files()),
            ("oki-kamome", self.oki_files()),
            ("hamada-kenko", self.hamada_files()),
        ] {
            let folder = root.join(feed).join("hl7");
            fs::create_dir_all(&folder)?;
            for (name, segments) in files {
                let text: String = segments.iter().flat_map(|segment| [segment.as_str(), "\r"]).collect();
                fs::write(folder.join(name), text)?;
            }
        }
        Ok(())
    }

    fn izumo_files(&self) -> Vec<File> {
        let to_matsue = Some((self.matsue.code.as_str(), "松江北病院"));
        let to_oki = Some((self.oki.code.as_str(), "隠岐かもめ診療所"));
        let withdrawn = |trigger, minute| self.letter(trigger, minute, LETTER_WITHDRAWN, 3, to_oki);
        vec![
            ("101_ref_i12_to_matsue.hl7", self.letter("I12", 0, LETTER, 6, to_matsue)),
            ("102_ref_i12_to_oki.hl7", withdrawn("I12", 5)),
            ("103_ref_i14_withdrawn.hl7", withdrawn("I14", 45)),
            ("104_ref_i12_to_nobody.hl7", self.letter("I12", 50, LETTER_TO_NOBODY, 4, None)),
            ("105_siu_s12_conference.hl7", self.appointment("S12", 20, 1, "Booked")),
            ("106_siu_s12_visit.hl7", self.appointment("S12", 25, 2, "Booked")),
            ("107_siu_s15_visit.hl7", self.appointment("S15", 55, 2, "Cancelled")),
            ("108_mdm_t02_summary.hl7", self.summary()),
            ("109_rde_o11_discharge.hl7", self.at_discharge()),
        ]
    }

    fn matsue_files(&self) -> Vec<File> {
        vec![
            ("201_rri_i12_reply.hl7", self.reply()),
            ("202_oru_r01_reading.hl7", self.reading()),
            ("203_ppr_zd1_withheld.hl7", self.diagnoses()),
        ]
    }

    fn oki_files(&self) -> Vec<File> {
        vec![
            ("301_omg_o19_ct.hl7", self.examination_order()),
            ("302_omi_z23_ct.hl7", self.examination_performed()),
            ("303_rde_o11_outside.hl7", self.prescription("303", 15)),
            ("304_rde_o11_outside.hl7", self.prescription("304", 16)),
            ("305_ras_o17_given.hl7", self.given()),
            ("306_oml_o21_referred.hl7", self.lab_order()),
        ]
    }

    fn hamada_files(&self) -> Vec<File> {
        vec![("401_oru_r01_referred.hl7", self.lab_result())]
    }

    /// REF^I12 or REF^I14 from Izumo. Without an addressee the letter names one in words only.
    fn letter(
        &self,
        trigger: &str,
        minute: u8,
        number: &str,
        who: u64,
        to: Option<(&str, &str)>,
    ) -> Vec<String> {
        let (code, name) = to.unwrap_or(("", "どこかの病院"));
        let at = format!("2026111909{minute:02}00");
        let control = format!("IZM{trigger}{minute:02}");
        vec![
            header(&at, &format!("REF^{trigger}^REF_I12"), &control),
            format!(
                "RF1|P^^HL70283|R^^HL70280|MED^内科^HL70281|||{number}|20261119|20261219||1^精査加療のお願い (架空)^99KKU"
            ),
            format!("PRD|RP^^HL70286|医本^架一||内科^^^出雲中央病院|||{}", self.izumo.code),
            format!("PRD|RT^^HL70286|||内科^^^{name}|||{code}"),
            patient((self.izumo, who), self.seed),
            "DG1|1||R91^胸部異常陰影^I10||20261118|W".to_owned(),
            "OBX|1|ST|340^主訴^99KKU||健診で異常を指摘された。(架空)||||||F".to_owned(),
            "NTE|1||画像は別に送ります。".to_owned(),
        ]
    }

    /// SIU: a slot in Matsue that Izumo asked for. The first is a conference over the network before the transfer.
    fn appointment(&self, trigger: &str, minute: u8, number: u8, status: &str) -> Vec<String> {
        let (izumo, matsue) = (&self.izumo.code, &self.matsue.code);
        let (what, who, note) = match number {
            1 => ("KAIGI^退院前カンファレンス^99KKU", 6, Some("WEB会議 https://meet.example.jp/kakuu-0001")),
            _ => ("GAIRAI^内科外来^99KKU", 3, None),
        };
        let from = format!("202611251{number}0000");
        let until = format!("202611251{number}3000");
        let (hour, day) = (format!("2026111909{minute:02}00"), &from);
        let mut segments = vec![
            header(&hour, &format!("SIU^{trigger}^SIU_S12"), &format!("IZM{trigger}{minute:02}")),
            format!(
                "SCH|Y-{number:04}^IZUMO^{izumo}^L|B-{number:04}^MATSUE^{matsue}^L||||10^予約^99KKU|{what}||30|min^分^UCUM|^^^{from}^{until}|||||D00101^医本^架一||||D00202^医谷^仮二|||||{status}^^HL70278"
            ),
        ];
        segments.extend(note.map(|note| format!("NTE|1||{}", escape(note))));
        let action = if trigger == "S15" { "D" } else { "A" };
        segments.extend([
            patient((self.izumo, who), self.seed),
            format!("RGS|1|{action}"),
            format!("AIS|1|{action}|{what}|{day}+0900"),
            format!("AIL|1|{action}|内科外来^^^{matsue}"),
        ]);
        segments
    }

    /// MDM^T02: a discharge summary.
    fn summary(&self) -> Vec<String> {
        vec![
            header("20261119130000", "MDM^T02^MDM_T02", "IZMT0201"),
            "EVN|T02|20261119130000".to_owned(),
            patient((self.izumo, 2), self.seed),
            "PV1|1|I|2A^201^1".to_owned(),
            "TXA|1|18842-5^退院時サマリー^LN|TX|20261119|D00101^医本^架一|20261119120000|||D00101^医本^架一|||IZM-DOC-108^HIS||||退院時サマリー|LA|N".to_owned(),
            "OBX|1|FT|8648-8^入院経過^LN||経過良好、自宅へ退院。(架空)||||||F".to_owned(),
        ]
    }

    /// RDE^O11: what the patient takes home.
    fn at_discharge(&self) -> Vec<String> {
        vec![
            header("20261119131000", "RDE^O11^RDE_O11", "IZMO1101"),
            patient((self.izumo, 2), self.seed),
            "PV1|1|I|2A^201^1".to_owned(),
            "ORC|NW|IZM-RX-109||IZM-RX-109_01_001|||||20261119131000|||D00101^医本^架一".to_owned(),
            "RXE||999000101^架空錠５ｍｇ^HOT9|1||TAB^錠^MR9P|||||28|TAB^錠^MR9P||||IZM-RX-109||||2^TAB&錠&MR9P||DCG^退院処方^MR9P~OHI^院内処方^MR9P".to_owned(),
            "TQ1|1||1012040400000000&内服・経口・１日２回朝夕食後&JAMISDP01|||14^d|20261119".to_owned(),
            "RXR|PO^口^HL70162".to_owned(),
        ]
    }

    /// RRI^I12: Matsue answers the letter.
    fn reply(&self) -> Vec<String> {
        vec![
            header("20261119150000", "RRI^I12^RRI_I12", "MTEI1201"),
            "MSA|AA|IZMI1200".to_owned(),
            format!("RF1|A^^HL70283|R||||{LETTER}|20261119|||1^受診日を決めました (架空)^99KKU|MTE-0101"),
            format!("PRD|RP^^HL70286|医谷^仮二||内科^^^松江北病院|||{}", self.matsue.code),
            format!("PRD|RT^^HL70286|医本^架一||内科^^^出雲中央病院|||{}", self.izumo.code),
            patient((self.matsue, 6), self.seed),
            "NTE|1||11月25日に来院いただきます。(架空)".to_owned(),
        ]
    }

    /// ORU^R01: Matsue reads what was made on the island, under its own id of the patient.
    fn reading(&self) -> Vec<String> {
        let oki = &self.oki.code;
        vec![
            header("20261119163000", "ORU^R01^ORU_R01", "MTER0101"),
            patient((self.matsue, 16), self.seed),
            format!("ORC|RE|OKI-CT-001|MTE-Y-001||CM||||||||||||||||隠岐かもめ診療所^^^^^^^^^{oki}"),
            format!(
                "OBR|1|OKI-CT-001|MTE-Y-001|60000000000000000000000000000000^頭部ＣＴ^JJ1017|||20261119101000|||||||||||{ACCESSION}||||20261119163000||CT|F|||||||D00303&医川&試三"
            ),
            "OBX|1|TX|59776-5^所見^LN||頭蓋内に出血を認めない。(架空)||||||F".to_owned(),
            "OBX|2|TX|19005-8^診断^LN||急性期の異常を認めない。(架空)||||||F".to_owned(),
            format!("OBX|3|ST|110180^Study Instance UID^DCM||{STUDY}||||||F"),
        ]
    }

    /// PPR^ZD1: a list of diagnoses, of which one is withheld where the patient does not want it shown.
    fn diagnoses(&self) -> Vec<String> {
        let problem = |name: &str, icd10: &str, instance: u8| {
            format!(
                "PRB|AD|20261119100000|20084317^{name}^MDCDX2|MTE-{instance}|||20261119100000|||{icd10}^^I10^O^外来時^JHSD0004^2013"
            )
        };
        vec![
            header("20261119100500", "PPR^ZD1^PPR_ZD1", "MTEZ0101"),
            patient((self.matsue, 6), self.seed),
            problem("本態性高血圧症", "I10", 1),
            problem("うつ病", "F329", 2),
        ]
    }

    /// OMG^O19: a stat CT on the island.
    fn examination_order(&self) -> Vec<String> {
        vec![
            header("20261119100000", "OMG^O19^OMG_O19", "OKIO1901"),
            patient((self.oki, 16), self.seed),
            "PV1|1|E|01^^^^^C".to_owned(),
            "ORC|NW|OKI-CT-001|||||||20261119100000|||D00404^医島^例四".to_owned(),
            "TQ1|1||||||||S^^HL70485".to_owned(),
            "OBR|1|OKI-CT-001||60000000000000000000000000000000^頭部ＣＴ^JJ1017|||||||||突然の頭痛 (架空)|||||ACC".replace("ACC", ACCESSION),
        ]
    }

    /// OMI^Z23: it was made, and there is something to read.
    fn examination_performed(&self) -> Vec<String> {
        vec![
            header("20261119101500", "OMI^Z23^OMI_Z23", "OKIZ2301"),
            patient((self.oki, 16), self.seed),
            "PV1|1|E|01^^^^^C".to_owned(),
            "ORC|CH|OKI-CT-001|||||||20261119100000|||D00404^医島^例四".to_owned(),
            "TQ1|1||||||||S^^HL70485".to_owned(),
            format!(
                "OBR|1|OKI-CT-001||60000000000000000000000000000000^頭部ＣＴ^JJ1017|||20261119101000|||||||||||{ACCESSION}"
            ),
            "ZE1|1|RS|60000000000000000000000000000000^頭部ＣＴ^JJ1017".to_owned(),
            format!("IPC|{ACCESSION}|P{ACCESSION}|{STUDY}||CT^^DCM"),
        ]
    }

    /// RDE^O11: one drug for a pharmacy outside, and one that the clinic gives out itself.
    fn prescription(&self, number: &str, who: u64) -> Vec<String> {
        let row = |group: u8, drug: &str, place: &str| {
            [
                format!(
                    "ORC|NW|OKI-RX-{number}||OKI-RX-{number}_{group:02}_001|||||20261119110000|||D00404^医島^例四"
                ),
                format!(
                    "RXE||{drug}^HOT9|1||TAB^錠^MR9P|||||28|TAB^錠^MR9P||||OKI-RX-{number}||||2^TAB&錠&MR9P||OHP^外来処方^MR9P~{place}^MR9P"
                ),
                "TQ1|1||1012040400000000&内服・経口・１日２回朝夕食後&JAMISDP01|||14^d|20261119".to_owned(),
                "RXR|PO^口^HL70162".to_owned(),
            ]
        };
        let head = [
            header("20261119110000", "RDE^O11^RDE_O11", &format!("OKIO11{number}")),
            patient((self.oki, who), self.seed),
            "PV1|1|O|01^^^^^C".to_owned(),
        ];
        let outside = row(1, "999000101^架空錠５ｍｇ", "OHO^院外処方");
        let inside = row(2, "999000102^架空錠１０ｍｇ", "OHI^院内処方");
        [head.as_slice(), &outside, &inside].concat()
    }

    /// RAS^O17: what was given at the clinic.
    fn given(&self) -> Vec<String> {
        vec![
            header("20261119112000", "RAS^O17^RAS_O17", "OKIO1701"),
            patient((self.oki, 15), self.seed),
            "ORC|OK|OKI-RX-305".to_owned(),
            "RXA|0|1|20261119111500|20261119111500|999000103^架空注１００ｍＬ^HOT9|100|ML^ミリリットル^MR9P|||N00001^看本^架子||||||||||CP".to_owned(),
            "RXR|IV^静脈内^HL70162".to_owned(),
        ]
    }

    /// OML^O21: the clinic has no laboratory.
    fn lab_order(&self) -> Vec<String> {
        let oki = &self.oki.code;
        vec![
            header("20261118090000", "OML^O21^OML_O21", "OKIO2101"),
            patient((self.oki, 13), self.seed),
            format!(
                "ORC|NW|OKI-LAB-001|||||||20261118090000|||D00404^医島^例四|||||||||隠岐かもめ診療所^^^^^^^^^{oki}"
            ),
            "TQ1|1||||||20261118||R^^HL70485".to_owned(),
            "OBR|1|OKI-LAB-001||3D010000001926101^ヘモグロビンＡ１ｃ^JC10".to_owned(),
            "SPM|1|OKI-S-001||019^全血^JC10".to_owned(),
        ]
    }

    /// ORU^R01: its result, which names who asked for it.
    fn lab_result(&self) -> Vec<String> {
        let oki = &self.oki.code;
        vec![
            header("20261119140000", "ORU^R01^ORU_R01", "HMDR0101"),
            patient((self.hamada, 13), self.seed),
            format!("ORC|RE|OKI-LAB-001|HMD-001||CM||||||||||||||||隠岐かもめ診療所^^^^^^^^^{oki}"),
            "OBR|1|OKI-LAB-001|HMD-001|LAB02^糖代謝検査^99KKU|||20261118090000|||||||||||||||20261119140000|||F".to_owned(),
            "OBX|1|NM|3D010000001926101^ヘモグロビンＡ１ｃ^JC10||6.1|%^%^UCUM|4.9-6.0|H|||F|||20261118090000".to_owned(),
        ]
    }
}

fn header(at: &str, message_type: &str, control: &str) -> String {
    format!("MSH|^~\\&|HIS|KAKUU|HUB|NETWORK|{at}+0900||{message_type}|{control}|P|2.5.1||||||UNICODE UTF-8")
}

fn patient((facility, number): Subject<'_>, seed: u64) -> String {
    let person = person(seed, number);
    let (id, name) = (patient_id(&facility.code, number), person_name(&person));
    format!("PID|1||{id}^^^^PI||{name}||{}|{}", person.birth.strftime("%Y%m%d"), person.sex)
}
