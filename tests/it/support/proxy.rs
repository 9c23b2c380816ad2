//! A TCP proxy on loopback that can cut, stall and refuse: the network between the hub and its broker.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What the network does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Network {
    /// It carries.
    Up,
    /// It carries nothing, and says nothing.
    Stalled,
    /// It cuts every connection and takes no new one.
    Down,
}

/// The proxy; dropped, it cuts everything.
pub(crate) struct Proxy {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    network: Arc<watch::Sender<Network>>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    /// A proxy before a port of this machine.
    pub(crate) async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let network = Arc::new(watch::Sender::new(Network::Up));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, port, network.subscribe()));
        Self { address, network, _tasks: tasks }
    }

    /// Changes what the network does, also to connections that there are.
    pub(crate) fn set(&self, network: Network) {
        self.network.send_replace(network);
    }

    /// Cuts all connections and carries new ones.
    pub(crate) async fn cut(&self) {
        self.set(Network::Down);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        self.set(Network::Up);
    }
}

async fn accept(listener: TcpListener, port: u16, network: watch::Receiver<Network>) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        if *network.borrow() == Network::Down {
            continue;
        }
        let network = network.clone();
        connections.spawn(async move {
            let server = TcpStream::connect(("127.0.0.1", port)).await;
            // The broker is down: so is the connection.
            let Ok(server) = server else { return };
            let (client, server) = (client.into_split(), server.into_split());
            let mut down = network.clone();
            tokio::select! {
                () = carry(client.0, server.1, network.clone()) => {}
                () = carry(server.0, client.1, network.clone()) => {}
                _ = down.wait_for(|network| *network == Network::Down) => {}
            }
        });
    }
}

async fn carry(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut network: watch::Receiver<Network>,
) {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let Ok(count @ 1..) = from.read(&mut bytes).await else { return };
        if network.wait_for(|network| *network == Network::Up).await.is_err() {
            return;
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
