//! One attempt to connect: URL, credentials, TLS.

use std::io;
use std::path::Path;
use std::time::Duration;

use lapin::tcp::{AMQPUriTcpExt, RustlsConnector, RustlsConnectorConfig};
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{Connection, ConnectionProperties};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::error::causes;
use super::server;
use crate::broker::rabbitmq::{Settings, Tls};

/// Seconds; a server that says nothing for this long is gone.
const HEARTBEAT: u16 = 10;

/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(10);

/// A connection and what answered.
pub(super) struct Connected {
    pub(super) connection: Connection,
    /// Product and version, where they were asked for.
    pub(super) server: Option<String>,
}

/// Connects to one of the URLs. The password is read anew. `ask` is to ask the server what it is, too: lapin does not
/// tell, so that takes a second connection.
///
/// # Errors
/// What went wrong, for people; no password in it.
pub(super) async fn connect(
    settings: &Settings,
    url: &str,
    name: &str,
    ask: bool,
) -> Result<Connected, String> {
    match tokio::time::timeout(ATTEMPT, attempt(settings, url, name, ask)).await {
        Ok(connected) => connected,
        Err(_) => Err(format!("no answer within {} s", ATTEMPT.as_secs())),
    }
}

async fn attempt(settings: &Settings, url: &str, name: &str, ask: bool) -> Result<Connected, String> {
    let uri = uri(settings, url).await?;
    let connector = match (&uri.scheme, &settings.tls) {
        (AMQPScheme::AMQP, _) => None,
        (AMQPScheme::AMQPS, Some(tls)) => Some(connector(tls).await?),
        (AMQPScheme::AMQPS, None) => return Err("TLS: no authority is trusted".into()),
    };
    let runtime = lapin::runtime::default_runtime().map_err(|error| causes(&error))?;
    let open = opener(&runtime, async move |uri: AMQPUri, runtime| {
        let host = uri.authority.host.clone();
        let plain = AMQPUri { scheme: AMQPScheme::AMQP, ..uri };
        let stream = plain.connect_async(&runtime).await?;
        match &connector {
            Some(connector) => Ok(stream.into_rustls(connector, &host).await?),
            None => Ok(stream),
        }
    });
    let server = if ask {
        let stream = open(uri.clone(), runtime.clone()).await.map_err(|error| causes(&error))?;
        Some(server::product(stream).await.map_err(|error| causes(&error))?)
    } else {
        None
    };
    let options = ConnectionProperties::default().with_connection_name(name.into());
    let connection = Connection::connector(uri, runtime, open, options).await;
    Ok(Connected { connection: connection.map_err(|error| causes(&error))?, server })
}

/// Tells the compiler what a closure gets: the type of the runtime has no name here.
fn opener<R, S, F: AsyncFn(AMQPUri, R) -> lapin::Result<S>>(_: &R, open: F) -> F {
    open
}

async fn uri(settings: &Settings, url: &str) -> Result<AMQPUri, String> {
    let mut uri: AMQPUri = url.parse().map_err(|error| format!("{url}: {error}"))?;
    let password = read(&settings.password_file).await?;
    let password = String::from_utf8(password)
        .map_err(|_| format!("{} is not UTF-8", settings.password_file.display()))?;
    uri.vhost.clone_from(&settings.vhost);
    uri.authority.userinfo.username.clone_from(&settings.user);
    uri.authority.userinfo.password = password.lines().next().unwrap_or_default().to_owned();
    uri.query.heartbeat = Some(HEARTBEAT);
    Ok(uri)
}

/// Trusts the authorities of the settings and no others.
async fn connector(Tls { ca, client }: &Tls) -> Result<RustlsConnector, String> {
    let failed = |error: io::Error| format!("TLS: {error}");
    let config = RustlsConnectorConfig::default().with_parsable_certificates(certificates(ca).await?);
    match client {
        None => config.connector_with_no_client_auth().map_err(failed),
        Some((chain, key)) => {
            let private = PrivateKeyDer::from_pem_slice(&read(key).await?)
                .map_err(|error| format!("{} holds no private key: {error}", key.display()))?;
            config.connector_with_single_cert(certificates(chain).await?, private).map_err(failed)
        }
    }
}

async fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = read(file).await?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(format!("{} holds no certificate", file.display())),
        Err(error) => Err(format!("{} holds no certificate: {error}", file.display())),
    }
}

async fn read(file: &Path) -> Result<Vec<u8>, String> {
    tokio::fs::read(file).await.map_err(|error| format!("{}: {error}", file.display()))
}
