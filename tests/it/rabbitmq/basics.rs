//! Publish, confirm, return, order, hand-over.

use lapin::options::{BasicGetOptions, QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::{AMQPValue, FieldTable};
use musubi::broker::BrokerError;
use musubi::broker::rabbitmq::Link;
use musubi::broker::rabbitmq::amqp::{Amqp, Outgoing};

use super::{
    INGEST, SUBSCRIBER, batch, client, has_consumers, is_ready, link, next, number, numbers, outgoing,
    silent, soon,
};
use crate::support::rabbitmq::node;

#[tokio::test]
async fn what_is_published_comes_back_as_it_was_in_order() {
    let link = link().await;
    link.declare(SUBSCRIBER).await.unwrap();
    let sent = batch(SUBSCRIBER, 1..=200);
    link.publish(sent.clone()).await.unwrap();
    let mut subscription = link.consume(SUBSCRIBER, 50).await.unwrap();
    for sent in sent {
        let came = next(&mut *subscription).await;
        assert_eq!(came.header, sent.header);
        assert_eq!(came.body, sent.body);
        assert!(!came.redelivered);
        if number(&came).is_multiple_of(25) {
            subscription.acknowledge(came.tag, true).await.unwrap();
        }
    }
    silent(&mut *subscription).await;
    subscription.close().await;
    is_ready(&link, SUBSCRIBER, 0).await;
    has_consumers(&link, SUBSCRIBER, 0).await;
}

#[tokio::test]
async fn a_record_without_a_header_is_its_body() {
    let link = link().await;
    let queue = "musubi.progress.03";
    link.declare(queue).await.unwrap();
    link.publish(vec![Outgoing { queue: queue.into(), header: None, body: "token".into() }]).await.unwrap();
    let mut subscription = link.consume(queue, 1).await.unwrap();
    let came = next(&mut *subscription).await;
    assert_eq!((came.header, &came.body[..]), (None, &b"token"[..]));
}

#[tokio::test]
async fn a_message_for_a_queue_that_is_not_there_is_refused_and_named() {
    let link = link().await;
    link.declare(SUBSCRIBER).await.unwrap();
    let mut mixed = batch(SUBSCRIBER, 1..=3);
    mixed.push(outgoing("musubi.to.nobody", 1));
    let Err(BrokerError::Refused { what }) = link.publish(mixed).await else { panic!("it was taken") };
    assert!(what.contains("musubi.to.nobody") && what.contains("NO_ROUTE"), "{what}");
    link.declare("musubi.to.nobody").await.unwrap();
    link.publish(vec![outgoing("musubi.to.nobody", 1)]).await.unwrap();
    let missing = link.consume("musubi.to.missing", 1).await.err().unwrap();
    assert!(matches!(&missing, BrokerError::Refused { what } if what.contains("NOT_FOUND")), "{missing:?}");
    let missing = link.count("musubi.to.missing").await.unwrap_err();
    assert!(matches!(&missing, BrokerError::Refused { what } if what.contains("NOT_FOUND")), "{missing:?}");
}

#[tokio::test]
async fn what_was_open_when_a_subscription_is_dropped_comes_again_first_and_in_order() {
    let link = link().await;
    link.declare(INGEST).await.unwrap();
    link.publish(batch(INGEST, 1..=60)).await.unwrap();
    let mut first = link.consume(INGEST, 20).await.unwrap();
    // The second waits its turn from now on.
    let mut second = link.consume(INGEST, 20).await.unwrap();
    assert_eq!(numbers(&mut *first, 20).await, (1..=20).collect::<Vec<_>>());
    silent(&mut *second).await;
    assert_eq!(link.count(INGEST).await.unwrap().consumers, 1, "the waiting one is not counted");
    drop(first);
    let mut came = Vec::new();
    for _ in 1..=60 {
        let message = next(&mut *second).await;
        assert_eq!(message.redelivered, number(&message) <= 20);
        came.push(number(&message));
        if came.len() % 10 == 0 {
            second.acknowledge(message.tag, true).await.unwrap();
        }
    }
    assert_eq!(came, (1..=60).collect::<Vec<_>>());
    second.close().await;
    has_consumers(&link, INGEST, 0).await;
}

/// A process that ends with a lane in its hands: nothing runs on to close the channel politely.
#[tokio::test]
async fn the_order_holds_when_the_whole_process_of_a_consumer_ends() {
    let settings = node().await.settings().await;
    let link = Link::new(settings.clone(), "test");
    link.declare(INGEST).await.unwrap();
    link.publish(batch(INGEST, 1..=40)).await.unwrap();
    let (report, reported) = tokio::sync::oneshot::channel();
    let (finish, finished) = std::sync::mpsc::channel::<()>();
    let process = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.unwrap();
        let ending = Link::new(settings, "ending");
        let subscription = runtime.block_on(async {
            let mut subscription = ending.consume(INGEST, 20).await.unwrap();
            report.send(numbers(&mut *subscription, 20).await).unwrap();
            subscription
        });
        finished.recv().unwrap();
        runtime.shutdown_background();
        drop(subscription);
        drop(ending);
    });
    assert_eq!(reported.await.unwrap(), (1..=20).collect::<Vec<_>>());
    let mut second = link.consume(INGEST, 40).await.unwrap();
    finish.send(()).unwrap();
    assert_eq!(numbers(&mut *second, 40).await, (1..=40).collect::<Vec<_>>());
    process.join().unwrap();
}

#[tokio::test]
async fn hand_over_keeps_the_order_however_often_it_happens() {
    let link = link().await;
    link.declare(INGEST).await.unwrap();
    link.publish(batch(INGEST, 1..=400)).await.unwrap();
    let mut settled = 0;
    let mut current = link.consume(INGEST, 30).await.unwrap();
    while settled < 400 {
        let mut waiting = link.consume(INGEST, 30).await.unwrap();
        for expected in settled + 1..=(settled + 17).min(400) {
            let message = next(&mut *current).await;
            assert_eq!(number(&message), expected);
            if expected % 3 == 0 {
                current.acknowledge(message.tag, true).await.unwrap();
                settled = expected;
            } else if expected == 400 {
                current.acknowledge(message.tag, true).await.unwrap();
                settled = 400;
            }
        }
        std::mem::swap(&mut current, &mut waiting);
        drop(waiting);
    }
}

#[tokio::test]
async fn a_look_takes_nothing() {
    let link = link().await;
    let queue = "musubi.invalid";
    link.declare(queue).await.unwrap();
    link.publish(batch(queue, 1..=5)).await.unwrap();
    for most in [3, 9] {
        is_ready(&link, queue, 5).await;
        let seen: Vec<_> = link.peek(queue, most).await.unwrap().iter().map(number).collect();
        assert_eq!(seen, (1..=5).take(most).collect::<Vec<_>>());
    }
    is_ready(&link, queue, 5).await;
}

#[tokio::test]
async fn a_look_into_a_queue_with_one_active_consumer_takes_nothing() {
    let link = link().await;
    link.declare(INGEST).await.unwrap();
    link.publish(batch(INGEST, 1..=5)).await.unwrap();
    let seen: Vec<_> = link.peek(INGEST, 3).await.unwrap().iter().map(number).collect();
    assert_eq!(seen, [1, 2, 3]);
    let mut subscription = link.consume(INGEST, 10).await.unwrap();
    assert_eq!(numbers(&mut *subscription, 5).await, [1, 2, 3, 4, 5]);
    assert_eq!(link.peek(INGEST, 3).await.unwrap(), []);
}

#[tokio::test]
async fn everyone_who_registers_without_taking_turns_is_counted() {
    let link = link().await;
    let queue = "musubi.routers";
    link.declare(queue).await.unwrap();
    let (first, second) = (link.consume(queue, 1).await.unwrap(), link.consume(queue, 1).await.unwrap());
    has_consumers(&link, queue, 2).await;
    first.close().await;
    has_consumers(&link, queue, 1).await;
    drop(second);
    has_consumers(&link, queue, 0).await;
}

#[tokio::test]
async fn any_client_can_read_an_event_as_a_cloud_event() {
    let settings = node().await.settings().await;
    let link = Link::new(settings.clone(), "test");
    link.declare("musubi.dead.surveillance").await.unwrap();
    link.publish(vec![outgoing("musubi.dead.surveillance", 7)]).await.unwrap();
    let channel = client(&settings.vhost).await.create_channel().await.unwrap();
    let got = channel.basic_get("musubi.dead.surveillance".into(), BasicGetOptions::default()).await;
    let message = got.unwrap().unwrap();
    let properties = &message.properties;
    assert_eq!(properties.content_type().as_ref().unwrap().as_str(), "application/json");
    assert_eq!(properties.message_id().as_ref().unwrap().as_str(), "m7");
    assert_eq!(properties.kind().as_ref().unwrap().as_str(), "lab-result.created.v1");
    assert_eq!(*properties.delivery_mode(), Some(2));
    let headers = properties.headers().as_ref().unwrap().inner();
    let text = |name: &str| headers[name].as_long_string().unwrap().to_string();
    assert_eq!(text("cloudEvents:specversion"), "1.0");
    assert_eq!(text("cloudEvents:source"), "urn:musubi:facility:3210100018");
    assert_eq!(text("cloudEvents:dataschema"), "urn:musubi:schema:lab-result.v1");
    assert_eq!(text("cloudEvents:change"), "created");
    assert_eq!(headers["cloudEvents:sequence"], AMQPValue::LongLongInt(7));
    assert_eq!(headers["cloudEvents:lane"], AMQPValue::LongLongInt(3));
}

#[tokio::test]
async fn the_message_of_another_program_has_no_header() {
    let settings = node().await.settings().await;
    let link = Link::new(settings.clone(), "test");
    link.declare(SUBSCRIBER).await.unwrap();
    let channel = client(&settings.vhost).await.create_channel().await.unwrap();
    let mut headers = FieldTable::default();
    headers.insert("musubi-envelope".into(), AMQPValue::LongString("{}".into()));
    let properties = lapin::BasicProperties::default().with_headers(headers);
    let options = lapin::options::BasicPublishOptions::default();
    channel.basic_publish("".into(), SUBSCRIBER.into(), options, b"hello", properties).await.unwrap();
    let mut subscription = link.consume(SUBSCRIBER, 1).await.unwrap();
    let came = next(&mut *subscription).await;
    assert_eq!((came.header, &came.body[..]), (None, &b"hello"[..]));
}

#[tokio::test]
async fn a_queue_that_is_deleted_under_its_consumer_ends_the_subscription() {
    let settings = node().await.settings().await;
    let link = Link::new(settings.clone(), "test");
    link.declare(INGEST).await.unwrap();
    link.publish(batch(INGEST, 1..=2)).await.unwrap();
    let mut subscription = link.consume(INGEST, 10).await.unwrap();
    assert_eq!(numbers(&mut *subscription, 2).await, [1, 2]);
    let channel = client(&settings.vhost).await.create_channel().await.unwrap();
    channel.queue_delete(INGEST.into(), QueueDeleteOptions::default()).await.unwrap();
    let over = soon(subscription.next()).await.unwrap_err();
    assert!(matches!(over, BrokerError::Away { .. }), "{over:?}");
    assert!(matches!(link.publish(batch(INGEST, 1..=1)).await, Err(BrokerError::Refused { .. })));
    link.declare(INGEST).await.unwrap();
    link.publish(batch(INGEST, 1..=1)).await.unwrap();
    let mut subscription = link.consume(INGEST, 10).await.unwrap();
    assert_eq!(numbers(&mut *subscription, 1).await, [1]);
}

#[tokio::test]
async fn a_queue_with_other_arguments_is_refused_in_the_servers_words() {
    let settings = node().await.settings().await;
    let link = Link::new(settings.clone(), "test");
    let channel = client(&settings.vhost).await.create_channel().await.unwrap();
    let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    channel.queue_declare(SUBSCRIBER.into(), options, FieldTable::default()).await.unwrap();
    let Err(BrokerError::Refused { what }) = link.declare(SUBSCRIBER).await else { panic!("it was taken") };
    assert!(what.contains("PRECONDITION_FAILED") && what.contains("inequivalent arg"), "{what}");
}
