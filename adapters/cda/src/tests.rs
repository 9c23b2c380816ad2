use proptest::prelude::*;

use super::*;

/// A referral of an invented patient (架空).
pub(crate) const REFERRAL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
  <id root="1.2.392.999.1" extension="R-0001"/>
  <code code="MD0020730" codeSystem="1.2.392.200119.5.3.1" displayName="診療情報提供書"/>
  <title>診療情報提供書</title>
  <effectiveTime value="20260401093000+0900"/>
  <confidentialityCode code="N"/>
  <setId root="1.2.392.999.2" extension="S-1"/>
  <versionNumber value="2"/>
  <recordTarget><patientRole>
    <id root="1.2.392.999.3" extension="0000000123"/>
    <patient>
      <name use="IDE"><family>架空</family><given>太郎</given></name>
      <name use="SYL"><family>カクウ</family><given>タロウ</given></name>
      <administrativeGenderCode code="M"/><birthTime value="19600102"/>
    </patient>
  </patientRole></recordTarget>
  <author><assignedAuthor><id root="1.2.392.999.4" extension="D1"/>
    <assignedPerson><name><family>架空</family><given>医師</given></name></assignedPerson>
    <representedOrganization><id root="1.2.392.100495.20.3.23" extension="3210100018"/><name>出雲中央病院 (架空)</name></representedOrganization>
  </assignedAuthor></author>
  <custodian><assignedCustodian><representedCustodianOrganization><id root="1.2.392.100495.20.3.23.13210100018"/><name>出雲中央病院 (架空)</name></representedCustodianOrganization></assignedCustodian></custodian>
  <informationRecipient><intendedRecipient>
    <informationRecipient><name>架空 花子</name></informationRecipient>
    <receivedOrganization><id root="1.2.392.100495.20.3.23" extension="3210200024"/><name>松江北診療所 (架空)</name></receivedOrganization>
  </intendedRecipient></informationRecipient>
  <legalAuthenticator><assignedEntity><id root="1.2.392.999.4" extension="D1"/><assignedPerson><name>架空 医師</name></assignedPerson></assignedEntity></legalAuthenticator>
  <relatedDocument typeCode="RPLC"><parentDocument><id root="1.2.392.999.1" extension="R-0000"/></parentDocument></relatedDocument>
  <component><structuredBody>
    <component><section><code code="910" codeSystem="1.2.392.200119.5.3.2"/><title>紹介先情報</title>
      <text>松江北診療所</text>
      <entry><act><performer><assignedEntity><representedOrganization><id root="1.2.392.100495.20.3.23" extension="3210200024"/><name>松江北診療所 (架空)</name></representedOrganization></assignedEntity></performer></act></entry>
    </section></component>
    <component><section><code code="950"/><title>紹介目的</title>
      <text><paragraph>精査を
         お願いします。</paragraph><list><item>一</item><item>二</item></list><table><tr><td>Hb</td><td>9.1</td></tr></table></text>
      <entry><observationMedia><value mediaType="application/pdf"><reference value="attachment1.pdf"/></value></observationMedia></entry>
    </section></component>
  </structuredBody></component>
</ClinicalDocument>"#;

#[test]
fn a_referral() {
    let document = decode(REFERRAL.as_bytes()).unwrap();
    assert_eq!(document.id.as_ref().unwrap().extension, "R-0001");
    let code = document.code.as_ref().unwrap();
    assert_eq!((code.code.as_str(), code.name.as_deref()), ("MD0020730", Some("診療情報提供書")));
    assert_eq!(document.title.as_deref(), Some("診療情報提供書"));
    assert_eq!(document.effective_time.as_deref(), Some("20260401093000+0900"));
    assert_eq!(document.confidentiality.as_deref(), Some("N"));
    assert_eq!(
        (document.set_id.unwrap().extension.as_str(), document.version.as_deref()),
        ("S-1", Some("2"))
    );
    assert_eq!(
        (document.related[0].relation.as_str(), document.related[0].id.extension.as_str()),
        ("RPLC", "R-0000")
    );
    let patient = document.patient.as_ref().unwrap();
    assert_eq!((patient.ids[0].extension.as_str(), patient.sex.as_deref()), ("0000000123", Some("M")));
    assert_eq!(patient.birth.as_deref(), Some("19600102"));
    let names = patient.names.iter().map(|name| (name.uses.as_str(), name.family.as_deref().unwrap()));
    assert_eq!(names.collect::<Vec<_>>(), [("IDE", "架空"), ("SYL", "カクウ")]);
    assert_eq!(document.authors[0].name.as_deref(), Some("架空 医師"));
    assert_eq!(document.authors[0].facility(), Some("3210100018"));
    assert_eq!(
        document.custodian.as_ref().unwrap().facility(),
        Some("3210100018"),
        "an OID that ends with the code"
    );
    assert_eq!(document.recipients.len(), 1, "the organisation of section 910 is the one of the header");
    assert_eq!(document.recipients[0].facility(), Some("3210200024"));
    assert_eq!(document.signed_by.as_ref().unwrap().name.as_deref(), Some("架空 医師"));
    let texts: Vec<_> = document.sections.iter().map(|section| section.text.as_str()).collect();
    assert_eq!(texts, ["松江北診療所", "精査を お願いします。\n一\n二\nHb\t9.1"]);
    assert_eq!(
        document.attachments,
        [Attachment { reference: "attachment1.pdf".into(), media_type: Some("application/pdf".into()) }]
    );
    assert!(document.findings.is_empty());
}

#[test]
fn section_910_names_the_recipient_where_the_header_does_not() {
    let start = REFERRAL.find("<informationRecipient><intended").unwrap();
    let end = REFERRAL.find("<legalAuthenticator>").unwrap();
    let (before, after) = (REFERRAL.get(..start).unwrap(), REFERRAL.get(end..).unwrap());
    let document = decode(format!("{before}{after}").as_bytes()).unwrap();
    assert_eq!(document.recipients.len(), 1);
    assert_eq!(document.recipients[0].facility(), Some("3210200024"));
}

#[test]
fn the_encodings_of_the_field() {
    for label in ["Shift_JIS", "EUC-JP", "ISO-2022-JP", "utf-8", "windows-31j"] {
        let encoding = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap();
        let text = REFERRAL.replace("UTF-8", label);
        let (bytes, _, _) = encoding.encode(&text);
        let document = decode(&bytes).unwrap();
        assert_eq!(document.title.as_deref(), Some("診療情報提供書"), "{label}");
        assert!(document.findings.is_empty(), "{label}");
    }
    let text = REFERRAL.replace("UTF-8", "UTF-16");
    let little = || text.encode_utf16().flat_map(u16::to_le_bytes);
    let big = || text.encode_utf16().flat_map(u16::to_be_bytes);
    let marked: Vec<u8> = [0xff, 0xfe].into_iter().chain(little()).collect();
    for bytes in
        [marked, little().collect(), [0xfe, 0xff].into_iter().chain(big()).collect(), big().collect()]
    {
        assert_eq!(decode(&bytes).unwrap().title.as_deref(), Some("診療情報提供書"));
    }
    let marked = [b"\xef\xbb\xbf", REFERRAL.as_bytes()].concat();
    assert!(decode(&marked).is_ok());
}

#[test]
fn a_wrong_encoding_is_a_finding_or_refused() {
    let (bytes, _, _) = encoding_rs::SHIFT_JIS.encode(REFERRAL);
    let document = decode(&bytes).unwrap();
    assert_eq!(document.findings[0].code, "characters-lost");
    assert_eq!(code_of(REFERRAL.replace("UTF-8", "KOI-99").as_bytes()), "xml-encoding");
    assert!(decode(REFERRAL.replace("UTF-8", "UTF-16").as_bytes()).is_ok(), "single bytes that say UTF-16");
}

#[track_caller]
fn code_of(bytes: &[u8]) -> &'static str {
    decode(bytes).unwrap_err().code
}

#[test]
fn hostile_xml_is_refused() {
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbbbbbbbb\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;\">]><a>&c;</a>";
    assert_eq!(code_of(bomb.as_bytes()), "xml-doctype");
    let file = "<?xml version=\"1.0\"?>\n <!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>";
    let error = decode(file.as_bytes()).unwrap_err();
    assert_eq!((error.code, error.line, error.column), ("xml-doctype", 2, 2));
    assert_eq!(code_of(b"<!DOCTYPE html><a/>"), "xml-doctype");
    assert_eq!(code_of(b"<a>&unknown;</a>"), "xml-malformed");
    assert_eq!(code_of("<a>".repeat(1_000_000).as_bytes()), "xml-too-deep");
    let closed = "<a>".repeat(1_000_000) + &"</a>".repeat(1_000_000);
    assert_eq!(code_of(closed.as_bytes()), "xml-too-deep");
    assert_eq!(code_of(&vec![b' '; BYTES_MAX + 1]), "xml-too-large");
    assert_eq!(code_of(format!("<a>{}</a>", "<b/>".repeat(600_000)).as_bytes()), "xml-too-large");
}

#[test]
fn what_is_slow_to_read_is_refused_at_once() {
    let many: String = (0..1_000_000).map(|n| format!(" a{n}=''")).collect();
    assert_eq!(code_of(format!("<a{many}/>").as_bytes()), "xml-too-large");
    let spaces: String = (0..500_000).map(|n| format!("<a xmlns:p{n}='u'/>")).collect();
    assert_eq!(code_of(format!("<a>{spaces}</a>").as_bytes()), "xml-too-large");
    let hidden = format!("<a>{}</a>", "<!--".repeat(3_000_000));
    assert!(decode(hidden.as_bytes()).is_err());
}

#[test]
fn broken_xml_is_refused_with_its_place() {
    let cut = REFERRAL.split("<custodian>").next().unwrap();
    assert_eq!(code_of(cut.as_bytes()), "xml-truncated");
    assert_eq!(code_of(b""), "xml-malformed");
    assert_eq!(code_of(b"<a/><b/>"), "xml-malformed");
    assert_eq!(code_of(b"<a><b></a></b>"), "xml-malformed");
    assert_eq!(code_of(b"<a>\x01</a>"), "xml-malformed");
    assert_eq!(code_of(b"<x:a/>"), "xml-malformed");
    assert_eq!(code_of(b"<a b='1' b='2'/>"), "xml-malformed");
    assert_eq!(code_of(b"<html/>"), "not-cda");
    assert_eq!(code_of(b"<ClinicalDocument/>"), "not-cda");
    let error = decode("<a>\n 患者<b></c></a>".as_bytes()).unwrap_err();
    assert_eq!((error.line, error.column), (2, 7));
    assert_eq!(error.to_string(), "an element is closed that is not open (line 2, column 7)");
}

#[test]
fn much_text_is_cut_and_told() {
    let long = "あ".repeat(500_000);
    let document =
        decode(REFERRAL.replace("松江北診療所</text>", &format!("{long}</text>")).as_bytes()).unwrap();
    assert_eq!(document.findings[0].code, "document-cut");
    assert_eq!(document.sections[0].title.as_deref(), Some("紹介先情報"));
}

#[test]
fn nothing_of_a_person_is_printed() {
    let printed = format!("{:?}", decode(REFERRAL.as_bytes()).unwrap());
    assert!(!printed.contains("架空") && !printed.contains("0000000123"), "{printed}");
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _seen = decode(&bytes).is_ok();
    }

    #[test]
    fn any_change_of_a_document_is_read_or_refused(at in 0..REFERRAL.len(), length in 0_usize..40, other in "[<>/&;\"'!a\\[\\]-]{0,6}") {
        let mut bytes = REFERRAL.as_bytes().to_vec();
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, other.bytes());
        let _seen = decode(&bytes).is_ok();
    }
}
