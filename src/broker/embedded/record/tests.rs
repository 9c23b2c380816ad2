use proptest::prelude::*;

use super::*;

fn lane(queue: u32, lane: u16) -> LaneId {
    LaneId { queue, lane: Lane(lane) }
}

#[test]
fn records_are_read_back_as_written() {
    let body = Bytes::from_static(b"body");
    let envelope = b"{}".to_vec();
    let checksum = crc32c::crc32c(b"{}body");
    let message = Message { to: vec![lane(0, 1), lane(1, 2)], envelope, body, checksum };
    let mut group = Vec::new();
    put_queue(&mut group, 0, "ingest");
    put_lane(&mut group, lane(0, 9), 3, 5);
    put_message(&mut group, &message, |lane| u64::from(lane.queue) + 40);
    let records: Vec<_> = Records::of(&group).map(Result::unwrap).collect();
    let [Record::Queue { id: 0, name: "ingest" }, Record::Lane { id, cursor: 3, next: 5 }, last] =
        &records[..]
    else {
        panic!("{records:?}")
    };
    assert_eq!(*id, lane(0, 9));
    let Record::Message { to, offset, bytes } = last else { panic!("{last:?}") };
    assert_eq!(to.collect::<Vec<_>>(), [(lane(0, 1), 40), (lane(1, 2), 41)]);
    let stored = Bytes::copy_from_slice(&group[*offset..*offset + *bytes]);
    assert_eq!(parts(&stored), Some((Bytes::from_static(b"{}"), Bytes::from_static(b"body"))));
    for at in 0..stored.len() {
        let mut flipped = stored.to_vec();
        flipped[at] ^= 1;
        let read = parts(&Bytes::from(flipped));
        assert!(at < 4 || read.is_none(), "byte {at}: {read:?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let errors = Records::of(&bytes).filter(Result::is_err).count();
        prop_assert!(errors <= 1);
        let read = parts(&Bytes::from(bytes));
        prop_assert!(read.is_none_or(|(envelope, _)| envelope.len() < 200));
    }
}
