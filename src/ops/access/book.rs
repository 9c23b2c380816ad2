//! The file of users and tokens: `users.json` in the data folder. Programs that change it do so one after the other; it
//! is replaced whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::secret;
use super::user::{Link, Role, Token, User};
use super::{Client, totp};

/// The file.
const FILE: &str = "users.json";
/// Held while it is changed.
const LOCK: &str = "users.lock";
/// Where the first link is written for who runs the machine.
const FIRST: &str = "first-login";
/// How long a link is open, in hours.
pub const LINK_HOURS: u64 = 24;
/// Longest name.
const NAME_MOST: usize = 64;

/// Why a user or token could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The file.
    #[error("{} can't be read or written", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// What was asked for is not possible, in English and Japanese.
    #[error("{0}")]
    Refused(&'static str, &'static str),
    /// A password could not be hashed: not enough memory.
    #[error("the password can't be hashed: not enough memory")]
    Memory,
}

/// What the file holds.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Book {
    /// People.
    pub users: Vec<User>,
    /// Programs.
    #[serde(default)]
    pub tokens: Vec<Token>,
    /// The way in of the first administrator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<Link>,
}

/// What somebody says who comes in by a link.
#[derive(Debug, Clone, Copy)]
pub struct Entered<'e> {
    /// Secret of the link.
    pub link: &'e str,
    /// Name; of use for the first administrator, who chooses it.
    pub name: &'e str,
    /// Chosen password.
    pub password: &'e str,
    /// Secret of the second factor and a code of it; nothing where he wants none and need not have one.
    pub totp: Option<(&'e str, &'e str)>,
}

impl Book {
    /// The user of that name.
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }

    fn user_mut(&mut self, name: &str) -> Result<&mut User, AccessError> {
        let unknown = AccessError::Refused("there is no such user", "その利用者はいません");
        self.users.iter_mut().find(|user| user.name == name).ok_or(unknown)
    }

    /// The program that has this token.
    pub(super) fn token(&self, token: &str, now: Timestamp) -> Option<&Token> {
        self.tokens
            .iter()
            .find(|known| secret::is(token, &known.hash) && known.until.is_none_or(|until| now < until))
    }

    /// Whose link that is: nothing is known of the name for the first administrator's.
    pub fn link(&self, link: &str, now: Timestamp) -> Option<Option<&User>> {
        let opens = |known: &Option<Link>| {
            known.as_ref().is_some_and(|known| secret::is(link, &known.hash) && now < known.until)
        };
        if self.users.is_empty() && opens(&self.first) {
            return Some(None);
        }
        self.users.iter().find(|user| !user.disabled && opens(&user.link)).map(Some)
    }
}

/// The file of a data folder.
#[derive(Debug, Clone)]
pub struct Users {
    dir: PathBuf,
}

impl Users {
    /// That of a data folder.
    pub fn of(data_dir: &Path) -> Self {
        Self { dir: data_dir.to_owned() }
    }

    /// What it holds now; nothing where it was never written.
    ///
    /// # Errors
    ///
    /// It can't be read, or was damaged by hand.
    pub fn read(&self) -> Result<Book, AccessError> {
        let read = match fs::read(self.dir.join(FILE)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Book::default()),
            read => read.and_then(|text| serde_json::from_slice(&text).map_err(io::Error::from)),
        };
        read.map_err(|source| self.error(source))
    }

    /// Changes it; nothing is changed where that is refused.
    pub(super) fn change<T>(
        &self,
        change: impl FnOnce(&mut Book) -> Result<T, AccessError>,
    ) -> Result<T, AccessError> {
        let error = |source| self.error(source);
        fs::create_dir_all(&self.dir).map_err(error)?;
        let lock =
            owned().write(true).create(true).truncate(false).open(self.dir.join(LOCK)).map_err(error)?;
        // Let go of when the file is closed.
        lock.lock().map_err(error)?;
        let mut book = self.read()?;
        let changed = change(&mut book)?;
        let written = serde_json::to_vec_pretty(&book).map_err(io::Error::from);
        written.and_then(|text| self.replace(FILE, &text)).map_err(error)?;
        Ok(changed)
    }

    fn replace(&self, name: &str, text: &[u8]) -> io::Result<()> {
        let new = self.dir.join(format!("{name}.new"));
        let mut file = owned().write(true).create(true).truncate(true).open(&new)?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&new, self.dir.join(name))?;
        File::open(&self.dir)?.sync_all()
    }

    /// The secret of the first administrator's link, where there is no user yet; and the file in which it stands. One
    /// that is still open stays the same.
    pub fn first(&self, now: Timestamp) -> Result<Option<(String, PathBuf)>, AccessError> {
        let path = self.dir.join(FIRST);
        let book = self.read()?;
        if !book.users.is_empty() {
            return Ok(None);
        }
        if let Ok(text) = fs::read_to_string(&path)
            && book.link(text.trim(), now).is_some()
        {
            return Ok(Some((text.trim().to_owned(), path)));
        }
        let secret = self.change(|book| {
            let (secret, link) = link(now);
            book.first = Some(link);
            Ok(secret)
        })?;
        self.replace(FIRST, format!("{secret}\n").as_bytes()).map_err(|source| self.error(source))?;
        Ok(Some((secret, path)))
    }

    /// Adds a user; gives the secret of the link by which he comes in.
    pub fn add(
        &self,
        name: &str,
        roles: Vec<Role>,
        facilities: Option<Vec<String>>,
        now: Timestamp,
    ) -> Result<String, AccessError> {
        let (name, facilities) = (name_of(name)?, codes(facilities)?);
        self.change(|book| {
            if book.user(&name).is_some() {
                return refused("there is a user of that name already", "同じ名前の利用者がいます");
            }
            let (secret, link) = link(now);
            book.users.push(User { link: Some(link), ..User::new(&name, roles, facilities) });
            Ok(secret)
        })
    }

    /// Takes a user's password, second factor and recovery codes away, and gives the secret of a new link.
    pub fn reset(&self, name: &str, now: Timestamp) -> Result<String, AccessError> {
        self.change(|book| {
            let (secret, link) = link(now);
            let user = book.user_mut(name)?;
            *user = User {
                link: Some(link),
                disabled: user.disabled,
                ..User::new(name, user.roles.clone(), user.facilities.clone())
            };
            Ok(secret)
        })
    }

    /// Lets a user log in or not. The last administrator stays.
    pub fn disable(&self, name: &str, disabled: bool) -> Result<(), AccessError> {
        self.change(|book| {
            let before = is_administered(book);
            let user = book.user_mut(name)?;
            user.disabled = disabled;
            user.link = None;
            still_administered(before, book)
        })
    }

    /// Gives a user other roles and facilities. The last administrator stays one.
    pub fn set_roles(
        &self,
        name: &str,
        roles: Vec<Role>,
        facilities: Option<Vec<String>>,
    ) -> Result<(), AccessError> {
        let facilities = codes(facilities)?;
        self.change(|book| {
            let before = is_administered(book);
            let user = book.user_mut(name)?;
            (user.roles, user.facilities) = (roles, facilities);
            still_administered(before, book)
        })
    }

    /// Adds a token for a program, and gives it: it is kept nowhere.
    pub fn add_token(
        &self,
        name: &str,
        roles: Vec<Role>,
        facilities: Option<Vec<String>>,
        until: Option<Timestamp>,
    ) -> Result<String, AccessError> {
        let (name, facilities) = (name_of(name)?, codes(facilities)?);
        self.change(|book| {
            if book.tokens.iter().any(|token| token.name == name) {
                return refused("there is a token of that name already", "同じ名前のトークンがあります");
            }
            let token = format!("musubi_{}", secret::random());
            book.tokens.push(Token { name, roles, facilities, until, hash: secret::hash(&token) });
            Ok(token)
        })
    }

    /// Removes a token.
    pub fn remove_token(&self, name: &str) -> Result<(), AccessError> {
        self.change(|book| {
            let before = book.tokens.len();
            book.tokens.retain(|token| token.name != name);
            if book.tokens.len() == before {
                return refused("there is no such token", "そのトークンはありません");
            }
            Ok(())
        })
    }

    /// Lets somebody in by his link, once: he has chosen a password and shown a code of his second factor. Gives his name
    /// and his recovery codes.
    pub fn enter(
        &self,
        entered: &Entered<'_>,
        needs_totp: bool,
        client: &Client<'_>,
    ) -> Result<(String, Vec<String>), AccessError> {
        let now = client.now;
        let gone =
            AccessError::Refused("this link was used or is over", "このリンクは使用済みか期限切れです");
        let known = self.read()?;
        let name = match known.link(entered.link, now) {
            None => return Err(gone),
            Some(None) => name_of(entered.name)?,
            Some(Some(user)) => user.name.clone(),
        };
        let (totp, step) = second_factor(entered.totp, needs_totp, now)?;
        let password = password_of(entered.password, &name)?;
        let (codes, kept) = secret::recovery_codes();
        self.change(|book| {
            match book.link(entered.link, now) {
                None => return Err(gone),
                Some(None) => book.users.push(User::new(&name, vec![Role::Admin, Role::Engineer], None)),
                Some(Some(_)) => {}
            }
            book.first = None;
            let user = book.user_mut(&name)?;
            (user.link, user.password, user.recovery) = (None, Some(password), kept);
            (user.totp, user.used_step) = (totp, step);
            Ok(())
        })?;
        match fs::remove_file(self.dir.join(FIRST)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(self.error(error)),
            _ => {}
        }
        Ok((name, codes))
    }

    /// Gives a user another password.
    pub fn set_password(&self, name: &str, password: &str) -> Result<(), AccessError> {
        let password = password_of(password, name)?;
        self.change(|book| {
            book.user_mut(name)?.password = Some(password);
            Ok(())
        })
    }

    /// Gives a user another second factor and new recovery codes.
    pub fn set_totp(
        &self,
        name: &str,
        totp: (&str, &str),
        now: Timestamp,
    ) -> Result<Vec<String>, AccessError> {
        let (totp, step) = second_factor(Some(totp), true, now)?;
        let (codes, kept) = secret::recovery_codes();
        self.change(|book| {
            let user = book.user_mut(name)?;
            (user.totp, user.used_step, user.recovery) = (totp, step, kept);
            Ok(codes)
        })
    }

    fn error(&self, source: io::Error) -> AccessError {
        AccessError::File { path: self.dir.join(FILE), source }
    }
}

/// The second factor, and the step of the code that was shown.
fn second_factor(
    given: Option<(&str, &str)>,
    needed: bool,
    now: Timestamp,
) -> Result<(Option<String>, u64), AccessError> {
    let Some((secret, code)) = given else {
        return if needed {
            refused("the code is missing", "認証コードがありません")
        } else {
            Ok((None, 0))
        };
    };
    let step = Some(secret).filter(|secret| totp::is_secret(secret));
    match step.and_then(|secret| totp::step(secret, code, seconds(now))) {
        Some(step) => Ok((Some(secret.to_owned()), step)),
        None => refused(
            "the code is not that of the app: is the clock right?",
            "認証コードが違います。時計が合っているか確認してください",
        ),
    }
}

fn password_of(password: &str, name: &str) -> Result<String, AccessError> {
    if let Some((en, ja)) = secret::weakness(password, name) {
        return refused(en, ja);
    }
    secret::hash_password(password).ok_or(AccessError::Memory)
}

fn link(now: Timestamp) -> (String, Link) {
    let secret = secret::random();
    let until = now.saturating_add(Duration::from_secs(LINK_HOURS * 3_600)).unwrap_or(Timestamp::MAX);
    let link = Link { hash: secret::hash(&secret), until };
    (secret, link)
}

fn is_administered(book: &Book) -> bool {
    book.users.iter().any(User::administers)
}

fn still_administered(before: bool, book: &Book) -> Result<(), AccessError> {
    if !before || is_administered(book) {
        return Ok(());
    }
    refused("nobody would be left who may change users", "利用者を管理できる人がいなくなります")
}

/// Letters, digits and `. _ @ -`: what stands in the audit and in addresses as it is.
fn name_of(name: &str) -> Result<String, AccessError> {
    let name = name.trim();
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte);
    if name.is_empty() || name.len() > NAME_MOST || name == "local" || !name.bytes().all(is_fit) {
        return refused(
            "a name has letters, digits and . _ @ -, 64 at most, and is not \"local\"",
            "名前は英数字と . _ @ - を 64 字まで。local は使えません",
        );
    }
    Ok(name.to_owned())
}

fn codes(facilities: Option<Vec<String>>) -> Result<Option<Vec<String>>, AccessError> {
    let Some(mut codes) = facilities else { return Ok(None) };
    codes.retain(|code| !code.trim().is_empty());
    let is_code = |code: &String| code.len() == 10 && code.bytes().all(|byte| byte.is_ascii_digit());
    if !codes.iter().all(is_code) {
        return refused("a facility is a code of 10 digits", "施設は 10 桁のコードで指定してください");
    }
    Ok((!codes.is_empty()).then_some(codes))
}

fn refused<T>(en: &'static str, ja: &'static str) -> Result<T, AccessError> {
    Err(AccessError::Refused(en, ja))
}

pub(super) fn seconds(now: Timestamp) -> u64 {
    u64::try_from(now.as_second()).unwrap_or(0)
}

/// For the hub's user only.
fn owned() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}
