//! What a receiver is told of an alert, in words and as JSON. Names of the configuration and figures, nothing of a message.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::alarm::Alarm;
use super::book::{Alert, Event};
use crate::config::AlertSeverity as Severity;

/// Where the documents tell what to do.
const GUIDE: &str = "docs/operate/alerts";

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) event: Event,
    pub(super) alert: Alert,
    pub(super) network: String,
    pub(super) japanese: bool,
    pub(super) zone: TimeZone,
}

/// The body of a webhook.
#[derive(Debug, Serialize)]
struct Body<'n> {
    version: u8,
    event: Event,
    network: &'n str,
    id: &'n str,
    alarm: Alarm,
    severity: Severity,
    subject: &'n str,
    #[serde(skip_serializing_if = "Option::is_none")]
    facility: Option<&'n str>,
    since: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    details: &'n std::collections::BTreeMap<String, String>,
    title: String,
    /// What chat services show.
    text: String,
    guide: String,
}

impl Notice {
    /// One line.
    pub(super) fn title(&self) -> String {
        let Alert { alarm, subject, .. } = &self.alert;
        let about = alarm.about();
        let event = match (self.event, self.japanese) {
            (Event::Opened, true) => "発生",
            (Event::Reminded, true) => "継続中",
            (Event::Acknowledged, true) => "確認済み",
            (Event::Closed, true) => "復旧",
            (Event::Test, true) => "試験",
            (Event::Opened, false) => "open",
            (Event::Reminded, false) => "still open",
            (Event::Acknowledged, false) => "acknowledged",
            (Event::Closed, false) => "closed",
            (Event::Test, false) => "test",
        };
        let title = self.pick(about.title);
        let subject = if subject.is_empty() { String::new() } else { format!(": {subject}") };
        format!("[musubi {}] {event} {title}{subject}", self.network)
    }

    /// The whole text.
    pub(super) fn text(&self) -> String {
        let Alert { id, alarm, subject, facility, since, until, details, .. } = &self.alert;
        let about = alarm.about();
        let mut text = format!("{}\n\n", self.title());
        if self.event == Event::Test {
            text.push_str(
                self.pick((
                    "This is a test: nothing is wrong.\n\n",
                    "これは試験です。異常はありません。\n\n",
                )),
            );
        }
        let mut line = |name: (&str, &str), value: &str| {
            if !value.is_empty() {
                text.push_str(&format!("{}: {value}\n", self.pick(name)));
            }
        };
        line(("Alarm", "種類"), alarm.code());
        line(("About", "対象"), subject);
        line(("Facility", "医療機関"), facility.as_deref().unwrap_or_default());
        line(("Since", "発生"), &self.moment(*since));
        line(("Until", "復旧"), &until.map(|until| self.moment(until)).unwrap_or_default());
        line(("Whose fault it probably is", "原因の見込み"), self.pick(about.side.words()));
        for (name, value) in details {
            let local = value.parse().map_or_else(|_| value.clone(), |at| self.moment(at));
            line(detail(name), &local);
        }
        line(("Number", "番号"), id);
        if !matches!(self.event, Event::Closed) {
            let (meaning, action) = (self.pick(about.meaning), self.pick(about.action));
            text.push_str(&format!(
                "\n{meaning}\n\n{}: {action}\n{}\n",
                self.pick(("What to do", "対応")),
                self.guide()
            ));
        }
        text
    }

    /// The body of a webhook.
    pub(super) fn json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let Alert { id, alarm, subject, facility, since, until, details, .. } = &self.alert;
        serde_json::to_vec(&Body {
            version: 1,
            event: self.event,
            network: &self.network,
            id,
            alarm: *alarm,
            severity: alarm.about().severity,
            subject,
            facility: facility.as_deref(),
            since: *since,
            until: *until,
            details,
            title: self.title(),
            text: self.text(),
            guide: self.guide(),
        })
    }

    fn guide(&self) -> String {
        let page = if self.japanese { ".ja.md" } else { ".md" };
        format!("{GUIDE}{page}#{}", self.alert.alarm.code())
    }

    fn moment(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    const fn pick<'t>(&self, (en, ja): (&'t str, &'t str)) -> &'t str {
        if self.japanese { ja } else { en }
    }
}

/// The name of a figure.
pub fn detail(name: &str) -> (&str, &str) {
    match name {
        "messages" => ("Messages", "件数"),
        "patients" => ("Patients", "患者数"),
        "expected" => ("Messages that should have come at least", "本来届くはずの最低件数"),
        "last" => ("Last heard", "最終"),
        "oldest" => ("Oldest accepted", "最古の受理"),
        "since" => ("So since", "継続開始"),
        "at" => ("At", "日時"),
        "until" => ("Valid until", "有効期限"),
        "free" => ("Free", "空き"),
        "size" => ("Size", "容量"),
        name => (name, name),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn notice(event: Event, japanese: bool) -> Notice {
        let at = |text: &str| text.parse().unwrap();
        let alert = Alert {
            id: "0123456789ab".to_owned(),
            alarm: Alarm::FeedSilent,
            subject: "oki-kamome".to_owned(),
            facility: Some("3210700019".to_owned()),
            since: at("2026-11-23T00:30:00Z"),
            until: (event == Event::Closed).then(|| at("2026-11-23T01:00:00Z")),
            seen: at("2026-11-23T00:30:00Z"),
            details: BTreeMap::from([("last".to_owned(), "2026-11-22T23:50:00Z".to_owned())]),
            acknowledged: None,
            told: BTreeMap::new(),
        };
        let zone = TimeZone::get("Asia/Tokyo").unwrap();
        Notice { event, alert, network: "shimane".to_owned(), japanese, zone }
    }

    #[test]
    fn a_notice_says_what_since_when_and_what_to_do() {
        let opened = notice(Event::Opened, true);
        assert_eq!(opened.title(), "[musubi shimane] 発生 受信が途絶えています: oki-kamome");
        let text = opened.text();
        for part in [
            "発生: 2026-11-23 09:30:00",
            "最終: 2026-11-23 08:50:00",
            "対応: 医療機関に連絡",
            "alerts.ja.md#feed-silent",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let closed = notice(Event::Closed, false).text();
        assert!(closed.contains("Until: 2026-11-23 10:00:00") && !closed.contains("What to do"), "{closed}");
        let json: serde_json::Value = serde_json::from_slice(&opened.json().unwrap()).unwrap();
        assert_eq!(
            (&json["event"], &json["alarm"], &json["severity"]),
            (&"opened".into(), &"feed-silent".into(), &"critical".into())
        );
    }
}
