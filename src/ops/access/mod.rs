//! Who may do what: users, roles, second factors, sessions and tokens.

mod attempts;
mod book;
mod gate;
pub mod oidc;
pub mod secret;
mod session;
pub mod totp;
mod user;

pub use book::{AccessError, Book, Entered, LINK_HOURS, Users};
pub use gate::{Client, Gate, LoginError, Who};
pub use session::Session;
pub use user::{Role, Token, User};

/// Something that not everybody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// See names, counts, states and the ways of messages, without their bodies.
    View,
    /// See bodies.
    ViewBodies,
    /// Act: retry, discard, hold, release, replay; enter into the registry.
    Operate,
    /// Edit a copy of a message.
    Engineer,
    /// Change users, read the audit.
    Administer,
}
