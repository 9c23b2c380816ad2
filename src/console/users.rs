//! `/users`: who may log in, and which programs have tokens.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::access::{Actor, Right};
use super::audit::Action;
use super::view::View;
use super::{Console, frame, link_to};
use crate::ops::access::{AccessError, Role, Token, User};

/// What a form sends: fields, of which some come several times.
type Fields = Form<Vec<(String, String)>>;

/// What was done, to be shown once.
enum Done {
    Nothing,
    /// A link for a user.
    Link(String, String),
    /// A token for a program.
    Token(String, String),
    Refused(&'static str, &'static str),
}

/// The page.
pub(super) async fn show(State(console): State<Arc<Console>>, view: View) -> Response {
    match console.admit(&view, Right::Administer).await {
        Ok(_) => render(&console, &view, &Done::Nothing),
        Err(refusal) => refusal,
    }
}

/// Does what a form of the page asks for.
pub(super) async fn change(
    State(console): State<Arc<Console>>,
    view: View,
    headers: HeaderMap,
    Form(fields): Fields,
) -> Response {
    let actor = match console.admit(&view, Right::Administer).await {
        Ok(actor) => actor,
        Err(refusal) => return refusal,
    };
    let asked = Asked::of(&fields);
    if let Err(problem) = note(&console, actor, &asked).await {
        return problem.into_response();
    }
    let done = match act(&console, &asked, &headers) {
        Ok(done) => done,
        Err(AccessError::Refused(en, ja)) => Done::Refused(en, ja),
        Err(error) => {
            tracing::warn!(error = crate::telemetry::causes(&error), "users can't be changed");
            Done::Refused("The users can't be written.", "利用者の情報を書き込めません。")
        }
    };
    render(&console, &view, &done)
}

/// A form of the page, read.
struct Asked<'f> {
    act: &'f str,
    name: &'f str,
    roles: Vec<Role>,
    facilities: Option<Vec<String>>,
}

impl<'f> Asked<'f> {
    fn of(fields: &'f [(String, String)]) -> Self {
        let all = |name: &'static str| fields.iter().filter(move |(known, _)| known == name);
        let one = |name| all(name).map(|(_, value)| value.trim()).next().unwrap_or_default();
        let codes: Vec<_> =
            one("facilities").split([' ', ',', '　']).filter(|code| !code.is_empty()).collect();
        Self {
            act: one("act"),
            name: one("name"),
            roles: all("role").filter_map(|(_, word)| Role::of(word)).collect(),
            facilities: (!codes.is_empty()).then(|| codes.into_iter().map(str::to_owned).collect()),
        }
    }
}

/// Written down first, with what it is to become.
async fn note(console: &Console, actor: &Actor, asked: &Asked<'_>) -> Result<(), super::problem::Problem> {
    let action = if asked.act.contains("token") { Action::ChangeToken } else { Action::ChangeUser };
    let roles: Vec<_> = asked.roles.iter().map(|role| role.as_str()).collect();
    let object = format!("{} {} {}", asked.act, asked.name, roles.join(","));
    console.audit(actor, action, object.trim()).await
}

fn act(console: &Console, asked: &Asked<'_>, headers: &HeaderMap) -> Result<Done, AccessError> {
    let (users, now, name) = (console.gate.users(), console.control.clock().now(), asked.name);
    let (roles, facilities) = (asked.roles.clone(), asked.facilities.clone());
    let link = |secret: String| Done::Link(name.to_owned(), link_to(console, headers, &secret));
    match asked.act {
        "add" => Ok(link(users.add(name, roles, facilities, now)?)),
        "reset" => {
            let secret = users.reset(name, now)?;
            console.gate.end_all(name);
            Ok(link(secret))
        }
        "roles" => users.set_roles(name, roles, facilities).map(|()| Done::Nothing),
        "disable" => {
            users.disable(name, true)?;
            console.gate.end_all(name);
            Ok(Done::Nothing)
        }
        "enable" => users.disable(name, false).map(|()| Done::Nothing),
        "add-token" => {
            let token = users.add_token(name, roles, facilities, None)?;
            Ok(Done::Token(name.to_owned(), token))
        }
        "remove-token" => users.remove_token(name).map(|()| Done::Nothing),
        _ => Ok(Done::Refused("The form can't be read.", "フォームを読めません。")),
    }
}

fn render(console: &Console, view: &View, done: &Done) -> Response {
    let book = match console.gate.users().read() {
        Ok(book) => book,
        Err(error) => {
            tracing::warn!(error = crate::telemetry::causes(&error), "the users can't be read");
            Default::default()
        }
    };
    let body = html! {
        (told(view, done))
        div.wide { table {
            thead { tr {
                th { (view.pick("Name", "名前")) } th { (view.pick("State", "状態")) }
                th { (view.pick("Roles and facilities", "役割と施設")) } th { (view.pick("Do", "操作")) }
            } }
            tbody { @for user in &book.users { (row(view, user)) } }
        } }
        h2 { (view.pick("New user", "利用者の追加")) }
        (frame::form(view, "/users", &html! {
            (name_field(view, "add-name"))
            (roles_and_facilities(view, "add", &[], None))
            button name="act" value="add" { (view.pick("Add and make a link", "追加してリンクを作る")) }
        }))
        h2 { (view.pick("Tokens of programs", "プログラム用トークン")) }
        (tokens(console, view, &book.tokens))
        (frame::form(view, "/users", &html! {
            (name_field(view, "token-name"))
            (roles_and_facilities(view, "token", &[], None))
            button name="act" value="add-token" { (view.pick("Make a token", "トークンを作る")) }
        }))
    };
    frame::page(view, view.pick("Users", "利用者"), &body).into_response()
}

fn told(view: &View, done: &Done) -> Markup {
    html! {
        @match done {
            Done::Nothing => {}
            Done::Refused(en, ja) => p.alert role="alert" { (view.pick(en, ja)) },
            Done::Link(name, link) => div.once role="status" {
                p { strong { (name) } ": " (view.pick(
                    "give this link to him. It is open once, for 24 hours, and not shown again.",
                    "このリンクを本人に渡してください。24 時間以内に 1 回だけ使え、再表示されません。",
                )) }
                p { code { (link) } }
            },
            Done::Token(name, token) => div.once role="status" {
                p { strong { (name) } ": " (view.pick(
                    "this is its token. It is not shown again.",
                    "トークンです。再表示されません。",
                )) }
                p { code { (token) } }
            },
        }
    }
}

fn row(view: &View, user: &User) -> Markup {
    let state = match user {
        User { disabled: true, .. } => view.pick("disabled", "停止中"),
        user if !user.has_password() => view.pick("has not come in yet", "未登録"),
        user if !user.has_totp() => view.pick("without second factor", "二要素なし"),
        _ => view.pick("active", "有効"),
    };
    let (word, act) = if user.disabled {
        (view.pick("Enable", "再開"), "enable")
    } else {
        (view.pick("Disable", "停止"), "disable")
    };
    html! {
        tr {
            td { (user.name) }
            td { (state) }
            td {
                (frame::form(view, "/users", &html! {
                    input type="hidden" name="name" value=(user.name);
                    (roles_and_facilities(view, &user.name, &user.roles, user.facilities.as_deref()))
                    button.quiet name="act" value="roles" { (view.pick("Change", "変更")) }
                }))
            }
            td {
                (frame::form(view, "/users", &html! {
                    input type="hidden" name="name" value=(user.name);
                    button.quiet name="act" value=(act) { (word) }
                    button.quiet name="act" value="reset" { (view.pick("Reset: new link", "初期化（新しいリンク）")) }
                }))
            }
        }
    }
}

fn tokens(console: &Console, view: &View, tokens: &[Token]) -> Markup {
    let until = |token: &Token| {
        token.until.map_or_else(
            || "—".to_owned(),
            |until| until.to_zoned(console.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string(),
        )
    };
    html! {
        @if !tokens.is_empty() {
            div.wide { table {
                thead { tr {
                    th { (view.pick("Name", "名前")) } th { (view.pick("Roles", "役割")) }
                    th { (view.pick("Facilities", "施設")) } th { (view.pick("Until", "期限")) } th { (view.pick("Do", "操作")) }
                } }
                tbody { @for token in tokens { tr {
                    td { (token.name) }
                    td { (token.roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ")) }
                    td { (token.facilities.as_ref().map_or_else(|| "—".to_owned(), |codes| codes.join(" "))) }
                    td { (until(token)) }
                    td { (frame::form(view, "/users", &html! {
                        input type="hidden" name="name" value=(token.name);
                        button.quiet name="act" value="remove-token" { (view.pick("Remove", "削除")) }
                    })) }
                } } }
            } }
        }
    }
}

fn name_field(view: &View, id: &str) -> Markup {
    html! {
        label for=(id) { (view.pick("Name", "名前")) }
        input id=(id) name="name" autocomplete="off" maxlength="64" required;
    }
}

fn roles_and_facilities(view: &View, id: &str, roles: &[Role], facilities: Option<&[String]>) -> Markup {
    let field = format!("facilities-{id}");
    html! {
        fieldset.roles {
            legend { (view.pick("Roles", "役割")) }
            @for role in Role::ALL {
                @let (en, ja) = role.words();
                label.check {
                    input type="checkbox" name="role" value=(role.as_str()) checked[roles.contains(&role)];
                    (view.pick(en, ja))
                }
            }
        }
        label for=(field) { (view.pick("Only these facilities (codes; empty: all)", "施設を限定（コード、空欄は全施設）")) }
        input id=(field) name="facilities" value=(facilities.unwrap_or_default().join(" ")) autocomplete="off";
    }
}
