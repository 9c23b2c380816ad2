//! `/`: how the hub is, the worst first, each trouble with what to do next.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use maud::{Markup, html};

use super::Console;
use super::access::Right;
use super::frame;
use super::html::{Tone, ago, number, rate, state};
use super::live;
use super::view::View;
use crate::ops::overview::{
    FeedView, Overview, ProcessView, Severity, Subject, SubscriberView, Trouble, Waiting,
};
use crate::ops::status::State as Alive;
use crate::telemetry::causes;

/// How often it is made anew.
const EVERY: Duration = Duration::from_secs(2);
/// Troubles that are shown at once; the tables below show all.
const MOST: usize = 12;

/// The page.
pub(super) async fn show(State(console): State<Arc<Console>>, view: View) -> Markup {
    let live = format!("/live/overview?lang={}", view.lang.code());
    let body = html! { section id="overview" data-live=(live) { (part(&console, &view).await) } };
    frame::page(&view, view.pick("Overview", "概況"), &body)
}

/// What is on it, anew whenever it changes.
pub(super) async fn live(State(console): State<Arc<Console>>, view: View) -> Response {
    live::part(EVERY, move || {
        let (console, view) = (console.clone(), view.clone());
        async move { part(&console, &view).await }
    })
    .into_response()
}

async fn part(console: &Console, view: &View) -> Markup {
    let overview = match seen(console, view).await {
        Ok(overview) => overview,
        Err(why) => return html! { p.notice.bad role="alert" { (why) } },
    };
    let page = Page { console, view, now: overview.at, overview: &overview };
    html! {
        (page.troubles())
        (super::holds::section(console, view))
        (page.figures())
        h2 { (view.pick("Feeds", "フィード")) }
        (page.feeds())
        h2 { (view.pick("Subscribers", "配信先")) }
        (page.subscribers())
        @if !overview.processes.is_empty() {
            h2 { (view.pick("Processes and broker", "プロセスとブローカー")) }
            (page.processes())
        }
    }
}

/// How the hub is, as far as somebody may see it, or why that can't be told.
pub(super) async fn seen(console: &Console, view: &View) -> Result<Overview, String> {
    let control = &console.control;
    let overview = console.overview.overview(&control.config(), control.clock().now()).await;
    let overview = overview.map_err(|error| causes(&error))?;
    let may =
        |facility: Option<&str>| view.actor.as_ref().is_some_and(|actor| actor.may(Right::View, facility));
    Ok(overview.narrowed(may))
}

struct Page<'p> {
    console: &'p Console,
    view: &'p View,
    overview: &'p Overview,
    now: Timestamp,
}

const fn tone_of(severity: Severity) -> Tone {
    match severity {
        Severity::Alarm => Tone::Bad,
        Severity::Warning => Tone::Warn,
        Severity::Notice => Tone::Info,
    }
}

impl Page<'_> {
    fn troubles(&self) -> Markup {
        let (view, troubles) = (self.view, &self.overview.troubles);
        if troubles.is_empty() {
            let fine = view.pick(
                "Nothing to do: everything goes its way.",
                "対応が必要なことはありません。正常に動いています。",
            );
            return html! { p.notice.ok { (state(Tone::Ok, view.pick("fine", "正常"))) " " (fine) } };
        }
        let more = troubles.len().saturating_sub(MOST);
        html! {
            ol.troubles aria-label=(view.pick("What to look at, the worst first", "対応が必要なこと（重い順）")) {
                @for trouble in troubles.iter().take(MOST) { (self.trouble(trouble)) }
            }
            @if more > 0 { p.hint { (view.pick("and", "ほか")) " " (more) " " (view.pick("more below", "件（下の表）")) } }
        }
    }

    fn trouble(&self, trouble: &Trouble) -> Markup {
        let view = self.view;
        let tone = tone_of(trouble.severity);
        html! {
            li class={ "notice " (tone.class()) } {
                (state(tone, trouble.severity.word(view.lang)))
                strong { (trouble.name) }
                span {
                    (trouble.text(view.lang))
                    @if let Some(count) = trouble.count { " (" (number(count)) (view.pick("", "件")) ")" }
                }
                @if let Some(patients) = trouble.patients {
                    span { (view.pick("patients: ", "患者 ")) (number(patients)) (view.pick("", " 人")) }
                }
                span.mark { (trouble.whose.word(view.lang)) }
                @if let Some(since) = &trouble.since { span.hint { (self.ago(Some(since))) } }
                @if let Some(reason) = &trouble.reason { span.hint { (reason) } }
                a.next href=(link(trouble)) { (trouble.next(view.lang)) }
            }
        }
    }

    fn figures(&self) -> Markup {
        let (view, overview) = (self.view, self.overview);
        let parked: u64 = overview.subscribers.iter().map(|one| one.parked_patients).sum();
        let dead: u64 = overview.subscribers.iter().filter_map(|one| one.dead).sum();
        let accepted: f64 = overview.feeds.iter().filter_map(|feed| feed.per_minute).sum();
        let usual =
            overview.feeds.iter().filter_map(|feed| feed.usual_per_minute).reduce(|sum, one| sum + one);
        let usual =
            usual.map(|usual| format!("{} {}", view.pick("usually", "通常"), rate(view, Some(usual))));
        let network = view.actor.as_ref().is_some_and(|actor| actor.may(Right::View, None));
        let card = |href: &str, label: &str, figure: &str, note: Option<String>, tone: Tone| {
            html! {
                a class={ "card " (tone.row().unwrap_or_default()) } href=(href) {
                    span.label { (label) }
                    span.figure { (figure) }
                    @if let Some(note) = note { span.note { (note) } }
                }
            }
        };
        let waits = |waiting: &Waiting| waiting.messages.map_or_else(|| "–".to_owned(), number);
        let some = |count: u64, tone: Tone| if count > 0 { tone } else { Tone::Ok };
        html! {
            div.cards {
                (card("/flows", view.pick("Accepted", "受理"), &rate(view, Some(accepted)), usual, Tone::Ok))
                @if network {
                    (card("/queues/ingest", view.pick("To be routed", "振分け待ち"), &waits(&overview.ingest), None, Tone::Ok))
                    (card("/invalid", view.pick("Invalid", "不正"), &waits(&overview.invalid), None,
                        some(overview.invalid.messages.unwrap_or(0), Tone::Warn)))
                }
                (card("/dead", view.pick("Dead", "不達"), &number(dead), None, some(dead, Tone::Bad)))
                (card("/parked", view.pick("Parked patients", "保留中の患者"), &number(parked), None, some(parked, Tone::Warn)))
            }
        }
    }

    fn feeds(&self) -> Markup {
        let head = match self.view.lang {
            crate::lang::Lang::En => [
                "State",
                "Feed",
                "Last message",
                "Rate",
                "Usually",
                "Today",
                "Backlog",
                "Invalid today",
                "Facility",
            ],
            crate::lang::Lang::Ja => {
                ["状態", "フィード", "最終受信", "受信", "通常", "本日", "未送信", "本日の不正", "施設"]
            }
        };
        table(&head, &[3, 4, 5, 6, 7], &html! { @for feed in &self.overview.feeds { (self.feed(feed)) } })
    }

    fn feed(&self, feed: &FeedView) -> Markup {
        let view = self.view;
        let (tone, word) = judged(view, self.overview, Subject::Feed, &feed.feed);
        html! {
            tr class=[tone.row()] {
                td { (state(tone, word)) }
                td.name { a href={ "/flows?feed=" (feed.feed) } { (feed.feed) } }
                td { (self.ago(feed.last_at.as_deref())) }
                td.num { (rate(view, feed.per_minute)) }
                td.num { (rate(view, feed.usual_per_minute)) }
                td.num { (number(feed.today)) }
                td.num { (feed.backlog.map_or_else(|| "–".to_owned(), number)) }
                td.num { @if feed.invalid_today > 0 { a href={ "/invalid?feed=" (feed.feed) } { (number(feed.invalid_today)) } } @else { "0" } }
                td { (feed.title) }
            }
        }
    }

    fn subscribers(&self) -> Markup {
        let head = match self.view.lang {
            crate::lang::Lang::En => [
                "State",
                "Subscriber",
                "Waiting",
                "Oldest",
                "Rate",
                "Today",
                "Parked patients",
                "Dead",
                "Whose fault",
            ],
            crate::lang::Lang::Ja => {
                ["状態", "配信先", "待ち", "最古", "配信", "本日", "保留患者", "不達", "原因"]
            }
        };
        let rows = html! { @for one in &self.overview.subscribers { (self.subscriber(one)) } };
        table(&head, &[2, 4, 5, 6, 7], &rows)
    }

    fn subscriber(&self, one: &SubscriberView) -> Markup {
        let view = self.view;
        let (tone, word) = judged(view, self.overview, Subject::Subscriber, &one.subscriber);
        html! {
            tr class=[tone.row()] {
                td { (state(tone, word)) }
                td.name { a href={ "/queues/to." (one.subscriber) } { (one.subscriber) } }
                td.num { (one.waiting.messages.map_or_else(|| "–".to_owned(), number)) }
                td { (self.ago(one.waiting.oldest.as_deref())) }
                td.num { (rate(view, one.per_minute)) }
                td.num { (number(one.today)) }
                td.num { (counted(one.parked_patients, &format!("/parked?subscriber={}", one.subscriber))) }
                td.num { (counted(one.dead.unwrap_or(0), &format!("/dead?subscriber={}", one.subscriber))) }
                td {
                    @if let Some(whose) = one.whose {
                        span title=[one.away.as_ref().map(|away| away.why.as_str())] { (whose.word(view.lang)) }
                    }
                }
            }
        }
    }

    fn processes(&self) -> Markup {
        let head = match self.view.lang {
            crate::lang::Lang::En => ["State", "Process", "Machine", "Since", "Broker", "Configuration"],
            crate::lang::Lang::Ja => ["状態", "プロセス", "マシン", "起動", "ブローカー", "設定"],
        };
        table(&head, &[], &html! { @for process in &self.overview.processes { (self.process(process)) } })
    }

    fn process(&self, process: &ProcessView) -> Markup {
        let view = self.view;
        let (tone, word) = match process.state {
            Alive::Running => (Tone::Ok, view.pick("running", "稼働中")),
            Alive::Silent => (Tone::Bad, view.pick("silent", "応答なし")),
            Alive::Gone => (Tone::Bad, view.pick("ended by itself", "異常終了")),
        };
        let (link, said) = match process.link {
            crate::pipeline::Reach::Idle => (Tone::Idle, view.pick("not needed yet", "未接続")),
            crate::pipeline::Reach::Up => (Tone::Ok, view.pick("connected", "接続中")),
            crate::pipeline::Reach::Away => (Tone::Bad, view.pick("away", "接続不可")),
            crate::pipeline::Reach::Blocked => (Tone::Bad, view.pick("takes nothing", "受付停止")),
        };
        html! {
            tr class=[tone.max(link).row()] {
                td { (state(tone, word)) }
                td { (process.title) }
                td { (process.host) }
                td { (self.ago(Some(&process.since))) }
                td { (state(link, said)) }
                td.mono { (process.configuration.hash.chars().take(12).collect::<String>()) }
            }
        }
    }

    fn ago(&self, at: Option<&str>) -> Markup {
        match at.and_then(|at| at.parse().ok()) {
            Some(at) => ago(self.view, &self.console.zone, self.now, at),
            None => html! { "–" },
        }
    }
}

/// The state of a feed or subscriber: the worst of its troubles, in a word.
pub(super) fn judged(view: &View, overview: &Overview, subject: Subject, name: &str) -> (Tone, &'static str) {
    let mut troubles = overview.troubles.iter().filter(|trouble| trouble.subject() == subject);
    match troubles.find(|trouble| trouble.name.split(' ').any(|known| known == name)) {
        Some(worst) => (tone_of(worst.severity), short(view, worst)),
        None => (Tone::Ok, view.pick("fine", "正常")),
    }
}

/// The page where something is done about it, with its name.
fn link(trouble: &Trouble) -> String {
    let (page, name) = (trouble.page(), &trouble.name);
    match (page.as_str(), trouble.subject()) {
        ("/flows", Subject::Feed) if !name.contains(' ') => format!("/flows?feed={name}"),
        ("/queues", Subject::Subscriber) => format!("/queues/to.{name}"),
        ("/parked" | "/dead", Subject::Subscriber) => format!("{page}?subscriber={name}"),
        _ => page,
    }
}

/// A kind of trouble in a word.
fn short(view: &View, trouble: &Trouble) -> &'static str {
    use crate::ops::overview::What;
    match trouble.what {
        What::FeedSilent => view.pick("silent", "沈黙"),
        What::FeedFailing => view.pick("failing", "取込失敗"),
        What::FeedNotServed | What::SubscriberNotServed => view.pick("not served", "担当なし"),
        What::OutboxFull => view.pick("outbox full", "送信待ち満杯"),
        What::SubscriberAway => view.pick("away", "不通"),
        What::SubscriberGone => view.pick("gone", "受取終了"),
        What::SubscriberBehind => view.pick("behind", "滞留"),
        What::Parked => view.pick("parked", "保留"),
        What::Held | What::PatientsHeld => view.pick("held", "停止中"),
        What::Dead => view.pick("dead", "不達"),
        _ => trouble.severity.word(view.lang),
    }
}

fn counted(count: u64, href: &str) -> Markup {
    html! { @if count > 0 { a href=(href) { (number(count)) } } @else { "0" } }
}

/// A table; `numbers` are the columns of numbers.
fn table(head: &[&str], numbers: &[usize], rows: &Markup) -> Markup {
    html! {
        div.wide {
            table {
                thead {
                    tr {
                        @for (at, cell) in head.iter().enumerate() {
                            th scope="col" class=[numbers.contains(&at).then_some("num")] { (cell) }
                        }
                    }
                }
                tbody { (rows) }
            }
        }
    }
}
