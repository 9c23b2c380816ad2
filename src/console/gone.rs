//! Connections whose browser went away without a word, or never reads: the system ends them, and what they held is free.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::serve::Listener;
use rustix::net::sockopt::{set_socket_keepalive, set_tcp_keepidle, set_tcp_user_timeout};
use tokio::net::{TcpListener, TcpStream};
use tracing::warn;

/// How long what was sent may lie there, unread or not even received (RFC 5482), and how long nothing may come until it is
/// asked whether anybody is there. Live pages send something every few seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// A listener whose connections end where nobody is at the other end.
pub(super) struct Ending(pub(super) TcpListener);

impl Listener for Ending {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.0).await;
        if let Err(error) = limit_to(&stream, PATIENCE) {
            warn!(%error, "a connection may outlive its browser");
        }
        (stream, peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

fn limit_to(stream: &TcpStream, patience: Duration) -> rustix::io::Result<()> {
    set_socket_keepalive(stream, true)?;
    set_tcp_keepidle(stream, patience)?;
    set_tcp_user_timeout(stream, u32::try_from(patience.as_millis()).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn who_never_reads_is_left() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let never_reads = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        limit_to(&stream, Duration::from_secs(1)).unwrap();
        let written = async {
            let piece = vec![0; 1 << 20];
            while stream.write_all(&piece).await.is_ok() {}
        };
        timeout(Duration::from_secs(60), written).await.expect("it is written to somebody who does not read");
        drop(never_reads);
    }
}
