use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;

use super::*;

fn message(id: &str, body: &[u8]) -> Message {
    let envelope = Envelope::of_hub(id.to_owned());
    Message { lane: Lane(7), sequence: 9, envelope, body: body.to_vec().into() }
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// All messages of a store, in the order in which they were kept.
fn all(folder: &Path) -> Vec<Message> {
    let mut found = Vec::new();
    for file in files(folder).unwrap() {
        let mut reader = Reader::open(&file.path).unwrap();
        while let Some((_, message)) = reader.next().unwrap() {
            let body = reader.body().unwrap().unwrap();
            found.push(Message { body: body.into(), ..message });
        }
    }
    found
}

#[test]
fn a_message_is_found_where_it_was_kept_and_by_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("messages");
    let messages = Messages::new(dir.clone(), TimeZone::get("Asia/Tokyo").unwrap());
    assert!(files(&dir).unwrap().is_empty());
    // 2026-11-22T14:59:59Z is the last second of the day in Tokyo.
    let evening = "2026-11-22T14:59:59Z".parse::<Timestamp>().unwrap();
    let (a, b, c) = (message("a", b"MSH|"), message("b", b""), message("a", b"again"));
    let first = messages.keep(evening, [&a, &b]).unwrap();
    let second = messages.keep(evening + std::time::Duration::from_secs(1), [&c]).unwrap();
    assert_eq!(first[0], Kept { file: "2026-11-22.0001.msgs".into(), offset: 0 });
    assert_eq!(second, [Kept { file: "2026-11-23.0001.msgs".into(), offset: 0 }]);
    let mode = fs::metadata(dir.join(&first[0].file)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut places = Places::new(dir.clone());
    assert_eq!(places.read(&first[1]).unwrap(), Some(b.clone()));
    assert_eq!(places.read(&first[0]).unwrap(), Some(a.clone()));
    assert_eq!(places.read(&second[0]).unwrap(), Some(c.clone()));
    let days: [Date; 2] = ["2026-11-22".parse().unwrap(), "2026-11-23".parse().unwrap()];
    assert_eq!(find(&dir, "a", days[0]..=days[1]).unwrap(), Some(c), "what was kept last");
    assert_eq!(find(&dir, "a", days[0]..=days[0]).unwrap(), Some(a));
    assert_eq!(find(&dir, "x", days[0]..=days[1]).unwrap(), None);
}

#[test]
fn a_place_that_is_no_file_of_the_store_leads_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("messages");
    let messages = Messages::new(dir.clone(), TimeZone::UTC);
    let kept = messages.keep(second(0), [&message("a", b"a")]).unwrap().remove(0);
    fs::create_dir(folder.path().join("elsewhere")).unwrap();
    fs::copy(dir.join(&kept.file), folder.path().join("elsewhere").join(&kept.file)).unwrap();
    let mut places = Places::new(dir);
    for file in
        [format!("../elsewhere/{}", kept.file), "1970-01-01.0009.msgs".into(), "x".into(), String::new()]
    {
        assert_eq!(places.read(&Kept { file, offset: 0 }).unwrap(), None);
    }
    for offset in [1, 20, 10_000, u64::MAX] {
        assert_eq!(places.read(&Kept { offset, ..kept.clone() }).unwrap(), None);
    }
}

#[test]
fn nobody_writes_behind_what_another_process_left_torn() {
    let folder = tempfile::tempdir().unwrap();
    let write = |id: &str| {
        let messages = Messages::new(folder.path().to_owned(), TimeZone::UTC);
        messages.keep(second(0), [&message(id, b"body")]).unwrap();
    };
    write("a");
    let first = folder.path().join("1970-01-01.0001.msgs");
    let mut torn = fs::read(&first).unwrap();
    torn.extend_from_within(..30);
    fs::write(&first, &torn).unwrap();
    write("b");
    assert_eq!(all(folder.path()), [message("a", b"body"), message("b", b"body")]);
    let mut reader = Reader::open(&first).unwrap();
    while reader.next().unwrap().is_some() {}
    assert_eq!(reader.left_behind(), 30);
}

#[test]
fn a_batch_that_could_not_be_written_leaves_nothing_and_the_next_one_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let messages = Messages::new(folder.path().to_owned(), TimeZone::UTC);
    messages.keep(second(0), [&message("a", b"a")]).unwrap();
    // A file that can't be written stands for a disk that is full.
    let first = folder.path().join("1970-01-01.0001.msgs");
    messages.open.lock().unwrap().as_mut().unwrap().file = File::open(&first).unwrap();
    messages.keep(second(0), [&message("b", b"b")]).unwrap_err();
    messages.keep(second(0), [&message("c", b"c")]).unwrap();
    assert_eq!(all(folder.path()), [message("a", b"a"), message("c", b"c")]);
}

proptest! {
    #[test]
    fn wherever_a_file_is_torn_or_damaged_nothing_is_made_up(
        bodies in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 1..5),
        cut in any::<prop::sample::Index>(),
        flip in any::<prop::sample::Index>(),
        damages in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let kept: Vec<_> = (0..).zip(&bodies).map(|(id, body)| message(&format!("{id}"), body)).collect();
        Messages::new(folder.path().to_owned(), TimeZone::UTC).keep(second(0), &kept).unwrap();
        let path = folder.path().join("1970-01-01.0001.msgs");
        let mut bytes = fs::read(&path).unwrap();
        if damages {
            let at = flip.index(bytes.len());
            bytes[at] ^= 0x10;
        } else {
            bytes.truncate(cut.index(bytes.len()));
        }
        fs::write(&path, &bytes).unwrap();
        let mut reader = Reader::open(&path).unwrap();
        let mut whole = 0;
        while let Some((_, message)) = reader.next().unwrap() {
            let Some(body) = reader.body().unwrap() else { continue };
            let read = Message { body: body.into(), ..message };
            prop_assert!(kept.contains(&read));
            whole += 1;
        }
        prop_assert!(whole < kept.len());
    }
}
