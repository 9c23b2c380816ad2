//! What goes wrong, at seeded moments.

use std::sync::atomic::Ordering;
use std::time::Duration;

use musubi::broker::{Broker, topology};
use musubi::envelope::Lane;
use tokio::time::{Instant, sleep, timeout};

use super::stages::{LANES, Process, SUBSCRIBERS};
use super::world::World;
use crate::support::amqp_model::Line;

impl World {
    /// Lets things go wrong for a time.
    pub(super) async fn suffer(&mut self, time: Duration) {
        self.start_all().await;
        let end = Instant::now() + time;
        while Instant::now() < end {
            let mean = self.plan.calm.as_millis() as u32;
            sleep(self.up_to(mean * 2)).await;
            self.fault().await;
            self.check();
        }
    }

    fn up_to(&self, millis: u32) -> Duration {
        Duration::from_millis(self.common.below(millis + 1).into())
    }

    fn one_in(&self, many: u32) -> bool {
        self.common.below(many) == 0
    }

    async fn fault(&mut self) {
        if self.plan.changing && self.one_in(3) {
            self.common.registry.fetch_add(1, Ordering::Relaxed);
        }
        match self.common.below(24) {
            0..=2 => self.kill_router().await,
            3 => self.stop_router().await,
            4..=7 => self.start_all().await,
            8 => self.kill_adapter().await,
            9..=10 => self.kill_delivery().await,
            11..=15 => self.cut(),
            16..=17 => self.server.suspect(&self.any_queue()),
            18 => self.server.cancel(&self.any_queue()),
            19 if self.one_in(3) => self.server.restart(self.up_to(3_000)),
            20 if self.one_in(3) => self.server.block(self.up_to(5_000)),
            21 => {
                let subscriber = SUBSCRIBERS[self.common.below(3) as usize];
                self.server.delete_if_empty(&format!("musubi.to.{subscriber}"));
            }
            22 => self.look().await,
            _ => {}
        }
    }

    /// An operator looks into a queue.
    async fn look(&mut self) {
        let queue = match self.common.below(4) {
            0 => topology::ingest(),
            place => topology::subscriber(SUBSCRIBERS[place as usize - 1]),
        };
        let lane = Lane(self.common.below(LANES.into()) as u16);
        let most = 1 + self.common.below(9) as usize;
        let operator = self.operator();
        // It may find nothing, or be in the way of a fault.
        drop(timeout(self.up_to(2_000), operator.peek(&queue, lane, most)).await);
    }

    fn any_queue(&self) -> String {
        let lane = self.common.below(LANES.into());
        let subscriber = SUBSCRIBERS[self.common.below(3) as usize];
        match self.common.below(4) {
            0 => format!("musubi.ingest.{lane:02}"),
            1 => format!("musubi.progress.{lane:02}"),
            2 => format!("musubi.turn.{subscriber}"),
            _ => format!("musubi.to.{subscriber}"),
        }
    }

    /// The server notices at once (the system closed the sockets), or late (the machine is gone).
    async fn kill(&self, process: Option<Process>) {
        if let Some(process) = process {
            let notice = if self.one_in(2) { Duration::ZERO } else { self.up_to(4_000) };
            self.server.kill(&process.client, notice);
            process.kill().await;
        }
    }

    async fn kill_router(&mut self) {
        let place = self.common.below(self.routers.len() as u32) as usize;
        let process = self.routers[place].take();
        self.kill(process).await;
    }

    async fn kill_adapter(&mut self) {
        let place = self.common.below(self.facilities.len() as u32) as usize;
        let process = self.facilities[place].process.take();
        self.kill(process).await;
    }

    async fn kill_delivery(&mut self) {
        let place = self.common.below(self.deliveries.len() as u32) as usize;
        let process = self.deliveries[place].1.take();
        self.kill(process).await;
    }

    async fn stop_router(&mut self) {
        let place = self.common.below(self.routers.len() as u32) as usize;
        if let Some(process) = self.routers[place].take() {
            let patience = self.up_to(3_000);
            let still_there = process.stop(patience).await;
            self.kill(still_there).await;
        }
    }

    /// Loses a connection of any process: seen by either end first.
    fn cut(&self) {
        let adapters = self.facilities.iter().filter_map(|facility| facility.process.as_ref());
        let deliveries = self.deliveries.iter().filter_map(|(_, process)| process.as_ref());
        let routers = self.routers.iter().flatten();
        // Routers most of all.
        let all: Vec<_> =
            adapters.chain(deliveries).chain(routers.clone()).chain(routers.clone()).chain(routers).collect();
        if all.is_empty() {
            return;
        }
        let client = &all[self.common.below(all.len() as u32) as usize].client;
        let ends = match self.common.below(4) {
            0 => (Duration::ZERO, Duration::ZERO),
            1 => (self.up_to(300), self.up_to(300)),
            2 => (self.up_to(8_000), Duration::ZERO),
            _ => (Duration::ZERO, self.up_to(8_000)),
        };
        let away = if self.one_in(2) { Duration::ZERO } else { self.up_to(3_000) };
        let lines: &[Line] = match self.common.below(4) {
            0 => &[Line::Publishing],
            1 | 2 => &[Line::Consuming],
            _ => &[Line::Publishing, Line::Consuming],
        };
        lines.iter().for_each(|line| self.server.cut(client, *line, ends, away));
    }
}
