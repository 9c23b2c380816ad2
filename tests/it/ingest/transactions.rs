//! A transaction storage whose records are torn, completed, corrected and undone.

use super::{Hub, TR, message, place, ssmix2};

const TIME: &str = "20260401090000000";

fn record(operation: &str, order: &str, serial: u64) -> String {
    format!("{}{}", place(order).header(operation, TIME), message("0000123", serial))
}

/// Appends texts, each after the one before was taken.
async fn take(texts: &[impl AsRef<[u8]>]) -> Hub {
    let mut hub = Hub::new(|storage| ssmix2(storage, true));
    for text in texts {
        hub.storage.append(TR, text.as_ref());
        hub.wait(30);
        hub.drain().await;
    }
    hub
}

/// Torn anywhere, also with a restart between.
#[tokio::test]
async fn the_rest_of_a_torn_record_corrects_it() {
    let (text, next) = (record("INS", "7", 1), record("INS", "8", 2));
    for cut in (1..text.len()).step_by(3) {
        for restart in [false, true] {
            let (head, tail) = text.as_bytes().split_at(cut);
            let mut hub = take(&[head]).await;
            if restart {
                hub.feed = None;
                hub.kv.crash(|_| 0);
            }
            hub.storage.append(TR, &[tail, next.as_bytes()].concat());
            hub.wait(30);
            hub.drain().await;
            let all = hub.broker.all(&musubi::broker::topology::ingest());
            let is_whole =
                |body: &[u8]| body.trim_ascii_end() == message("0000123", 1).as_bytes().trim_ascii_end();
            let whole = all.iter().filter(|delivery| is_whole(&delivery.body)).count();
            assert_eq!(whole, 1, "cut at {cut}: {:?}", hub.accepted());
            assert!(all.len() <= 3, "cut at {cut}: {:?}", hub.accepted());
            assert_eq!(hub.accepted().last().unwrap(), "8:2+", "cut at {cut}");
        }
    }
}

#[tokio::test]
async fn a_record_that_stands_cut_within_a_field_is_updated() {
    let text = record("INS", "7", 1);
    let (head, tail) = text.split_at(text.len() - 4);
    assert_eq!(take(&[head, tail]).await.accepted(), ["7:1+", "7:1~"]);
}

#[tokio::test]
async fn line_ends_after_a_record_change_nothing() {
    let text = record("INS", "7", 1);
    let next = record("INS", "8", 2);
    let hub = take(&[text.trim_end(), "\r", "\n", "\r\n", &next]).await;
    assert_eq!(hub.accepted(), ["7:1+", "8:2+"]);
}

#[tokio::test]
async fn a_file_with_other_content_than_its_record_updates_it() {
    let mut hub = take(&[&record("INS", "7", 1)]).await;
    hub.storage.put(&place("7"), TIME, 1, &message("0000123", 2));
    hub.wait(30);
    hub.drain().await;
    assert_eq!(hub.accepted(), ["7:1+", "7:2~"]);
    hub.feed = None;
    hub.drain().await;
    assert_eq!(hub.accepted().len(), 2);
}

#[tokio::test]
async fn a_deleted_record_that_is_inserted_again_as_it_was_comes_back() {
    let (insert, delete) = (record("INS", "7", 1), record("DEL", "7", 1));
    let mut hub = take(&[&insert, &delete, &insert]).await;
    assert_eq!(hub.accepted(), ["7:1+", "7:1-", "7:1~"]);
    hub.feed = None;
    hub.drain().await;
    assert_eq!(hub.accepted().len(), 3);
    assert_eq!(take(&[[insert.clone(), delete, insert].concat()]).await.accepted(), ["7:1+", "7:1-", "7:1~"]);
}

#[tokio::test]
async fn what_is_read_again_from_its_beginning_undoes_no_deletion() {
    let delete = format!("{}{}", place("7").header("DEL", "20260401100000000"), message("0000123", 2));
    let text = format!("{}\r\n{delete}", record("INS", "7", 1));
    let mut hub = take(&[&text]).await;
    hub.storage.write(TR, text.trim_end().as_bytes());
    hub.wait(30);
    hub.drain().await;
    assert_eq!(hub.accepted(), ["7:1+", "7:2-"]);
}
