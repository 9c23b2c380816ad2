//! XML that is made to harm its reader.

use crate::build::*;

#[track_caller]
fn in_record(xml: &str) -> Result<Vec<&'static str>, &'static str> {
    let mut all = entries(1);
    all[2] = Entry::new(record_path(1), xml).packed();
    let archive = read(&zip(&all)).map_err(|fault| fault.code)?;
    Ok(archive.findings.iter().map(|finding| finding.code).collect())
}

#[test]
fn entities_and_document_types_are_refused() {
    let bomb = r#"<!DOCTYPE a [<!ENTITY b "&c;&c;"><!ENTITY c "&d;&d;"><!ENTITY d "SECRET">]><a>&b;</a>"#;
    assert_eq!(in_record(bomb), Err("xml-doctype"));
    assert_eq!(in_record(r#"<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>"#), Err("xml-doctype"));
    assert_eq!(in_record("<a>&b;</a>"), Err("xml-entity"));
    assert_eq!(
        in_record(r#"<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="&b;"/></ClinicalDocument>"#),
        Err("xml-entity")
    );
}

#[test]
fn depth_is_bounded() {
    assert_eq!(in_record(&"<a>".repeat(100_000)), Err("xml-depth"));
    assert_eq!(in_record(&format!("{}{}", "<a>".repeat(64), "</a>".repeat(64))), Ok(vec!["not-cda"]));
    assert_eq!(in_record(&format!("{}{}", "<a>".repeat(65), "</a>".repeat(65))), Err("xml-depth"));
    let name = "n".repeat(5_000);
    assert_eq!(in_record(&format!("<{name}/>")), Err("xml-depth"));
}

#[test]
fn what_is_no_xml_is_found() {
    for (xml, code) in [
        ("", "xml-root"),
        ("SECRET", "xml-root"),
        ("<a/><b/>", "xml-root"),
        ("<a/>SECRET", "xml-root"),
        ("<a><b></a></b>", "xml-malformed"),
        ("<a", "xml-malformed"),
        ("</a>", "xml-malformed"),
        ("<x:a/>", "xml-malformed"),
        ("<a>&#xD800;</a>", "xml-malformed"),
        ("\u{FEFF}<a/>", "not-cda"),
    ] {
        assert_eq!(in_record(xml), Ok(vec![code]), "{xml}");
    }
    assert_eq!(
        in_record("<a>&lt;&gt;&amp;&quot;&apos;&#65;<![CDATA[]]><!-- --><?a b?></a>"),
        Ok(vec!["not-cda"])
    );
}

/// Names, attributes and bindings without end cost no more than their bytes.
#[test]
fn many_of_everything() {
    let attributes: String = (0..100_000).map(|number| format!(" a{number}=\"\"")).collect();
    assert_eq!(in_record(&format!("<a{attributes}/>")), Ok(vec!["not-cda"]));
    let bindings: String = (0..100_000).map(|number| format!(" xmlns:a{number}=\"u\"")).collect();
    assert_eq!(in_record(&format!("<a{bindings}/>")), Ok(vec!["xml-malformed"]));
    let siblings = "<b/>".repeat(500_000);
    assert_eq!(in_record(&format!("<a>{siblings}</a>")), Ok(vec!["not-cda"]));
}
