//! `musubi user` and `musubi token`: who may work in the console, and which programs may use the API.

use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::json;

use super::own::note;
use super::{check, complain, exit, fail, print, print_json};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::lang::Lang;
use crate::ops::access::{AccessError, LINK_HOURS, Role, Users};
use crate::ops::audit::Action;
use crate::registry::when;

/// `musubi user …`
#[derive(Debug, Subcommand)]
pub(super) enum UserVerb {
    /// Add a user; prints the link by which he comes in, once
    Add(Granted),
    /// List the users
    List(ListArguments),
    /// Let a user log in no more
    Disable(Named),
    /// Let a user log in again
    Enable(Named),
    /// Take a user's password and second factor away; prints a new link
    Reset(Named),
    /// Give a user other roles and facilities
    Roles(Granted),
}

/// `musubi token …`
#[derive(Debug, Subcommand)]
pub(super) enum TokenVerb {
    /// Add a token for a program; prints it, once
    Add(TokenArguments),
    /// List the tokens
    List(ListArguments),
    /// Remove a token
    Remove(Named),
}

/// A name.
#[derive(Debug, Args)]
pub(super) struct Named {
    /// Name
    name: String,
}

/// A name and what he may.
#[derive(Debug, Args)]
pub(super) struct Granted {
    /// Name: letters, digits and . _ @ -
    name: String,
    /// Roles, with commas between them
    #[arg(long, value_enum, value_delimiter = ',', required = true)]
    roles: Vec<Role>,
    /// Only this facility (10-digit code); several times for several
    #[arg(long, value_name = "CODE")]
    facility: Vec<String>,
}

/// Arguments of `token add`.
#[derive(Debug, Args)]
pub(super) struct TokenArguments {
    #[command(flatten)]
    granted: Granted,
    /// Until then: a day or an instant; for good where nothing is said
    #[arg(long, value_name = "TIME")]
    expires: Option<String>,
}

/// Arguments of the lists.
#[derive(Debug, Args)]
pub(super) struct ListArguments {
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Granted {
    fn facilities(&self) -> Option<Vec<String>> {
        (!self.facility.is_empty()).then(|| self.facility.clone())
    }
}

/// A data folder's users, as the machine's administrator changes them.
struct Desk {
    config: Config,
    users: Users,
    lang: Lang,
}

fn desk(folder: &Path, lang: Lang) -> Result<Desk, u8> {
    let config = check::load(folder, lang)?;
    let users = Users::of(&config.hub.data_dir);
    Ok(Desk { config, users, lang })
}

pub(super) fn user(folder: &Path, lang: Lang, verb: &UserVerb) -> u8 {
    let desk = match desk(folder, lang) {
        Ok(desk) => desk,
        Err(code) => return code,
    };
    let now = SystemClock.now();
    let (users, change) = (&desk.users, Action::ChangeUser);
    match verb {
        UserVerb::List(arguments) => desk.list(arguments),
        UserVerb::Add(granted) => desk.act(change, "add", &granted.name, || {
            let secret = users.add(&granted.name, granted.roles.clone(), granted.facilities(), now)?;
            Ok(desk.link(&secret))
        }),
        UserVerb::Reset(named) => {
            desk.act(change, "reset", &named.name, || Ok(desk.link(&users.reset(&named.name, now)?)))
        }
        UserVerb::Disable(named) => desk
            .act(change, "disable", &named.name, || users.disable(&named.name, true).map(|()| String::new())),
        UserVerb::Enable(named) => desk
            .act(change, "enable", &named.name, || users.disable(&named.name, false).map(|()| String::new())),
        UserVerb::Roles(granted) => desk.act(change, "roles", &granted.name, || {
            users
                .set_roles(&granted.name, granted.roles.clone(), granted.facilities())
                .map(|()| String::new())
        }),
    }
}

pub(super) fn token(folder: &Path, lang: Lang, verb: &TokenVerb) -> u8 {
    let desk = match desk(folder, lang) {
        Ok(desk) => desk,
        Err(code) => return code,
    };
    let (users, change) = (&desk.users, Action::ChangeToken);
    match verb {
        TokenVerb::List(arguments) => desk.list_tokens(arguments),
        TokenVerb::Remove(named) => desk.act(change, "remove-token", &named.name, || {
            users.remove_token(&named.name).map(|()| String::new())
        }),
        TokenVerb::Add(TokenArguments { granted, expires }) => {
            let until = expires.as_ref().map(|text| when::start(text, &desk.config.hub.timezone));
            if until == Some(None) {
                complain(&format!("musubi: --expires is {}", when::RULE));
                return exit::USAGE;
            }
            desk.act(change, "add-token", &granted.name, || {
                let token = users.add_token(
                    &granted.name,
                    granted.roles.clone(),
                    granted.facilities(),
                    until.flatten(),
                )?;
                Ok(format!("{token}\n"))
            })
        }
    }
}

impl Desk {
    /// Writes down what is done, does it, and prints what is to be told.
    fn act(
        &self,
        action: Action,
        verb: &str,
        name: &str,
        change: impl FnOnce() -> Result<String, AccessError>,
    ) -> u8 {
        if let Err(error) = note(&self.config, action, &format!("{verb} {name}")) {
            return fail(&error, exit::TRY_LATER);
        }
        match change() {
            Ok(text) => {
                print(&text);
                exit::DONE
            }
            Err(AccessError::Refused(en, ja)) => {
                complain(&format!("musubi: {}", self.lang.pick(en, ja)));
                exit::BAD_DATA
            }
            Err(error) => fail(&error, exit::TRY_LATER),
        }
    }

    fn link(&self, secret: &str) -> String {
        let hub = &self.config.hub;
        let scheme = if hub.access.tls.is_some() { "https" } else { "http" };
        let address = hub.console.map_or_else(|| "…".to_owned(), |address| address.to_string());
        let hint = match self.lang {
            Lang::En => format!("open once, for {LINK_HOURS} hours"),
            Lang::Ja => format!("{LINK_HOURS} 時間以内に 1 回だけ使えます"),
        };
        complain(&hint);
        format!("{scheme}://{address}/enter/{secret}\n")
    }

    fn list(&self, arguments: &ListArguments) -> u8 {
        let book = match self.users.read() {
            Ok(book) => book,
            Err(error) => return fail(&error, exit::TRY_LATER),
        };
        let users = book.users.iter().map(|user| {
            json!({
                "name": user.name,
                "roles": user.roles,
                "facilities": user.facilities,
                "disabled": user.disabled,
                "has_password": user.has_password(),
                "has_totp": user.has_totp(),
                "recovery_codes": user.recovery_codes(),
            })
        });
        if arguments.json {
            return print_json(&users.collect::<Vec<_>>());
        }
        for user in &book.users {
            let state = match (user.disabled, user.has_password()) {
                (true, _) => self.lang.pick("disabled", "停止中"),
                (false, false) => self.lang.pick("has not come in yet", "未登録"),
                (false, true) => self.lang.pick("active", "有効"),
            };
            print(&granted(&user.name, &user.roles, user.facilities.as_deref(), state));
        }
        exit::DONE
    }

    fn list_tokens(&self, arguments: &ListArguments) -> u8 {
        let book = match self.users.read() {
            Ok(book) => book,
            Err(error) => return fail(&error, exit::TRY_LATER),
        };
        if arguments.json {
            let tokens = book.tokens.iter().map(|token| {
                let (roles, facilities) = (&token.roles, &token.facilities);
                json!({ "name": token.name, "roles": roles, "facilities": facilities, "until": token.until })
            });
            return print_json(&tokens.collect::<Vec<_>>());
        }
        for token in &book.tokens {
            let until = token.until.map_or_else(|| "—".to_owned(), |until| until.to_string());
            print(&granted(&token.name, &token.roles, token.facilities.as_deref(), &until));
        }
        exit::DONE
    }
}

fn granted(name: &str, roles: &[Role], facilities: Option<&[String]>, state: &str) -> String {
    let roles: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
    let facilities = facilities.map(|codes| format!(" ({})", codes.join(" "))).unwrap_or_default();
    format!("{name}  {}{facilities}  {state}\n", roles.join(","))
}
