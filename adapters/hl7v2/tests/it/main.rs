//! What the adapter does with whole messages and files.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod corpus;
mod acknowledgements;
mod characters;
mod charsets;
mod differential;
mod escapes;
mod files;
mod frames;
mod messages;
mod properties;

use hl7v2::{Message, decode};

/// A message of one PID segment whose declared character set is `charset`.
fn message(charset: &str, pid: &[u8]) -> Vec<u8> {
    let header =
        format!("MSH|^~\\&|HIS|S|GW|R|20260101||ADT^A08^ADT_A01|1|P|2.5||||||{charset}||ISO 2022-1994\r");
    [header.as_bytes(), pid, b"\r"].concat()
}

/// Decodes, expecting no findings.
fn clean(bytes: &[u8]) -> Message {
    let message = decode(bytes).unwrap();
    assert_eq!(message.findings(), [], "{}", message.text());
    message
}

/// The codes of the findings.
fn codes(message: &Message) -> Vec<&'static str> {
    message.findings().iter().map(|finding| finding.code).collect()
}

/// What a path addresses, `-` if nothing.
fn at(message: &Message, path: &str) -> String {
    message.at(&path.parse().unwrap()).map_or_else(|| "-".to_owned(), Into::into)
}
