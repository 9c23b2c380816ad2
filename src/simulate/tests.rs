use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jiff::civil::date;

use super::*;

fn settings(root: &Path, history: bool) -> StorageSettings {
    StorageSettings {
        transaction: Some(root.join("transaction")),
        history,
        ..StorageSettings::new(root.join("standard"), Amount::Patients(24), 7, date(2026, 11, 20))
    }
}

/// Relative path and bytes of every file below `root`, sorted.
pub(super) fn tree(root: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                files.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

fn written(history: bool) -> (tempfile::TempDir, Summary) {
    let root = tempfile::tempdir().unwrap();
    let summary = storage(&settings(root.path(), history), |_| {}).unwrap();
    (root, summary)
}

#[test]
fn a_seed_decides_every_byte() {
    let ((one, first), (other, second)) = (written(true), written(true));
    assert_eq!(first, second);
    assert!(tree(one.path()) == tree(other.path()));

    let third = tempfile::tempdir().unwrap();
    let changed = StorageSettings { seed: 8, ..settings(third.path(), true) };
    storage(&changed, |_| {}).unwrap();
    assert!(tree(one.path()) != tree(third.path()));
}

#[test]
fn names_agree_with_their_folders() {
    let (root, summary) = written(true);
    let files = tree(&root.path().join("standard"));
    assert_eq!(files.len() as u64, summary.files);
    for (path, _) in &files {
        let parts: Vec<&str> = path.split('/').collect();
        let [three, next, id, day, kind, name] = parts[..] else { panic!("{path}") };
        assert!(id.starts_with(three) && id.get(3..).unwrap().starts_with(next), "{path}");
        let name: Vec<&str> = name.split('_').collect();
        let [name_id, name_day, name_kind, order, sent, department, flag] = name[..] else {
            panic!("{path}")
        };
        assert_eq!((name_id, name_day, name_kind), (id, day, kind));
        assert!(day == "-" || day.len() == 8, "{path}");
        assert!(order.len() == 15 && sent.len() == 17, "{path}");
        assert_eq!(department == "-", day == "-", "{path}");
        assert!(matches!(flag, "0" | "1" | "2"), "{path}");
    }
}

#[test]
fn every_message_reads_without_a_finding() {
    let (root, _) = written(true);
    for (path, bytes) in tree(&root.path().join("standard")) {
        // ISO 2022 with 7 bits throughout, and back in ASCII before the last CR.
        assert!(bytes.is_ascii() && bytes.ends_with(b"\r"), "{path}");
        hl7v2::completeness(&bytes).unwrap_or_else(|reason| panic!("{path}: {reason}"));
        let message = hl7v2::decode(&bytes).unwrap();
        assert_eq!(message.findings(), [], "{path}");
        assert_eq!(message.charset().used, hl7v2::charset::Charset::Iso2022Jp, "{path}");
    }
}

/// The field that gives the care date, by data type (SS-MIX2 1.2).
fn care_date_field(data_type: &str) -> Option<&'static str> {
    Some(match data_type {
        "ADT-12" | "ADT-22" => "PV1-44",
        "ADT-21" | "ADT-41" => "PV2-8",
        "ADT-31" | "ADT-32" | "ADT-42" => "EVN-6",
        "ADT-51" => "PV2-9",
        "ADT-52" => "PV1-45",
        "OML-11" => "SPM-17",
        "OMG-11" | "OMG-13" => "OBR-7",
        "OMD" | "OMP-01" | "OMP-02" | "OML-01" | "OMG-01" | "OMG-03" => "ORC-9",
        _ => return None,
    })
}

#[test]
fn fields_agree_with_the_path() {
    let (root, _) = written(true);
    for (path, bytes) in tree(&root.path().join("standard")) {
        let parts: Vec<&str> = path.split('/').collect();
        let message = hl7v2::decode(&bytes).unwrap();
        let at = |field: &str| message.at(&field.parse().unwrap()).unwrap_or_default().into_owned();
        assert_eq!(at("PID-3.1"), parts[2], "{path}");
        assert_eq!(at("MSH-12"), "2.5");
        match care_date_field(parts[4]) {
            Some(field) => assert!(at(field).starts_with(parts[3]), "{path}: {field} {}", at(field)),
            None => assert_eq!(parts[3], "-", "{path}"),
        }
        if message.segment("ORC").is_some() && parts[4] != "PPR-01" {
            assert_eq!(at("ORC-2"), parts[5].split('_').nth(3).unwrap(), "{path}");
        }
    }
}

/// The segment order of section 2.1 of the standardised storage's specification; `{}` repeats.
fn grammar(data_type: &str) -> &'static [&'static str] {
    match data_type {
        "ADT-00" => &["MSH EVN PID NK1 PV1 DB1 OBX OBX OBX IN1", "MSH EVN PID PV1"],
        "ADT-61" => &["MSH EVN PID PV1 IAM"],
        "PPR-01" => &["MSH PID PV1 {PRB ZPR ORC}"],
        "OMD" => &["MSH PID PV1 {ORC TQ1 ODS}"],
        "OMP-01" => &["MSH PID PV1 {ORC RXE TQ1 RXR}"],
        "OMP-02" => &["MSH PID PV1 {ORC RXE TQ1 RXR RXC RXC}"],
        "OML-01" => &["MSH PID PV1 {SPM ORC TQ1 OBR}"],
        "OML-11" => &["MSH PID PV1 {SPM OBR ORC OBX}"],
        "OMG-01" => &["MSH PID PV1 {ORC TQ1 OBR OBX}"],
        "OMG-11" => &["MSH PID PV1 {ORC TQ1 OBR OBX ZE1 IPC}"],
        "OMG-03" => &["MSH PID PV1 {ORC TQ1 OBR}"],
        "OMG-13" => &["MSH PID PV1 {ORC OBR TQ1 OBX}"],
        _ => &["MSH EVN PID PV1", "MSH EVN PID PV1 PV2"],
    }
}

/// Whether `names` follow `rule`: fixed segments, then groups in which OBX may repeat or be absent.
fn follows(rule: &str, names: &[&str]) -> bool {
    let (fixed, group) = rule.split_once(" {").unwrap_or((rule, ""));
    let fixed: Vec<&str> = fixed.split(' ').collect();
    let group: Vec<&str> = group.trim_end_matches('}').split(' ').filter(|name| !name.is_empty()).collect();
    if !names.starts_with(&fixed) {
        return false;
    }
    let mut position = group.len();
    for name in &names[fixed.len()..] {
        let repeats = *name == "OBX" && position > 0 && group.get(position - 1) == Some(name);
        if repeats {
            continue;
        }
        if Some(name) == group.first() {
            position = 0;
        }
        while group
            .get(position)
            .is_some_and(|expected| matches!(*expected, "OBX" | "ZE1") && expected != name)
        {
            position += 1;
        }
        if group.get(position) != Some(name) {
            return false;
        }
        position += 1;
    }
    group.is_empty() == (names.len() == fixed.len())
}

#[test]
fn segments_stand_in_the_order_of_their_data_type() {
    let (root, summary) = written(true);
    for (path, bytes) in tree(&root.path().join("standard")) {
        let names: Vec<&str> = bytes
            .split(|byte| *byte == b'\r')
            .filter(|segment| !segment.is_empty())
            .map(|segment| std::str::from_utf8(&segment[..3]).unwrap())
            .collect();
        let kind = path.split('/').nth(4).unwrap();
        assert!(grammar(kind).iter().any(|rule| follows(rule, &names)), "{path}: {names:?}");
    }
    let seen: BTreeSet<&str> = summary.data_types.keys().copied().collect();
    for kind in
        "ADT-00 ADT-12 ADT-21 ADT-22 ADT-31 ADT-32 ADT-41 ADT-42 ADT-51 ADT-52 ADT-61 PPR-01 OMD OMP-01 \
                 OMP-02 OML-01 OML-11 OMG-01 OMG-11 OMG-03 OMG-13"
            .split_whitespace()
    {
        assert!(seen.contains(kind), "{kind}");
    }
}

#[test]
fn a_record_has_at_most_one_valid_version_and_a_deleted_one_none() {
    let (root, _) = written(true);
    let mut flags: HashMap<String, Vec<char>> = HashMap::new();
    for (path, _) in tree(&root.path().join("standard")) {
        let (folder, name) = path.rsplit_once('/').unwrap();
        let order = name.split('_').nth(3).unwrap();
        flags.entry(format!("{folder}/{order}")).or_default().push(path.chars().last().unwrap());
    }
    let count = |wanted: &dyn Fn(&[char]) -> bool| flags.values().filter(|flags| wanted(flags)).count();
    assert_eq!(count(&|flags| flags.iter().filter(|flag| **flag == '1').count() > 1), 0);
    assert_eq!(count(&|flags| flags == ['2']), 0, "a superseded version without a newer one");
    assert!(count(&|flags| flags.contains(&'2') && flags.contains(&'1')) > 0);
    assert!(count(&|flags| flags.iter().all(|flag| *flag == '0') && flags.len() > 1) > 0);
}

#[test]
fn without_history_there_are_valid_files_only_and_they_are_the_same() {
    let ((with, _), (without, summary)) = (written(true), written(false));
    let name = |(path, _): &(String, Vec<u8>)| path.clone();
    let valid = |root: &Path| -> Vec<String> {
        tree(&root.join("standard")).iter().map(name).filter(|path| path.ends_with("_1")).collect()
    };
    assert_eq!(valid(without.path()).len() as u64, summary.files);
    assert_eq!(valid(with.path()), valid(without.path()));
}

#[test]
fn the_transaction_log_tells_the_same_story_in_order_of_sending() {
    let (root, summary) = written(true);
    let log: Vec<u8> =
        tree(&root.path().join("transaction")).into_iter().flat_map(|(_, bytes)| bytes).collect();
    let headers: Vec<String> = log
        .split(|byte| *byte == b'\r')
        .filter(|line| line.starts_with(b"#SSMIX,"))
        .map(|line| String::from_utf8(line.to_vec()).unwrap())
        .collect();
    assert_eq!(headers.len() as u64, summary.files);
    let column = |number: usize| -> Vec<&str> {
        headers.iter().map(|header| header.split(',').nth(number).unwrap()).collect()
    };
    assert!(column(9).is_sorted());
    assert_eq!(column(7).iter().filter(|kind| **kind == "DEL").count() as u64, summary.deletions);
    assert!(column(2).iter().all(|facility| *facility == "3219900019"));
}

#[test]
fn every_message_type_occurs_and_so_does_every_cancellation() {
    let root = tempfile::tempdir().unwrap();
    let many = StorageSettings { amount: Amount::Patients(3000), ..settings(root.path(), true) };
    let seen: BTreeSet<&str> = plan(&many).iter().map(message::message_type).collect();
    let seen: Vec<&str> =
        seen.iter().filter_map(|kind| kind.rsplit_once('^')).map(|(kind, _)| kind).collect();
    let expected = "ADT^A01 ADT^A02 ADT^A03 ADT^A04 ADT^A08 ADT^A11 ADT^A12 ADT^A13 ADT^A14 ADT^A15 ADT^A16 ADT^A21 \
                    ADT^A22 ADT^A23 ADT^A25 ADT^A26 ADT^A27 ADT^A52 ADT^A53 ADT^A60 OMD^O03 OMG^O19 OMI^Z23 OML^O33 \
                    ORU^R01 OUL^R22 PPR^ZD1 RDE^O11";
    assert_eq!(seen.join(" "), expected);
}

#[test]
fn a_number_of_files_is_met_exactly() {
    let root = tempfile::tempdir().unwrap();
    let settings = StorageSettings::new(root.path(), Amount::Files(333), 1, date(2026, 11, 20));
    let mut last = None;
    let summary = storage(&settings, |progress| last = Some(progress)).unwrap();
    assert_eq!(summary.files, 333);
    assert_eq!(tree(root.path()).len(), 333);
    assert_eq!(last, Some(Progress { written: 333, total: 333 }));
}

#[test]
fn every_given_name_says_that_it_is_invented() {
    for number in 0..500 {
        let given = person(3, number).given.kanji;
        assert!(given.starts_with(['架', '仮', '試', '例', '模']), "{given}");
    }
}

/// What people wrote beside a generated case.
fn is_reviewed(path: &str) -> bool {
    path.ends_with("/expected.json") || path.ends_with("/source.toml")
}

/// Compares a committed folder with a fresh one; with `BLESS=1` in the environment it is rewritten instead. Folders
/// that the generator does not write are written by hand.
fn check_committed(folder: &str, write: impl Fn(&Path)) {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    let fresh = tempfile::tempdir().unwrap();
    write(fresh.path());
    let (fresh, mut committed) = (tree(fresh.path()), tree(&place));
    let first = |path: &str| path.split('/').next().map(str::to_owned);
    let written: BTreeSet<_> = fresh.iter().map(|(path, _)| first(path)).collect();
    committed.retain(|(path, _)| !is_reviewed(path) && written.contains(&first(path)));
    if std::env::var_os("BLESS").is_some() {
        committed.iter().for_each(|(path, _)| fs::remove_file(place.join(path)).unwrap());
        write(&place);
        return;
    }
    let names =
        |files: &[(String, Vec<u8>)]| -> Vec<String> { files.iter().map(|(path, _)| path.clone()).collect() };
    assert_eq!(names(&fresh), names(&committed), "run the test with BLESS=1 to rewrite fixtures/{folder}");
    let differing: Vec<&str> = fresh
        .iter()
        .zip(&committed)
        .filter(|(one, other)| one != other)
        .map(|(one, _)| one.0.as_str())
        .collect();
    assert_eq!(differing, [""; 0], "run the test with BLESS=1 to rewrite fixtures/{folder}");
}

#[test]
fn the_committed_region_is_what_the_generator_writes() {
    check_committed("region", |root| demo(root, DEMO_SEED).unwrap());
}

#[test]
fn the_committed_cases_are_what_the_generator_writes() {
    check_committed("cases", |root| cases(root).unwrap());
}

#[test]
fn the_region_shows_what_the_network_is_for() {
    let root = tempfile::tempdir().unwrap();
    demo(root.path(), DEMO_SEED).unwrap();
    let mut texts = String::new();
    let mut incomplete = Vec::new();
    for (path, bytes) in tree(root.path()) {
        if path.contains("/standard/") && hl7v2::completeness(&bytes).is_err() {
            incomplete.push(path);
        } else if path.contains("/standard/") {
            texts.push_str(hl7v2::decode(&bytes).unwrap().text());
        }
    }
    assert_eq!(incomplete.len(), 1, "{incomplete:?}");
    assert!(incomplete[0].starts_with("matsue-kita/") && incomplete[0].contains("OML-11"));
    for sign in
        ["|A150^", "|B059^", "|CT^^DCM", "|MR^^DCM", "|J101^", "^JC10||陽性", "|A(+)B(-)|", "ADT^A27^"]
    {
        assert!(texts.contains(sign), "{sign}");
    }
}

#[test]
fn odd_cases_are_odd_and_the_others_are_not() {
    let root = tempfile::tempdir().unwrap();
    cases(root.path()).unwrap();
    let is_hl7 = |path: &str| path.ends_with("/input") && !path.starts_with("checkup_archive/");
    for (path, bytes) in tree(root.path()).iter().filter(|(path, _)| is_hl7(path)) {
        let is_half = path.starts_with("half_written/");
        assert_eq!(hl7v2::completeness(bytes).is_err(), is_half, "{path}");
        if !is_half {
            let message = hl7v2::decode(bytes).unwrap();
            let is_open = path.starts_with("shift_left_open/");
            assert_eq!(!message.findings().is_empty(), is_open, "{path}: {:?}", message.findings());
        }
    }
}

#[test]
fn a_drop_folder_holds_messages_in_every_form() {
    let root = tempfile::tempdir().unwrap();
    demo(root.path(), DEMO_SEED).unwrap();
    let files = tree(&root.path().join("hamada-kenko/hl7"));
    assert_eq!(files.len(), 19);
    for (path, bytes) in &files {
        let parts = hl7v2::split(bytes);
        assert_eq!(parts.findings, [], "{path}");
        assert_eq!(parts.parts.len(), if path.contains("batch") { 3 } else { 1 }, "{path}");
        for part in parts.parts {
            let message = hl7v2::decode(&bytes[part]).unwrap();
            assert_eq!(message.findings(), [], "{path}");
            assert!(message.segment("PID").is_some(), "{path}");
        }
    }
}

/// The fields that SS-MIX2 1.2 requires in every message that has the segment.
fn required_fields(segment: &str) -> &'static [usize] {
    match segment {
        "MSH" => &[7, 9, 10, 11, 12, 18],
        "PID" => &[3, 5, 7, 8],
        "PRB" | "RXC" => &[1, 2, 3, 4],
        "RXE" => &[2, 3, 5],
        "IPC" => &[1, 3, 5],
        "IAM" => &[1, 3, 6],
        "DB1" => &[1, 2, 4],
        "ORC" | "IN1" => &[1, 2],
        "OBX" => &[3, 11],
        "OBR" => &[2, 4],
        "ZE1" => &[2, 3],
        "SPM" => &[1, 2, 4, 17],
        "ODS" => &[1, 3],
        "EVN" | "PV1" | "ZPR" => &[2],
        "NK1" | "TQ1" | "RXR" => &[1],
        _ => &[],
    }
}

#[test]
fn required_fields_are_there() {
    let (root, _) = written(true);
    for (path, bytes) in tree(&root.path().join("standard")) {
        let message = hl7v2::decode(&bytes).unwrap();
        for segment in message.segments() {
            for number in required_fields(segment.name()) {
                assert!(!segment.field(*number).is_empty(), "{path}: {}-{number}", segment.name());
            }
        }
        let orders = message.segments().filter(|segment| segment.name() == "ORC");
        for order in orders.filter(|_| path.contains("/OMP-")) {
            assert!([4, 17, 29].iter().all(|number| !order.field(*number).is_empty()), "{path}");
        }
    }
}
