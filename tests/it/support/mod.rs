//! What the tests share.

pub(crate) mod amqp_model;
pub(crate) mod browser;
mod files;
mod hub_folder;
pub(crate) mod http_server;
pub(crate) mod memory_broker;
pub(crate) mod memory_kv;
pub(crate) mod mllp_server;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod rabbitmq;
pub(crate) mod storage;

pub(crate) use files::{copy_tree, corpus, files_below, repository};
pub(crate) use hub_folder::HubFolder;
