//! The model does what its documentation says.

use std::sync::Arc;
use std::time::Duration;

use musubi::broker::BrokerError;
use musubi::broker::rabbitmq::Link;
use musubi::broker::rabbitmq::amqp::{Amqp, Incoming, Outgoing, Subscription};
use tokio::time::{sleep, timeout};

use super::{Line, Server, Weather};

const QUEUE: &str = "musubi.ingest.00";
const NEVER: Duration = Duration::from_secs(3_600);

fn batch(bodies: std::ops::RangeInclusive<u32>) -> Vec<Outgoing> {
    bodies.map(|n| Outgoing { queue: QUEUE.into(), header: None, body: n.to_string().into() }).collect()
}

async fn clients(weather: Weather) -> (Server, Arc<dyn Amqp>, Arc<dyn Amqp>) {
    let server = Server::new(7, weather);
    let (a, b) = (server.client("a"), server.client("b"));
    a.declare(QUEUE).await.unwrap();
    (server, a, b)
}

async fn take(consumer: &mut dyn Subscription, count: usize) -> Vec<Incoming> {
    let mut taken = Vec::new();
    while taken.len() < count {
        taken.push(timeout(NEVER, consumer.next()).await.expect("nothing comes").unwrap());
    }
    taken
}

fn bodies(taken: &[Incoming]) -> String {
    let word = |message: &Incoming| {
        let mark = if message.redelivered { "r" } else { "" };
        format!("{}{mark}", std::str::from_utf8(&message.body).unwrap())
    };
    taken.iter().map(word).collect::<Vec<_>>().join(" ")
}

fn content(server: &Server) -> String {
    let content = server.content(QUEUE).unwrap();
    content.iter().map(|stored| std::str::from_utf8(&stored.body).unwrap()).collect::<Vec<_>>().join(" ")
}

#[tokio::test(start_paused = true)]
async fn one_consumer_at_a_time_and_what_it_left_comes_again_in_order() {
    let (server, a, b) = clients(Weather::CALM).await;
    a.publish(batch(1..=6)).await.unwrap();
    let mut first = a.consume(QUEUE, 4).await.unwrap();
    let mut second = b.consume(QUEUE, 4).await.unwrap();
    assert_eq!(bodies(&take(&mut *first, 4).await), "1 2 3 4");
    assert!(timeout(NEVER, first.next()).await.is_err() && timeout(NEVER, second.next()).await.is_err());
    first.acknowledge(1, true).await.unwrap();
    assert_eq!(bodies(&take(&mut *first, 1).await), "5");
    assert_eq!(server.consumers(QUEUE), ["a", "b"]);
    first.close().await;
    assert_eq!(bodies(&take(&mut *second, 4).await), "2r 3r 4r 5r");
    second.acknowledge(4, true).await.unwrap();
    assert_eq!(bodies(&take(&mut *second, 1).await), "6");
    assert_eq!(content(&server), "6");
}

/// Of the model and of a real server.
async fn what_is_given_back_goes_behind_what_was_given_back_before(a: Arc<dyn Amqp>, b: Arc<dyn Amqp>) {
    a.publish(batch(1..=6)).await.unwrap();
    let mut first = a.consume(QUEUE, 4).await.unwrap();
    take(&mut *first, 4).await;
    first.close().await;
    let mut second = b.consume(QUEUE, 2).await.unwrap();
    take(&mut *second, 2).await;
    second.close().await;
    let mut third = b.consume(QUEUE, 9).await.unwrap();
    assert_eq!(bodies(&take(&mut *third, 6).await), "3r 4r 1r 2r 5 6");
}

#[tokio::test(start_paused = true)]
async fn what_is_given_back_goes_behind_in_the_model() {
    let (_, a, b) = clients(Weather::CALM).await;
    what_is_given_back_goes_behind_what_was_given_back_before(a, b).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_given_back_goes_behind_in_rabbitmq() {
    let settings = crate::support::rabbitmq::node().await.settings().await;
    let link = Arc::new(Link::new(settings, "test"));
    link.declare(QUEUE).await.unwrap();
    what_is_given_back_goes_behind_what_was_given_back_before(link.clone(), link).await;
}

#[tokio::test(start_paused = true)]
async fn a_zombie_reads_on_and_its_acknowledgements_go_nowhere() {
    let (server, a, b) = clients(Weather::CALM).await;
    a.publish(batch(1..=3)).await.unwrap();
    let mut zombie = a.consume(QUEUE, 4).await.unwrap();
    let mut heir = b.consume(QUEUE, 4).await.unwrap();
    server.cut("a", Line::Consuming, (Duration::from_secs(5), Duration::ZERO), Duration::ZERO);
    assert_eq!(bodies(&take(&mut *heir, 3).await), "1r 2r 3r");
    assert_eq!(bodies(&take(&mut *zombie, 1).await), "1");
    zombie.acknowledge(1, false).await.unwrap();
    a.publish(batch(4..=4)).await.unwrap();
    assert_eq!(content(&server), "1 2 3 4");
    sleep(Duration::from_secs(6)).await;
    assert!(matches!(zombie.next().await, Err(BrokerError::Away { .. })));
    assert!(matches!(zombie.acknowledge(2, false).await, Err(BrokerError::Away { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_suspect_is_told_nothing_and_can_become_active_again() {
    let (server, a, b) = clients(Weather::CALM).await;
    a.publish(batch(1..=2)).await.unwrap();
    let mut suspect = a.consume(QUEUE, 4).await.unwrap();
    let mut heir = b.consume(QUEUE, 4).await.unwrap();
    server.suspect(QUEUE);
    take(&mut *heir, 2).await;
    heir.acknowledge(2, true).await.unwrap();
    a.publish(batch(3..=3)).await.unwrap();
    heir.close().await;
    assert_eq!(bodies(&take(&mut *suspect, 3).await), "1 2 3r");
    suspect.acknowledge(2, true).await.unwrap();
    assert_eq!(content(&server), "3");
}

#[tokio::test(start_paused = true)]
async fn a_lost_connection_leaves_a_part_or_all_of_a_batch_and_may_bring_it_late() {
    let (mut parts, mut late) = (0, 0);
    for seed in 0..200 {
        let server = Server::new(seed, Weather { slow: 2, losses: 0, refusals: 0 });
        let a = server.client("a");
        a.declare(QUEUE).await.unwrap();
        let ends =
            if seed % 2 == 0 { (NEVER, Duration::ZERO) } else { (Duration::ZERO, Duration::from_secs(1)) };
        let (lost, ()) = tokio::join!(a.publish(batch(1..=4)), async {
            sleep(Duration::from_millis(1)).await;
            server.cut("a", Line::Publishing, ends, Duration::ZERO);
        });
        let at_once = content(&server);
        sleep(Duration::from_secs(2)).await;
        let then = content(&server);
        assert!("1 2 3 4".starts_with(&then), "{then}");
        assert!(lost.is_err() || then == "1 2 3 4");
        parts += usize::from(lost.is_err() && !then.is_empty());
        late += usize::from(lost.is_err() && at_once != then);
    }
    assert!(parts > 10 && late > 10, "{parts} {late}");
}

#[tokio::test(start_paused = true)]
async fn the_server_restarts_and_keeps_what_is_in_its_queues() {
    let (server, a, _) = clients(Weather::CALM).await;
    a.publish(batch(1..=2)).await.unwrap();
    let mut consumer = a.consume(QUEUE, 1).await.unwrap();
    take(&mut *consumer, 1).await;
    server.restart(Duration::from_secs(9));
    assert!(matches!(consumer.next().await, Err(BrokerError::Away { .. })));
    let mut consumer = a.consume(QUEUE, 9).await.unwrap();
    assert_eq!(bodies(&take(&mut *consumer, 2).await), "1r 2");
}

#[tokio::test(start_paused = true)]
async fn queues_are_deleted_consumers_cancelled_and_publishing_blocked() {
    let (server, a, b) = clients(Weather::CALM).await;
    let mut consumer = a.consume(QUEUE, 1).await.unwrap();
    assert!(server.delete_if_empty(QUEUE));
    assert!(matches!(consumer.next().await, Err(BrokerError::Away { .. })));
    assert!(matches!(b.publish(batch(1..=1)).await, Err(BrokerError::Refused { .. })));
    assert!(matches!(b.count(QUEUE).await, Err(BrokerError::Refused { .. })));
    b.declare(QUEUE).await.unwrap();
    server.block(Duration::from_secs(60));
    assert!(timeout(Duration::from_secs(59), b.publish(batch(1..=1))).await.is_err());
    sleep(Duration::from_secs(2)).await;
    assert_eq!(content(&server), "1");
    assert_eq!(bodies(&b.peek(QUEUE, 2).await.unwrap()), "1");
    assert!(!server.delete_if_empty(QUEUE));
}
