//! The overview as rows of words.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::screen::Tab;
use crate::cli::{ago, status};
use crate::lang::Lang;
use crate::ops::overview::{
    FeedView, Overview, ProcessView, Severity, SubscriberView, Trouble, Waiting, seconds_since,
};
use crate::ops::status::State;
use crate::pipeline::Reach;

/// The order of feeds and subscribers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Trouble,
    Name,
    Rate,
    Waiting,
}

impl Sort {
    pub(super) const fn next(self) -> Self {
        match self {
            Self::Trouble => Self::Name,
            Self::Name => Self::Rate,
            Self::Rate => Self::Waiting,
            Self::Waiting => Self::Trouble,
        }
    }

    pub(super) const fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Trouble => lang.pick("trouble", "異常"),
            Self::Name => lang.pick("name", "名前"),
            Self::Rate => lang.pick("rate", "速度"),
            Self::Waiting => lang.pick("waiting", "待ち"),
        }
    }
}

/// Rows with their head.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Name and width of each column; the first but one is as wide as there is room.
    pub(super) head: Vec<(&'static str, u16)>,
    pub(super) rows: Vec<Row>,
}

/// A row.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) severity: Option<Severity>,
    pub(super) cells: Vec<String>,
    /// All that is known: a word and what it is.
    pub(super) details: Vec<(&'static str, String)>,
}

/// What a tab shows.
pub(super) fn table(overview: &Overview, tab: Tab, sort: Sort, lang: Lang) -> Table {
    let say = Say { lang, now: overview.at };
    match tab {
        Tab::Troubles => say.troubles(overview),
        Tab::Feeds => say.feeds(overview, sort),
        Tab::Subscribers => say.subscribers(overview, sort),
        Tab::Processes => say.processes(overview),
    }
}

/// In which language, and when.
struct Say {
    lang: Lang,
    now: Timestamp,
}

impl Say {
    const fn pick(&self, en: &'static str, ja: &'static str) -> &'static str {
        self.lang.pick(en, ja)
    }

    fn troubles(&self, overview: &Overview) -> Table {
        let head = vec![
            (self.pick("weight", "重要度"), 8),
            (self.pick("what", "内容"), 0),
            (self.pick("whose", "原因側"), 8),
            (self.pick("since", "経過"), 8),
            (self.pick("count", "件数"), 8),
        ];
        let row = |trouble: &Trouble| Row {
            severity: Some(trouble.severity),
            cells: vec![
                trouble.severity.word(self.lang).to_owned(),
                format!("{}: {}", trouble.name, trouble.text(self.lang)),
                trouble.whose.word(self.lang).to_owned(),
                self.age(trouble.since.as_deref()),
                count(trouble.count),
            ],
            details: vec![
                (self.pick("what", "内容"), format!("{}: {}", trouble.name, trouble.text(self.lang))),
                (self.pick("details", "詳細"), status::details(trouble, overview, self.lang).join(" / ")),
                (self.pick("next", "対応"), trouble.next(self.lang).to_owned()),
                (self.pick("type", "コマンド"), trouble.verb()),
                (self.pick("page", "画面"), trouble.page()),
            ],
        };
        Table { head, rows: overview.troubles.iter().map(row).collect() }
    }

    fn feeds(&self, overview: &Overview, sort: Sort) -> Table {
        let head = vec![
            ("", 7),
            (self.pick("feed", "フィード"), 0),
            (self.pick("last", "最終受理"), 9),
            (self.pick("/min", "毎分"), 7),
            (self.pick("usual", "通常"), 7),
            (self.pick("today", "本日"), 9),
            (self.pick("invalid", "不正"), 7),
        ];
        let mut feeds: Vec<&FeedView> = overview.feeds.iter().collect();
        match sort {
            Sort::Trouble => {}
            Sort::Name => feeds.sort_by_key(|feed| &feed.feed),
            Sort::Rate => feeds.sort_by_key(|feed| Reverse(hundredths(feed.per_minute))),
            Sort::Waiting => feeds.sort_by_key(|feed| Reverse(feed.backlog)),
        }
        Table { head, rows: feeds.into_iter().map(|feed| self.feed(feed)).collect() }
    }

    fn feed(&self, feed: &FeedView) -> Row {
        let (last, now, usual) =
            (self.age(feed.last_at.as_deref()), rate(feed.per_minute), rate(feed.usual_per_minute));
        Row {
            severity: feed.severity,
            cells: vec![
                self.severity(feed.severity),
                feed.feed.clone(),
                last.clone(),
                now.clone(),
                usual.clone(),
                feed.today.to_string(),
                feed.invalid_today.to_string(),
            ],
            details: vec![
                (self.pick("feed", "フィード"), format!("{}  {}  {}", feed.feed, feed.title, feed.facility)),
                (self.pick("last", "最終受理"), last),
                (self.pick("/min", "毎分"), format!("{now} ({}: {usual})", self.pick("usual", "通常"))),
                (
                    self.pick("today", "本日"),
                    format!("{} ({}: {})", feed.today, self.pick("invalid", "不正"), feed.invalid_today),
                ),
                (self.pick("outbox", "送信待ち"), count(feed.backlog)),
                (self.pick("failing", "失敗"), feed.failing.clone().unwrap_or_else(|| "-".to_owned())),
            ],
        }
    }

    fn subscribers(&self, overview: &Overview, sort: Sort) -> Table {
        let head = vec![
            ("", 7),
            (self.pick("subscriber", "配信先"), 0),
            (self.pick("waiting", "待ち"), 8),
            (self.pick("oldest", "最古"), 8),
            (self.pick("/min", "毎分"), 7),
            (self.pick("today", "本日"), 8),
            (self.pick("parked", "保留"), 7),
            (self.pick("dead", "不達"), 6),
            (self.pick("whose", "原因側"), 8),
        ];
        let mut all: Vec<&SubscriberView> = overview.subscribers.iter().collect();
        match sort {
            Sort::Trouble => {}
            Sort::Name => all.sort_by_key(|one| &one.subscriber),
            Sort::Rate => all.sort_by_key(|one| Reverse(hundredths(one.per_minute))),
            Sort::Waiting => all.sort_by_key(|one| Reverse(one.waiting.messages)),
        }
        Table { head, rows: all.into_iter().map(|one| self.subscriber(one)).collect() }
    }

    fn subscriber(&self, one: &SubscriberView) -> Row {
        let whose = one.whose.map_or("-", |whose| whose.word(self.lang)).to_owned();
        let Waiting { messages, oldest } = &one.waiting;
        let oldest = self.age(oldest.as_deref());
        let away = one.away.as_ref().map(|away| format!("{}: {}", self.age(Some(&away.since)), away.why));
        let patients = format!("{} ({}: {})", one.parked, self.pick("patients", "患者"), one.parked_patients);
        let dead_today = format!(
            "{} ({}: {}, {}: {})",
            count(one.dead),
            self.pick("today", "本日"),
            one.dead_today,
            self.pick("withdrawn", "同意撤回"),
            one.withdrawn_today
        );
        Row {
            severity: one.severity,
            cells: vec![
                self.severity(one.severity),
                one.subscriber.clone(),
                count(*messages),
                oldest.clone(),
                rate(one.per_minute),
                one.today.to_string(),
                one.parked.to_string(),
                count(one.dead),
                whose.clone(),
            ],
            details: vec![
                (self.pick("subscriber", "配信先"), format!("{}  {}", one.subscriber, one.kind)),
                (
                    self.pick("waiting", "待ち"),
                    format!("{} ({}: {oldest})", count(*messages), self.pick("oldest", "最古")),
                ),
                (self.pick("delivered", "最終配信"), self.age(one.last_at.as_deref())),
                (
                    self.pick("/min", "毎分"),
                    format!("{} ({}: {})", rate(one.per_minute), self.pick("today", "本日"), one.today),
                ),
                (self.pick("parked", "保留"), patients),
                (self.pick("dead", "不達"), dead_today),
                (self.pick("away", "不通"), away.unwrap_or_else(|| "-".to_owned())),
                (self.pick("whose", "原因側"), whose),
            ],
        }
    }

    fn processes(&self, overview: &Overview) -> Table {
        let head = vec![
            (self.pick("state", "状態"), 10),
            (self.pick("process", "プロセス"), 0),
            (self.pick("host", "ホスト"), 14),
            (self.pick("up", "稼働"), 8),
            (self.pick("broker", "ブローカー"), 12),
        ];
        Table { head, rows: overview.processes.iter().map(|process| self.process(process)).collect() }
    }

    fn process(&self, process: &ProcessView) -> Row {
        let state = match process.state {
            State::Running => self.pick("running", "稼働中"),
            State::Silent => self.pick("silent", "応答なし"),
            State::Gone => self.pick("gone", "異常終了"),
        };
        let link = match process.link {
            Reach::Idle => self.pick("not used", "未接続"),
            Reach::Up => self.pick("there", "接続中"),
            Reach::Blocked => self.pick("blocked", "受付停止"),
            Reach::Away => self.pick("away", "切断"),
        };
        let outboxes = process.outboxes.iter();
        let outboxes = outboxes.map(|outbox| format!("{} {}", outbox.feeds.join(" "), outbox.messages));
        let hash: String = process.configuration.hash.chars().take(12).collect();
        let up = self.age(Some(&process.since));
        Row {
            severity: (process.state != State::Running).then_some(Severity::Alarm),
            cells: vec![
                state.to_owned(),
                process.title.clone(),
                process.host.clone(),
                up.clone(),
                link.to_owned(),
            ],
            details: vec![
                (self.pick("process", "プロセス"), format!("{}  {}", process.title, process.host)),
                (self.pick("state", "状態"), format!("{state}, {up}")),
                (self.pick("broker", "ブローカー"), link.to_owned()),
                (self.pick("outboxes", "送信待ち"), outboxes.collect::<Vec<_>>().join(", ")),
                (self.pick("config", "設定"), hash),
            ],
        }
    }

    fn severity(&self, severity: Option<Severity>) -> String {
        severity.map_or("", |severity| severity.word(self.lang)).to_owned()
    }

    fn age(&self, at: Option<&str>) -> String {
        let seconds = at.and_then(|at| seconds_since(at, self.now));
        seconds.map_or_else(|| "-".to_owned(), |seconds| ago::span(seconds, self.lang))
    }
}

fn count(count: Option<u64>) -> String {
    count.map_or_else(|| "-".to_owned(), |count| count.to_string())
}

fn rate(per_minute: Option<f64>) -> String {
    per_minute.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.1}"))
}

/// For sorting.
fn hundredths(rate: Option<f64>) -> Option<u64> {
    // Rates are finite and not negative.
    rate.map(|rate| format!("{:.0}", rate * 100.0).parse().unwrap_or(0))
}
