//! `/topics`: what is promised to those who subscribe, with an invented sample of each.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::Console;
use super::chart;
use super::frame;
use super::html::{number, rate};
use super::view::View;
use crate::ops::topics::{self, Contract, Topic};

/// The catalogue.
pub(super) async fn show(State(console): State<Arc<Console>>, view: View) -> Markup {
    let topics = seen(&console, &view);
    let lead = view.pick(
        "What is sent, to whom, and what it looks like. A subscriber gets what concerns one patient in order.",
        "何を、誰に、どの形で送るか。同じ患者のメッセージは順序どおりに届きます。",
    );
    let asyncapi = view.pick("AsyncAPI of all topics", "全トピックの AsyncAPI");
    let body = html! {
        p.lead { (lead) }
        p.actions { a.button.quiet href={ "/topics/files/" (topics::ASYNCAPI) } download { (asyncapi) } }
        (index(&console, &view, &topics))
        @for topic in &topics { (details(&view, topic)) }
    };
    frame::page(&view, view.pick("Topics", "トピック"), &body)
}

/// One topic with its samples.
pub(super) async fn one(
    State(console): State<Arc<Console>>,
    view: View,
    Path(name): Path<String>,
) -> Response {
    let Some(topic) = seen(&console, &view).into_iter().find(|topic| topic.name == name) else {
        let none = view.pick("There is no such topic", "そのトピックはありません");
        return frame::refusal(&view, StatusCode::NOT_FOUND, none);
    };
    let documents = topics::documents(&console.control.config());
    let mut files: Vec<_> = topic.contracts.iter().filter_map(|contract| contract.schema.as_ref()).collect();
    files.sort_unstable();
    files.dedup();
    let samples = files.into_iter().filter_map(|file| {
        let sample = topics::sample(documents.get(file)?);
        Some((file, serde_json::to_string_pretty(&sample).unwrap_or_default()))
    });
    let body = html! {
        (facts(&view, &topic))
        (contracts(&view, &topic))
        @for (file, sample) in samples {
            h2 { (view.pick("Sample (invented): ", "見本（架空）：")) (file) }
            pre.message tabindex="0" { (sample) }
        }
    };
    frame::page(&view, &name, &body).into_response()
}

/// A document for those who subscribe.
pub(super) async fn file(State(console): State<Arc<Console>>, Path(name): Path<String>) -> Response {
    match topics::documents(&console.control.config()).get(&name) {
        Some(document) => {
            let text = serde_json::to_string_pretty(document).unwrap_or_default();
            ([(header::CONTENT_TYPE, "application/json")], text).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What somebody may see of it.
fn seen(console: &Console, view: &View) -> Vec<Topic> {
    let Some(actor) = &view.actor else { return Vec::new() };
    let flows = chart::seen(console, actor);
    let mut topics = topics::catalogue(&console.control.config());
    topics.retain_mut(|topic| {
        topic.subscribers.retain(|name| flows.subscribers.iter().any(|one| one.name == *name));
        topic.feeds.retain(|name| flows.feeds.iter().any(|feed| feed.name == *name));
        flows.topics.iter().any(|known| known.name == topic.name)
    });
    topics
}

fn index(console: &Console, view: &View, topics: &[Topic]) -> Markup {
    html! {
        div.wide {
            table {
                thead {
                    tr {
                        th scope="col" { (view.pick("Topic", "トピック")) }
                        th scope="col" { (view.pick("Kinds", "種別")) }
                        th.num scope="col" { (view.pick("Copies", "配信数")) }
                        th.num scope="col" { (view.pick("Subscribers", "配信先")) }
                        th scope="col" { (view.pick("Basis", "根拠")) }
                    }
                }
                tbody {
                    @for topic in topics {
                        tr {
                            td.name { a href={ "#" (topic.name) } { (topic.name) } }
                            td.text { (kinds(topic).join(", ")) }
                            td.num { (rate(view, console.series.rate(&format!("topic/{}/copies", topic.name)))) }
                            td.num { (number(topic.subscribers.len() as u64)) }
                            td { (bases(topic).join(", ")) }
                        }
                    }
                }
            }
        }
    }
}

fn details(view: &View, topic: &Topic) -> Markup {
    html! {
        section id=(topic.name) {
            h2 { a href={ "/topics/" (topic.name) } { (topic.name) } }
            (facts(view, topic))
            (contracts(view, topic))
        }
    }
}

fn facts(view: &View, topic: &Topic) -> Markup {
    let key = view.pick(
        "the patient: what concerns one patient comes in the order of the source, in one lane",
        "患者ごと：同じ患者のメッセージは送信元の順序で、一つの列で届く",
    );
    html! {
        dl.facts {
            dt { (view.pick("Order", "順序キー")) } dd { (key) }
            dt { (view.pick("From", "フィード")) } dd { (topic.feeds.join(", ")) }
            dt { (view.pick("To", "配信先")) }
            dd {
                @for (at, name) in topic.subscribers.iter().enumerate() {
                    @if at > 0 { ", " }
                    a href={ "/queues/to." (name) } { (name) }
                }
            }
        }
    }
}

fn contracts(view: &View, topic: &Topic) -> Markup {
    html! {
        div.wide {
            table {
                thead {
                    tr {
                        th scope="col" { (view.pick("Route", "ルート")) }
                        th scope="col" { (view.pick("Kind", "種別")) }
                        th scope="col" { (view.pick("Basis", "根拠")) }
                        th scope="col" { (view.pick("What leaves", "提供範囲")) }
                        th scope="col" { (view.pick("Form", "形式")) }
                        th scope="col" { (view.pick("Schema", "スキーマ")) }
                    }
                }
                tbody { @for contract in &topic.contracts { (row(view, topic, contract)) } }
            }
        }
    }
}

fn row(view: &View, topic: &Topic, contract: &Contract) -> Markup {
    let form = match contract.form {
        "original" => view.pick("original bytes", "原本のまま"),
        "fhir" => "FHIR R4",
        "icalendar" => "iCalendar",
        _ => "JSON",
    };
    html! {
        tr {
            td { (contract.route) }
            td { (contract.kind) }
            td { (contract.basis) @if let Some(purpose) = contract.purpose { " (" (purpose) ")" } }
            td { (contract.disclosure.as_deref().unwrap_or(view.pick("everything", "すべて"))) }
            td { (form) }
            td {
                @match &contract.schema {
                    Some(file) => {
                        a href={ "/topics/files/" (file) } download { (file) }
                        " · " a href={ "/topics/" (topic.name) } { (view.pick("sample", "見本")) }
                    }
                    None => "–",
                }
            }
        }
    }
}

fn kinds(topic: &Topic) -> Vec<&'static str> {
    distinct(topic.contracts.iter().map(|contract| contract.kind))
}

fn bases(topic: &Topic) -> Vec<&'static str> {
    distinct(topic.contracts.iter().map(|contract| contract.basis))
}

fn distinct(words: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut words: Vec<_> = words.collect();
    words.sort_unstable();
    words.dedup();
    words
}
