//! A hub that crashes between any two steps, and senders that send again what was not answered.

use std::time::Duration;

use tokio::time::timeout;

use super::{Client, Hub, Running, Seeded, message, moded};

/// As when the process is killed: what was not flushed is lost, but for some of it.
async fn crash(hub: &Hub, running: Running, keep: usize) {
    running.kill().await;
    hub.fuse.set(None);
    hub.kv.crash(|ways| keep % ways);
}

#[tokio::test]
async fn a_crash_between_any_two_steps_takes_a_message_once() {
    for modes in ["|", "AL|AL"] {
        for steps in 0..16 {
            let answers = if modes == "|" { 1 } else { 2 };
            let hub = Hub::new();
            let running = hub.start().await;
            let mut client = running.client().await;
            assert!(client.exchange(moded(0, "P1", modes)).await.ends_with("A:0"));
            assert_eq!(client.answers(answers - 1).await.len(), answers - 1);
            // With the next message what is in the ledger is flushed.
            hub.clock.advance(Duration::from_secs(2));
            hub.fuse.set(Some(steps));
            client.send(moded(1, "P1", modes)).await;
            let answered = timeout(Duration::from_millis(30), client.next()).await.is_ok();
            assert!(hub.ingest().len() == 2 || !answered);
            crash(&hub, running, 0).await;
            let running = hub.start().await;
            let mut client = running.client().await;
            for control_id in [0, 1] {
                client.send(moded(control_id, "P1", modes)).await;
                let answered = client.answers(answers).await;
                assert!(answered.iter().all(|answer| answer.ends_with(&format!("A:{control_id}"))));
            }
            assert_eq!(hub.control_ids(), ["0", "1"], "{steps} steps");
            running.stop().await;
            assert_eq!(hub.ingest().len(), 2);
        }
    }
}

/// A sender that keeps up to `window` messages under way and sends all of them again when one is not answered.
struct Sender {
    name: char,
    patient: String,
    window: u64,
    /// The oldest message without an answer.
    next: u64,
    connection: Option<(Client, u64)>,
}

impl Sender {
    /// Sends and waits for one answer; whether it came.
    async fn turn(&mut self, running: &Running, random: &mut Seeded) -> bool {
        let (mut client, mut sent) = match self.connection.take() {
            Some(connection) => connection,
            None => (running.client().await, self.next),
        };
        while sent < self.next + self.window {
            let bytes = hl7v2::mllp::frame(message(self.control_id(sent), &self.patient).as_bytes());
            let cut = usize::try_from(random.below(bytes.len() as u64 + 1)).unwrap();
            let (head, tail) = bytes.split_at(cut);
            for piece in [head, tail] {
                // A hub that has closed is found out by the missing answer.
                let _written = tokio::io::AsyncWriteExt::write_all(&mut client.stream, piece).await.is_ok();
            }
            sent += 1;
        }
        let Ok(Some(bytes)) = timeout(Duration::from_millis(40), client.next()).await else { return false };
        let answer = hl7v2::ack::read(&bytes).unwrap();
        assert_eq!((answer.code.as_str(), answer.control_id), ("AA", self.control_id(self.next)));
        self.next += 1;
        self.connection = Some((client, sent));
        true
    }

    fn control_id(&self, serial: u64) -> String {
        format!("{}{serial:04}", self.name)
    }
}

async fn simulate(seed: u64) {
    let mut random = Seeded(seed);
    let hub = Hub::new();
    let mut senders: Vec<_> = ['a', 'b', 'c']
        .into_iter()
        .map(|name| Sender {
            name,
            patient: format!("P{}", random.below(3)),
            window: 1 + random.below(4),
            next: 0,
            connection: None,
        })
        .collect();
    let mut running = hub.start().await;
    for _round in 0..60 {
        if random.below(4) == 0 {
            hub.fuse.set(Some(random.below(20)));
        }
        let mut well = true;
        for _turn in 0..=random.below(4) {
            let sender = usize::try_from(random.below(3)).unwrap();
            hub.clock.advance(Duration::from_millis(random.below(1_200)));
            well &= senders[sender].turn(&running, &mut random).await;
        }
        if !well && random.below(3) == 0 {
            // What failed works again before anybody was killed.
            hub.fuse.set(None);
        } else if !well || random.below(10) == 0 {
            let keep = usize::try_from(random.below(100)).unwrap();
            crash(&hub, running, keep).await;
            for sender in &mut senders {
                sender.connection = None;
            }
            // It may crash again while it starts.
            hub.fuse.set((random.below(3) == 0).then(|| random.below(8)));
            let started = hub.try_start().await;
            running = match started {
                Ok(started) => started,
                Err(_) => {
                    hub.fuse.set(None);
                    hub.kv.crash(|ways| keep % ways);
                    hub.start().await
                }
            };
        }
    }
    hub.fuse.set(None);
    verify(seed, &hub, &senders);
    running.stop().await;
}

/// What was answered is there, once, in its order; what lies behind it was sent and not answered yet.
fn verify(seed: u64, hub: &Hub, senders: &[Sender]) {
    let all = hub.control_ids();
    for sender in senders {
        let of: Vec<_> = all.iter().filter(|id| id.starts_with(sender.name)).cloned().collect();
        let expected: Vec<_> = (0..of.len() as u64).map(|serial| sender.control_id(serial)).collect();
        assert_eq!(of, expected, "seed {seed}: sender {}", sender.name);
        let length = of.len() as u64;
        let ends = sender.next..=sender.next + sender.window;
        assert!(ends.contains(&length), "seed {seed}: {length} of sender {} in {ends:?}", sender.name);
    }
}

#[tokio::test]
async fn simulation_of_senders_that_send_again() {
    let seeds = match std::env::var("MUSUBI_SEED") {
        Ok(seed) => seed.parse().map(|seed: u64| seed..seed + 1).unwrap(),
        Err(_) => 0..25,
    };
    for seed in seeds {
        simulate(seed).await;
    }
}
