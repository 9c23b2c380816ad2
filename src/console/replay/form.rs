//! The form in which a replay is asked for.

use jiff::tz::TimeZone;
use maud::{Markup, html};
use serde::Deserialize;

use super::super::view::View;
use super::super::{Console, frame};
use crate::canonical::Kind;
use crate::envelope::Identifying;
use crate::ops::replay::{Patient, RATE, RATE_MAX, Request, Selection, time};
use crate::pipeline::INVALID;

/// What the form sends. In the body, not in the address: an id names a person, and addresses are remembered.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    to: String,
    from: String,
    until: String,
    facility: String,
    feed: String,
    patient: Identifying,
    network_id: Identifying,
    kind: String,
    topic: String,
    ids: String,
    rate: String,
    why: String,
}

/// What an address may say: nothing that tells of a patient.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Named {
    to: String,
    ids: String,
}

impl From<Named> for Wanted {
    fn from(Named { to, ids }: Named) -> Self {
        Self { to, ids, ..Self::default() }
    }
}

impl Wanted {
    /// What is asked for, or why that can't be understood.
    pub(super) fn request(&self, zone: &TimeZone) -> Result<Request, String> {
        let said = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let at = |text: &str| said(text).map(|text| time(&text, zone)).transpose();
        let rate = said(&self.rate).map(|rate| rate.parse().map_err(|_| "the rate is a number".to_owned()));
        let patient = match (said(&self.patient.0), said(&self.network_id.0), said(&self.facility)) {
            (None, None, _) => None,
            (None, Some(id), _) => Some(Patient::Network(Identifying(id))),
            (Some(id), None, Some(facility)) => Some(Patient::Local { facility, id: Identifying(id) }),
            (Some(_), None, None) => return Err("a patient's local id needs its facility".to_owned()),
            (Some(_), Some(_), _) => return Err("a patient is named by one id".to_owned()),
        };
        let selection = Selection {
            to: self.to.trim().to_owned(),
            from: at(&self.from)?,
            until: at(&self.until)?,
            facility: said(&self.facility),
            feed: said(&self.feed),
            patient,
            kind: said(&self.kind),
            topic: said(&self.topic),
            ids: self.ids.split_whitespace().map(str::to_owned).collect(),
        };
        Ok(Request { selection, why: self.why.trim().to_owned(), rate: rate.transpose()? })
    }

    /// The form, with what was said.
    pub(super) fn form(&self, console: &Console, view: &View) -> Markup {
        let config = console.control.config();
        let subscribers = config.subscribers.iter().map(|subscriber| subscriber.name.as_str());
        let feeds = config.feeds.iter().map(|feed| feed.settings.name.as_str());
        let kinds = Kind::ALL.into_iter().map(Kind::as_str).chain([INVALID]);
        let body = html! {
            div.filters {
                (choice("to", view.pick("To (subscriber)", "配信先"), subscribers, &self.to, true))
                (field("from", "datetime-local", view.pick("Accepted from", "受理日時（から）"), &self.from))
                (field("until", "datetime-local", view.pick("Accepted before", "受理日時（まで）"), &self.until))
                (field("facility", "text", view.pick("Facility (10-digit code)", "施設（10 桁コード）"), &self.facility))
                (choice("feed", view.pick("Feed", "フィード"), feeds, &self.feed, false))
                (field("patient", "text", view.pick("Patient's id at the facility", "施設の患者ID"), &self.patient.0))
                (field("network_id", "text", view.pick("Patient's network id", "ネットワークID"), &self.network_id.0))
                (choice("kind", view.pick("Kind", "種類"), kinds, &self.kind, false))
                (field("topic", "text", view.pick("Topic", "トピック"), &self.topic))
                (field("ids", "text", view.pick("Message ids", "メッセージID"), &self.ids))
                (rate(view, &self.rate))
                div { label for="why" { (view.pick("Why", "理由")) }
                    input id="why" name="why" value=(self.why) autocomplete="off" required; }
            }
            p { button { (view.pick("Count first", "件数を見積もる")) } }
        };
        frame::form(view, "/replay", &body)
    }
}

fn field(name: &str, kind: &str, label: &str, value: &str) -> Markup {
    html! {
        div { label for=(name) { (label) }
            input id=(name) name=(name) type=(kind) value=(value) autocomplete="off"; }
    }
}

fn rate(view: &View, value: &str) -> Markup {
    let value = if value.is_empty() { RATE.to_string() } else { value.to_owned() };
    html! {
        div { label for="rate" { (view.pick("Copies a second", "1 秒あたりの上限")) }
            input id="rate" name="rate" type="number" min="1" max=(RATE_MAX) value=(value); }
    }
}

fn choice<'c>(
    name: &str,
    label: &str,
    choices: impl Iterator<Item = &'c str>,
    chosen: &str,
    must: bool,
) -> Markup {
    html! {
        div { label for=(name) { (label) }
            select id=(name) name=(name) required[must] {
                option value="" {}
                @for one in choices { option value=(one) selected[one == chosen] { (one) } }
            } }
    }
}
