//! The pipeline over RabbitMQ, simulated: adapters, routers and deliveries as separate processes that start, stop and
//! die, on a model of a server that loses connections, confirms and acknowledgements. Whatever happens, every
//! subscriber gets everything, once, in order.
//!
//! The protocol is the program's; the stages around it are as simple as they can be.
//!
//! A failing run prints its seed; `MUSUBI_SEED=<seed>` runs that one alone, `MUSUBI_SEEDS=<count>` more of them.

mod faults;
mod oracle;
mod regressions;
mod stages;
mod world;

use std::ops::Range;
use std::time::Duration;

use self::world::{Plan, World};

/// Seeds of a run without further wishes.
const SEEDS: u64 = 1_000;

/// Names the seed of a run that panics.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("to see this run again: MUSUBI_SEED={}", self.0);
        }
    }
}

fn seeds(part: u64, parts: u64) -> Range<u64> {
    let number = |name| std::env::var(name).ok().map(|value| value.parse::<u64>().expect("a number"));
    match number("MUSUBI_SEED") {
        Some(seed) if seed % parts == part => seed / parts..seed / parts + 1,
        Some(_) => 0..0,
        None => 0..number("MUSUBI_SEEDS").unwrap_or(SEEDS) / parts,
    }
}

/// One run in a runtime of its own: one thread, and a clock that moves when all wait.
fn run(seed: u64, plan: Plan) -> u64 {
    let _seed = Seed(seed);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut world = World::new(seed, plan);
        world.suffer(Duration::from_secs(15)).await;
        world.drain().await;
        world.trace()
    })
}

/// Every other seed: two threads share the work.
fn run_all(part: u64) {
    for seed in seeds(part, 2) {
        let seed = seed * 2 + part;
        run(seed, Plan::of(seed));
    }
}

#[test]
fn every_subscriber_gets_everything_once_and_in_order() {
    run_all(0);
}

#[test]
fn every_subscriber_gets_everything_once_and_in_order_on_the_other_half_of_the_seeds() {
    run_all(1);
}

#[test]
fn a_seed_replays() {
    for seed in 0..20 {
        assert_eq!(run(seed, Plan::of(seed)), run(seed, Plan::of(seed)), "seed {seed}");
    }
}
