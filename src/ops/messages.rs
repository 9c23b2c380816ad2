//! A message as it was accepted, from the message store.

use bytes::Bytes;
use jiff::{Span, Timestamp};

use crate::config::Config;
use crate::envelope::{BODY_BYTES_MAX, Envelope};
use crate::store::history::{Step, What};
use crate::store::messages::{self, Kept, MESSAGES, Message, MessagesError, Places};
use crate::store::{ClaimError, Claims};

/// Why a message can't be shown.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// The message store can't be read.
    #[error(transparent)]
    Store(#[from] MessagesError),
    /// What it claims can't be had.
    #[error(transparent)]
    Claim(#[from] ClaimError),
}

/// The message of that id that was taken at about that time: header as it was accepted, and whole body. Nothing where it
/// is not kept, or not any more. It reads up to three days' files; [`read`] is quicker where the place is known.
///
/// # Errors
/// If the store or the claimed bytes can't be read.
pub fn find(config: &Config, id: &str, at: Timestamp) -> Result<Option<(Envelope, Bytes)>, Unread> {
    let day = at.to_zoned(config.hub.timezone.clone()).date();
    let one = Span::new().days(1);
    let days = day.saturating_sub(one)..=day.saturating_add(one);
    let found = messages::find(&config.hub.data_dir.join(MESSAGES), id, days)?;
    found.map(|message| whole(config, message)).transpose()
}

/// The message that is kept there: header as it was accepted, and whole body. Nothing where it is not kept any more.
///
/// # Errors
/// If the store or the claimed bytes can't be read.
pub fn read(config: &Config, kept: &Kept) -> Result<Option<(Envelope, Bytes)>, Unread> {
    let found = Places::new(config.hub.data_dir.join(MESSAGES)).read(kept)?;
    found.map(|message| whole(config, message)).transpose()
}

/// The message of those steps, taken at about that time: from the place that they tell, else by its id.
///
/// # Errors
/// If the store or the claimed bytes can't be read.
pub fn of_steps(
    config: &Config,
    steps: &[Step],
    id: &str,
    at: Timestamp,
) -> Result<Option<(Envelope, Bytes)>, Unread> {
    let kept = steps.iter().find_map(|step| match &step.what {
        What::Decided(decision) => decision.kept.as_ref(),
        _ => None,
    });
    match kept.map(|kept| read(config, kept)).transpose()?.flatten() {
        Some(message) => Ok(Some(message)),
        None => find(config, id, at),
    }
}

fn whole(config: &Config, message: Message) -> Result<(Envelope, Bytes), Unread> {
    let Message { envelope, body, .. } = message;
    let body = match &envelope.claim {
        Some(claim) => Claims::new(config.hub.claims.clone()).read(claim, BODY_BYTES_MAX)?.into(),
        None => body,
    };
    Ok((envelope, body))
}
