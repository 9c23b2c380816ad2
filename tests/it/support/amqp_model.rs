//! A model of a RabbitMQ server and its quorum queues, with everything that goes wrong on the way to it.
//!
//! Deterministic: all chance comes from one seed, all time from tokio's clock (start the runtime paused, with one
//! thread). Several clients, each a process with one connection to publish and one to consume.
//!
//! What it models, as `rabbit_fifo` (3.10 to 4.x) and a channel do it:
//! - a connection has two ends. Where the *server* sees the loss first, the client goes on for a while: what it is
//!   still handed from its buffer is with somebody else already, its acknowledgements succeed without effect, its
//!   other connection works (a zombie). Where the *client* sees it first, what it had sent may still be taken, later
//!   than what it sends on its next connection, and its old consumer is still the active one.
//! - of a batch each queue takes a prefix, queues independently; everything taken may be, and the confirm lost
//! - an acknowledgement has no answer: it may be on its way, and lost with the connection
//! - single active consumer: the first registered gets messages, up to its prefetch; the next one when it is gone
//! - what is given back is handed out before what was never handed out, marked, in the order of giving back: it is put
//!   *behind* what others gave back before and nobody has taken yet; who looks into a queue is a consumer, too
//! - a consumer under suspicion (its node is out of reach of the queue's leader): what it has is given back, it goes
//!   to the end of the waiting ones, is told nothing, and can become active again with what it was told before
//! - consumers cancelled by the server, a queue deleted (publishing to it is refused, as mandatory messages come back),
//!   declared again, negative confirms, blocked publishing, a restart of the server, which keeps what is in queues
//! - a process that dies: its connections stay on the server until that notices
//!
//! Not modelled: loss of what was confirmed (a majority of disks), queue limits, time to live, delivery limits and
//! dead-lettering, exchanges and bindings, consumer priorities, flow control of bytes, permissions.

mod client;
mod queue;
mod server;
mod tests;

pub(crate) use server::{Line, Server, Weather};
