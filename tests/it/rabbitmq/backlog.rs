//! A subscriber that reads slowly, with much waiting for it: nobody else waits, and nothing is lost.
//!
//! `MUSUBI_TORTURE_BACKLOG` messages (default 5,000; `scripts/torture` takes 100,000).

use std::time::Duration;

use musubi::broker::rabbitmq::{Options, RabbitMq};
use musubi::broker::{Broker, Consumer, Delivery, Publication, topology};
use musubi::envelope::Lane;

use super::*;
use crate::broker_contract::message;
use crate::support::rabbitmq::node;

const LANES: u16 = 4;

async fn copy(consumer: &mut dyn Consumer, subscriber: &str, lane: Lane) -> usize {
    let batch = consumer.receive(64).await.unwrap();
    let to = vec![(topology::subscriber(subscriber), lane)];
    let copies = batch.iter().map(|Delivery { envelope, body, .. }| Publication {
        to: to.clone(),
        envelope: envelope.clone(),
        body: body.clone(),
    });
    consumer.settle(batch.len(), copies.collect()).await.unwrap();
    batch.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_subscriber_holds_nobody_up_and_gets_all_of_it() {
    let backlog = std::env::var("MUSUBI_TORTURE_BACKLOG").map_or(5_000, |count| count.parse().unwrap());
    let settings = node().await.settings().await;
    let options = Options { lanes: LANES, prefetch: settings.prefetch, history: "same".into() };
    let rabbitmq = |role| {
        let link = Arc::new(Link::new(settings.clone(), role));
        Arc::new(RabbitMq::new(link, None, options.clone()))
    };
    let (adapter, router, service) = (rabbitmq("adapter"), rabbitmq("router"), rabbitmq("service"));
    adapter.declare(&topology::ingest()).await.unwrap();
    let (slow, quick) = (topology::subscriber("slow"), topology::subscriber("quick"));
    service.declare(&slow).await.unwrap();
    service.declare(&quick).await.unwrap();
    let lane = Lane(1);
    let mut ingest = router.consume(&topology::ingest(), lane).await.unwrap();
    let mut waiting = 0;
    while waiting < backlog {
        let batch =
            (0..500).map(|n| message(&[(&topology::ingest(), lane.0)], &format!("{}", waiting + n), "x"));
        adapter.publish(batch.collect()).await.unwrap();
        waiting += 500;
        let mut routed = 0;
        while routed < 500 {
            routed += copy(ingest.as_mut(), "slow", lane).await;
        }
    }
    // Another subscriber of the same lane has its copy while all that waits.
    adapter.publish(vec![message(&[(&topology::ingest(), lane.0)], "quick", "x")]).await.unwrap();
    copy(ingest.as_mut(), "quick", lane).await;
    let mut consumer = service.consume(&quick, lane).await.unwrap();
    let came = tokio::time::timeout(Duration::from_secs(10), consumer.receive(1)).await.unwrap().unwrap();
    assert_eq!(came[0].envelope.id, "quick");
    let mut consumer = service.consume(&slow, lane).await.unwrap();
    let mut next = 1;
    while next <= waiting {
        let batch = consumer.receive(100).await.unwrap();
        for delivery in &batch {
            assert_eq!((delivery.sequence, &delivery.envelope.id), (next, &format!("{}", next - 1)));
            next += 1;
        }
        consumer.settle(batch.len(), Vec::new()).await.unwrap();
    }
}
