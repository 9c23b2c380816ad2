//! What `hub.toml` says of the RabbitMQ server.

use std::path::PathBuf;

/// Messages handed to one consumer and not yet acknowledged. The same for every process, so it is nothing to configure:
/// RabbitMQ hands out first what was given back, and puts what is given back behind what lies there so already. A
/// consumer with less than the one before it would leave a rest that comes before what it had itself.
pub const PREFETCH: u16 = 256;

/// How to reach RabbitMQ, and how much of it to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `amqp://host:port` or `amqps://host:port`, tried in turn. Without user, password and virtual host.
    pub urls: Vec<String>,
    /// Virtual host.
    pub vhost: String,
    /// User.
    pub user: String,
    /// File whose first line is the password; read at every connection, so that it can be changed.
    pub password_file: PathBuf,
    /// For `amqps`.
    pub tls: Option<Tls>,
    /// Parallel strands of the ingest queue; fixed once the queues exist.
    pub lanes: u16,
    /// Messages published and not yet confirmed, on one channel.
    pub window: u16,
    /// Messages handed to one consumer and not yet acknowledged. Must be the same for all that reach one broker, and may
    /// be raised, but not lowered while messages wait: what several consumers gave back would lose its order.
    pub prefetch: u16,
    /// Bytes on disk that an adapter's outbox may take before its feeds pause.
    pub outbox_bytes_max: u64,
    /// Whether every canonical event goes to the archive too.
    pub archive: bool,
}

/// What stands behind `amqps`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// PEM file of the authorities that sign the servers' certificates.
    pub ca: PathBuf,
    /// PEM files of the client's certificate chain and key, where the server asks for one.
    pub client: Option<(PathBuf, PathBuf)>,
}
