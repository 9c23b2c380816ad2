//! The suite over the broker that other tests use in its stead.

use std::sync::Arc;

use musubi::broker::Broker;

use super::{Place, contract};
use crate::support::memory_broker::MemoryBroker;

/// A broker that is there as long as this.
struct Memory(MemoryBroker);

impl Place for Memory {
    const AT_ONCE: bool = true;
    const STRICT: bool = true;
    const LANES: u16 = 100;

    fn new() -> Self {
        Self(MemoryBroker::default())
    }

    async fn open(&self) -> Arc<dyn Broker> {
        Arc::new(self.0.clone())
    }
}

contract!(Memory, tokio::test(flavor = "multi_thread", worker_threads = 2));
