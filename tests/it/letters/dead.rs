//! Dead letters: copies go back into their subscriber's queue, and are judged there as any other.

use std::sync::Arc;

use musubi::broker::embedded::{Embedded, Settings};
use musubi::broker::{Broker, Publication, topology};
use musubi::clock::SystemClock;
use musubi::config::Config;
use musubi::envelope::{Envelope, Fault, Lane};
use musubi::ops::letters::{Deed, Desk, Request, Selection, State};
use musubi::pipeline::{Hub, Part};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Duration, sleep, timeout};

use super::with_invalid;

pub(super) const TO: &str = "referral";

pub(super) fn letter(number: usize) -> Publication {
    let event = serde_json::json!({
        "type": "patient.updated.v1", "topic": "t", "route": "r", "basis": "none",
        "media_type": "application/json",
        "place": { "lane": number % 4, "sequence": 1, "left_at": "2026-11-22T00:00:00Z" },
    });
    let fault =
        Fault { code: "http-422".to_owned(), reason: "refused".to_owned(), place: "message".to_owned() };
    let mut envelope = Envelope::of_hub(format!("{number:03}"));
    envelope.origin.feed = "izumo-chuo".to_owned();
    envelope.event = Some(serde_json::from_value(event).unwrap());
    envelope.fault = Some(fault);
    let lane = Lane(u16::try_from(number % 4).unwrap());
    Publication { to: vec![(topology::dead(TO), lane)], envelope, body: "{}".into() }
}

#[tokio::test]
async fn dead_letters_of_all_lanes_go_back_to_their_subscriber_in_order() {
    let folder = with_invalid(0);
    let (config, faults) = Config::load(&folder.path(""));
    let config = config.unwrap_or_else(|| panic!("{faults:?}"));
    {
        let broker = Embedded::open(&config.hub.data_dir.join("broker"), Settings::default()).unwrap();
        broker.declare(&topology::dead(TO)).await.unwrap();
        broker.publish((0..200).map(letter).collect()).await.unwrap();
        broker.close();
    }
    let hub = Hub::open(config, Part::All, Arc::new(SystemClock)).unwrap();
    let control = hub.control().unwrap();
    let desk = Desk::new(control.clone());
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    tasks.spawn(desk.clone().run(stopped));
    // 4 to 7 stay.
    let ids = (0..200).filter(|number| !(4..8).contains(number)).map(|number| format!("{number:03}"));
    let selection = Selection { subscriber: Some(TO.to_owned()), ids: ids.collect(), ..Selection::default() };
    let request =
        Request { act: Deed::Retry, selection, why: "mended".to_owned(), rate: Some(10_000), text: None };
    let work = desk.ask(request, "yakin").await.unwrap();
    let ended = async {
        loop {
            let work = desk.get(&work.id).unwrap();
            if !work.state.is_at_work() {
                return work;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let work = timeout(Duration::from_secs(120), ended).await.unwrap();
    assert_eq!((work.state, work.done, work.depth), (State::Done, 196, 200), "{work:?}");
    let broker = control.broker();
    for lane in (0..4).map(Lane) {
        let left = broker.peek(&topology::dead(TO), lane, 10).await.unwrap();
        assert_eq!(
            left.iter().map(|one| one.envelope.id.clone()).collect::<Vec<_>>(),
            [format!("{:03}", 4 + lane.0)]
        );
        let back = broker.peek(&topology::subscriber(TO), lane, 100).await.unwrap();
        let ids: Vec<_> = back.iter().map(|one| one.envelope.id.clone()).collect();
        assert!(ids.is_sorted() && ids.len() == 49, "{ids:?}");
        // A place of its own: the lane would take it for one that it has dealt with.
        for one in &back {
            assert!(one.envelope.fault.is_none());
            assert!(one.envelope.event.as_ref().unwrap().place.is_none());
        }
    }
    stop.send_replace(true);
    while tasks.join_next().await.is_some() {}
}
