//! The way in: from a name and its secrets to a session, from a session or a token to who it is.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;

use super::attempts::Attempts;
use super::book::{AccessError, Book, Users, seconds};
use super::oidc::{Journeys, OidcError};
use super::session::{Limits, Session, Sessions};
use super::user::{Role, User};
use super::{Right, secret, totp};
use crate::config::{Access, Config, SecondFactor, Tls};

/// Who it is and what he may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// Name, as it stands in the audit.
    pub name: String,
    /// What he may do.
    pub rights: Vec<Right>,
    /// Facilities to which that is limited.
    pub facilities: Option<Vec<String>>,
}

impl Who {
    pub(super) fn new(name: String, roles: &[Role], facilities: Option<Vec<String>>) -> Self {
        let mut rights = Vec::new();
        for right in roles.iter().flat_map(|role| role.rights()) {
            if !rights.contains(right) {
                rights.push(*right);
            }
        }
        Self { name, rights, facilities }
    }
}

/// From where and when somebody comes.
#[derive(Debug, Clone, Copy)]
pub struct Client<'c> {
    /// Address.
    pub address: &'c str,
    /// Present moment.
    pub now: Timestamp,
}

/// Why nobody was let in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Name, password or code are wrong: it is not said which.
    #[error("the login is wrong")]
    Wrong,
    /// Too many were wrong.
    #[error("too many wrong logins: wait {} s", .0.as_secs())]
    Wait(Duration),
    /// The users can't be read or written.
    #[error(transparent)]
    Users(#[from] AccessError),
}

/// The way in of a data folder.
#[derive(Debug)]
pub struct Gate {
    users: Users,
    sessions: Sessions,
    attempts: Attempts,
    journeys: Journeys,
    settings: RwLock<Access>,
}

impl Gate {
    /// That of a configuration; nobody is logged in.
    pub fn new(config: &Config) -> Arc<Self> {
        Arc::new(Self {
            users: Users::of(&config.hub.data_dir),
            sessions: Sessions::default(),
            attempts: Attempts::default(),
            journeys: Journeys::default(),
            settings: RwLock::new(config.hub.access.clone()),
        })
    }

    /// Goes on with another configuration: who is logged in stays so.
    pub fn renew(&self, config: &Config) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = config.hub.access.clone();
    }

    /// Users and tokens.
    pub const fn users(&self) -> &Users {
        &self.users
    }

    fn settings(&self) -> Access {
        self.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn limits(&self) -> Limits {
        let settings = self.settings();
        Limits { idle: settings.idle, most: settings.session }
    }

    /// Whether everybody must have a second factor.
    pub fn needs_totp(&self) -> bool {
        self.settings().totp == SecondFactor::Required
    }

    /// Whether a proxy on this machine tells the address.
    pub fn is_behind_proxy(&self) -> bool {
        self.settings().behind_proxy
    }

    /// What the console encrypts with.
    pub fn tls(&self) -> Option<Tls> {
        self.settings().tls
    }

    /// Whether cookies and pages cross the network encrypted.
    pub fn is_encrypted(&self) -> bool {
        let settings = self.settings();
        settings.tls.is_some() || settings.behind_proxy
    }

    /// Lets a user in; gives what his browser keeps. Takes a fraction of a second.
    ///
    /// # Errors
    ///
    /// He is not let in.
    pub fn log_in(
        &self,
        name: &str,
        password: &str,
        code: &str,
        client: &Client<'_>,
    ) -> Result<String, LoginError> {
        self.attempts.begin(name, client.address, client.now).map_err(LoginError::Wait)?;
        let book = self.users.read()?;
        let user = book.user(name).filter(|user| !user.disabled);
        // Also for a name that nobody has: the time tells nothing.
        let knows = secret::is_password(password, user.and_then(|user| user.password.as_deref()));
        if !knows || !self.passes(name, code, client.now)? {
            return Err(LoginError::Wrong);
        }
        self.attempts.succeed(name, client.address);
        Ok(self.sessions.begin(name, None, client.address, client.now))
    }

    /// Whether that is a code of the user's second factor that was never used, or a recovery code; then it was used.
    fn passes(&self, name: &str, code: &str, now: Timestamp) -> Result<bool, AccessError> {
        let needed = self.needs_totp();
        self.users.change(|book: &mut Book| {
            let Some(user) = book.users.iter_mut().find(|user| user.name == name) else { return Ok(false) };
            let Some(secret) = &user.totp else { return Ok(!needed) };
            if let Some(step) = totp::step(secret, code, seconds(now)) {
                let is_new = step > user.used_step;
                user.used_step = user.used_step.max(step);
                return Ok(is_new);
            }
            let before = user.recovery.len();
            user.recovery.retain(|kept| !secret::is(code.trim(), kept));
            Ok(user.recovery.len() < before)
        })
    }

    /// Whether an OpenID provider lets people in.
    pub fn has_provider(&self) -> bool {
        self.settings().oidc.is_some()
    }

    /// Begins the way in through the OpenID provider: where the browser goes, and what it keeps meanwhile.
    ///
    /// # Errors
    ///
    /// There is none, or it does not answer.
    pub async fn go_to_provider(&self, now: Timestamp) -> Result<(String, String), OidcError> {
        let oidc = self.settings().oidc.ok_or(OidcError::State)?;
        self.journeys.begin(&oidc, now).await
    }

    /// Ends it; gives what the browser keeps, and the name.
    ///
    /// # Errors
    ///
    /// Nobody is let in.
    pub async fn back_from_provider(
        &self,
        state: &str,
        kept: &str,
        code: &str,
        address: &str,
        now: Timestamp,
    ) -> Result<(String, String), OidcError> {
        let oidc = self.settings().oidc.ok_or(OidcError::State)?;
        let who = self.journeys.end(&oidc, state, kept, code, now).await?;
        let name = who.name.clone();
        Ok((self.sessions.begin(&name, Some(who), address, now), name))
    }

    /// Whether that is the password of somebody who is logged in. Wrong ones are slowed down as at the login.
    ///
    /// # Errors
    ///
    /// It is not.
    pub fn confirms(&self, name: &str, password: &str, client: &Client<'_>) -> Result<(), LoginError> {
        self.attempts.begin(name, client.address, client.now).map_err(LoginError::Wait)?;
        let book = self.users.read()?;
        if !secret::is_password(password, book.user(name).and_then(|user| user.password.as_deref())) {
            return Err(LoginError::Wrong);
        }
        self.attempts.succeed(name, client.address);
        Ok(())
    }

    /// Who a session is; `looks`: this is a request of his, not the program's own look.
    ///
    /// # Errors
    ///
    /// The users can't be read.
    pub fn session(
        &self,
        id: &str,
        now: Timestamp,
        looks: bool,
    ) -> Result<Option<(Session, Who)>, AccessError> {
        let Some(session) = self.sessions.get(id, self.limits(), now, looks) else { return Ok(None) };
        if let Some(who) = session.who.clone() {
            return Ok(Some((session, who)));
        }
        let book = self.users.read()?;
        let user = book.user(&session.name).filter(|user| !user.disabled && user.has_password());
        let Some(User { name, roles, facilities, .. }) = user.cloned() else {
            self.sessions.end(id);
            return Ok(None);
        };
        Ok(Some((session, Who::new(name, &roles, facilities))))
    }

    /// Ends a session.
    pub fn log_out(&self, id: &str) {
        self.sessions.end(id);
    }

    /// Ends all other sessions of somebody.
    pub fn end_others(&self, name: &str, id: &str) {
        self.sessions.end_others(name, id);
    }

    /// Ends all sessions of somebody.
    pub fn end_all(&self, name: &str) {
        self.sessions.end_others(name, "");
    }

    /// The sessions of somebody, the oldest first.
    pub fn sessions_of(&self, name: &str) -> Vec<Session> {
        self.sessions.of(name)
    }

    /// Who a token is.
    ///
    /// # Errors
    ///
    /// The tokens can't be read.
    pub fn token(&self, token: &str, now: Timestamp) -> Result<Option<Who>, AccessError> {
        let book = self.users.read()?;
        let known = book.token(token, now);
        Ok(known
            .map(|known| Who::new(format!("token {}", known.name), &known.roles, known.facilities.clone())))
    }
}
