//! `/flows`: the way of messages from the feeds over the services to the subscribers, with what moves now.

mod map;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::{Deserialize, Serialize};

use super::Console;
use super::chart::{self, Shown};
use super::frame;
use super::html::{Tone, empty, number, rate, state};
use super::live;
use super::overview;
use super::view::View;
use crate::ops::flows::{Flows, Topic};
use crate::ops::overview::Subject;
use crate::ops::series::Span;
use map::Map;

/// How often the map is made anew.
const EVERY: Duration = Duration::from_secs(5);

/// What is picked out: `?feed=…&service=…&facility=…&subscriber=…`.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub(super) struct Picked {
    #[serde(default)]
    feed: String,
    #[serde(default)]
    service: String,
    #[serde(default)]
    facility: String,
    #[serde(default)]
    subscriber: String,
}

impl Picked {
    /// Only what joins what is picked out.
    fn of(&self, mut flows: Flows) -> Flows {
        let any = |wanted: &str, name: &str| wanted.is_empty() || wanted == name;
        flows.subscribers.retain(|one| {
            any(&self.subscriber, &one.name)
                && any(&self.facility, one.facility.as_deref().unwrap_or_default())
        });
        flows.topics.retain(|topic| any(&self.service, topic.service()));
        flows.feeds.retain(|feed| any(&self.feed, &feed.name));
        let Flows { feeds, topics, subscribers } = &mut flows;
        topics.retain_mut(|topic| {
            topic.feeds.retain(|name| feeds.iter().any(|feed| feed.name == *name));
            topic.subscribers.retain(|name| subscribers.iter().any(|one| one.name == *name));
            !topic.feeds.is_empty() && !topic.subscribers.is_empty()
        });
        feeds.retain(|feed| topics.iter().any(|topic| topic.feeds.contains(&feed.name)));
        subscribers.retain(|one| topics.iter().any(|topic| topic.subscribers.contains(&one.name)));
        flows
    }

    /// Whether it is the whole map.
    fn is_nothing(&self) -> bool {
        [&self.feed, &self.service, &self.facility, &self.subscriber].iter().all(|word| word.is_empty())
    }

    fn query(&self, view: &View) -> String {
        // Names are of letters, digits, `-` and `_`; what else somebody writes finds nothing.
        let plain = |word: &str| {
            word.chars().filter(|c| c.is_alphanumeric() || "-_.".contains(*c)).collect::<String>()
        };
        format!(
            "lang={}&feed={}&service={}&facility={}&subscriber={}",
            view.lang.code(),
            plain(&self.feed),
            plain(&self.service),
            plain(&self.facility),
            plain(&self.subscriber)
        )
    }
}

/// The page.
pub(super) async fn show(
    State(console): State<Arc<Console>>,
    view: View,
    Query(picked): Query<Picked>,
) -> Markup {
    let all = flows(&console, &view);
    let body = html! {
        (filters(&view, &all, &picked))
        section id="flows" data-live={ "/live/flows?" (picked.query(&view)) } { (part(&console, &view, &picked).await) }
        @if let Some(feed) = all.feeds.iter().find(|feed| feed.name == picked.feed) {
            @let title = view.pick("Accepted a minute", "1分あたりの受理件数");
            @let lines = [Shown { series: format!("feed/{}/accepted", feed.name), label: view.pick("accepted", "受理") }];
            (chart::draw(&console, &view, &format!("{}: {title}", feed.name), &lines, Span::Day))
            (chart::scripts())
        }
    };
    frame::page(&view, view.pick("Flows", "流れ"), &body)
}

/// The map and the table, anew whenever they change.
pub(super) async fn live(
    State(console): State<Arc<Console>>,
    view: View,
    Query(picked): Query<Picked>,
) -> Response {
    live::part(EVERY, move || {
        let (console, view, picked) = (console.clone(), view.clone(), picked.clone());
        async move { part(&console, &view, &picked).await }
    })
    .into_response()
}

fn flows(console: &Console, view: &View) -> Flows {
    view.actor.as_ref().map_or_else(Flows::default, |actor| chart::seen(console, actor))
}

async fn part(console: &Console, view: &View, picked: &Picked) -> Markup {
    let flows = picked.of(flows(console, view));
    if flows.topics.is_empty() {
        return empty(view.pick("No way leads from there to there.", "該当する流れはありません。"));
    }
    let overview = match overview::seen(console, view).await {
        Ok(overview) => overview,
        Err(why) => return html! { p.notice.bad role="alert" { (why) } },
    };
    let map = Map { console, view, flows: &flows, overview: &overview, grouped: picked.is_nothing() };
    html! {
        div.map { (map.draw()) }
        h2 { (view.pick("The same as a table", "表で見る")) }
        (table(&map))
    }
}

fn filters(view: &View, flows: &Flows, picked: &Picked) -> Markup {
    let mut facilities: Vec<_> = flows.subscribers.iter().filter_map(|one| one.facility.as_deref()).collect();
    facilities.sort_unstable();
    facilities.dedup();
    let choice = |name: &str, label: &str, chosen: &str, all: Vec<&str>| {
        html! {
            div.field {
                label for=(name) { (label) }
                select id=(name) name=(name) {
                    option value="" { (view.pick("all", "すべて")) }
                    @for one in all { option value=(one) selected[one == chosen] { (one) } }
                }
            }
        }
    };
    html! {
        form.filters method="get" action="/flows" {
            (choice("feed", view.pick("Feed", "フィード"), &picked.feed, flows.feeds.iter().map(|feed| feed.name.as_str()).collect()))
            (choice("service", view.pick("Service", "サービス"), &picked.service, flows.services()))
            (choice("facility", view.pick("Facility", "施設"), &picked.facility, facilities))
            (choice("subscriber", view.pick("Subscriber", "配信先"), &picked.subscriber, flows.subscribers.iter().map(|one| one.name.as_str()).collect()))
            button { (view.pick("Show", "表示")) }
            @if !picked.is_nothing() { a href="/flows" { (view.pick("everything", "すべて表示")) } }
        }
    }
}

/// How a subscriber is, in a word, and how many of its copies wait.
fn subscriber(map: &Map<'_>, name: &str) -> (Tone, &'static str, u64) {
    let (tone, word) = overview::judged(map.view, map.overview, Subject::Subscriber, name);
    let mut subscribers = map.overview.subscribers.iter();
    let known = subscribers.find(|one| one.subscriber == name);
    (tone, word, known.map_or(0, |one| one.waiting.messages.unwrap_or(0) + one.parked))
}

/// What the map shows, for who can't see it.
fn table(map: &Map<'_>) -> Markup {
    let Map { console, view, flows, .. } = map;
    let row = |topic: &Topic| {
        let copies = console.series.rate(&format!("topic/{}/copies", topic.name));
        let to = flows.subscribers.iter().filter(|one| topic.subscribers.contains(&one.name));
        html! {
            tr {
                td.name { a href={ "/topics#" (topic.name) } { (topic.name) } }
                td { (topic.feeds.join(", ")) }
                td.num { (rate(view, copies)) }
                td.text {
                    @for (at, one) in to.enumerate() {
                        @let (tone, word, waiting) = subscriber(map, &one.name);
                        @if at > 0 { ", " }
                        a href={ "/queues/to." (one.name) } { (one.name) }
                        @if waiting > 0 { " (" (number(waiting)) ")" }
                        @if tone >= Tone::Warn { " " (state(tone, word)) }
                    }
                }
            }
        }
    };
    html! {
        div.wide {
            table {
                thead {
                    tr {
                        th scope="col" { (view.pick("Topic", "トピック")) }
                        th scope="col" { (view.pick("From", "フィード")) }
                        th.num scope="col" { (view.pick("Copies", "配信数")) }
                        th scope="col" { (view.pick("To (waiting)", "配信先（待ち）")) }
                    }
                }
                tbody { @for topic in &flows.topics { (row(topic)) } }
            }
        }
    }
}
