//! A copy whose body is too large for the broker is attempted with what its claim stands for.

use std::io;

use tokio::task::spawn_blocking;

use super::outcome::Outcome;
use crate::broker::Delivery;
use crate::disposition::Disposition;
use crate::envelope::{BODY_BYTES_MAX, Envelope};
use crate::store::{ClaimError, Claims};
use crate::telemetry::causes;

/// The copy with its body; `None` where it has it already.
///
/// # Errors
/// What the attempt comes to without it: bytes that are not there are the copy's own trouble, a folder that can't be
/// read is everybody's.
pub(super) async fn resolve(claims: &Claims, copy: &Delivery) -> Result<Option<Delivery>, Outcome> {
    let Some(claim) = copy.envelope.claim.clone() else { return Ok(None) };
    let claims = claims.clone();
    let read = spawn_blocking(move || claims.read(&claim, BODY_BYTES_MAX)).await;
    let read = read.unwrap_or_else(|ended| Err(ClaimError::Source(io::Error::other(ended))));
    let body = read.map_err(|error| match error.disposition() {
        Disposition::Retry => Outcome::away(causes(&error)),
        _ => Outcome::refused(error.code()),
    })?;
    let envelope = Envelope { claim: None, ..copy.envelope.clone() };
    Ok(Some(Delivery { envelope, body: body.into(), ..copy.clone() }))
}
