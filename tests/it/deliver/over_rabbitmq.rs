//! Over RabbitMQ, a model and a real node: two processes deliver to the same subscriber, one at a time.

use std::collections::HashSet;

use musubi::broker::rabbitmq::amqp::Amqp;
use musubi::broker::rabbitmq::{Link, Options, RabbitMq};

use super::*;
use crate::broker_contract::rabbitmq::Process;
use crate::support::amqp_model::{Server, Weather};
use crate::support::http_server::Reply;
use crate::support::rabbitmq::node;

/// Connects a process to the server.
type Connect = Box<dyn Fn(&str) -> Arc<dyn Amqp>>;

fn model(server: &Server) -> Connect {
    let server = server.clone();
    Box::new(move |client| server.client(client))
}

/// A virtual host of a real node.
async fn real() -> Connect {
    let settings = node().await.settings().await;
    Box::new(move |client| Arc::new(Link::new(settings.clone(), client)))
}

struct Region {
    connect: Connect,
    publisher: Arc<dyn Broker>,
    bench: Bench,
    subscriber: HttpServer,
}

impl Region {
    /// Two patients are refused.
    async fn new(connect: Connect) -> Self {
        let publisher = Process::start(connect("publisher"), Arc::new(MemoryBroker::default()), LANES);
        publisher.declare(&topology::subscriber(NAME)).await.unwrap();
        let bench =
            Bench { pace: Pace { held_max: Duration::from_millis(400), ..PACE }, ..Bench::new().await };
        let subscriber = HttpServer::start(|request| match request.subject() {
            "3" | "4" => Reply::Status(422),
            _ => Reply::Status(200),
        })
        .await;
        Self { connect, publisher, bench, subscriber }
    }

    async fn publish(&mut self, copies: usize) {
        for _ in 0..copies {
            self.bench.published += 1;
            let (number, patient) = (self.bench.published, (self.bench.published % 8).to_string());
            let publication = Publication {
                to: vec![(topology::subscriber(NAME), Lane::of(FACILITY, &patient, LANES))],
                envelope: envelope(&format!("{number:032x}"), &patient),
                body: Bytes::from_static(b"{}"),
            };
            self.publisher.publish(vec![publication]).await.unwrap();
        }
    }

    fn start(&mut self, client: &str) -> Working {
        let options = Options { lanes: LANES, prefetch: 20, history: "same".into() };
        self.bench.over = Some(Arc::new(RabbitMq::new((self.connect)(client), None, options)));
        let working = self.bench.start(http(&self.subscriber));
        self.bench.over = None;
        working
    }

    /// How many different copies the subscriber has.
    fn distinct(&self) -> usize {
        let taken = self.subscriber.taken();
        in_order(&taken);
        taken.iter().map(|request| request.headers["idempotency-key"].clone()).collect::<HashSet<_>>().len()
    }
}

fn parked(working: &Working) -> u64 {
    working.counts.parked.load(Ordering::Relaxed)
}

#[tokio::test]
async fn the_next_process_takes_over_what_is_parked() {
    let server = Server::new(1, Weather::CALM);
    let killed = || server.kill("first", Duration::from_millis(100));
    take_over(Region::new(model(&server)).await, killed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_process_takes_over_what_is_parked_on_a_real_node() {
    take_over(Region::new(real().await).await, || ()).await;
}

async fn take_over(mut region: Region, killed: impl Fn()) {
    region.publish(80).await;
    let first = region.start("first");
    until("the others", || first.delivered() == 60).await;
    until("parked", || parked(&first) == 20).await;
    let second = region.start("second");
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!((second.delivered(), parked(&second)), (0, 0), "it stands by");
    first.kill().await;
    killed();
    region.publish(40).await;
    until("taken over", || parked(&second) == 30).await;
    region.subscriber.answer(|_| Reply::Status(200));
    until("everything", || region.distinct() == 120).await;
    until("released", || parked(&second) == 0).await;
    second.stop().await;
}

#[tokio::test]
async fn two_processes_find_together_after_the_server_was_away() {
    for _ in 0..3 {
        let server = Server::new(1, Weather::CALM);
        let mut region = Region::new(model(&server)).await;
        region.publish(40).await;
        let (first, second) = (region.start("first"), region.start("second"));
        until("the others", || region.distinct() == 30).await;
        server.restart(Duration::from_millis(200));
        region.publish(40).await;
        until("the others", || region.distinct() == 60).await;
        until("parked", || parked(&first).max(parked(&second)) >= 20).await;
        server.restart(Duration::from_millis(100));
        region.subscriber.answer(|_| Reply::Status(200));
        until("everything", || region.distinct() == 80).await;
        first.stop().await;
        second.stop().await;
    }
}
