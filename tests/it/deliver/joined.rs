//! Copies about a person whose lanes were joined.

use musubi::envelope::{Join, JoinRole};

use super::*;
use crate::support::http_server::Reply;

/// Two patients, the first in the lower lane; and another one in each lane.
fn patients() -> [String; 4] {
    let of = |lane: u16, skip: usize| {
        let all = (0..100).map(|number| number.to_string());
        all.filter(|patient| Lane::of(FACILITY, patient, LANES) == Lane(lane)).nth(skip).unwrap()
    };
    [of(0, 0), of(1, 0), of(0, 1), of(1, 1)]
}

impl Bench {
    /// A copy about a person who was joined.
    async fn publish_joined(&mut self, role: JoinRole, patient: &str, all: &[&str]) {
        self.published += 1;
        let mut envelope = envelope(&format!("{:032x}", self.published), patient);
        let patients = all.iter().map(|patient| Identifying((*patient).to_owned())).collect();
        envelope.join = Some(Join { role, lane: Lane(1), others: vec![Lane(0)], patients });
        let body = Bytes::from(format!("{{\"number\":{}}}", self.published));
        let to = vec![(topology::subscriber(NAME), Lane(1))];
        self.broker.publish(vec![Publication { to, envelope, body }]).await.unwrap();
    }
}

fn subjects(taken: &[Request]) -> Vec<u64> {
    taken.iter().map(|request| request.event["data"]["number"].as_u64().unwrap()).collect()
}

fn refuses(poor: &str) -> impl FnMut(&Request) -> Reply + Send + 'static {
    let poor = poor.to_owned();
    move |request| Reply::Status(if request.subject() == poor { 422 } else { 200 })
}

/// 1 about the former id is refused; 2 and 5 are about others; 3 joins; 4 comes after.
async fn stuck(bench: &mut Bench) -> [String; 4] {
    let all @ [former, stays, other, another] = &patients();
    bench.publish(former).await;
    bench.publish(other).await;
    bench.publish_joined(JoinRole::Begins, stays, &[former, stays]).await;
    bench.publish_joined(JoinRole::Follows, stays, &[former, stays]).await;
    bench.publish(another).await;
    all.clone()
}

#[tokio::test]
async fn a_joined_person_waits_for_a_refused_copy_of_the_former_id_and_nobody_else_does() {
    let mut bench = Bench::new().await;
    let [former, ..] = stuck(&mut bench).await;
    let server = HttpServer::start(refuses(&former)).await;
    let working = bench.start(http(&server));
    until("the others are served", || server.taken().len() == 2).await;
    until("three wait", || bench.parked().len() == 3).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut taken = subjects(&server.taken());
    taken.sort_unstable();
    assert_eq!(taken, [2, 5]);
    server.answer(|_| Reply::Status(200));
    until("all are served", || server.taken().len() == 5).await;
    working.stop().await;
    assert_eq!(subjects(&server.taken())[2..], [1, 3, 4]);
}

#[tokio::test]
async fn who_waits_is_known_after_a_kill() {
    let mut bench = Bench::new().await;
    let [former, ..] = stuck(&mut bench).await;
    let server = HttpServer::start(refuses(&former)).await;
    for _ in 0..3 {
        let working = bench.start(http(&server));
        until("three wait", || bench.parked().len() == 3).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        working.kill().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(server.taken().len(), 2);
    server.answer(|_| Reply::Status(200));
    let working = bench.start(http(&server));
    until("all are served", || server.taken().len() == 5).await;
    working.stop().await;
    assert_eq!(subjects(&server.taken())[2..], [1, 3, 4]);
}

#[tokio::test]
async fn a_joined_person_goes_on_when_the_former_copies_are_given_up() {
    let mut bench = Bench::new().await;
    bench.give_up_after = Some(Duration::from_secs(3_600));
    let [former, ..] = stuck(&mut bench).await;
    let server = HttpServer::start(refuses(&former)).await;
    let working = bench.start(http(&server));
    until("three wait", || bench.parked().len() == 3).await;
    bench.clock.advance(Duration::from_secs(7_200));
    until("all but one are served", || server.taken().len() == 4).await;
    working.stop().await;
    assert_eq!((subjects(&server.taken())[2..].to_vec(), bench.dead().len()), (vec![3, 4], 1));
}

#[tokio::test]
async fn a_drain_does_not_wait_for_who_is_stuck() {
    let mut bench = Bench::new().await;
    bench.attempts_max = Some(3);
    let [former, ..] = stuck(&mut bench).await;
    let server = HttpServer::start(refuses(&former)).await;
    let working = bench.start(http(&server));
    until("three wait", || bench.parked().len() == 3).await;
    let counts = working.stop().await;
    assert_eq!(counts.parked.load(Ordering::Relaxed), 3);
    server.answer(|_| Reply::Status(200));
    let working = bench.start(http(&server));
    until("nothing waits", || bench.waiting().is_empty()).await;
    working.stop().await;
    assert_eq!(subjects(&server.taken())[2..], [1, 3, 4]);
}
