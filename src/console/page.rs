//! `/registry`: facilities, counts, and what is known of one network id.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Html;
use jiff::Timestamp;
use serde::Deserialize;

use super::Console;
use super::html::{escape, page, table};
use super::login::Asked;
use super::words::Words;
use crate::ops::registry::records;
use crate::registry::{Fact, Registry};

/// What the form sends. In the body, not in the address: a network id names a person, and addresses are remembered.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    network_id: String,
    #[serde(default)]
    lang: Option<String>,
}

/// The page.
pub(super) async fn show(
    State(console): State<Arc<Console>>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Html<String> {
    render(&console, &Words::of(asked.lang.as_deref(), &headers), None)
}

/// The page with what is known of a network id.
pub(super) async fn search(
    State(console): State<Arc<Console>>,
    headers: HeaderMap,
    Form(wanted): Form<Wanted>,
) -> Html<String> {
    render(&console, &Words::of(wanted.lang.as_deref(), &headers), Some(wanted.network_id.trim()))
}

fn render(console: &Console, words: &Words, network_id: Option<&str>) -> Html<String> {
    let (registry, now) = (console.register.view().read(), console.clock.now());
    let view = Page { words, registry: &registry, console, now };
    let (other, name) = words.other;
    let found = network_id.map(|id| view.history(id)).unwrap_or_default();
    let body = format!(
        "<header><strong>musubi</strong><a href=\"/registry?lang={other}\" lang=\"{other}\">{name}</a>\
         <form method=\"post\" action=\"/logout\"><button>{}</button></form></header>\
         <main><h1>{} <small>({} {})</small></h1>{}{found}{}{}</main>",
        words.leave,
        words.registry,
        words.revision,
        registry.revision(),
        view.form(network_id.unwrap_or_default()),
        view.counts(),
        view.facilities(),
    );
    page(words, words.registry, &body)
}

struct Page<'p> {
    words: &'p Words,
    registry: &'p Registry,
    console: &'p Console,
    now: Timestamp,
}

impl Page<'_> {
    fn form(&self, network_id: &str) -> String {
        let Words { lang, search, network_id: label, search_button, .. } = self.words;
        format!(
            "<h2>{search}</h2><form method=\"post\" action=\"/registry\">\
             <input type=\"hidden\" name=\"lang\" value=\"{lang}\"><label for=\"id\">{label}</label>\
             <input id=\"id\" name=\"network_id\" value=\"{}\" autocomplete=\"off\" required> \
             <button>{search_button}</button></form>",
            escape(network_id)
        )
    }

    fn counts(&self) -> String {
        let counts = records::counts(self.registry, self.now);
        let row = |(kind, (all, in_force)): (&str, (u64, u64))| {
            vec![self.words.fact(kind).to_owned(), in_force.to_string(), all.to_string()]
        };
        let rows: Vec<_> = counts.into_iter().map(row).collect();
        format!("<h2>{}</h2>{}", self.words.records, table(&self.words.count_head, &rows))
    }

    fn facilities(&self) -> String {
        let facilities = records::facilities(self.registry, self.now);
        let rows = facilities.iter().filter_map(|record| {
            let Fact::Facility(facility) = &record.versions.last()?.fact else { return None };
            let name = match (&facility.name_en, self.words.lang) {
                (Some(name), "en") => name,
                _ => &facility.name,
            };
            let roles: Vec<_> = facility.roles.iter().map(|role| self.words.role(*role)).collect();
            let state = if record.in_force { self.words.in_force } else { self.words.ended };
            Some(vec![
                facility.code.clone(),
                name.clone(),
                self.words.area(facility.area),
                roles.join(", "),
                state.to_owned(),
                self.time(facility.period.from),
            ])
        });
        let rows: Vec<_> = rows.collect();
        format!("<h2>{}</h2>{}", self.words.facilities, table(&self.words.facility_head, &rows))
    }

    fn history(&self, network_id: &str) -> String {
        let history = records::history(self.registry, network_id);
        if history.is_empty() {
            return format!("<p class=\"alert\">{}</p>", self.words.nothing);
        }
        let rows: Vec<_> = history
            .into_iter()
            .map(|entry| {
                let period = entry.fact.period();
                let until =
                    period.until.map_or_else(|| self.words.open_end.to_owned(), |until| self.time(until));
                vec![
                    self.time(entry.recorded_at),
                    self.fact(&entry.fact),
                    entry.fact.facility().unwrap_or_default().to_owned(),
                    self.time(period.from),
                    until,
                    entry.who,
                    entry.why,
                ]
            })
            .collect();
        format!("<h2>{}</h2>{}", self.words.history, table(&self.words.history_head, &rows))
    }

    /// A fact and what it is given for.
    fn fact(&self, fact: &Fact) -> String {
        let name = self.words.fact(fact.as_str());
        match fact {
            Fact::ViewConsent(consent) => format!("{name} ({})", consent.purpose.as_str()),
            Fact::SensitiveConsent(consent) => format!("{name} ({})", consent.category.as_str()),
            _ => name.to_owned(),
        }
    }

    /// To the minute, in the hub's zone.
    fn time(&self, at: Timestamp) -> String {
        at.to_zoned(self.console.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }
}
