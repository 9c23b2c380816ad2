//! Addresses of code systems and identifiers. Where no public one is known for what a sender wrote, the address is
//! one of the hub that holds the facility: such a code means nothing elsewhere.
//!
//! Source, where nothing else is said: aliases of JP Core 1.2 and its page on URLs (`guide-urlmap`).

use std::borrow::Cow;

/// MERIT-9 units (OID 1.2.392.100495.20.2.101).
pub(super) const MERIT9_UNIT: &str = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationUnitMERIT9Code";
/// MERIT-9 categories of prescriptions (`OHP`, `IHP` …).
pub(super) const MERIT9_CATEGORY: &str =
    "http://jpfhir.jp/fhir/core/CodeSystem/JP_MedicationCategoryMERIT9_CS";
/// ICD-10 2013, as the Ministry of Health publishes it.
pub(super) const ICD10: &str = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/ICD10-2013-full";
/// Categories of observations.
pub(super) const OBSERVATION_CATEGORY: &str =
    "http://jpfhir.jp/fhir/core/CodeSystem/JP_SimpleObservationCategory_CS";
/// Number of a group of drugs (Rp) within a prescription.
pub(super) const RP_NUMBER: &str = "http://jpfhir.jp/fhir/core/mhlw/IdSystem/Medication-RPGroupNumber";
/// Number of a drug within its group.
pub(super) const ORDER_IN_RP: &str = "http://jpfhir.jp/fhir/core/mhlw/IdSystem/MedicationAdministrationIndex";
/// 10-digit code of a facility.
pub(super) const FACILITY: &str = "http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no";
/// UCUM.
pub(super) const UCUM: &str = "http://unitsofmeasure.org";
/// LOINC.
pub(super) const LOINC: &str = "http://loinc.org";
/// Interpretations of observations (HL7 Terminology).
pub(super) const INTERPRETATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation";

/// Ids of a facility's patients: the facility's code with a `1` before it ends the OID (JP Core, `Patient.identifier`).
pub(super) fn patients(facility: &str) -> String {
    format!("urn:oid:1.2.392.100495.20.3.51.1{facility}")
}

/// Ids of a facility's doctors (JP Core, `Practitioner.identifier`).
pub(super) fn doctors(facility: &str) -> String {
    format!("urn:oid:1.2.392.100495.20.3.41.1{facility}")
}

/// Ids of another thing of a facility, such as `order` or `document`.
pub(super) fn local_ids(facility: &str, of: &str) -> String {
    format!("urn:musubi:facility:{facility}:id:{of}")
}

/// The address of a coding system by the name that HL7 messages give it (table 0396 and SS-MIX2).
pub(super) fn codes<'s>(name: Option<&str>, facility: &str, merit9: Option<&'s str>) -> Cow<'s, str> {
    let known = match name.unwrap_or_default() {
        // JLAC10, 17 digits (OID 1.2.392.200119.4.504).
        "JC10" => Some("http://medis.or.jp/CodeSystem/master-JLAC10-17digits"),
        "HOT7" => Some("http://medis.or.jp/CodeSystem/master-HOT7"),
        "HOT" | "HOT9" => Some("http://medis.or.jp/CodeSystem/master-HOT9"),
        "HOT13" => Some("http://medis.or.jp/CodeSystem/master-HOT13"),
        "YJ" => Some("http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"),
        // 病名管理番号
        "MDCDX2" => Some("http://medis.or.jp/CodeSystem/master-disease-keyNumber"),
        "I10" => Some(ICD10),
        "JAMISDP01" => Some("http://jami.jp/CodeSystem/MedicationUsage"),
        "JHSD0006" => Some("http://jpfhir.jp/fhir/core/CodeSystem/JHSD0006"),
        "HL70162" => Some("http://jpfhir.jp/fhir/core/CodeSystem/route-codes"),
        "HL70241" => Some("http://jpfhir.jp/fhir/core/CodeSystem/HL70241"),
        "LN" => Some(LOINC),
        "UCUM" => Some(UCUM),
        "MR9P" => merit9,
        _ => None,
    };
    known.map_or_else(|| local_codes(name, facility).into(), Cow::Borrowed)
}

/// Codes that mean something at that facility only.
pub(super) fn local_codes(name: Option<&str>, facility: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let mut address = format!("urn:musubi:facility:{facility}:codes");
    if let Some(name) = name {
        address.push(':');
        for byte in name.bytes() {
            if plain(byte) {
                address.push(char::from(byte));
            } else {
                address.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_no_known_system_is_the_facilitys() {
        assert_eq!(codes(Some("HOT9"), "3210100018", None), "http://medis.or.jp/CodeSystem/master-HOT9");
        assert_eq!(codes(Some("99ZB3"), "3210100018", None), "urn:musubi:facility:3210100018:codes:99ZB3");
        assert_eq!(codes(Some("院 内"), "1", None), "urn:musubi:facility:1:codes:%E9%99%A2%20%E5%86%85");
        assert_eq!(codes(None, "1", None), "urn:musubi:facility:1:codes");
        assert_eq!(codes(Some("MR9P"), "1", Some(MERIT9_UNIT)), MERIT9_UNIT);
        assert_eq!(codes(Some("MR9P"), "1", None), "urn:musubi:facility:1:codes:MR9P");
        assert_eq!(patients("3210100018"), "urn:oid:1.2.392.100495.20.3.51.13210100018");
    }
}
