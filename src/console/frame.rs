//! What stands around every page: head, navigation, the choice of language and theme.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::view::{Theme, View};

/// A page of the navigation: its path, and its name in English and Japanese.
struct Entry(&'static str, &'static str, &'static str);

/// The navigation, in its order.
const NAVIGATION: &[Entry] =
    &[Entry("/alerts", "Alerts", "アラート"), Entry("/registry", "Registry", "台帳")];

/// A whole page of somebody who has logged in.
pub(super) fn page(view: &View, title: &str, body: &Markup) -> Markup {
    let around = html! {
        header.top {
            a.home href="/" { "musubi" }
            nav aria-label=(view.pick("Pages", "ページ")) {
                @for Entry(path, en, ja) in NAVIGATION {
                    a href=(path) aria-current=[is_here(view, path).then_some("page")] { (view.pick(en, ja)) }
                }
            }
            (choices(view))
            @if let Some(actor) = &view.actor {
                form method="post" action="/logout" {
                    span.who { (actor.name) }
                    button.quiet { (view.pick("Log out", "ログアウト")) }
                }
            }
        }
        main { h1 { (title) } (body) }
    };
    whole(view, title, &around)
}

/// A page of its own, for somebody who has not logged in.
pub(super) fn narrow(view: &View, title: &str, body: &Markup) -> Markup {
    whole(view, title, &html! { main.narrow { h1 { "musubi" } (body) (choices(view)) } })
}

/// A form that does something.
pub(super) fn form(_: &View, action: &str, body: &Markup) -> Markup {
    html! { form method="post" action=(action) { (body) } }
}

/// A page that says why there is none.
pub(super) fn refusal(view: &View, status: StatusCode, why: &str) -> Response {
    (
        status,
        page(view, why, &html! { p { a href="/" { (view.pick("To the start page", "トップページへ")) } } }),
    )
        .into_response()
}

fn is_here(view: &View, path: &str) -> bool {
    let rest = view.path.strip_prefix(path);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Buttons that change the language and the theme.
fn choices(view: &View) -> Markup {
    let (lang, name) = match view.lang {
        crate::lang::Lang::En => ("ja", "日本語"),
        crate::lang::Lang::Ja => ("en", "English"),
    };
    let (theme, word) = match view.theme {
        Theme::Dark => ("light", view.pick("Light", "ライト")),
        Theme::Light | Theme::Preferred => ("dark", view.pick("Dark", "ダーク")),
    };
    html! {
        form.choices method="post" action="/choose" {
            input type="hidden" name="back" value=(view.path);
            button.quiet name="lang" value=(lang) lang=(lang) { (name) }
            button.quiet name="theme" value=(theme) { (word) }
        }
    }
}

fn whole(view: &View, title: &str, body: &Markup) -> Markup {
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
                link rel="stylesheet" href="/assets/style.css";
                script src="/assets/live.js" defer {}
            }
            body { (body) }
        }
    }
}
