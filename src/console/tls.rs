//! Connections that are encrypted, and from where a connection comes.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use std::{fs, io};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::{info, warn};

use super::gone::Ending;
use crate::telemetry::causes;

/// How long a client may take until its connection is encrypted.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Connections that are on their way to being so.
const HANDSHAKES: usize = 256;

/// From where a connection comes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

impl Connected<IncomingStream<'_, Ending>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Ending>) -> Self {
        Self(*stream.remote_addr())
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        Self(*stream.remote_addr())
    }
}

/// Why there is no encryption.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    /// A file can't be read.
    #[error("{} holds no certificate or key", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Cause.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// They do not belong together.
    #[error("certificate and key can't be used")]
    Pair(#[from] rustls::Error),
}

/// What encrypts with that certificate (PEM: its chain) and key (PEM).
///
/// # Errors
///
/// The files can't be read or used.
fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, TlsError> {
    let wrong = |path: &Path| {
        let path = path.to_owned();
        move |source| TlsError::File { path, source }
    };
    let chain = CertificateDer::pem_file_iter(certificate).map_err(wrong(certificate))?;
    let chain: Vec<_> = chain.collect::<Result<_, _>>().map_err(wrong(certificate))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(wrong(key))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions()?.with_no_client_auth();
    Ok(TlsAcceptor::from(Arc::new(config.with_single_cert(chain, key)?)))
}

/// Certificate and key as their files have them: renewed ones are taken without a restart.
pub(super) struct Pair {
    certificate: PathBuf,
    key: PathBuf,
    /// When the files that were last read had been changed.
    changed: [Option<SystemTime>; 2],
    acceptor: TlsAcceptor,
}

impl Pair {
    /// What encrypts with the two files of a configuration.
    ///
    /// # Errors
    ///
    /// The files can't be read or used.
    pub(super) fn load(certificate: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let changed = [&certificate, &key].map(|path| changed(path));
        let acceptor = acceptor(&certificate, &key)?;
        Ok(Self { certificate, key, changed, acceptor })
    }

    /// What encrypts now. Files that can't be used, such as one that was exchanged before the other, change nothing.
    fn acceptor(&mut self) -> TlsAcceptor {
        let changed = [&self.certificate, &self.key].map(|path| changed(path));
        if changed != self.changed {
            self.changed = changed;
            match acceptor(&self.certificate, &self.key) {
                Ok(acceptor) => {
                    info!("the console has a new certificate");
                    self.acceptor = acceptor;
                }
                Err(error) => {
                    let error = causes(&error);
                    warn!(error, "the console keeps the certificate that it had");
                }
            }
        }
        self.acceptor.clone()
    }
}

fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|found| found.modified()).ok()
}

/// A listener whose connections are encrypted. One that is slow to be so holds up no other.
pub(super) struct TlsListener {
    listener: Ending,
    pair: Pair,
    handshakes: JoinSet<io::Result<(TlsStream<TcpStream>, SocketAddr)>>,
}

impl TlsListener {
    pub(super) fn new(listener: Ending, pair: Pair) -> Self {
        Self { listener, pair, handshakes: JoinSet::new() }
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let has_room = self.handshakes.len() < HANDSHAKES;
            tokio::select! {
                (stream, peer) = Listener::accept(&mut self.listener), if has_room => {
                    let acceptor = self.pair.acceptor();
                    self.handshakes.spawn(async move {
                        let stream = timeout(HANDSHAKE, acceptor.accept(stream)).await.map_err(io::Error::from)??;
                        Ok((stream, peer))
                    });
                }
                // Whoever does not manage is gone: a scanner, or a browser that speaks plain HTTP.
                Some(done) = self.handshakes.join_next() => if let Ok(Ok(connected)) = done {
                    return connected;
                },
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
