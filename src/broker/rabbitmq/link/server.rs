//! What a server says that it is, in its first words (AMQP 0-9-1, `connection.start`).

use std::io;

use futures_util::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use lapin::types::FieldTable;
use lapin::types::parsing::parse_field_table;

/// What a client says first.
const PROTOCOL: &[u8] = b"AMQP\0\0\x09\x01";

/// Type (1), channel (2) and length of a frame (4).
const FRAME_HEADER: usize = 7;

/// Class and method of `connection.start`, and the two bytes of the version behind them.
const START: &[u8] = &[0, 10, 0, 10];
const VERSION_BYTES: usize = 2;

/// No server introduces itself at greater length.
const LONGEST: usize = 64 * 1024;

/// Product and version: `RabbitMQ 3.10.8`.
///
/// # Errors
/// Where the connection fails, or what comes is no AMQP.
pub(super) async fn product(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<String> {
    stream.write_all(PROTOCOL).await?;
    stream.flush().await?;
    let mut header = [0; FRAME_HEADER];
    stream.read_exact(&mut header).await?;
    let [_, _, _, length @ ..] = header;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > LONGEST {
        return Err(not_amqp());
    }
    let mut start = vec![0; length];
    stream.read_exact(&mut start).await?;
    said(&start).ok_or_else(not_amqp)
}

fn said(start: &[u8]) -> Option<String> {
    let properties = start.strip_prefix(START)?.get(VERSION_BYTES..)?;
    let (_, properties) = parse_field_table(properties).ok()?;
    let text = |name| text(&properties, name);
    Some(format!("{} {}", text("product")?, text("version")?))
}

fn text(properties: &FieldTable, name: &str) -> Option<String> {
    Some(properties.inner().get(name)?.as_long_string()?.to_string())
}

fn not_amqp() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the server does not speak AMQP 0-9-1")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `connection.start` with these properties.
    fn start(properties: &[(&str, &str)]) -> Vec<u8> {
        let mut table = Vec::new();
        for (name, value) in properties {
            table.push(u8::try_from(name.len()).unwrap());
            table.extend(name.as_bytes());
            table.push(b'S');
            table.extend(u32::try_from(value.len()).unwrap().to_be_bytes());
            table.extend(value.as_bytes());
        }
        let length = u32::try_from(table.len()).unwrap().to_be_bytes();
        [START, &[0, 9], &length, &table].concat()
    }

    #[test]
    fn product_and_version_are_read() {
        let start = start(&[("product", "RabbitMQ"), ("version", "4.1.2")]);
        assert_eq!(said(&start).as_deref(), Some("RabbitMQ 4.1.2"));
    }

    #[test]
    fn a_server_that_does_not_say_is_not_guessed() {
        assert_eq!(said(&start(&[("product", "RabbitMQ")])), None);
        assert_eq!(said(b"HTTP/1.1 400 Bad Request"), None);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0_usize..80) {
            said(&bytes);
            let mut start = start(&[("product", "RabbitMQ"), ("version", "4.1.2")]);
            let at = at.min(start.len());
            start.truncate(at);
            start.extend(bytes);
            said(&start);
        }
    }
}
