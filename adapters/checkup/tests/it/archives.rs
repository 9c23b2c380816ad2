//! Archives as facilities send them: what is read, what is found, what is refused.

use checkup::{Limits, Party};
use std::io::Cursor;

use crate::build::*;

#[test]
fn a_good_archive_is_read_without_a_finding() {
    let archive = read(&zip(&entries(3))).unwrap();
    assert_eq!(archive.findings, []);
    assert_eq!((archive.records, archive.claims, archive.summary.as_ref()), (3, 0, None));
    assert_eq!((archive.sender(), archive.insurer()), (Some("3210500033"), Some("06320011")));
    let index = &archive.index;
    assert_eq!(
        index.receiver,
        Party { root: Some("1.2.392.200119.6.101".into()), extension: Some("06320011".into()) }
    );
    let values =
        [&index.interaction, &index.created, &index.service_event].map(|value| value.as_deref().unwrap());
    assert_eq!((values, index.total_records), (["6", "20261122", "1"], Some(3)));
}

#[test]
fn an_archive_without_persons_is_one() {
    assert_eq!(odd(&entries(0)), [""; 0]);
}

#[test]
fn bills_are_counted_by_the_totals() {
    let mut all = entries(1);
    let summary = |count| {
        format!(
            "<summary xmlns=\"http://tokuteikenshin.jp/checkup/2007\"><totalSubjectCount value=\"{count}\"/></summary>"
        )
    };
    all.push(Entry::new(format!("{NAME}/CLAIMS/c32105000332026112201000001.xml"), "<checkupClaim/>"));
    assert_eq!(odd(&all), ["no-summary"]);
    all.push(Entry::new(format!("{NAME}/su08_V08.xml"), summary(1)));
    let archive = read(&zip(&all)).unwrap();
    assert_eq!(
        (archive.claims, archive.summary.unwrap().total_subjects, archive.findings.len()),
        (1, Some(1), 0)
    );
    all.last_mut().unwrap().clone_from(&Entry::new(format!("{NAME}/su08_V08.xml"), summary(2)));
    assert_eq!(odd(&all), ["claims-differ"]);
    all.last_mut().unwrap().clone_from(&Entry::new(format!("{NAME}/su08_V08.xml"), "<summary/>"));
    assert_eq!(odd(&all), ["not-a-summary", "no-summary"]);
}

#[test]
fn counts_must_agree() {
    let mut all = entries(2);
    all[1] = Entry::new(format!("{NAME}/ix08_V08.xml"), index("3210500033", "06320011", 3));
    let fault = read(&zip(&all)).unwrap_err();
    assert_eq!((fault.code, fault.place.as_str()), ("count-differs", "ix08_V08.xml"));
    assert_eq!(fault.reason, "totalRecordCount is 3, but DATA holds 2 XML files");
}

#[test]
fn an_archive_without_an_index_or_with_two_is_none() {
    let mut all = entries(1);
    let index = all.remove(1);
    assert_eq!(refused(&all), "no-index");
    all.push(Entry { name: b"a/ix08_V08.xml".to_vec(), ..index.clone() });
    all.push(Entry { name: b"b/ix08_V08.xml".to_vec(), ..index });
    assert_eq!(refused(&all), "several-indexes");
}

#[test]
fn an_index_must_be_one() {
    for (text, code) in [
        ("", "xml-root"),
        ("<index/>", "not-an-index"),
        ("<Index xmlns=\"http://tokuteikenshin.jp/checkup/2007\"/>", "not-an-index"),
        ("<index xmlns=\"http://tokuteikenshin.jp/checkup/2007\">", "xml-malformed"),
    ] {
        let mut all = entries(1);
        all[1] = Entry::new(format!("{NAME}/ix08_V08.xml"), text);
        assert_eq!(refused(&all), code, "{text}");
    }
}

#[test]
fn another_s_files_are_refused() {
    let mut all = entries(1);
    all[1] = Entry::new(format!("{NAME}/ix08_V08.xml"), index("3210100018", "06320011", 1));
    assert_eq!(refused(&all), "other-sender");
    all[1] = Entry::new(format!("{NAME}/ix08_V08.xml"), index("3210500033", "06320029", 1));
    assert_eq!(refused(&all), "other-receiver");
    let mut all = entries(1);
    all[2].name = format!("{NAME}/DATA/h32101000182026112201000001.xml").into();
    assert_eq!(refused(&all), "other-sender");
}

#[test]
fn names_that_differ_are_found_and_carried() {
    let mut all = entries(4);
    all[2].name = format!("{NAME}/DATA/h32105000332026112101000001.xml").into();
    all[3].name = format!("{NAME}/DATA/h32105000332026112211000001.xml").into();
    all[4].name = format!("{NAME}/DATA/SECRET.xml").into();
    all[5].name = format!("{NAME}/DATA/c32105000332026112201000001.xml").into();
    assert_eq!(odd(&all), ["name-differs", "name-differs", "record-name", "record-name"]);
}

#[test]
fn what_does_not_belong_there_is_found_and_not_opened() {
    let mut all = entries(1);
    all.push(Entry::new(format!("{NAME}/SECRET.pdf"), "%PDF"));
    all.push(Entry::new(format!("{NAME}/nested.zip"), zip(&entries(1))));
    all.push(Entry::new("__MACOSX/SECRET", ""));
    all.push(Entry::new(b"\x89\xCB\x8B\xF3SECRET.txt", ""));
    assert_eq!(odd(&all), ["unexpected-entry", "unexpected-entry", "outside-root", "outside-root"]);
}

#[test]
fn a_root_folder_of_another_name_or_none_is_found() {
    let moved = |to: &str| {
        let mut all = entries(1);
        for entry in &mut all {
            entry.name =
                String::from_utf8(entry.name.clone()).unwrap().replace(&format!("{NAME}/"), to).into();
        }
        all.retain(|entry| !entry.name.is_empty());
        all
    };
    assert_eq!(odd(&moved("other/")), ["root-differs"]);
    assert_eq!(odd(&moved("")), ["root-differs"]);
    assert_eq!(odd(&moved(&format!("deep/{NAME}/"))), ["root-differs"]);
}

#[test]
fn an_archive_of_another_name_is_known_by_its_folder_or_its_index() {
    let bytes = zip(&entries(1));
    let archive = checkup::read(Cursor::new(&bytes), "SECRET (1).zip", &Limits::default()).unwrap();
    assert_eq!(archive.findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["archive-name"]);
    assert_eq!(archive.name.as_ref().unwrap().date, "20261122");
    let mut all = entries(1);
    for entry in &mut all {
        entry.name = String::from_utf8(entry.name.clone()).unwrap().replace(NAME, "a").into();
    }
    let archive = checkup::read(Cursor::new(zip(&all)), "a.zip", &Limits::default()).unwrap();
    assert_eq!(
        (archive.name.as_ref(), archive.sender(), archive.insurer()),
        (None, Some("3210500033"), Some("06320011"))
    );
    all[1].data = index("3210500033", "06320011", 1).replace("extension=\"06320011\"", "").into();
    all[1] = Entry::new("a/ix08_V08.xml", &all[1].data);
    let fault = checkup::read(Cursor::new(zip(&all)), "a.zip", &Limits::default()).unwrap_err();
    assert_eq!(fault.code, "no-insurer");
}

#[test]
fn an_index_that_lacks_something_is_carried() {
    let mut all = entries(1);
    let text =
        "<index xmlns=\"http://tokuteikenshin.jp/checkup/2007\"><totalRecordCount value=\"-1\"/></index>";
    all[1] = Entry::new(format!("{NAME}/ix08_V09.xml"), text);
    assert_eq!(odd(&all), [["index-version"].as_slice(), &["index-incomplete"; 6]].concat());
}

#[test]
fn numbers_of_other_kinds_are_found() {
    let mut all = entries(0);
    let text = index("3210500033", "06320011", 0).replace("6.102", "6.104").replace("6.101", "6.103");
    all[1] = Entry::new(format!("{NAME}/ix08_V08.xml"), &text);
    assert_eq!(odd(&all), ["numbering", "numbering"]);
    all[1] = Entry::new(
        format!("{NAME}/ix08_V08.xml"),
        text.replace("interactionType code=\"6\"", "interactionType code=\"1\""),
    );
    assert_eq!(odd(&all), ["numbering"]);
}

#[test]
fn a_person_s_file_is_checked_and_none_of_its_values_is_told() {
    let cases: [(&str, &str, &[&str]); 9] = [
        ("urn:hl7-org:v3", "http://tokuteikenshin.jp/checkup/2007", &[]),
        ("urn:hl7-org:v3", "urn:other", &["not-cda"]),
        ("</ClinicalDocument>", "", &["xml-malformed"]),
        (
            "島根県",
            "島根県SECRETの架空市の架空町の架空丁目の架空番地の架空号の架空荘の架空号室の架空の架空の架空",
            &["address-too-long"],
        ),
        ("690-0887", "SECRET", &["postcode"]),
        ("690-0887", "690-088&#x37;", &[]),
        ("recordTarget", "recordtarget", &["no-person"]),
        ("<id extension=\"1\" root=\"1.2.392.200119.6.1\"/>", "", &["no-document-id"]),
        ("UTF-8", "Shift_JIS", &["xml-encoding"]),
    ];
    for (from, to, codes) in cases {
        let mut all = entries(1);
        all[2] = Entry::new(record_path(1), record(1).replace(from, to));
        assert_eq!(odd(&all), codes, "{to}");
    }
    let mut all = entries(1);
    all[2] = Entry::new(record_path(1), b"<ClinicalDocument>\x89\xCB\x8B\xF3</ClinicalDocument>");
    assert_eq!(odd(&all), ["xml-encoding"]);
}

#[test]
fn completeness_is_the_end_record() {
    let bytes = zip(&entries(2));
    assert_eq!(checkup::completeness(&bytes), Ok(()));
    for cut in [0, 1, bytes.len() / 2, bytes.len() - 1] {
        assert_eq!(checkup::completeness(&bytes[..cut]).unwrap_err().code, "torn");
        assert_eq!(read(&bytes[..cut]).unwrap_err().code, "torn");
    }
    assert_eq!(checkup::completeness(&[&bytes[..], b"\0"].concat()).unwrap_err().code, "torn");
}
