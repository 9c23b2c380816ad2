//! Links to web conferences in the texts of an appointment.
//!
//! HL7 has no field for them: they stand in notes (NTE-3), reasons (SCH-6, SCH-7) or a segment of the sender's own. A
//! link counts only if its host is one that the network uses: anybody may write any link into a note.

use serde_json::Value;

use super::{Route, Send};
use crate::canonical::{Appointment, AppointmentEvent, CanonicalEvent, Content, Precision};

const SCHEME: &str = "https://";

impl Route {
    /// Whether the form in which it sends has a body for the event. Only an invitation may have none: a new
    /// appointment needs a beginning and a link to a meeting; what comes later about one is passed on whether it repeats
    /// the link or not, since calendars know it by its number.
    pub(super) fn has_body(&self, event: &CanonicalEvent<'_>) -> bool {
        match (self.send, &event.content) {
            (Send::ICalendar, Content::Appointment(appointment)) => {
                is_known(appointment)
                    && match appointment.event {
                        AppointmentEvent::Booked => has_day(appointment) && self.has_link(event),
                        AppointmentEvent::Rescheduled | AppointmentEvent::Modified => has_day(appointment),
                        AppointmentEvent::Cancelled
                        | AppointmentEvent::Discontinued
                        | AppointmentEvent::Deleted => true,
                        // It is over.
                        AppointmentEvent::NoShow => false,
                    }
            }
            (Send::ICalendar, _) => false,
            (Send::Canonical | Send::Original | Send::Fhir, _) => true,
        }
    }

    fn has_link(&self, event: &CanonicalEvent<'_>) -> bool {
        serde_json::to_value(event).is_ok_and(|event| self.meeting_link(&event).is_some())
    }

    /// The first link to one of the route's meeting hosts in an event, or in what is disclosed of it.
    pub fn meeting_link(&self, event: &Value) -> Option<String> {
        link(event, &self.meeting_hosts)
    }
}

fn is_known(appointment: &Appointment<'_>) -> bool {
    appointment.number.is_some() || appointment.filler_number.is_some()
}

fn has_day(appointment: &Appointment<'_>) -> bool {
    appointment.starts_at.is_some_and(|at| at.precision >= Precision::Day)
}

/// The first accepted link in any text of a value. Unmapped values that were divided at `&` are passed over: of a link
/// that a sender did not escape only a part stands there.
fn link(value: &Value, hosts: &[String]) -> Option<String> {
    match value {
        Value::String(text) => links(text).find(|link| is_accepted(link, hosts)).map(str::to_owned),
        Value::Array(values) => values.iter().find_map(|value| link(value, hosts)),
        Value::Object(fields) => {
            let is_divided = |key: &str| key.contains('-') && key.matches('.').count() > 1;
            fields.iter().filter(|(key, _)| !is_divided(key)).find_map(|(_, value)| link(value, hosts))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// The links in a text: each up to the first character that no address has (RFC 3986), without the punctuation of the
/// sentence around it.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices(SCHEME).filter_map(|(at, _)| {
        let rest = text.get(at..)?;
        let end = rest.find(|c: char| !is_of_address(c)).unwrap_or(rest.len());
        Some(rest.get(..end)?.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', ')', ']']))
    })
}

fn is_of_address(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c)
}

/// Whether its host is one of those; `*.example.jp` stands for every host below. Names and passwords before the host
/// are refused: they make a link look like one to somewhere else.
fn is_accepted(link: &str, hosts: &[String]) -> bool {
    let rest = link.strip_prefix(SCHEME).unwrap_or_default();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.strip_suffix(":443").unwrap_or(authority).to_ascii_lowercase();
    hosts.iter().any(|known| match known.strip_prefix('*') {
        Some(below) => host.strip_suffix(below).is_some_and(is_label),
        None => host == *known,
    })
}

fn is_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_links_to_the_hosts_of_the_network_count() {
        let hosts = ["meet.example.jp".to_owned(), "*.conf.example".to_owned()];
        let first = |text: &str| link(&json!({"notes": ["絶食", text]}), &hosts);
        for (text, expected) in [
            ("https://meet.example.jp/j/1?pwd=a&x=b", "https://meet.example.jp/j/1?pwd=a&x=b"),
            ("会議は https://meet.example.jp/j/1。", "https://meet.example.jp/j/1"),
            ("(https://MEET.example.jp:443/j/1).", "https://MEET.example.jp:443/j/1"),
            ("https://a.conf.example/x", "https://a.conf.example/x"),
            ("https://evil.example/ https://meet.example.jp", "https://meet.example.jp"),
        ] {
            assert_eq!(first(text).as_deref(), Some(expected));
        }
        for text in [
            "http://meet.example.jp/j/1",
            "https://meet.example.jp.evil.example/",
            "https://evil.example/?https://meet.example.jp.x",
            "https://evil.example#@meet.example.jp",
            "https://meet.example.jp@evil.example/",
            "https://user@meet.example.jp/",
            "https://xmeet.example.jp/",
            "https://conf.example/",
            "https://.conf.example/",
            "https://evil/x.conf.example",
            "https://",
        ] {
            assert_eq!(first(text), None, "{text}");
        }
        // The address ends at the backslash, which some browsers would take for a part of it.
        assert_eq!(
            first("https://meet.example.jp\\@evil.example").as_deref(),
            Some("https://meet.example.jp")
        );
    }

    #[test]
    fn a_part_of_a_link_is_no_link() {
        let hosts = ["meet.example.jp".to_owned()];
        let whole = json!({"unmapped": {"ZMT-2": "https://meet.example.jp/1"}});
        assert!(link(&whole, &hosts).is_some());
        let divided = json!({"unmapped": {"ZMT-2.1.1": "https://meet.example.jp/1?a=1", "ZMT-2.1.2": "b=2"}});
        assert_eq!(link(&divided, &hosts), None);
    }
}
