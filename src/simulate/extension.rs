//! Documents of an extension storage (拡張ストレージ): a letter of referral with a PDF, a discharge summary and vital
//! signs, of invented people (架空).

use std::fs;
use std::io;
use std::path::Path;

use super::Facility;
use super::people::Person;

/// 診療情報提供書: LOINC.
const REFERRAL: &str = "^診療情報提供書^^57133-1^診療情報提供書^LN";
/// 退院時サマリー: LOINC.
const SUMMARY: &str = "^退院時サマリー^^18842-5^退院時サマリー^LN";
/// Vital signs, in the facility's own code.
const VITALS: &str = "L-OBSERVATIONS^OBSERVATIONS^99ZL01";
/// OID of the 10-digit codes of facilities.
const FACILITY_CODES: &str = "1.2.392.100495.20.3.23";
/// Stands for the facility's own OIDs.
const OWN: &str = "1.2.392.999999";

/// A patient of the facility.
pub(super) struct Subject {
    pub(super) id: String,
    pub(super) person: Person,
}

/// Writes one document of each kind below `root`. The letter of referral goes from one facility to another.
pub(super) fn extension(
    root: &Path,
    from: &Facility,
    to: &Facility,
    patients: &[Subject; 3],
) -> io::Result<()> {
    let [referred, discharged, observed] = patients;
    let letter = Folder {
        subject: referred,
        data_type: REFERRAL,
        code: "57133-1",
        key: "0000000301",
        day: "20261112",
        time: "20261112161500123",
    };
    letter.write(root, "main_document.xml", referral(from, to, referred).as_bytes())?;
    letter.write(root, "attachments/kensa.pdf", PDF.as_bytes())?;
    let summary = Folder {
        subject: discharged,
        data_type: SUMMARY,
        code: "18842-5",
        key: "0000000302",
        day: "20261113",
        time: "20261113120000456",
    };
    summary.write(root, "main_document.xml", discharge_summary(from, discharged).as_bytes())?;
    // As the samples of the field have it: no department, and a time of 15 digits.
    let vitals = Folder {
        subject: observed,
        data_type: VITALS,
        code: "L-OBSERVATIONS",
        key: "0000000303",
        day: "20261114",
        time: "202611140700001",
    };
    vitals.write(root, "main_document.hl7", vital_signs(from, observed).as_bytes())
}

/// A content folder, valid.
struct Folder<'a> {
    subject: &'a Subject,
    data_type: &'a str,
    code: &'a str,
    key: &'a str,
    day: &'a str,
    time: &'a str,
}

impl Folder<'_> {
    fn write(&self, root: &Path, file: &str, content: &[u8]) -> io::Result<()> {
        let Self { subject: Subject { id, .. }, data_type, code, key, day, time } = self;
        let department = if time.len() == 17 { "_01" } else { "" };
        let (first, second) = (id.get(..3).unwrap_or(id), id.get(3..6).unwrap_or(id));
        let folder =
            format!("{first}/{second}/{id}/{day}/{data_type}/{id}_{day}_{code}_{key}_{time}{department}_1");
        let path = root.join(folder).join(file);
        fs::create_dir_all(path.parent().unwrap_or(root))?;
        fs::write(path, content)
    }
}

fn referral(from: &Facility, to: &Facility, subject: &Subject) -> String {
    let header = format!(
        r#"  <id root="{OWN}.1" extension="{code}-R-301"/>
  <code code="MD0020730" codeSystem="1.2.392.200119.5.3.1" displayName="診療情報提供書"/>
  <title>診療情報提供書 (架空)</title>
  <effectiveTime value="20261112161500+0900"/>
  <confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/>
  <setId root="{OWN}.1" extension="{code}-R-301"/>
  <versionNumber value="1"/>
"#,
        code = from.code
    );
    let recipient = format!(
        "  <informationRecipient><intendedRecipient>\n    <receivedOrganization>{}</receivedOrganization>\n  </intendedRecipient></informationRecipient>\n",
        organisation(to)
    );
    let sections = [
        section("910", "紹介先情報", &to.name),
        section("920", "紹介元情報", &from.name),
        section("950", "紹介目的", "胸部異常陰影の精査をお願いします。(架空)"),
        section("340", "主訴", "咳が続く。(架空)"),
    ];
    let file = r#"    <component><section><code code="070"/><title>添付情報</title><entry><observationMedia classCode="OBS" moodCode="EVN"><value mediaType="application/pdf"><reference value="attachments/kensa.pdf"/></value></observationMedia></entry></section></component>
"#;
    clinical_document(&header, from, subject, &recipient, &(sections.concat() + file))
}

fn discharge_summary(from: &Facility, subject: &Subject) -> String {
    let header = format!(
        r#"  <id root="{OWN}.2" extension="{code}-S-302"/>
  <code code="18842-5" codeSystem="2.16.840.1.113883.6.1" displayName="退院時サマリー"/>
  <title>退院時サマリー (架空)</title>
  <effectiveTime value="20261113120000+0900"/>
  <confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/>
"#,
        code = from.code
    );
    let sections = [
        section("11535-2", "退院時診断", "肺炎 (架空)"),
        section("8648-8", "入院経過", "抗菌薬で解熱した。(架空)"),
    ];
    clinical_document(&header, from, subject, "", &sections.concat())
}

fn clinical_document(
    header: &str,
    from: &Facility,
    Subject { id, person }: &Subject,
    recipient: &str,
    sections: &str,
) -> String {
    let (family, given) = (person.family, person.given);
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3">
  <typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
{header}  <recordTarget><patientRole>
    <id root="{OWN}.3" extension="{id}"/>
    <patient>
      <name use="IDE"><family>{}</family><given>{}</given></name>
      <name use="SYL"><family>{}</family><given>{}</given></name>
      <administrativeGenderCode code="{}"/>
      <birthTime value="{}"/>
    </patient>
  </patientRole></recordTarget>
  <author><time value="20261112"/><assignedAuthor>
    <id root="{OWN}.4" extension="D0001"/>
    <assignedPerson><name use="IDE"><family>架空</family><given>医師</given></name></assignedPerson>
    <representedOrganization>{organisation}</representedOrganization>
  </assignedAuthor></author>
  <custodian><assignedCustodian>
    <representedCustodianOrganization>{organisation}</representedCustodianOrganization>
  </assignedCustodian></custodian>
{recipient}  <component><structuredBody>
{sections}  </structuredBody></component>
</ClinicalDocument>
"#,
        family.kanji,
        given.kanji,
        family.kana,
        given.kana,
        person.sex,
        person.birth.strftime("%Y%m%d"),
        organisation = organisation(from),
    )
}

fn organisation(facility: &Facility) -> String {
    format!(r#"<id root="{FACILITY_CODES}" extension="{}"/><name>{}</name>"#, facility.code, facility.name)
}

fn section(code: &str, title: &str, text: &str) -> String {
    format!(
        "    <component><section><code code=\"{code}\"/><title>{title}</title><text>{text}</text></section></component>\n"
    )
}

fn vital_signs(from: &Facility, Subject { id, person }: &Subject) -> String {
    let (family, given) = (person.family, person.given);
    let obx = |serial: u8, code: &str, value: &str, unit: &str| {
        format!("OBX|{serial}|NM|{code}^LN||{value}|{unit}^{unit}^UCUM|||||F|||20261114070000")
    };
    let segments = [
        "MSH|^~\\&|VITALS|KAKUU|GW|KAKUU|20261114070000||ORU^R30^ORU_R30|V303|P|2.5||||||UNICODE UTF-8"
            .to_owned(),
        format!(
            "PID|0001||{id}^^^^PI||{}^{}^^^^^L^I~{}^{}^^^^^L^P||{}|{}",
            family.kanji,
            given.kanji,
            family.kana,
            given.kana,
            person.birth.strftime("%Y%m%d"),
            person.sex
        ),
        format!("OBR|1||V303|85353-1^バイタルサイン^LN|||20261114070000|||||||||||||||{}", from.code),
        obx(1, "8310-5^体温", "36.8", "Cel"),
        obx(2, "8867-4^脈拍", "72", "/min"),
        obx(3, "8480-6^収縮期血圧", "128", "mm[Hg]"),
        obx(4, "8462-4^拡張期血圧", "76", "mm[Hg]"),
        obx(5, "59408-5^SpO2", "97", "%"),
    ];
    segments.join("\r") + "\r"
}

/// A page with nothing on it.
const PDF: &str = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\nxref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n0000000052 00000 n \n0000000101 00000 n \ntrailer<</Size 4/Root 1 0 R>>\nstartxref\n164\n%%EOF\n";
