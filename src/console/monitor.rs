//! What watches over the hub asks for: `/metrics`, `/livez`, `/readyz`; on an address of its own where one is named.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing::{info, warn};

use super::TAKEN;
use crate::pipeline::Monitor;

/// Media type of the text format (Prometheus exposition formats).
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Processes of one machine that find a port of their own.
const PORTS: u16 = 16;

/// What is answered to everybody: nothing but whether the process works.
pub(super) fn health<S: Clone + Send + Sync + 'static>(monitor: Monitor) -> Router<S> {
    Router::new().route("/livez", get(async || "ok\n")).route("/readyz", get(ready)).with_state(monitor)
}

/// The metrics.
pub(super) fn metrics<S: Clone + Send + Sync + 'static>(monitor: Monitor) -> Router<S> {
    Router::new().route("/metrics", get(scrape)).with_state(monitor)
}

async fn scrape(State(monitor): State<Monitor>) -> Response {
    ([(header::CONTENT_TYPE, TEXT)], monitor.metrics()).into_response()
}

async fn ready(State(monitor): State<Monitor>) -> Response {
    let readiness = monitor.readiness();
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness)).into_response()
}

/// Serves all three without a password until told to stop. Where another process of this machine has the port, the next
/// free one is taken; the file tells Prometheus (`file_sd_configs`) which.
pub async fn serve(monitor: Monitor, address: SocketAddr, targets: Targets, mut stop: watch::Receiver<bool>) {
    let mut complained = false;
    let listener = loop {
        match bind(address).await {
            Ok(listener) => break listener,
            Err(error) if !complained => {
                warn!(%address, %error, "metrics can't be served; trying again");
                complained = true;
            }
            Err(_) => {}
        }
        tokio::select! {
            _ = stop.wait_for(|&stop| stop) => return,
            () = tokio::time::sleep(TAKEN) => {}
        }
    };
    match listener.local_addr() {
        Ok(own) => {
            info!(address = %own, "metrics are served");
            monitor.serves(own);
            targets.tell(own);
        }
        Err(error) => warn!(%error, "the address of the metrics is not known"),
    }
    let app = Router::new().merge(health(monitor.clone())).merge(metrics(monitor));
    let told = async move {
        // Nobody left to say stop is as good as being told.
        drop(stop.wait_for(|&stop| stop).await);
    };
    if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(told).await {
        warn!(%error, "the metrics are served no longer");
    }
}

async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let ports = (0..PORTS).filter_map(|next| address.port().checked_add(next));
    let mut failure = io::Error::from(io::ErrorKind::AddrInUse);
    for port in ports {
        match TcpListener::bind((address.ip(), port)).await {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => failure = error,
            Err(error) => return Err(error),
        }
    }
    Err(failure)
}

/// The file by which Prometheus finds this process: `<data_dir>/metrics/<role>-<pid>.json`.
pub struct Targets {
    path: PathBuf,
    role: &'static str,
}

impl Targets {
    /// That of this process.
    pub fn new(data_dir: &Path, role: &'static str) -> Self {
        let name = format!("{role}-{}.json", std::process::id());
        Self { path: data_dir.join("metrics").join(name), role }
    }

    /// Writes it, and forgets processes that ended without saying so.
    fn tell(&self, address: SocketAddr) {
        let target = json!([{"targets": [address.to_string()], "labels": {"role": self.role}}]);
        let new = self.path.with_extension("new");
        let written = self
            .sweep()
            .and_then(|()| fs::write(&new, target.to_string()))
            .and_then(|()| fs::rename(&new, &self.path));
        if let Err(error) = written {
            warn!(%error, file = %self.path.display(), "Prometheus is not told where the metrics are");
        }
    }

    fn sweep(&self) -> io::Result<()> {
        let Some(folder) = self.path.parent() else { return Ok(()) };
        fs::create_dir_all(folder)?;
        // Only where the system tells which processes there are.
        if !Path::new("/proc/self").exists() {
            return Ok(());
        }
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            let gone = stem.and_then(|stem| stem.rsplit_once('-')).is_some_and(|(role, pid)| {
                role == self.role
                    && pid.parse::<u32>().is_ok_and(|pid| !Path::new("/proc").join(pid.to_string()).exists())
            });
            if gone {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

impl Drop for Targets {
    fn drop(&mut self) {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                warn!(%error, file = %self.path.display(), "a file can't be removed");
            }
            _ => {}
        }
    }
}
