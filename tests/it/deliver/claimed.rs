//! Copies whose body is too large for the broker.

use musubi::envelope::ORIGINAL;

use super::*;

impl Bench {
    /// A copy of original bytes that lie in the folder of claims.
    async fn publish_claimed(&mut self, bytes: &[u8]) -> String {
        self.published += 1;
        let claim = Claims::new(self.claims.path().to_owned()).put(bytes, ORIGINAL).unwrap();
        let mut envelope = envelope(&format!("{:032x}", self.published), "1");
        envelope.event.as_mut().unwrap().media_type = ORIGINAL.to_owned();
        let hash = claim.hash.clone();
        envelope.claim = Some(claim);
        let lane = Lane::of(FACILITY, "1", LANES);
        let to = vec![(topology::subscriber(NAME), lane)];
        self.broker.publish(vec![Publication { to, envelope, body: Bytes::new() }]).await.unwrap();
        hash
    }
}

#[tokio::test]
async fn a_folder_gets_what_the_claim_stands_for() {
    let mut bench = Bench::new().await;
    let target = tempfile::tempdir().unwrap();
    bench.publish("1").await;
    bench.publish_claimed(b"MSH|large").await;
    bench.publish("1").await;
    let working = bench.start(Kind::Folder { path: target.path().to_owned() });
    until("delivered", || working.delivered() == 3).await;
    working.stop().await;
    let text = std::fs::read_to_string(target.path().join("2026-11-22.ndjson")).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[1]["data_base64"], "TVNIfGxhcmdl");
    assert_eq!(lines[1].get("claimhash"), None);
    assert_eq!(lines[2]["data"]["number"], 3);
}

#[tokio::test]
async fn a_claim_that_is_not_there_parks_its_copy_alone() {
    let mut bench = Bench::new().await;
    let target = tempfile::tempdir().unwrap();
    let hash = bench.publish_claimed(b"MSH|large").await;
    bench.publish("other").await;
    let place = bench.claims.path().join(hash.get(..2).unwrap()).join(&hash);
    std::fs::remove_file(&place).unwrap();
    let working = bench.start(Kind::Folder { path: target.path().to_owned() });
    until("the other is delivered and it is parked", || {
        working.delivered() == 1 && bench.parked().len() == 1
    })
    .await;
    std::fs::write(&place, b"MSH|large").unwrap();
    until("it is delivered when the bytes are back", || working.delivered() == 2).await;
    working.stop().await;
}

#[tokio::test]
async fn a_folder_of_claims_that_is_away_parks_nothing() {
    let mut bench = Bench::new().await;
    let target = tempfile::tempdir().unwrap();
    bench.publish_claimed(b"MSH|large").await;
    let (here, away) = (bench.claims.path().to_owned(), target.path().join("away"));
    std::fs::rename(&here, &away).unwrap();
    let working = bench.start(Kind::Folder { path: target.path().join("out") });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(bench.parked().is_empty());
    assert_eq!(working.delivered(), 0);
    std::fs::rename(&away, &here).unwrap();
    until("delivered", || working.delivered() == 1).await;
    working.stop().await;
}
