//! An archive of health check-up results (特定健診), as a facility sends it to an insurer.

use std::io::{self, Cursor, Write};

use jiff::civil::Date;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::people::Person;

/// The insurer of the archives: no insurer has this number.
pub(super) const INSURER: &str = "06320011";
const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// An archive.
pub(super) struct Archive {
    /// Its file name.
    pub(super) name: String,
    /// Its bytes: stored, not packed, so that they are the same everywhere.
    pub(super) bytes: Vec<u8>,
}

/// Writes the first archive of a day.
pub(super) fn archive(facility: &str, day: Date, people: &[Person]) -> io::Result<Archive> {
    let date = day.strftime("%Y%m%d").to_string();
    let root = format!("{facility}_{INSURER}_{date}0_1");
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut file = |path: String, text: String| {
        zip.start_file(path, options).map_err(io::Error::other)?;
        zip.write_all(text.as_bytes())
    };
    file(format!("{root}/ix08_V08.xml"), index(facility, &date, people.len()))?;
    for (number, person) in (1..).zip(people) {
        let path = format!("{root}/DATA/h{facility}{date}01{number:06}.xml");
        file(path, results(facility, &date, number, person))?;
    }
    let bytes = zip.finish().map_err(io::Error::other)?.into_inner();
    Ok(Archive { name: format!("{root}.zip"), bytes })
}

fn index(facility: &str, date: &str, records: usize) -> String {
    format!(
        r#"{XML}<index xmlns="http://tokuteikenshin.jp/checkup/2007">
  <interactionType code="6"/>
  <creationTime value="{date}"/>
  <sender><id root="1.2.392.200119.6.102" extension="{facility}"/></sender>
  <receiver><id root="1.2.392.200119.6.101" extension="{INSURER}"/></receiver>
  <serviceEventType code="1"/>
  <totalRecordCount value="{records}"/>
</index>
"#
    )
}

fn results(facility: &str, date: &str, number: usize, person: &Person) -> String {
    let Person { family, given, postal, address, birth, .. } = person;
    let gender = if person.sex == 'F' { 2 } else { 1 };
    let (birth, height, weight) = (birth.strftime("%Y%m%d"), 150 + number * 5, 50 + number * 4);
    format!(
        r#"{XML}<!-- 架空 -->
<ClinicalDocument xmlns="urn:hl7-org:v3">
  <typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
  <id nullFlavor="NI"/>
  <code code="10" codeSystem="1.2.392.200119.6.1001"/>
  <effectiveTime value="{date}"/>
  <recordTarget>
    <patientRole>
      <id root="1.2.392.200119.6.101" extension="{INSURER}"/>
      <id root="1.2.392.200119.6.205" extension="{number}"/>
      <addr><postalCode>{postal}</postalCode>{address}</addr>
      <patient>
        <name>{} {}</name>
        <administrativeGenderCode code="{gender}" codeSystem="1.2.392.200119.6.1104"/>
        <birthTime value="{birth}"/>
      </patient>
    </patientRole>
  </recordTarget>
  <custodian><assignedCustodian><representedCustodianOrganization>
    <id root="1.2.392.200119.6.102" extension="{facility}"/>
  </representedCustodianOrganization></assignedCustodian></custodian>
  <component><structuredBody><component><section>
    <entry><observation classCode="OBS" moodCode="EVN">
      <code code="9N001000000000001" displayName="身長"/><value xsi:type="PQ" value="{height}.0" unit="cm" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>
    </observation></entry>
    <entry><observation classCode="OBS" moodCode="EVN">
      <code code="9N006000000000001" displayName="体重"/><value xsi:type="PQ" value="{weight}.0" unit="kg" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>
    </observation></entry>
  </section></component></structuredBody></component>
</ClinicalDocument>
"#,
        family.kana, given.kana
    )
}
