//! Documents of an extension storage (拡張ストレージ): a letter of referral with a PDF, a discharge summary and vital
//! signs, of invented people (架空).

use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::civil::DateTime;

use super::Facility;
use super::archive::Put;
use super::event::Patient;

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

/// What a document is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Paper<'a> {
    /// A letter of referral to a facility, with a PDF.
    Referral(&'a Facility),
    /// A discharge summary.
    Summary,
    /// Vital signs, as HL7 v2.
    Vitals,
}

/// One document: a content folder, valid.
#[derive(Debug)]
pub(super) struct Document<'a> {
    pub(super) paper: Paper<'a>,
    pub(super) from: &'a Facility,
    pub(super) subject: &'a Patient,
    /// 特定キー: which document of the facility it is.
    pub(super) key: u64,
    pub(super) at: DateTime,
    /// The day on which the author wrote it.
    pub(super) authored: Date,
    /// 発生日時 as the folder's name spells it: 17 digits, or 15 as the samples of the field have it, which also leave
    /// out the department.
    pub(super) time: String,
}

impl Document<'_> {
    /// Writes the document below `root`; gives its folder and how many bytes it has.
    ///
    /// # Errors
    /// When a folder or file can't be written.
    pub(super) fn write(&self, root: &Path, put: Put) -> io::Result<(PathBuf, u64)> {
        let folder = root.join(self.folder());
        let mut size = 0;
        // The main document comes last: a document without its files would be found wanting.
        for (name, bytes) in self.files().into_iter().rev() {
            put.write(&folder.join(name), &bytes)?;
            size += bytes.len() as u64;
        }
        Ok((folder, size))
    }

    /// `000/012/00012345/20261101/<data type>/<content>`, relative to the storage's root.
    fn folder(&self) -> PathBuf {
        let (data_type, code) = match self.paper {
            Paper::Referral(_) => (REFERRAL, "57133-1"),
            Paper::Summary => (SUMMARY, "18842-5"),
            Paper::Vitals => (VITALS, "L-OBSERVATIONS"),
        };
        let Self { subject: Patient { id, .. }, key, time, .. } = self;
        let day = day(self.at.date());
        let department = if time.len() == 17 { "_01" } else { "" };
        let (first, second) = (id.get(..3).unwrap_or(id), id.get(3..6).unwrap_or(id));
        format!("{first}/{second}/{id}/{day}/{data_type}/{id}_{day}_{code}_{key:010}_{time}{department}_1")
            .into()
    }

    fn files(&self) -> Vec<(&'static str, Vec<u8>)> {
        match self.paper {
            Paper::Referral(to) => vec![
                ("main_document.xml", self.referral(to).into_bytes()),
                ("attachments/kensa.pdf", PDF.as_bytes().to_vec()),
            ],
            Paper::Summary => vec![("main_document.xml", self.discharge_summary().into_bytes())],
            Paper::Vitals => vec![("main_document.hl7", self.vital_signs().into_bytes())],
        }
    }

    fn referral(&self, to: &Facility) -> String {
        let header = format!(
            r#"  <id root="{OWN}.1" extension="{code}-R-{key}"/>
  <code code="MD0020730" codeSystem="1.2.392.200119.5.3.1" displayName="診療情報提供書"/>
  <title>診療情報提供書 (架空)</title>
  <effectiveTime value="{at}+0900"/>
  <confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/>
  <setId root="{OWN}.1" extension="{code}-R-{key}"/>
  <versionNumber value="1"/>
"#,
            code = self.from.code,
            key = self.key,
            at = seconds(self.at),
        );
        let recipient = format!(
            "  <informationRecipient><intendedRecipient>\n    <receivedOrganization>{}</receivedOrganization>\n  </intendedRecipient></informationRecipient>\n",
            organisation(to)
        );
        let sections = [
            section("910", "紹介先情報", &to.name),
            section("920", "紹介元情報", &self.from.name),
            section("950", "紹介目的", "胸部異常陰影の精査をお願いします。(架空)"),
            section("340", "主訴", "咳が続く。(架空)"),
        ];
        let file = r#"    <component><section><code code="070"/><title>添付情報</title><entry><observationMedia classCode="OBS" moodCode="EVN"><value mediaType="application/pdf"><reference value="attachments/kensa.pdf"/></value></observationMedia></entry></section></component>
"#;
        self.clinical_document(&header, &recipient, &(sections.concat() + file))
    }

    fn discharge_summary(&self) -> String {
        let header = format!(
            r#"  <id root="{OWN}.2" extension="{code}-S-{key}"/>
  <code code="18842-5" codeSystem="2.16.840.1.113883.6.1" displayName="退院時サマリー"/>
  <title>退院時サマリー (架空)</title>
  <effectiveTime value="{at}+0900"/>
  <confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/>
"#,
            code = self.from.code,
            key = self.key,
            at = seconds(self.at),
        );
        let sections = [
            section("11535-2", "退院時診断", "肺炎 (架空)"),
            section("8648-8", "入院経過", "抗菌薬で解熱した。(架空)"),
        ];
        self.clinical_document(&header, "", &sections.concat())
    }

    fn clinical_document(&self, header: &str, recipient: &str, sections: &str) -> String {
        let Patient { id, person } = self.subject;
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
  <author><time value="{authored}"/><assignedAuthor>
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
            day(person.birth),
            organisation = organisation(self.from),
            authored = day(self.authored),
        )
    }

    fn vital_signs(&self) -> String {
        let Patient { id, person } = self.subject;
        let (family, given) = (person.family, person.given);
        let (key, at) = (self.key, seconds(self.at));
        let obx = |serial: u8, code: &str, value: &str, unit: &str| {
            format!("OBX|{serial}|NM|{code}^LN||{value}|{unit}^{unit}^UCUM|||||F|||{at}")
        };
        let segments = [
            format!("MSH|^~\\&|VITALS|KAKUU|GW|KAKUU|{at}||ORU^R30^ORU_R30|V{key}|P|2.5||||||UNICODE UTF-8"),
            format!(
                "PID|0001||{id}^^^^PI||{}^{}^^^^^L^I~{}^{}^^^^^L^P||{}|{}",
                family.kanji,
                given.kanji,
                family.kana,
                given.kana,
                day(person.birth),
                person.sex
            ),
            format!("OBR|1||V{key}|85353-1^バイタルサイン^LN|||{at}|||||||||||||||{}", self.from.code),
            obx(1, "8310-5^体温", "36.8", "Cel"),
            obx(2, "8867-4^脈拍", "72", "/min"),
            obx(3, "8480-6^収縮期血圧", "128", "mm[Hg]"),
            obx(4, "8462-4^拡張期血圧", "76", "mm[Hg]"),
            obx(5, "59408-5^SpO2", "97", "%"),
        ];
        segments.join("\r") + "\r"
    }
}

fn organisation(facility: &Facility) -> String {
    format!(r#"<id root="{FACILITY_CODES}" extension="{}"/><name>{}</name>"#, facility.code, facility.name)
}

fn section(code: &str, title: &str, text: &str) -> String {
    format!(
        "    <component><section><code code=\"{code}\"/><title>{title}</title><text>{text}</text></section></component>\n"
    )
}

fn day(date: Date) -> String {
    date.strftime("%Y%m%d").to_string()
}

fn seconds(at: DateTime) -> String {
    at.strftime("%Y%m%d%H%M%S").to_string()
}

/// A page with nothing on it.
const PDF: &str = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\nxref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n0000000052 00000 n \n0000000101 00000 n \ntrailer<</Size 4/Root 1 0 R>>\nstartxref\n164\n%%EOF\n";
