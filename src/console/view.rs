//! Who looks, in which language and theme, at which page: what every page is made for.

use axum::extract::{FromRequestParts, Query};
use axum::http::{HeaderMap, header, request::Parts};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::access::{Actor, Login};
use crate::lang::Lang;

/// Cookie of the chosen language.
const LANG: &str = "musubi-lang";
/// Cookie of the chosen theme.
const THEME: &str = "musubi-theme";
/// How long a choice is remembered, in seconds: a year.
const REMEMBERED: u32 = 365 * 86_400;

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Theme {
    /// As the browser likes it.
    Preferred,
    Light,
    Dark,
}

/// What a page is made for.
#[derive(Debug, Clone)]
pub(super) struct View {
    pub(super) lang: Lang,
    pub(super) theme: Theme,
    /// Who looks; nobody at the pages that lead in.
    pub(super) actor: Option<Actor>,
    /// His session, where he has one.
    pub(super) login: Option<Login>,
    /// Path of the page, without its query.
    pub(super) path: String,
}

/// `?lang=ja&theme=dark`
#[derive(Debug, Default, Deserialize)]
struct Asked {
    lang: Option<String>,
    theme: Option<String>,
}

impl View {
    /// The text in the language of the page.
    pub(super) const fn pick<'t>(&self, en: &'t str, ja: &'t str) -> &'t str {
        self.lang.pick(en, ja)
    }

    /// What every form of the session carries.
    pub(super) fn csrf(&self) -> Option<&str> {
        self.login.as_ref().map(|login| login.csrf.as_str())
    }

    fn of(parts: &Parts) -> Self {
        let asked = Query::<Asked>::try_from_uri(&parts.uri).map(|Query(asked)| asked).unwrap_or_default();
        let headers = &parts.headers;
        let lang = asked.lang.as_deref().and_then(lang).or_else(|| lang(cookie(headers, LANG)?));
        let theme = asked.theme.as_deref().or_else(|| cookie(headers, THEME));
        Self {
            lang: lang.unwrap_or_else(|| preferred(headers)),
            theme: theme.map_or(Theme::Preferred, theme_of),
            actor: parts.extensions.get::<Actor>().cloned(),
            login: parts.extensions.get::<Login>().cloned(),
            path: parts.uri.path().to_owned(),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for View {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(parts))
    }
}

fn lang(word: &str) -> Option<Lang> {
    match word {
        "ja" => Some(Lang::Ja),
        "en" => Some(Lang::En),
        _ => None,
    }
}

fn theme_of(word: &str) -> Theme {
    match word {
        "light" => Theme::Light,
        "dark" => Theme::Dark,
        _ => Theme::Preferred,
    }
}

/// The first language of `Accept-Language` that there is, else Japanese: browsers give them in order of preference.
fn preferred(headers: &HeaderMap) -> Lang {
    let text = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut languages = text.split(',').filter_map(|one| one.trim().split(['-', ';']).next());
    languages.find_map(lang).unwrap_or(Lang::Ja)
}

/// The value of a cookie.
pub(super) fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// What a choice of language or theme sends.
#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    #[serde(default)]
    lang: Option<String>,
    #[serde(default)]
    theme: Option<String>,
    back: String,
}

/// Remembers a choice and goes back to the page.
pub(super) async fn choose(axum::Form(choice): axum::Form<Choice>) -> Response {
    // A path of this server, not `//elsewhere`.
    let is_own =
        choice.back.starts_with('/') && !choice.back.starts_with("//") && !choice.back.contains('\\');
    let mut response = Redirect::to(if is_own { &choice.back } else { "/" }).into_response();
    let chosen = [(LANG, choice.lang.filter(|word| lang(word).is_some())), (THEME, choice.theme)];
    for (name, word) in chosen {
        let known = word.filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase()));
        let cookie =
            known.map(|word| format!("{name}={word}; HttpOnly; SameSite=Lax; Path=/; Max-Age={REMEMBERED}"));
        if let Some(cookie) = cookie.and_then(|cookie| cookie.parse().ok()) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn view(uri: &str, headers: &[(&str, &str)]) -> View {
        let request =
            headers.iter().fold(Request::get(uri), |request, (name, value)| request.header(*name, *value));
        View::of(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn the_language_is_the_one_asked_for_or_chosen_or_the_first_preferred_one_that_there_is() {
        let accepts = ("accept-language", "fr, en-GB;q=0.8, ja;q=0.5");
        assert_eq!(view("/", &[accepts]).lang, Lang::En);
        assert_eq!(view("/", &[accepts, ("cookie", "a=b; musubi-lang=ja")]).lang, Lang::Ja);
        assert_eq!(view("/?lang=en", &[("cookie", "musubi-lang=ja")]).lang, Lang::En);
        assert_eq!(view("/?lang=xx", &[]).lang, Lang::Ja);
        assert_eq!(view("/a?theme=dark", &[]).theme, Theme::Dark);
    }
}
