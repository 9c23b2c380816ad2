//! What the tests share.

pub(crate) mod memory_broker;
pub(crate) mod memory_kv;
pub(crate) mod storage;
