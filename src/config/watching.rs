//! `[metrics]` and `[telemetry]` of `hub.toml`: who may look how the hub is.

use std::net::SocketAddr;

use reqwest::Url;

use super::need::Thing;
use super::node::{Node, Section};

/// Where traces go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traces {
    /// Address of the OpenTelemetry collector, without a path: `http://127.0.0.1:4318`.
    pub collector: String,
    /// The share of the messages that are traced, as that share of 2^64.
    pub below: u64,
}

pub(super) fn metrics(mut section: Section<'_>) -> Option<SocketAddr> {
    let listen = section.require("listen").and_then(|node| {
        let address = node.listen()?;
        node.need(Thing::Listen(address));
        if !address.ip().is_loopback() {
            node.warn(
                "whoever reaches this address reads the names of feeds and subscribers and how much they send: it has \
                 no encryption and asks for no password",
            );
        }
        Some(address)
    });
    section.finish();
    listen
}

pub(super) fn traces(mut section: Section<'_>) -> Option<Traces> {
    let collector = section.require("otlp").and_then(|node| collector(&node));
    let below = match section.take("sample") {
        Some(node) => share(&node),
        None => Some(u64::MAX),
    };
    section.finish();
    Some(Traces { collector: collector?, below: below? })
}

fn collector(node: &Node<'_>) -> Option<String> {
    if cfg!(not(feature = "otlp")) {
        return node.refuse("this program was built without OpenTelemetry: build it with the feature otlp");
    }
    let text = node.text()?;
    let known =
        Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    match known {
        Some(_) => Some(text.to_owned()),
        None => node
            .refuse("the address of a collector begins with http:// or https://, as http://127.0.0.1:4318"),
    }
}

/// A share from 0 to 1, of 2^64.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a conversion of a number from 0 to 1, which saturates"
)]
fn share(node: &Node<'_>) -> Option<u64> {
    match node.number()? {
        share if (0.0..=1.0).contains(&share) => Some((share * u64::MAX as f64) as u64),
        _ => node.refuse("the share of the messages that are traced lies between 0 and 1"),
    }
}
