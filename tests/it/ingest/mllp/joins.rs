//! A sender that says that patients are one (ADT^A40): from then on they share a lane, also after a restart.

use musubi::broker::Broker;
use musubi::envelope::{JoinRole, Lane};

use super::{Hub, control_id, message, topology};

fn merge(control_id: u32, former: &str, patient: &str) -> String {
    let text = message(control_id, patient).replace("ADT^A08^ADT_A01", "ADT^A40^ADT_A39");
    format!("{text}MRG|{former}^^^^PI\r")
}

impl Hub {
    /// Where a message went, and what it says of joined lanes.
    fn placed(&self, control_id: &str) -> (Lane, Option<JoinRole>) {
        let at = self.control_ids().iter().position(|id| id == control_id).unwrap();
        let all = self.ingest();
        let join = all[at].envelope.join.as_ref();
        let lane = join.map_or_else(|| self.lane(&all[at].envelope.patient.0), |join| join.lane);
        (lane, join.map(|join| join.role))
    }

    fn lane(&self, patient: &str) -> Lane {
        Lane::of("3210100018", patient, 4)
    }
}

#[tokio::test]
async fn patients_who_became_one_share_a_lane_also_after_a_kill() {
    let hub = Hub::new();
    let ids = ["P1", "P2", "P3", "P4", "P5"];
    let [low, high] = ["low", "high"].map(|end| {
        let by_lane = |patient: &&&str| hub.lane(patient);
        let found =
            if end == "low" { ids.iter().min_by_key(by_lane) } else { ids.iter().max_by_key(by_lane) };
        *found.unwrap()
    });
    assert!(hub.lane(low) < hub.lane(high));
    let running = hub.start().await;
    let mut client = running.client().await;
    for text in [message(1, low), message(2, high), merge(3, low, high), message(4, low), message(5, high)] {
        client.exchange(text).await;
    }
    running.kill().await;
    // What the ledger had not flushed is known from what was accepted.
    hub.kv.crash(|_| 0);
    let running = hub.start().await;
    let mut client = running.client().await;
    client.exchange(message(6, low)).await;
    client.exchange(merge(7, low, high)).await;
    running.stop().await;
    let running = hub.start().await;
    let mut client = running.client().await;
    client.exchange(message(8, low)).await;
    running.stop().await;
    let (joined, follows) = (hub.lane(high), Some(JoinRole::Follows));
    assert_eq!(hub.placed("1"), (hub.lane(low), None));
    assert_eq!(hub.placed("2"), (joined, None));
    assert_eq!(hub.placed("3"), (joined, Some(JoinRole::Begins)));
    for control_id in ["4", "5", "6", "7", "8"] {
        assert_eq!(hub.placed(control_id), (joined, follows), "{control_id}");
    }
    for (lane, expected) in [(hub.lane(low), vec!["1"]), (joined, vec!["2", "3", "4", "5", "6", "7", "8"])] {
        let waiting = hub.broker.peek(&topology::ingest(), lane, 100).await.unwrap();
        let waiting: Vec<_> = waiting.iter().map(|one| control_id(&one.body)).collect();
        assert_eq!(waiting, expected);
    }
}
