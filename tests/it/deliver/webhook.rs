//! Webhooks.

use std::time::Duration;

use super::*;
use crate::support::http_server::Reply;

const OK: Reply = Reply::Status(204);

fn patient(number: usize) -> String {
    format!("{number:08}")
}

#[tokio::test]
async fn a_copy_is_posted_as_one_cloud_event() {
    let mut bench = Bench::new().await;
    let server = HttpServer::start(|_| OK).await;
    bench.publish("00000001").await;
    let token = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(token.path(), "secret\nnot this\n").unwrap();
    let kind = Kind::Http(Http {
        url: server.url(),
        ca_file: None,
        token_file: Some(token.path().to_owned()),
        timeout: Duration::from_secs(1),
    });
    let working = bench.start(kind);
    until("delivered", || bench.waiting().is_empty()).await;
    working.stop().await;
    let taken = server.taken();
    let [request] = taken.as_slice() else { panic!("{}", taken.len()) };
    let header = |name: &str| request.headers[name].as_str();
    assert_eq!(header("content-type"), "application/cloudevents+json");
    assert_eq!(header("idempotency-key"), format!("{:032x}", 1));
    assert_eq!(header("authorization"), "Bearer secret");
    assert_eq!(header("musubi-sequence"), "1");
    assert_eq!(header("musubi-lane"), request.event["lane"].to_string());
    assert_eq!(request.event["specversion"], "1.0");
    assert_eq!(request.event["data"]["number"], 1);
}

#[tokio::test]
async fn what_concerns_the_subscriber_waits_and_what_concerns_the_message_is_parked() {
    use Reply::{Close, Hang, Redirect, RetryAfter, Status};
    let away = [
        Status(408),
        Status(429),
        RetryAfter(429, 0),
        Status(500),
        Status(503),
        Status(401),
        Status(403),
        Status(404),
        Redirect,
        Hang,
        Close,
    ];
    for (reply, parks) in
        away.map(|reply| (reply, false)).into_iter().chain([(Status(422), true), (Status(400), true)])
    {
        let mut bench = Bench::new().await;
        let mut said = 0;
        let server = HttpServer::start(move |_| {
            said += 1;
            if said == 1 { reply } else { OK }
        })
        .await;
        bench.publish("00000001").await;
        bench.publish("00000001").await;
        let working = bench.start(http_within(&server, Duration::from_millis(500)));
        if parks {
            until("parked", || bench.parked().len() == 2).await;
            assert_eq!(working.delivered(), 0);
        }
        until("delivered", || working.delivered() == 2).await;
        working.stop().await;
        let mut places: Vec<_> = server.taken().iter().map(|request| request.place().1).collect();
        places.dedup();
        assert_eq!(places, [1, 2], "{reply:?}");
        assert_eq!(bench.waiting().len() + bench.parked().len() + bench.dead().len(), 0, "{reply:?}");
    }
}

#[tokio::test]
async fn a_wait_that_the_subscriber_asks_for_is_kept() {
    let mut bench = Bench::new().await;
    let mut said = 0;
    let server = HttpServer::start(move |_| {
        said += 1;
        if said == 1 { Reply::RetryAfter(503, 1) } else { OK }
    })
    .await;
    bench.publish("00000001").await;
    let working = bench.start(http(&server));
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(server.log().len(), 1);
    until("delivered", || working.delivered() == 1).await;
    working.stop().await;
}

#[tokio::test]
async fn nothing_is_sent_to_a_subscriber_that_is_gone_until_a_restart() {
    let mut bench = Bench::new().await;
    let server = HttpServer::start(|_| Reply::Status(410)).await;
    for number in 0..20 {
        bench.publish(&patient(number)).await;
    }
    let working = bench.start(http(&server));
    until("gone", || working.counts.gone.load(Ordering::Relaxed)).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let asked = server.log().len();
    assert!(asked <= usize::from(LANES), "{asked}");
    assert!(!working.task.is_finished(), "an end would look like a crash");
    assert_eq!(bench.waiting().len(), 20);
    working.stop().await;
    server.answer(|_| OK);
    let working = bench.start(http(&server));
    until("delivered", || working.delivered() == 20).await;
    working.stop().await;
}

#[tokio::test]
async fn one_patient_who_is_refused_holds_up_nobody() {
    let mut bench = Bench::new().await;
    let server = HttpServer::start(|request| match request.subject() {
        "00000007" => Reply::Status(422),
        _ => OK,
    })
    .await;
    for round in 0..3 {
        for number in 0..100 {
            bench.publish(&patient(number)).await;
        }
        let _ = round;
    }
    let working = bench.start(http(&server));
    until("the others", || working.delivered() == 297).await;
    until("parked", || bench.waiting().is_empty()).await;
    assert_eq!(bench.parked().len(), 3);
    assert_eq!(bench.parked()[0].envelope.fault.as_ref().unwrap().code, "http-422");
    bench.publish("00000007").await;
    until("parked behind", || bench.parked().len() == 4).await;
    server.answer(|_| OK);
    until("released", || working.delivered() == 301).await;
    until("nothing left", || bench.parked().is_empty()).await;
    bench.publish("00000007").await;
    until("from the main queue again", || working.delivered() == 302).await;
    working.stop().await;
    assert_eq!(in_order(&server.taken()), 0);
    assert!(bench.parked().is_empty() && bench.waiting().is_empty());
}

#[tokio::test]
async fn a_message_that_is_never_answered_is_parked_while_others_are_answered() {
    for reply in [Reply::Hang, Reply::Close, Reply::Status(500)] {
        let mut bench = Bench::new().await;
        let server =
            HttpServer::start(move |request| if request.subject() == "00000003" { reply } else { OK }).await;
        for number in 0..100 {
            bench.publish(&patient(number)).await;
        }
        bench.publish("00000003").await;
        let working = bench.start(http_within(&server, Duration::from_millis(300)));
        until("the others", || working.delivered() == 99).await;
        until("parked", || bench.parked().len() == 2).await;
        assert_eq!(bench.parked()[0].envelope.fault.as_ref().unwrap().code, "no-answer");
        let attempts = |server: &HttpServer| {
            server.log().iter().filter(|(request, _)| request.subject() == "00000003").count()
        };
        assert!(attempts(&server) >= 3);
        server.answer(|_| OK);
        until("released", || working.delivered() == 101).await;
        working.stop().await;
        in_order(&server.taken());
    }
}

#[tokio::test]
async fn a_subscriber_that_is_down_parks_nobody_and_gets_everything_in_order() {
    let mut bench = Bench::new().await;
    let server = HttpServer::start(|_| OK).await;
    let address = server.address;
    let kind = http(&server);
    // What a connection that is lost leaves unanswered comes again.
    for number in 0..50 {
        bench.publish(&patient(number % 10)).await;
    }
    let working = bench.start(kind);
    until("begun", || working.delivered() > 5).await;
    let mut taken = server.taken();
    server.stop().await;
    for number in 0..50 {
        bench.publish(&patient(number % 10)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(bench.parked().is_empty());
    let server = HttpServer::start_at(address, |_| OK).await;
    until("delivered", || working.delivered() == 100).await;
    working.stop().await;
    taken.extend(server.taken());
    assert!(in_order(&taken) <= usize::from(LANES));
}

#[tokio::test]
async fn parked_copies_outlast_a_kill_and_are_released_in_order() {
    let mut bench = Bench::new().await;
    let server = HttpServer::start(|request| match request.subject() {
        "00000001" | "00000002" => Reply::Status(422),
        _ => OK,
    })
    .await;
    for number in 0..90 {
        bench.publish(&patient(number % 3)).await;
    }
    for _ in 0..3 {
        let working = bench.start(http(&server));
        until("parked", || bench.parked().len() == 60 && bench.waiting().is_empty()).await;
        // Long enough for the parked copies to be published again.
        tokio::time::sleep(Duration::from_millis(200)).await;
        working.kill().await;
        assert_eq!(bench.parked().len(), 60);
    }
    server.answer(|_| OK);
    let working = bench.start(http(&server));
    until("released", || working.delivered() == 60).await;
    until("nothing left", || bench.parked().is_empty()).await;
    working.stop().await;
    // A request of a worker that was killed may be read late.
    let taken = server.taken();
    let repeats = in_order(&taken);
    assert_eq!(taken.len() - repeats, 90);
    assert!(repeats <= usize::from(LANES), "{repeats}");
}

#[tokio::test]
async fn what_stays_refused_for_too_long_is_given_up_and_the_next_is_tried() {
    let mut bench = Bench::new().await;
    bench.give_up_after = Some(Duration::from_secs(3 * 24 * 3600));
    let server = HttpServer::start(|request| match request.event["data"]["number"].as_u64() {
        Some(2) => Reply::Status(422),
        _ => OK,
    })
    .await;
    for _ in 0..4 {
        bench.publish("00000001").await;
    }
    let working = bench.start(http(&server));
    until("parked", || bench.parked().len() == 3).await;
    bench.clock.advance(Duration::from_secs(2 * 24 * 3600));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(bench.dead().is_empty());
    bench.clock.advance(Duration::from_secs(24 * 3600));
    until("given up", || bench.dead().len() == 1).await;
    until("the next", || working.delivered() == 3).await;
    let counts = working.stop().await;
    assert_eq!(counts.dead.load(Ordering::Relaxed), 1);
    let dead = bench.dead();
    let place = dead[0].envelope.event.as_ref().unwrap().place.unwrap();
    assert_eq!(place.sequence, 2);
    assert_eq!(dead[0].envelope.fault.as_ref().unwrap().code, "http-422");
    let places: Vec<_> = server.taken().iter().map(|request| request.place().1).collect();
    assert_eq!(places, [1, 3, 4]);
    assert!(bench.parked().is_empty() && bench.waiting().is_empty());
}

#[tokio::test]
async fn a_clock_that_is_set_right_loses_nothing_and_changes_no_order() {
    let mut bench = Bench::new().await;
    bench.give_up_after = Some(Duration::from_secs(3 * 24 * 3600));
    let server = HttpServer::start(|_| Reply::Status(422)).await;
    for _ in 0..4 {
        bench.publish("00000001").await;
    }
    let working = bench.start(http(&server));
    until("parked", || bench.parked().len() == 4).await;
    for days in [10, 400] {
        bench.clock.turn_back(Duration::from_secs(days * 24 * 3600));
        tokio::time::sleep(Duration::from_millis(100)).await;
        bench.publish("00000001").await;
    }
    until("parked too", || bench.parked().len() == 6).await;
    server.answer(|_| OK);
    until("released", || working.delivered() == 6).await;
    bench.clock.advance(Duration::from_secs(1_000 * 24 * 3600));
    bench.publish("00000001").await;
    until("delivered", || working.delivered() == 7).await;
    working.stop().await;
    assert!(bench.dead().is_empty());
    in_order(&server.taken());
}

#[tokio::test]
async fn a_lane_waits_when_too_many_copies_are_parked() {
    let mut bench = Bench::new().await;
    bench.pace.parked_copies = 5 * usize::from(LANES);
    let server = HttpServer::start(|_| Reply::Status(422)).await;
    for number in 0..40 {
        bench.publish(&patient(number)).await;
    }
    let working = bench.start(http(&server));
    until("full", || bench.parked().len() == 5 * usize::from(LANES)).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(bench.parked().len(), 5 * usize::from(LANES));
    server.answer(|_| OK);
    until("delivered", || working.delivered() == 40).await;
    working.stop().await;
    assert_eq!(in_order(&server.taken()), 0);
}

#[tokio::test]
async fn a_drain_tries_the_parked_once_and_leaves_a_subscriber_that_is_away() {
    let mut bench = Bench::new().await;
    bench.attempts_max = Some(4);
    let server = HttpServer::start(|_| Reply::Status(422)).await;
    bench.publish("00000001").await;
    bench.publish("00000001").await;
    let working = bench.start(http(&server));
    until("parked", || bench.parked().len() == 2).await;
    working.stop().await;
    let working = bench.start(http(&server));
    let before = server.log().len();
    working.stop().await;
    assert_eq!(server.log().len(), before + 1, "the first is tried once");
    server.answer(|_| OK);
    let counts = bench.start(http(&server)).stop().await;
    assert_eq!(counts.delivered.load(Ordering::Relaxed), 2);
    assert!(bench.parked().is_empty());

    server.answer(|_| Reply::Status(503));
    bench.publish("00000001").await;
    let working = bench.start(http(&server));
    until("gave up", || working.counts.gave_up.load(Ordering::Relaxed)).await;
    working.stop().await;
    assert_eq!((bench.waiting().len(), bench.parked().len()), (1, 0));
}

#[tokio::test]
async fn a_copy_that_is_no_event_goes_to_the_dead_letters() {
    let mut bench = Bench::new().await;
    let server = HttpServer::start(|_| OK).await;
    let envelope = Envelope { event: None, ..envelope("x", "00000001") };
    let to = vec![(topology::subscriber(NAME), Lane::of(FACILITY, "00000001", LANES))];
    bench.broker.publish(vec![Publication { to, envelope, body: Bytes::new() }]).await.unwrap();
    bench.publish("00000001").await;
    let working = bench.start(http(&server));
    until("delivered", || working.delivered() == 1).await;
    until("dead", || bench.dead().len() == 1).await;
    working.stop().await;
    assert_eq!(bench.dead()[0].envelope.fault.as_ref().unwrap().code, "no-event");
}

/// Releasing in whatever order must not write everything that stays parked again for each.
#[tokio::test]
async fn many_parked_patients_are_released_one_after_the_other() {
    let mut bench = Bench::new().await;
    bench.pace.parked_max = bench.pace.parked;
    let server = HttpServer::start(|_| Reply::Status(422)).await;
    for number in 0..800 {
        bench.publish(&patient(number)).await;
    }
    let working = bench.start(http(&server));
    until("parked", || bench.parked().len() == 800).await;
    server.answer(|_| OK);
    until("released", || working.delivered() == 800).await;
    working.stop().await;
    assert!(bench.parked().is_empty() && bench.waiting().is_empty());
    assert_eq!((server.taken().len(), in_order(&server.taken())), (800, 0));
}
