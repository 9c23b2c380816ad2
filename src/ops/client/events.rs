//! Server-sent events (WHATWG HTML, 9.2), as they come.

use std::net::SocketAddr;

use reqwest::Response;

use super::{ClientError, away};

/// An event.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its name; empty where it has none.
    pub name: String,
    /// Its data, lines joined by line feeds.
    pub data: String,
}

/// The events of an answer that does not end.
#[derive(Debug)]
pub struct Events {
    response: Response,
    address: SocketAddr,
    lines: Lines,
}

impl Events {
    pub(super) fn new(response: Response, address: SocketAddr) -> Self {
        Self { response, address, lines: Lines::default() }
    }

    /// The next event; `None` at the end. May be given up at any time without losing one.
    ///
    /// # Errors
    ///
    /// The connection broke off, or said nothing for two minutes.
    pub async fn next(&mut self) -> Result<Option<Event>, ClientError> {
        loop {
            if let Some(event) = self.lines.event() {
                return Ok(Some(event));
            }
            let chunk = self.response.chunk().await;
            match chunk.map_err(|source| away(self.address, source))? {
                Some(chunk) => self.lines.bytes.extend_from_slice(&chunk),
                None => return Ok(None),
            }
        }
    }
}

/// What came and is no whole event yet.
#[derive(Debug, Default)]
struct Lines {
    bytes: Vec<u8>,
    event: Event,
    has_data: bool,
}

impl Lines {
    /// The first event of what came. Lines end with CR LF, LF or CR; the hub sends LF.
    fn event(&mut self) -> Option<Event> {
        while let Some(end) = self.bytes.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.bytes.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            if let Some(event) = self.take(line.trim_end_matches(['\r', '\n'])) {
                return Some(event);
            }
        }
        None
    }

    fn take(&mut self, line: &str) -> Option<Event> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return std::mem::take(&mut self.has_data).then_some(event);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event.name),
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
                self.has_data = true;
            }
            // Comments are signs of life; nobody asks for the rest.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(chunks: &[&str]) -> Vec<(String, String)> {
        let (mut lines, mut seen) = (Lines::default(), Vec::new());
        for chunk in chunks {
            lines.bytes.extend_from_slice(chunk.as_bytes());
            while let Some(Event { name, data }) = lines.event() {
                seen.push((name, data));
            }
        }
        seen
    }

    #[test]
    fn events_are_read_across_chunks_and_without_comments() {
        let seen = events(&[
            ": hello\n\nevent: st",
            "ep\nda",
            "ta: {\"a\":1}\n\n:\n\ndata: 受理\r\ndata: x\r\n\r\n",
            "data: cut",
        ]);
        let expected = [("step", "{\"a\":1}"), ("", "受理\nx")];
        let expected: Vec<_> = expected.map(|(name, data)| (name.to_owned(), data.to_owned())).into();
        assert_eq!(seen, expected);
    }
}
