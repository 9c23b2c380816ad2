//! Brings spans to an OpenTelemetry collector, over HTTP with protobuf (OTLP 1). Attributes follow the semantic
//! conventions for messaging (OpenTelemetry 1.27 and later).

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter as _, SpanLinks};
use tokio::sync::watch;
use tokio::time::timeout;
use tracing::warn;

use super::causes;
use super::trace::{Collector, Span, Stage, parent_id, span_id, trace_id};

/// Spans of one request.
const BATCH: usize = 512;
/// How long a batch waits for more.
const GATHER: Duration = Duration::from_secs(2);
/// How long the collector may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The same when the hub ends.
const LAST: Duration = Duration::from_secs(2);
/// Path of traces below a collector's address (OTLP/HTTP).
const PATH: &str = "/v1/traces";

impl Collector {
    /// Passes spans on until told to stop; then what waits is passed on once. What the collector does not take is
    /// counted and forgotten.
    pub(crate) async fn run(mut self, address: String, role: &'static str, mut stop: watch::Receiver<bool>) {
        let exporter = match exporter(&address, role) {
            Ok(exporter) => exporter,
            Err(error) => return warn!(error = causes(error.as_ref()), "traces can't be sent"),
        };
        let (mut batch, mut complained) = (Vec::with_capacity(BATCH), false);
        loop {
            let over = tokio::select! {
                biased;
                received = self.spans.recv_many(&mut batch, BATCH) => received == 0,
                _ = stop.wait_for(|&stop| stop) => true,
            };
            if !over && batch.len() < BATCH {
                let more = async {
                    while batch.len() < BATCH && self.spans.recv_many(&mut batch, BATCH).await > 0 {}
                };
                tokio::select! {
                    _ = timeout(GATHER, more) => {}
                    _ = stop.wait_for(|&stop| stop) => {}
                }
            }
            if !batch.is_empty() {
                complained = !self.export(&exporter, &mut batch, over, complained).await;
            }
            if over {
                return;
            }
        }
    }

    /// Passes a batch on; false where it was not taken. `last`: the hub ends, and waits only a little.
    async fn export(
        &self,
        exporter: &SpanExporter,
        batch: &mut Vec<Span>,
        last: bool,
        complained: bool,
    ) -> bool {
        let count = batch.len() as u64;
        let data = batch.drain(..).map(data).collect();
        let why = match timeout(if last { LAST } else { PATIENCE }, exporter.export(data)).await {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer".to_owned(),
        };
        self.dropped.fetch_add(count, Ordering::Relaxed);
        if !complained {
            warn!(why, "the collector of traces takes nothing; spans are dropped");
        }
        false
    }
}

fn exporter(address: &str, role: &'static str) -> Result<SpanExporter, Box<dyn std::error::Error>> {
    // Whoever came first has chosen the same one.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
    let builder = SpanExporter::builder().with_http().with_http_client(Client(client));
    let endpoint = format!("{}{PATH}", address.trim_end_matches('/'));
    let mut exporter = builder.with_endpoint(endpoint).with_protocol(Protocol::HttpBinary).build()?;
    let resource = Resource::builder_empty().with_attributes([
        KeyValue::new("service.name", format!("musubi-{role}")),
        KeyValue::new("service.namespace", "musubi"),
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
    ]);
    exporter.set_resource(&resource.build());
    Ok(exporter)
}

/// A span as the collector knows it.
fn data(span: Span) -> SpanData {
    let (name, kind, operation, party) = match span.stage {
        Stage::Accept => ("publish", SpanKind::Producer, "send", "musubi.feed"),
        Stage::Route => ("process", SpanKind::Consumer, "process", "musubi.feed"),
        Stage::Deliver => ("deliver", SpanKind::Client, "send", "musubi.subscriber"),
    };
    let mut attributes = vec![
        KeyValue::new("messaging.system", "musubi"),
        KeyValue::new("messaging.operation.name", name),
        KeyValue::new("messaging.operation.type", operation),
        KeyValue::new("messaging.destination.name", span.destination.clone()),
        KeyValue::new("messaging.message.id", span.message.clone()),
        KeyValue::new(party, span.party.clone()),
    ];
    let status = match span.failure {
        Some(failure) => {
            attributes.push(KeyValue::new("error.type", failure));
            Status::error(failure)
        }
        None => Status::Unset,
    };
    let id = SpanId::from_bytes(span_id(&span));
    let trace = TraceId::from_bytes(trace_id(&span.message));
    let parent = parent_id(&span);
    SpanData {
        span_context: SpanContext::new(trace, id, TraceFlags::SAMPLED, false, TraceState::NONE),
        parent_span_id: parent.map_or(SpanId::INVALID, SpanId::from_bytes),
        parent_span_is_remote: parent.is_some(),
        span_kind: kind,
        name: format!("{name} {}", span.destination).into(),
        start_time: SystemTime::from(span.begun),
        end_time: SystemTime::from(span.ended),
        attributes,
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status,
        instrumentation_scope: InstrumentationScope::builder("musubi").build(),
    }
}

/// The hub's own HTTP client, for the exporter.
struct Client(reqwest::Client);

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let request = self.0.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body);
        let answer = request.send().await.map_err(reqwest::Error::without_url)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(reqwest::Error::without_url)?;
        Ok(Response::builder().status(status).body(body)?)
    }
}
