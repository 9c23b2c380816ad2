//! What stands around every page: head, navigation, the choice of language and theme, the keys.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::access::{Actor, Right};
use super::csrf::FIELD;
use super::view::{Theme, View};
use crate::ops::shown;

/// A page of the navigation: its path, its name in English and Japanese, and the key that follows `g`.
struct Entry(&'static str, &'static str, &'static str, char);

/// Pages that belong together, with the right that they need.
struct Group {
    en: &'static str,
    ja: &'static str,
    right: Right,
    entries: &'static [Entry],
}

/// The navigation, in its order.
const NAVIGATION: [Group; 4] = [
    Group {
        en: "Now",
        ja: "現在",
        right: Right::View,
        entries: &[
            Entry("/", "Overview", "概況", 'o'),
            Entry("/flows", "Flows", "流れ", 'f'),
            Entry("/queues", "Queues", "キュー", 'q'),
            Entry("/alerts", "Alerts", "警報", 'l'),
        ],
    },
    Group {
        en: "Messages",
        ja: "メッセージ",
        right: Right::View,
        entries: &[
            Entry("/messages", "Search", "検索", 'm'),
            Entry("/invalid", "Invalid", "不正", 'i'),
            Entry("/dead", "Dead", "不達", 'd'),
            Entry("/parked", "Parked", "保留", 'p'),
            Entry("/holds", "Holds", "配信停止", 'h'),
            Entry("/replay", "Replay", "再送", 'r'),
            Entry("/reconciliation", "Reconciliation", "日次照合", 'c'),
        ],
    },
    Group {
        en: "Network",
        ja: "ネットワーク",
        right: Right::View,
        entries: &[
            Entry("/topics", "Topics", "トピック", 't'),
            Entry("/registry", "Registry", "台帳", 'g'),
            Entry("/surveillance", "Surveillance", "サーベイランス", 's'),
        ],
    },
    Group {
        en: "Administration",
        ja: "管理",
        right: Right::Administer,
        entries: &[Entry("/users", "Users", "利用者", 'u'), Entry("/audit", "Audit", "監査", 'a')],
    },
];

/// A whole page of somebody who has logged in. Nothing in it moves, hides or turns what stands around it, whatever messages
/// and people had in their texts.
pub(super) fn page(view: &View, title: &str, body: &Markup) -> Markup {
    harmless(verbatim(view, title, body))
}

/// The same with every character as it is, for a text that comes back.
pub(super) fn verbatim(view: &View, title: &str, body: &Markup) -> Markup {
    let around = html! {
        a.skip href="#main" { (view.pick("To the content", "本文へ")) }
        (bar(view))
        (navigation(view))
        main id="main" tabindex="-1" { h1 { (title) } (body) }
        (keys(view))
    };
    whole(view, title, "framed", &around)
}

/// What is rendered, with symbols in the place of characters that do something.
pub(super) fn harmless(made: Markup) -> Markup {
    PreEscaped(shown::harmless(&made.into_string()))
}

/// A page of its own, for somebody who has not logged in.
pub(super) fn narrow(view: &View, title: &str, body: &Markup) -> Markup {
    whole(view, title, "alone", &html! { main.narrow { h1 { "musubi" } (body) (choices(view)) } })
}

/// A form that does something: with what tells that it comes from a page of this session.
pub(super) fn form(view: &View, action: &str, body: &Markup) -> Markup {
    html! {
        form method="post" action=(action) {
            @if let Some(csrf) = view.csrf() { input type="hidden" name=(FIELD) value=(csrf); }
            (body)
        }
    }
}

/// A page that says why there is none.
pub(super) fn refusal(view: &View, status: StatusCode, why: &str) -> Response {
    let body = html! { p { a.button href="/" { (view.pick("To the start page", "トップページへ")) } } };
    (status, page(view, why, &body)).into_response()
}

/// The pages that somebody may see.
fn groups(view: &View) -> impl Iterator<Item = &'static Group> {
    let rights = view.actor.as_ref().map(|actor: &Actor| actor.rights.clone()).unwrap_or_default();
    NAVIGATION.iter().filter(move |group| rights.contains(&group.right))
}

fn navigation(view: &View) -> Markup {
    html! {
        nav.side aria-label=(view.pick("Pages", "ページ")) {
            a.home href="/" { "musubi" }
            @for group in groups(view) {
                h2 { (view.pick(group.en, group.ja)) }
                ul {
                    @for Entry(path, en, ja, key) in group.entries {
                        li {
                            a href=(path) data-key=(key) aria-current=[is_here(view, path).then_some("page")] {
                                (view.pick(en, ja))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The line at the top: whether the page is live, the choices, who is here.
fn bar(view: &View) -> Markup {
    let (on, off) = (
        view.pick("live", "自動更新中"),
        view.pick("connection lost, trying again", "接続が切れました（再接続中）"),
    );
    html! {
        header.bar {
            span.live.state role="status" data-on=(on) data-off=(off) hidden {}
            button.quiet.keys type="button" { (view.pick("Keys", "キー操作")) " " kbd { "?" } }
            (choices(view))
            @if let Some(actor) = &view.actor {
                a.who href="/account" { (actor.name) }
                (form(view, "/logout", &html! { button.quiet { (view.pick("Log out", "ログアウト")) } }))
            }
        }
    }
}

/// What `?` shows.
fn keys(view: &View) -> Markup {
    let title = view.pick("Keys", "キー操作");
    html! {
        dialog id="keys" aria-label=(title) {
            h2 { (title) }
            ul {
                li { kbd { "?" } " " (view.pick("this list", "この一覧")) }
                li { kbd { "/" } " " (view.pick("to the first field", "最初の入力欄へ")) }
                li { kbd { "Esc" } " " (view.pick("close", "閉じる")) }
                @for Entry(_, en, ja, key) in groups(view).flat_map(|group| group.entries) {
                    li { kbd { "g" } " " kbd { (key) } " " (view.pick(en, ja)) }
                }
            }
            form method="dialog" { button { (view.pick("Close", "閉じる")) } }
        }
    }
}

fn is_here(view: &View, path: &str) -> bool {
    let rest = view.path.strip_prefix(path);
    rest.is_some_and(|rest| rest.is_empty() || (path != "/" && rest.starts_with('/')))
}

/// Buttons that change the language and the theme.
fn choices(view: &View) -> Markup {
    let (lang, name) = match view.lang {
        crate::lang::Lang::En => ("ja", "日本語"),
        crate::lang::Lang::Ja => ("en", "English"),
    };
    let (theme, word) = match view.theme {
        Theme::Dark => ("light", view.pick("Light", "明るく")),
        Theme::Light | Theme::Preferred => ("dark", view.pick("Dark", "暗く")),
    };
    html! {
        form.choices method="post" action="/choose" {
            input type="hidden" name="back" value=(view.path);
            button.quiet name="lang" value=(lang) lang=(lang) { (name) }
            button.quiet name="theme" value=(theme) { (word) }
        }
    }
}

fn whole(view: &View, title: &str, class: &str, body: &Markup) -> Markup {
    let theme = match view.theme {
        Theme::Preferred => None,
        Theme::Light => Some("light"),
        Theme::Dark => Some("dark"),
    };
    html! {
        (DOCTYPE)
        html lang=(view.lang.code()) data-theme=[theme] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " - musubi" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/assets/style.css";
                script src="/assets/live.js" defer {}
                script src="/assets/keys.js" defer {}
            }
            body class=(class) { (body) }
        }
    }
}
