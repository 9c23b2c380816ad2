//! The embedded broker against crashes: loss of power on a model of a disk, damage, a full disk, and kill -9 of a
//! real process.
//!
//! A failing run prints its seed; `MUSUBI_CRASH_SEED=<seed>` runs that one alone, `MUSUBI_CRASH_SEEDS=<count>` more
//! of them.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "test code outside of test functions")]

mod disk;
mod kill;
mod oracle;

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use musubi::broker::embedded::{Embedded, Settings, Storage};
use musubi::broker::{Broker, BrokerError, Consumer, Publication, QueueName, topology};
use musubi::envelope::Lane;
use tokio::task::JoinSet;
use tokio::time::timeout;

use self::disk::{Dice, Disk};
use self::oracle::{Oracle, Transaction};
use crate::broker_contract::{ids, message};

const SETTINGS: Settings = Settings { segment_bytes: 64 << 10 };
/// More than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// The lanes of a run: two queues, the first with three lanes.
fn lanes() -> Vec<(QueueName, Lane)> {
    let (a, b) = (topology::ingest(), topology::subscriber("surveillance"));
    [(&a, 0), (&a, 1), (&a, 2), (&b, 0), (&b, 7)].map(|(queue, lane)| (queue.clone(), Lane(lane))).into()
}

fn publications(transaction: &Transaction) -> Vec<Publication> {
    let lanes = lanes();
    let publication = |(to, id, bytes): &(Vec<usize>, String, usize)| {
        let to: Vec<_> = to.iter().map(|lane| (&lanes[*lane].0, lanes[*lane].1.0)).collect();
        message(&to, id, oracle::body(id, *bytes))
    };
    transaction.messages.iter().map(publication).collect()
}

/// Names the seed of a run that panics.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("to see this run again: MUSUBI_CRASH_SEED={}", self.0);
        }
    }
}

/// One seeded run: work, crash, look, and again.
struct Run {
    dice: Dice,
    disk: Disk,
    oracle: Oracle,
    broker: Option<Embedded>,
    consumers: Vec<Option<Box<dyn Consumer>>>,
    /// Open deliveries of each lane's consumer.
    open: Vec<u64>,
    names: u64,
}

impl Run {
    async fn new(seed: u64) -> Self {
        let (dice, disk) = (Dice(seed), Disk::new(seed));
        let count = lanes().len();
        let mut run = Self {
            dice,
            disk,
            oracle: Oracle::new(count),
            broker: None,
            consumers: (0..count).map(|_| None).collect(),
            open: vec![0; count],
            names: 0,
        };
        run.reopen().await;
        run
    }

    /// Opens the broker, sometimes with a crash in the middle, and compares it with what must be there.
    async fn reopen(&mut self) {
        while self.dice.one_in(4) {
            self.disk.stop_after(1 + self.dice.below(12));
            let opened = Embedded::open_on(Arc::new(self.disk.clone()), SETTINGS);
            assert!(matches!(opened, Ok(_) | Err(BrokerError::Store { .. })), "{:?}", opened.err());
            drop(opened);
            if self.dice.one_in(2) { self.disk.kill() } else { self.disk.lose_power() }
        }
        self.disk.kill();
        let broker = Embedded::open_on(Arc::new(self.disk.clone()), SETTINGS).unwrap();
        for (queue, _) in lanes() {
            broker.declare(&queue).await.unwrap();
        }
        let mut found = Vec::new();
        for (queue, lane) in lanes() {
            found.push(broker.peek(&queue, lane, usize::MAX).await.unwrap());
        }
        assert!(found.iter().flatten().all(|delivery| delivery.redelivered));
        self.oracle.compare(&found);
        self.open.fill(0);
        self.broker = Some(broker);
    }

    fn broker(&self) -> Embedded {
        self.broker.clone().unwrap()
    }

    /// Stops the broker at a random step of what it is doing.
    async fn crash(&mut self) {
        self.consumers.iter_mut().for_each(|consumer| *consumer = None);
        self.broker = None;
        if self.dice.one_in(3) {
            self.disk.kill()
        } else {
            self.disk.lose_power()
        }
        self.reopen().await;
    }

    fn transaction(&mut self, settle: Option<(usize, u64)>, count: u64) -> Transaction {
        let messages = (0..count).map(|_| {
            self.names += 1;
            let bytes = match self.dice.below(40) {
                0 => 70_000,
                1..=5 => 9_000,
                _ => 200,
            };
            let to = (0..1 + self.dice.below(2)).map(|_| self.dice.below(5) as usize).collect();
            (to, format!("{:05}", self.names), self.dice.below(bytes) as usize)
        });
        Transaction { settle, messages: messages.collect() }
    }

    async fn step(&mut self) {
        match self.dice.below(20) {
            0..=4 => self.publish().await,
            5..=8 => self.receive().await,
            9..=13 => self.settle().await,
            14 => {
                let lane = self.dice.below(5) as usize;
                (self.consumers[lane], self.open[lane]) = (None, 0);
            }
            15..=17 => self.burst().await,
            18 => self.disk.fill(self.dice.one_in(2)),
            _ if self.dice.one_in(2) => self.disk.fail_writes(1 + self.dice.below(2) as u32),
            _ => self.disk.fail_syncs(1 + self.dice.below(2) as u32),
        }
    }

    async fn publish(&mut self) {
        let count = 1 + self.dice.below(4);
        let transaction = self.transaction(None, count);
        let result = self.broker().publish(publications(&transaction)).await;
        self.oracle.heard(transaction, &result);
    }

    async fn receive(&mut self) {
        let lane = self.dice.below(5) as usize;
        if self.oracle.waiting(lane) <= self.open[lane] {
            return;
        }
        if self.consumers[lane].is_none() {
            let (queue, number) = &lanes()[lane];
            self.consumers[lane] = Some(self.broker().consume(queue, *number).await.unwrap());
        }
        let most = 1 + self.dice.below(6) as usize;
        match self.consumers[lane].as_mut().unwrap().receive(most).await {
            Ok(taken) => {
                self.oracle.compare_received(lane, self.open[lane], &taken);
                self.open[lane] += taken.len() as u64;
            }
            Err(error) => assert!(self.disk.stopped(), "{error}"),
        }
    }

    /// A settlement of a random part of what a lane has open, if it has.
    fn settlement(&mut self) -> Option<(usize, Transaction)> {
        let lane = self.dice.below(5) as usize;
        if self.open[lane] == 0 || self.consumers[lane].is_none() {
            return None;
        }
        let count = 1 + self.dice.below(self.open[lane]);
        let follow = self.dice.below(3);
        Some((lane, self.transaction(Some((lane, count)), follow)))
    }

    async fn settle(&mut self) {
        let Some((lane, transaction)) = self.settlement() else { return };
        let count = transaction.settle.unwrap().1;
        let consumer = self.consumers[lane].as_mut().unwrap();
        let result = consumer.settle(count as usize, publications(&transaction)).await;
        if result.is_ok() {
            self.open[lane] -= count;
        }
        self.oracle.heard(transaction, &result);
    }

    /// Several transactions in one group: while the first is held on its way to disk, the others queue up.
    async fn burst(&mut self) {
        let mut tasks = JoinSet::new();
        let first = self.transaction(None, 1);
        self.disk.hold();
        let broker = self.broker();
        let publish = |place: u64, transaction: Transaction| {
            let broker = broker.clone();
            async move { (place, broker.publish(publications(&transaction)).await, transaction, None) }
        };
        let held = tasks.spawn(publish(0, first));
        while !self.disk.blocked() && !held.is_finished() && !self.disk.stopped() {
            tokio::task::yield_now().await;
        }
        for place in 1..2 + self.dice.below(5) {
            match self.settlement() {
                Some((lane, transaction)) => {
                    let mut consumer = self.consumers[lane].take().unwrap();
                    let count = transaction.settle.unwrap().1 as usize;
                    tasks.spawn(async move {
                        let result = consumer.settle(count, publications(&transaction)).await;
                        (place, result, transaction, Some((lane, consumer)))
                    });
                }
                None => {
                    let transaction = self.transaction(None, 2);
                    tasks.spawn(publish(place, transaction));
                }
            }
            // Lets it reach the writer's queue before the next.
            tokio::task::yield_now().await;
        }
        self.disk.release();
        let mut heard = tasks.join_all().await;
        heard.sort_by_key(|(place, ..)| *place);
        for (_, result, transaction, consumer) in heard {
            if let (Some((lane, _)), true) = (&consumer, result.is_ok()) {
                self.open[*lane] -= transaction.settle.unwrap().1;
            }
            self.oracle.heard(transaction, &result);
            if let Some((lane, consumer)) = consumer {
                self.consumers[lane] = Some(consumer);
            }
        }
    }

    /// In the end everything can be consumed, and what is consumed is deleted.
    async fn finish(&mut self) {
        self.disk.kill();
        self.consumers.iter_mut().for_each(|consumer| *consumer = None);
        let broker = self.broker();
        for (lane, (queue, number)) in lanes().iter().enumerate() {
            let mut consumer = broker.consume(queue, *number).await.unwrap();
            let mut left = self.oracle.waiting(lane);
            while left > 0 {
                let taken = consumer.receive(16).await.unwrap().len();
                consumer.settle(taken, Vec::new()).await.unwrap();
                left -= taken as u64;
            }
            assert_eq!(broker.depth(queue).await.unwrap(), self.oracle.waiting_after(lane));
        }
        let left = self.disk.contents().len();
        assert!(left <= 2, "{left} segments are left");
    }
}

fn seeds() -> Box<dyn Iterator<Item = u64>> {
    let number = |name| std::env::var(name).ok().map(|value| value.parse().expect("a number"));
    match number("MUSUBI_CRASH_SEED") {
        Some(seed) => Box::new(std::iter::once(seed)),
        None => Box::new(0..number("MUSUBI_CRASH_SEEDS").unwrap_or(300)),
    }
}

#[tokio::test]
async fn nothing_confirmed_is_lost_when_the_power_fails() {
    for seed in seeds() {
        let _seed = Seed(seed);
        let mut run = Run::new(seed).await;
        for _ in 0..4 {
            run.disk.stop_after(1 + run.dice.below(150));
            for _ in 0..300 {
                if run.disk.stopped() {
                    break;
                }
                run.step().await;
            }
            run.crash().await;
        }
        run.finish().await;
    }
}

/// A journal of several segments, and what its lane holds.
async fn filled() -> (Disk, Vec<String>) {
    let disk = Disk::new(1);
    let broker = Embedded::open_on(Arc::new(disk.clone()), SETTINGS).unwrap();
    let queue = topology::ingest();
    broker.declare(&queue).await.unwrap();
    for n in 0..60 {
        let id = format!("{n:02}");
        let body = oracle::body(&id, 6_000);
        broker.publish(vec![message(&[(&queue, 0)], &id, body)]).await.unwrap();
    }
    drop(broker);
    let names = (0..60).map(|n| format!("{n:02}")).collect();
    (disk, names)
}

/// What the lane holds if the journal opens.
async fn reopened(disk: &Disk) -> Result<Vec<String>, BrokerError> {
    let broker = Embedded::open_on(Arc::new(disk.clone()), SETTINGS)?;
    let found = broker.peek(&topology::ingest(), Lane(0), 1_000).await?;
    for delivery in &found {
        assert_eq!(delivery.body, oracle::body(&delivery.envelope.id, 6_000));
    }
    Ok(ids(&found).into_iter().map(str::to_owned).collect())
}

#[tokio::test]
async fn damage_is_reported_with_its_place_and_never_skipped() {
    let (disk, names) = filled().await;
    let segments = disk.contents();
    assert!(segments.len() > 4);
    let (mut reported, mut dice) = (0, Dice(7));
    for _ in 0..600 {
        let copy = disk.copy();
        let (segment, content) = &segments[dice.below(segments.len() as u64) as usize];
        let at = dice.below(content.len() as u64) as usize;
        copy.damage(*segment, |content| content[at] ^= 1 << dice.below(8));
        match reopened(&copy).await {
            Err(BrokerError::Damaged { file, offset, .. }) => {
                assert_eq!(file, format!("{segment:010}.seg"));
                let group = at as u64 - offset;
                assert!(group < 3 * 4096, "byte {at} was reported at {offset}");
                reported += 1;
            }
            Err(error) => panic!("{error}"),
            // A byte that nobody reads.
            Ok(found) => assert_eq!(found, names, "byte {at} of {segment}"),
        }
    }
    assert!(reported > 300, "{reported}");
}

#[tokio::test]
async fn a_lost_page_or_segment_is_reported() {
    let (disk, names) = filled().await;
    let segments = disk.contents();
    for (segment, content) in &segments {
        let pages = content.len() / 4096;
        for page in 0..pages {
            let copy = disk.copy();
            copy.damage(*segment, |content| content[page * 4096..][..4096].fill(0));
            match reopened(&copy).await {
                Err(BrokerError::Damaged { .. }) => {}
                Err(error) => panic!("{error}"),
                Ok(found) => assert_eq!(found, names, "page {page} of {segment}"),
            }
        }
        let copy = disk.copy();
        Storage::remove(&copy, *segment).unwrap();
        assert!(matches!(reopened(&copy).await, Err(BrokerError::Damaged { .. })), "segment {segment}");
        // In the last segment, zeros follow the last group.
        let used = content.rchunks(4096).skip_while(|page| page.iter().all(|byte| *byte == 0)).count();
        for end in [0, 4096, 6_000, (used - 1) * 4096, used * 4096 - 4096 + 1] {
            let copy = disk.copy();
            copy.damage(*segment, |content| content.truncate(end));
            assert!(matches!(reopened(&copy).await, Err(BrokerError::Damaged { .. })), "{segment} to {end}");
        }
    }
}

/// What an opening that must fail says.
async fn refused(disk: &Disk) -> String {
    match reopened(disk).await {
        Err(BrokerError::Damaged { what, .. }) => what,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_journal_that_ends_before_its_mark_is_refused_and_left_as_it_is() {
    let (disk, names) = filled().await;
    let last = disk.contents().last().unwrap().0;
    disk.damage(last, |content| {
        let used = content.iter().rposition(|byte| *byte != 0).unwrap();
        content[used] ^= 1;
    });
    let before = disk.contents();
    let what = refused(&disk).await;
    assert!(what.ends_with("was durable and is gone"), "{what}");
    assert!(disk.contents() == before, "what is left of it was cut");

    let copy = disk.copy();
    disk.contents().iter().for_each(|(segment, _)| Storage::remove(&copy, *segment).unwrap());
    assert_eq!(refused(&copy).await, what);

    let (other, _) = filled().await;
    let mark = Storage::mark(&other).unwrap();
    let copy = disk.copy();
    copy.damage_mark(|own| *own = mark);
    assert!(refused(&copy).await.starts_with("this is another journal"));

    let copy = disk.copy();
    copy.damage_mark(|mark| mark.as_mut().unwrap()[9] ^= 1);
    assert!(refused(&copy).await.contains("can't be read"));

    // A journal from before there were marks may end torn, and has one from then on.
    disk.damage_mark(|mark| *mark = None);
    assert_eq!(reopened(&disk).await.unwrap(), names[..59]);
    disk.damage(last, |content| content.truncate(0));
    assert!(refused(&disk).await.ends_with("was durable and is gone"));
}

/// Whether the journal is known to have lost something when its last group is damaged.
async fn last_group_is_marked(disk: &Disk) -> bool {
    let copy = disk.copy();
    copy.lose_power();
    copy.damage(1, |content| {
        let last = content.iter().rposition(|byte| *byte != 0).unwrap();
        content[last] ^= 1;
    });
    match reopened(&copy).await {
        Ok(_) => false,
        Err(BrokerError::Damaged { .. }) => true,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn the_mark_keeps_up_with_a_writer_that_is_busy_and_with_one_that_rests() {
    let disk = Disk::new(6);
    let broker = Embedded::open_on(Arc::new(disk.clone()), Settings::default()).unwrap();
    let queue = topology::ingest();
    broker.declare(&queue).await.unwrap();
    let publish = async || {
        let body = oracle::body("1", 6_000);
        broker.publish(vec![message(&[(&queue, 0)], "1", body)]).await.unwrap();
    };
    let busy = async {
        for _ in 0..3 {
            let before = Storage::mark(&disk).unwrap();
            while Storage::mark(&disk).unwrap() == before {
                publish().await;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    };
    timeout(PATIENCE, busy).await.expect("no mark while groups are written");
    publish().await;
    let rest = async {
        while !last_group_is_marked(&disk).await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, rest).await.expect("no mark while nothing is written");
}

#[tokio::test]
async fn a_journal_keeps_its_number_from_its_first_opening_on() {
    let disk = Disk::new(4);
    let open = || Embedded::open_on(Arc::new(disk.clone()), SETTINGS).unwrap();
    // Something stops the first opening before the mark is there.
    disk.stop_after(5);
    assert!(Embedded::open_on(Arc::new(disk.clone()), SETTINGS).is_err());
    disk.lose_power();
    let number = open().journal_number();
    disk.lose_power();
    let broker = open();
    assert_eq!(broker.journal_number(), number);
    broker.declare(&topology::ingest()).await.unwrap();
    drop(broker);
    disk.lose_power();
    assert_eq!(open().journal_number(), number);
    assert_ne!(Embedded::open_on(Arc::new(Disk::new(4)), SETTINGS).unwrap().journal_number(), number);
}

#[tokio::test]
async fn a_body_that_looks_like_a_later_group_does_not_pass_for_one() {
    let disk = Disk::new(3);
    let broker = Embedded::open_on(Arc::new(disk.clone()), SETTINGS).unwrap();
    let queue = topology::ingest();
    broker.declare(&queue).await.unwrap();
    broker.publish(vec![message(&[(&queue, 0)], "1", "x")]).await.unwrap();
    drop(broker);
    // The journal of another hub, further on than this one, sent as a document; its group ends torn.
    let (other, _) = filled().await;
    let page = other.contents()[1].1[..4096].to_vec();
    copy_after_the_last_group(&disk, &page);
    let broker = Embedded::open_on(Arc::new(disk.clone()), SETTINGS).unwrap();
    assert_eq!(ids(&broker.peek(&queue, Lane(0), 9).await.unwrap()), ["1"]);
    broker.publish(vec![message(&[(&queue, 0)], "2", "x")]).await.unwrap();
    drop(broker);
    let broker = Embedded::open_on(Arc::new(disk), SETTINGS).unwrap();
    assert_eq!(ids(&broker.peek(&queue, Lane(0), 9).await.unwrap()), ["1", "2"]);
}

/// Leaves a group there whose first page never came to disk.
fn copy_after_the_last_group(disk: &Disk, page: &[u8]) {
    disk.damage(1, |content| {
        let used = content.chunks(4096).take_while(|page| page.iter().any(|byte| *byte != 0)).count();
        content[(used + 1) * 4096..][..4096].copy_from_slice(page);
    });
}

fn is_full(result: Result<(), BrokerError>) -> bool {
    matches!(result, Err(BrokerError::Store { source, .. }) if source.kind() == ErrorKind::StorageFull)
}

#[tokio::test]
async fn on_a_full_disk_publishing_fails_settling_works_and_makes_room() {
    let disk = Disk::new(5);
    let broker = Embedded::open_on(Arc::new(disk.clone()), SETTINGS).unwrap();
    let queue = topology::ingest();
    broker.declare(&queue).await.unwrap();
    let mut published = 0;
    let publish = async |n: usize| {
        let id = n.to_string();
        broker.publish(vec![message(&[(&queue, 0)], &id, oracle::body(&id, 3_000))]).await
    };
    for _ in 0..30 {
        publish(published).await.unwrap();
        published += 1;
    }
    disk.fill(true);
    while publish(published).await.is_ok() {
        published += 1;
    }
    assert!(is_full(publish(published).await) && is_full(publish(published).await));
    assert_eq!(broker.depth(&queue).await.unwrap(), published as u64);
    let segments = disk.contents().len();

    let mut consumer = broker.consume(&queue, Lane(0)).await.unwrap();
    while consumer.receive(published).await.unwrap().last().unwrap().sequence < published as u64 {}
    let follow = vec![message(&[(&queue, 1)], "follow", oracle::body("follow", 3_000))];
    assert!(is_full(consumer.settle(1, follow).await));
    consumer.settle(published, Vec::new()).await.unwrap();
    assert!(disk.contents().len() < segments);
    disk.fill(false);
    publish(published).await.unwrap();
    assert_eq!(consumer.receive(9).await.unwrap()[0].sequence, published as u64 + 1);
}

#[tokio::test]
async fn after_a_failed_write_or_sync_nothing_is_taken_and_the_next_one_succeeds() {
    for (writes, syncs) in [(1, 0), (0, 1), (3, 0), (0, 3), (1, 1)] {
        let disk = Disk::new(9);
        let broker = Embedded::open_on(Arc::new(disk.clone()), SETTINGS).unwrap();
        let queue = topology::ingest();
        broker.declare(&queue).await.unwrap();
        disk.fail_writes(writes);
        disk.fail_syncs(syncs);
        let mut failures = 0;
        while broker.publish(vec![message(&[(&queue, 0)], "1", "x")]).await.is_err() {
            failures += 1;
            assert_eq!(broker.depth(&queue).await.unwrap(), 0);
        }
        assert!((1..=3).contains(&failures), "{failures}");
        disk.lose_power();
        drop(broker);
        let broker = Embedded::open_on(Arc::new(disk), SETTINGS).unwrap();
        assert_eq!(ids(&broker.peek(&queue, Lane(0), 9).await.unwrap()), ["1"]);
    }
}
