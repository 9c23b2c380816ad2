//! All people are invented (架空).

use super::*;
use crate::envelope::Identifying;
use crate::registry::{Area, Contract, ContractKind, Fact, Period, Purpose, Registry, ViewConsent};

fn reading() -> Reading {
    let now = "2026-11-01T00:00:00Z".parse().unwrap();
    Reading { zone: TimeZone::get("Asia/Tokyo").unwrap(), now }
}

fn read_one(name: &str, bytes: impl AsRef<[u8]>) -> Import {
    read(&[(name.to_owned(), bytes.as_ref().to_vec())], &reading())
}

fn faults(name: &str, text: &str) -> Vec<String> {
    let import = read_one(name, text);
    import.faults.iter().map(ToString::to_string).collect()
}

const FACILITIES: &str = "code,name,name_en,area,roles,from,until,who,why\n\
    3210100018,出雲中央病院（架空）,Izumo Chuo,izumo,disclosing;participating,2026-04-01,,desk,contract 12\n";

#[test]
fn a_row_with_several_purposes_is_several_entries() {
    let text = "network_id,facility,purposes,from,until,who,why\n\
        900000000001,3210200024,shared-record; pharmacy,2026-04-01,2027-03-31,desk,form 7\n";
    let import = read_one("consents.csv", text);
    assert_eq!(import.faults, []);
    let period = Period {
        from: "2026-04-01T00:00:00+09:00".parse().unwrap(),
        until: Some("2027-04-01T00:00:00+09:00".parse().unwrap()),
    };
    let consent = |purpose| {
        let network_id = Identifying("900000000001".into());
        Fact::ViewConsent(ViewConsent { network_id, facility: "3210200024".into(), purpose, period })
    };
    let facts: Vec<_> = import.entries.iter().map(|entry| entry.fact.clone()).collect();
    assert_eq!(facts, [consent(Purpose::SharedRecord), consent(Purpose::Pharmacy)]);
    assert_eq!(import.places.iter().map(ToString::to_string).collect::<Vec<_>>(), ["consents.csv:2"; 2]);
    assert_eq!((import.entries[0].who.as_str(), import.entries[0].why.as_str()), ("desk", "form 7"));
}

#[test]
fn a_file_is_read_as_spreadsheets_in_japan_write_it() {
    let expected = read_one("facilities.csv", FACILITIES);
    assert_eq!(expected.faults, []);
    let Fact::Facility(facility) = &expected.entries[0].fact else { panic!("a facility") };
    assert_eq!((facility.name.as_str(), facility.area), ("出雲中央病院（架空）", Area::Izumo));
    let marked = format!("\u{feff}{FACILITIES}");
    let (cp932, _, lossy) = encoding_rs::SHIFT_JIS.encode(FACILITIES);
    assert!(!lossy);
    let crlf = FACILITIES.replace('\n', "\r\n").replace("2026-04-01", "2026/4/1") + ",,,,,,,,\r\n";
    for bytes in [marked.as_bytes(), &cp932, crlf.as_bytes()] {
        assert_eq!(read_one("facilities.csv", bytes), expected);
    }
    let neither = read_one("facilities.csv", [b"code\n", b"\xff\xff\x81".as_slice()].concat());
    assert!(neither.faults[0].to_string().contains("neither UTF-8 nor CP932"));
}

#[test]
fn all_faults_of_all_files_are_told_with_row_column_and_nearest_word() {
    let text = FACILITIES.to_owned()
        + "110100018,架空,,izumo,disclosing,2026-04-01,,desk,x\n\
           3210100018,,,izumi,disclose,2026-13-01,soon,desk,\n";
    let faults = faults("facilities.csv", &text);
    let begins = [
        "facilities.csv:3: code: \"110100018\" is not a facility code",
        "facilities.csv:4: why: the cell is empty",
        "facilities.csv:4: name: the cell is empty",
        "facilities.csv:4: area: \"izumi\" is not known here: did you mean \"izumo\"?",
        "facilities.csv:4: roles: \"disclose\" is not known here: did you mean \"disclosing\"?",
        "facilities.csv:4: from: neither a day",
        "facilities.csv:4: until: neither a day",
    ];
    assert_eq!(faults.len(), begins.len(), "{faults:#?}");
    for (fault, begin) in faults.iter().zip(begins) {
        assert!(fault.starts_with(begin), "{fault}");
    }
    assert!(faults[0].ends_with("a spreadsheet may have dropped the 0 at its beginning"));
}

#[test]
fn headers_and_names_of_files_are_checked() {
    assert_eq!(
        faults("members.csv", "network_id,form,who,who,why\n"),
        [
            "members.csv:1: form: members has no such column: did you mean \"from\"?",
            "members.csv:1: who: the column stands twice",
            "members.csv:1: from: the column is missing",
        ]
    );
    assert_eq!(
        faults("member.csv", ""),
        ["member.csv:1: \"member\" is not a table of the registry: did you mean \"members\"?"]
    );
    let empty = faults("members.csv", "");
    assert_eq!(empty, ["members.csv:1: the first row must name the columns: network_id,from,until,who,why"]);
    let long = faults("members.csv", "network_id,from,who,why\n1,2026-04-01,desk,a,b\n");
    assert!(long[0].starts_with("members.csv:2: the row has 5 cells, the header 4"), "{long:?}");
}

#[test]
fn a_fault_tells_nothing_of_a_patient() {
    let id = "架空".repeat(30);
    let text =
        format!("facility,local_id,network_id,from,who,why\n3210100018,{id},{id},2026-04-01,desk,card\n");
    let faults = faults("links.csv", &text);
    assert_eq!(faults.len(), 2);
    assert!(faults.iter().all(|fault| !fault.contains("架空")), "{faults:?}");
}

#[test]
fn columns_stand_in_any_order_and_history_is_marked() {
    let text = "why,who,history,until,from,with,rank,kind,facility\n\
        contract 3,desk,yes,2020-03-31,2019-04-01,3210200024,2,reading,3210100018\n";
    let import = read_one("contracts.csv", text);
    assert_eq!(import.faults, []);
    assert!(import.entries[0].is_history());
    let Fact::Contract(Contract { kind, with, rank, .. }) = &import.entries[0].fact else {
        panic!("a contract")
    };
    assert_eq!((*kind, with.as_deref(), *rank), (ContractKind::Reading, Some("3210200024"), 2));
}

/// Every file once, as the documentation shows it.
#[test]
fn the_files_of_the_documentation_are_read_and_taken() {
    let page = include_str!("../../../docs/operate/registry.md");
    let ja = include_str!("../../../docs/operate/registry.ja.md");
    let of = |page: &str| {
        let blocks = page.split("```csv\n# ").skip(1).filter_map(|block| block.split("```").next());
        blocks
            .map(|block| block.split_once('\n').unwrap())
            .map(|(name, rows)| (name.to_owned(), rows.as_bytes().to_vec()))
            .collect::<Vec<_>>()
    };
    let files = of(page);
    assert_eq!(files.len(), TABLES.len());
    let import = read(&files, &reading());
    assert_eq!(import.faults, []);
    assert_eq!(Registry::default().check(&import.entries), Ok(()));
    assert_eq!(files, of(ja), "both languages show the same");
}

mod any_bytes {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn never_break_it(table in 0..TABLES.len(), bytes in prop::collection::vec(any::<u8>(), 0..300), rows in "[a-z0-9,;\"\n /:-]{0,200}") {
            let table = &TABLES[table];
            let text = format!("{}\n{rows}", table.header());
            for content in [bytes, text.into_bytes()] {
                let import = read_one(&format!("{}.csv", table.name), content);
                prop_assert_eq!(import.entries.len(), import.places.len());
            }
        }
    }
}
