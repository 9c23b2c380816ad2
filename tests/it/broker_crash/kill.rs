//! On a real folder: kill -9 of a real process that publishes, and moves messages from one queue to the next; and
//! files that someone cut or removed.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use musubi::broker::embedded::{Embedded, Settings};
use musubi::broker::{Broker, BrokerError, Delivery, QueueName, topology};
use musubi::envelope::Lane;
use tokio::task::JoinSet;

use super::disk::Dice;
use crate::broker_contract::{ids, message};

const SETTINGS: Settings = Settings { segment_bytes: 256 << 10 };
const LANES: u64 = 4;
const BATCH: u64 = 8;
const FOLDER: &str = "MUSUBI_CRASH_CHILD";
const FIRST: &str = "MUSUBI_CRASH_CHILD_FIRST";

fn queues() -> (QueueName, QueueName) {
    (topology::ingest(), topology::subscriber("surveillance"))
}

/// A line that the parent reads: written at once, whatever the test harness does with standard output.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{line}").and_then(|()| out.flush()).unwrap();
}

async fn publish_for_ever(broker: Embedded, first: u64) {
    let (input, _) = queues();
    let body = vec![b'x'; 500];
    for batch in (first..).step_by(BATCH as usize) {
        let named = |n: u64| message(&[(&input, (n % LANES) as u16)], &n.to_string(), body.clone());
        broker.publish((batch..batch + BATCH).map(named).collect()).await.unwrap();
        say(&format!("published {}", batch + BATCH - 1));
    }
}

async fn move_for_ever(broker: Embedded, lane: u16) {
    let (input, output) = queues();
    let mut consumer = broker.consume(&input, Lane(lane)).await.unwrap();
    loop {
        let taken = consumer.receive(16).await.unwrap();
        let follow = taken.iter().map(|d| message(&[(&output, lane)], &d.envelope.id, d.body.clone()));
        consumer.settle(taken.len(), follow.collect()).await.unwrap();
        say(&format!("moved {lane} {}", taken.last().unwrap().envelope.id));
    }
}

/// The process that is killed: this test binary, told by its environment to be it. Alone it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let first = std::env::var(FIRST).unwrap().parse().unwrap();
    let broker = Embedded::open(Path::new(&folder), SETTINGS).unwrap();
    let mut tasks = JoinSet::new();
    tasks.spawn(publish_for_ever(broker.clone(), first));
    for lane in 0..LANES as u16 {
        tasks.spawn(move_for_ever(broker.clone(), lane));
    }
    tasks.join_all().await;
}

/// What the child said before it was killed: the last number published, and the last moved of each lane.
#[derive(Debug, Default)]
struct Said {
    published: Option<u64>,
    moved: HashMap<u16, u64>,
}

fn run_and_kill(folder: &Path, first: u64, patience: Duration) -> Said {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "broker_crash::kill::child", "--nocapture"])
        .env(FOLDER, folder)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let reader = std::thread::spawn(move || {
        let mut said = Said::default();
        for line in out.lines().map_while(Result::ok) {
            let words: Vec<_> = line.split(' ').collect();
            match words[..] {
                ["published", last] => said.published = last.parse().ok(),
                ["moved", lane, last] => {
                    said.moved.insert(lane.parse().unwrap(), last.parse().unwrap());
                }
                _ => {}
            }
        }
        said
    });
    std::thread::sleep(patience);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

fn numbers(found: &[Delivery]) -> Vec<u64> {
    ids(found).into_iter().map(|id| id.parse().unwrap()).collect()
}

/// Looks at the broker after a kill, empties the output, and gives the first number that was never published.
async fn check(folder: &Path, first: u64, said: &Said, taken: &mut [u64]) -> u64 {
    let (input, output) = queues();
    let broker = Embedded::open(folder, SETTINGS).unwrap();
    let mut next = first;
    for lane in 0..LANES as u16 {
        let out = broker.peek(&output, Lane(lane), usize::MAX).await.unwrap();
        let waiting = broker.peek(&input, Lane(lane), usize::MAX).await.unwrap();
        let all = [numbers(&out), numbers(&waiting)].concat();
        // Each message is in just one of the queues, in order, and none is missing.
        let from = taken[usize::from(lane)];
        let end = from + all.len() as u64 * LANES;
        assert_eq!(all, (from..end).step_by(LANES as usize).collect::<Vec<_>>());
        next = next.max(end - u64::from(lane));
        let moved = said.moved.get(&lane).copied().unwrap_or_default();
        assert!(out.last().map_or(from, |last| last.envelope.id.parse().unwrap()) >= moved);
        if !out.is_empty() {
            let mut consumer = broker.consume(&output, Lane(lane)).await.unwrap();
            let mut left = out.len();
            while left > 0 {
                let count = consumer.receive(1_000).await.unwrap().len();
                consumer.settle(count, Vec::new()).await.unwrap();
                left -= count;
            }
            taken[usize::from(lane)] = from + out.len() as u64 * LANES;
        }
    }
    assert!(said.published.is_none_or(|last| next > last), "{said:?}, but {next} is the next");
    assert_eq!(next % BATCH, 0, "a batch was taken in part");
    next
}

#[tokio::test]
async fn nothing_confirmed_is_lost_when_the_process_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Embedded::open(folder.path(), SETTINGS).unwrap();
    let (input, output) = queues();
    broker.declare(&input).await.unwrap();
    broker.declare(&output).await.unwrap();
    let second = Embedded::open(folder.path(), SETTINGS);
    assert!(matches!(second, Err(BrokerError::Store { .. })), "two processes must not share a folder");
    drop(broker);
    let (mut dice, mut next) = (Dice(u64::from(std::process::id())), 0);
    let mut taken: Vec<u64> = (0..LANES).collect();
    for _ in 0..20 {
        let patience = Duration::from_millis(30 + dice.below(170));
        let said = run_and_kill(folder.path(), next, patience);
        next = check(folder.path(), next, &said, &mut taken).await;
    }
    assert!(next > 200, "only {next} messages were published");
}

/// An opening after `harm` was done to the segment of a broker that was closed in order, with 40 messages in it.
async fn opened_after(harm: impl FnOnce(&Path)) -> Result<u64, BrokerError> {
    let folder = tempfile::tempdir().unwrap();
    let broker = Embedded::open(folder.path(), SETTINGS).unwrap();
    let (input, _) = queues();
    broker.declare(&input).await.unwrap();
    for n in 0..40 {
        broker.publish(vec![message(&[(&input, 0)], &n.to_string(), "x")]).await.unwrap();
    }
    broker.close();
    harm(&folder.path().join("journal/0000000001.seg"));
    Embedded::open(folder.path(), SETTINGS)?.depth(&input).await
}

#[tokio::test]
async fn files_that_were_cut_or_removed_after_closing_are_missed() {
    assert_eq!(opened_after(|_| {}).await.unwrap(), 40);
    let cut = |bytes| {
        move |segment: &Path| File::options().write(true).open(segment).unwrap().set_len(bytes).unwrap()
    };
    let refused = [
        opened_after(cut(0)).await,
        opened_after(cut(40_000)).await,
        opened_after(|segment| fs::remove_file(segment).unwrap()).await,
        opened_after(|segment| fs::remove_dir_all(segment.parent().unwrap()).unwrap()).await,
    ];
    for opened in refused {
        let Err(BrokerError::Damaged { file, what, .. }) = opened else { panic!("{opened:?}") };
        assert!(file.ends_with("journal/0000000001.seg"), "{file}");
        assert_eq!(what, "group 42 was durable and is gone");
    }
}
