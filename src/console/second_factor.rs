//! How a second factor is shown to its owner: once.

use maud::{Markup, PreEscaped, html};

use super::view::View;
use crate::ops::access::totp;

/// The secret of a new one as a picture and as text, and the field for a code of it.
pub(super) fn shown(view: &View, secret: &str, name: &str, network: &str) -> Markup {
    let account = if name.is_empty() { "admin" } else { name };
    let url = totp::url(secret, account, network);
    html! {
        fieldset {
            legend { (view.pick("Second factor", "二要素認証")) }
            @if let Some(url) = &url {
                // Made of squares only: nothing of the text stands in it.
                @if let Some(picture) = totp::qr(url) { div.qr role="img" aria-label="QR" { (PreEscaped(picture)) } }
                p.hint { a href=(url) { (view.pick("Open in an app on this device", "この端末のアプリで開く")) } }
            }
            p.hint { (view.pick("Or type it:", "または手入力:")) " " code { (secret) } }
            input type="hidden" name="totp" value=(secret);
            label for="code" { (view.pick("Code that the app shows", "アプリに表示されたコード")) }
            input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="6";
        }
    }
}

/// Recovery codes.
pub(super) fn codes(view: &View, codes: &[String]) -> Markup {
    html! {
        h2 { (view.pick("Recovery codes", "回復コード")) }
        p { (view.pick(
            "Each stands for one code of the app, once. They are shown here and never again: print them.",
            "認証アプリが使えないとき、1 つにつき 1 回使えます。ここでしか表示されないので、印刷して保管してください。",
        )) }
        ul.codes { @for code in codes { li { code { (code) } } } }
    }
}
