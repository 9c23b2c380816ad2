//! What the tests share.

#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

pub(crate) mod memory_broker;
pub(crate) mod memory_kv;
pub(crate) mod storage;
