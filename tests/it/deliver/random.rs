//! Subscribers, brokers and kills at random: whatever happens, every copy arrives, and each patient's in order.

use std::sync::Mutex;

use async_trait::async_trait;
use musubi::broker::{BrokerError, Consumer, QueueName};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::task::JoinSet;

use super::*;
use crate::support::http_server::Reply;

/// A broker whose connection is lost now and then, in the middle of a step too, as that to RabbitMQ can be.
#[derive(Clone)]
struct Flaky {
    broker: MemoryBroker,
    dice: Arc<Mutex<StdRng>>,
    /// Chance that a step fails.
    chance: Arc<Mutex<f64>>,
}

struct FlakyConsumer {
    consumer: Box<dyn Consumer>,
    flaky: Flaky,
}

fn away() -> BrokerError {
    BrokerError::Away { what: "dice".to_owned() }
}

impl Flaky {
    fn fails(&self) -> bool {
        let chance = *self.chance.lock().unwrap();
        self.dice.lock().unwrap().random_bool(chance)
    }
}

#[async_trait]
impl Broker for Flaky {
    async fn declare(&self, queue: &QueueName) -> Result<(), BrokerError> {
        self.broker.declare(queue).await
    }

    async fn publish(&self, batch: Vec<Publication>) -> Result<(), BrokerError> {
        if self.fails() {
            return Err(away());
        }
        self.broker.publish(batch).await?;
        if self.fails() { Err(away()) } else { Ok(()) }
    }

    async fn consume(&self, queue: &QueueName, lane: Lane) -> Result<Box<dyn Consumer>, BrokerError> {
        let consumer = self.broker.consume(queue, lane).await?;
        Ok(Box::new(FlakyConsumer { consumer, flaky: self.clone() }))
    }

    async fn depth(&self, queue: &QueueName) -> Result<u64, BrokerError> {
        self.broker.depth(queue).await
    }

    async fn peek(&self, queue: &QueueName, lane: Lane, most: usize) -> Result<Vec<Delivery>, BrokerError> {
        self.broker.peek(queue, lane, most).await
    }
}

#[async_trait]
impl Consumer for FlakyConsumer {
    async fn receive(&mut self, most: usize) -> Result<Vec<Delivery>, BrokerError> {
        if self.flaky.fails() {
            return Err(away());
        }
        self.consumer.receive(most).await
    }

    /// Nothing happens, or only what follows is published, or everything is done and nobody hears of it.
    async fn settle(&mut self, count: usize, follow: Vec<Publication>) -> Result<(), BrokerError> {
        if self.flaky.fails() {
            return Err(away());
        }
        if self.flaky.fails() {
            self.flaky.broker.publish(follow).await?;
            return Err(away());
        }
        self.consumer.settle(count, follow).await?;
        if self.flaky.fails() { Err(away()) } else { Ok(()) }
    }
}

fn reply(dice: &mut StdRng, request: &Request) -> Reply {
    // One patient is much worse off than the others.
    let poor = request.subject() == "3";
    match dice.random_range(0..100) {
        0..4 => Reply::Hang,
        4..8 => Reply::Close,
        8..14 => Reply::Status(503),
        14..18 => Reply::Status(422),
        18..70 if poor => Reply::Status(422),
        70..80 if poor => Reply::Hang,
        _ => Reply::Status(200),
    }
}

async fn run(seed: u64) {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut bench = Bench::new().await;
    let flaky = Flaky {
        broker: bench.broker.clone(),
        dice: Arc::new(Mutex::new(StdRng::seed_from_u64(dice.random()))),
        chance: Arc::new(Mutex::new(0.02)),
    };
    bench.over = Some(Arc::new(flaky.clone()));
    let mut answers = StdRng::seed_from_u64(dice.random());
    let server = HttpServer::start(move |request| reply(&mut answers, request)).await;
    for _ in 0..dice.random_range(2..6) {
        let working = bench.start(http_within(&server, Duration::from_millis(200)));
        for _ in 0..dice.random_range(5..40) {
            bench.publish(&dice.random_range(0..8).to_string()).await;
            if dice.random_bool(0.2) {
                tokio::time::sleep(Duration::from_millis(dice.random_range(0..40))).await;
            }
        }
        tokio::time::sleep(Duration::from_millis(dice.random_range(0..500))).await;
        if dice.random_bool(0.5) {
            working.kill().await;
        } else {
            working.stop().await;
        }
    }
    *flaky.chance.lock().unwrap() = 0.0;
    server.answer(|_| Reply::Status(200));
    let working = bench.start(http(&server));
    let left = || bench.waiting().len() + bench.parked().len();
    until(&format!("seed {seed}: everything is taken"), || left() == 0).await;
    let counts = working.stop().await;
    assert_eq!(counts.parked.load(Ordering::Relaxed), 0, "seed {seed}");
    assert!(bench.dead().is_empty(), "seed {seed}");
    let taken = server.taken();
    let distinct: std::collections::HashSet<_> =
        taken.iter().map(|request| request.headers["idempotency-key"].clone()).collect();
    assert_eq!(distinct.len(), bench.published, "seed {seed}: of {} requests", taken.len());
    println!("seed {seed}: {} copies, {} repeats", bench.published, in_order(&taken));
}

#[tokio::test]
async fn whatever_happens_every_copy_arrives_and_each_patient_in_order() {
    let seeds: Vec<u64> = match std::env::var("MUSUBI_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (0..24).map(|_| rand::random()).collect(),
    };
    println!("seeds {seeds:?}");
    let mut runs = JoinSet::new();
    for seed in seeds {
        runs.spawn(async move {
            run(seed).await;
        });
    }
    while let Some(ended) = runs.join_next().await {
        ended.unwrap();
    }
}

#[tokio::test]
async fn losing_the_broker_alone_repeats_nothing() {
    let seed = std::env::var("MUSUBI_SEED").map_or_else(|_| rand::random(), |seed| seed.parse().unwrap());
    println!("seed {seed}");
    let mut bench = Bench::new().await;
    let flaky = Flaky {
        broker: bench.broker.clone(),
        dice: Arc::new(Mutex::new(StdRng::seed_from_u64(seed))),
        chance: Arc::new(Mutex::new(0.1)),
    };
    bench.over = Some(Arc::new(flaky.clone()));
    let mut dice = StdRng::seed_from_u64(seed);
    let server =
        HttpServer::start(
            move |_| {
                if dice.random_bool(0.1) { Reply::Status(422) } else { Reply::Status(200) }
            },
        )
        .await;
    let working = bench.start(http(&server));
    for number in 0..200 {
        bench.publish(&(number % 10).to_string()).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    *flaky.chance.lock().unwrap() = 0.0;
    until(&format!("seed {seed}: everything is taken"), || bench.waiting().len() + bench.parked().len() == 0)
        .await;
    let counts = working.stop().await;
    let taken = server.taken();
    assert_eq!((taken.len(), in_order(&taken)), (200, 0), "seed {seed}");
    assert_eq!(counts.delivered.load(Ordering::Relaxed), 200, "seed {seed}");
}
