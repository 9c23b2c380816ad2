use std::fs::OpenOptions;
use std::io::Write;

use super::*;

fn line(sequence: u64, id: &str) -> String {
    let event = serde_json::json!({
        "specversion": "1.0", "id": id, "source": "urn:musubi:facility:3210100018",
        "type": "lab-result.created.v1", "subject": "0000123", "time": "2026-11-23T00:00:00Z",
        "dataschema": "urn:musubi:schema:lab-result.v1", "datacontenttype": "application/json",
        "topic": "surveillance.evidence", "basis": "participation-agreement", "lane": 3,
        "sequence": sequence, "recordkey": "k", "recordversion": "1", "change": "created",
        "originhash": "h", "data": {"a": 1, "patient": {"id": "0000123"}},
    });
    format!("{event}\n")
}

fn append(folder: &Path, day: &str, text: &str) {
    let path = folder.join(format!("{day}.ndjson"));
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// What the inbox hands on: the place with the event's id or the reason.
fn read(inbox: &mut Inbox) -> Vec<String> {
    let mut told = Vec::new();
    let told_of = |line: Line| match line {
        Line::Event(event) => event.id,
        Line::Unreadable(why) => why.to_string(),
    };
    inbox.read(|place, line| told.push(format!("{place} {}", told_of(line)))).unwrap();
    told
}

#[test]
fn days_come_in_their_order_and_lines_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut inbox = Inbox::new(&folder.path().join("not-there-yet"));
    assert!(read(&mut inbox).is_empty());
    let mut inbox = Inbox::new(folder.path());
    append(folder.path(), "2026-11-24", &line(2, "b"));
    append(folder.path(), "2026-11-23", &line(1, "a"));
    append(folder.path(), "2026-11-24", &line(1, "a"));
    append(folder.path(), "2026-11-24", &line(1, "other"));
    assert_eq!(
        read(&mut inbox),
        ["2026-11-23.ndjson:1 a", "2026-11-24.ndjson:1 b", "2026-11-24.ndjson:3 other"]
    );
    assert!(read(&mut inbox).is_empty());
    append(folder.path(), "2026-11-24", &line(3, "c"));
    assert_eq!(read(&mut inbox), ["2026-11-24.ndjson:4 c"]);
    append(folder.path(), "2026-11-23", "torn");
    assert!(read(&mut inbox).is_empty());
    assert!(!inbox.is_out_of_order(), "a torn line is none");
    append(folder.path(), "2026-11-23", &format!("\n{}", line(4, "late")));
    assert_eq!(read(&mut inbox).last().unwrap(), "2026-11-23.ndjson:3 late");
    assert!(inbox.is_out_of_order());
    append(folder.path(), "2026-11-24", &line(5, "d"));
    assert_eq!(read(&mut inbox), ["2026-11-24.ndjson:5 d"]);
    assert!(!inbox.is_out_of_order());
}

#[test]
fn a_torn_line_is_waited_for_whereever_it_is_torn() {
    let whole = line(1, "結び");
    for at in 0..whole.len() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("2026-11-23.ndjson");
        let mut inbox = Inbox::new(folder.path());
        fs::write(&path, whole.as_bytes().get(..at).unwrap()).unwrap();
        assert!(read(&mut inbox).is_empty(), "{at}");
        fs::write(&path, &whole).unwrap();
        assert_eq!(read(&mut inbox), ["2026-11-23.ndjson:1 結び"]);
    }
}

#[test]
fn what_cannot_be_read_is_told_with_its_place_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("{}{{\"patient\": \"0000123\n\n{{\"id\": 1}}\n{}", line(1, "a"), line(2, "b"));
    append(folder.path(), "2026-11-23", &text);
    let mut bytes = vec![0xff, 0xfe, b'\n'];
    bytes.extend(line(3, "c").as_bytes());
    let path = folder.path().join("2026-11-23.ndjson");
    OpenOptions::new().append(true).open(path).unwrap().write_all(&bytes).unwrap();
    let told = read(&mut Inbox::new(folder.path()));
    let places: Vec<_> = told.iter().map(|line| line.split(' ').next().unwrap()).collect();
    let numbers = (1..=7).map(|line| format!("2026-11-23.ndjson:{line}")).collect::<Vec<_>>();
    assert_eq!(places, numbers);
    assert!(told.iter().all(|line| !line.contains("0000123")), "{told:?}");
    assert!(told[4].ends_with(" b") && told[6].ends_with(" c"), "{told:?}");
    assert!(told[1].contains("no JSON") && told[3].contains("not the fields"), "{told:?}");
}

#[test]
fn an_event_shows_nothing_of_the_patient_when_it_is_printed() {
    let event: Event = serde_json::from_str(&line(1, "a")).unwrap();
    assert_eq!((event.facility(), event.kind()), ("3210100018", "lab-result"));
    assert!(!format!("{event:?}").contains("0000123"));
    let wrong = event.read::<Vec<u8>>().unwrap_err();
    assert!(!format!("{wrong} {wrong:?}").contains("0000123"));
}

#[test]
fn a_copy_of_a_replay_counts_only_where_its_id_was_never_taken() {
    let folder = tempfile::tempdir().unwrap();
    let mut inbox = Inbox::new(folder.path());
    let replayed = |sequence, id: &str| line(sequence, id).replacen('{', r#"{"replay":"r1","#, 1);
    append(folder.path(), "2026-11-23", &line(1, "a"));
    append(folder.path(), "2026-11-23", &replayed(2, "a"));
    append(folder.path(), "2026-11-23", &replayed(3, "lost"));
    append(folder.path(), "2026-11-23", &replayed(4, "lost"));
    // A hub that lost its ledger delivers everything anew, and does not call it a replay.
    append(folder.path(), "2026-11-23", &line(5, "a"));
    assert_eq!(
        read(&mut inbox),
        ["2026-11-23.ndjson:1 a", "2026-11-23.ndjson:3 lost", "2026-11-23.ndjson:5 a"]
    );
}
