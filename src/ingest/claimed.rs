//! Bodies that are too large for the broker: claimed before they are published, and read when a publication is read
//! back.

use std::borrow::Cow;
use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::context::Context;
use super::error::IngestError;
use crate::broker::{Delivery, Publication};
use crate::disposition::Disposition;
use crate::envelope::{BODY_BYTES_MAX, CLAIMED_ABOVE};
use crate::store::{ClaimError, Claims};

/// Puts large bodies where their claims say; durable when it returns.
pub(super) async fn claim(
    context: &Arc<Context>,
    publications: Vec<Publication>,
) -> Result<Vec<Publication>, IngestError> {
    if publications.iter().all(|publication| publication.body.len() <= CLAIMED_ABOVE) {
        return Ok(publications);
    }
    blocking(context, |claims| publications.into_iter().map(|one| claimed(claims, one)).collect()).await
}

fn claimed(claims: &Claims, mut publication: Publication) -> Result<Publication, ClaimError> {
    if publication.body.len() > CLAIMED_ABOVE {
        let body = std::mem::take(&mut publication.body);
        let claim = claims.put(&body[..], publication.envelope.format.media_type())?;
        publication.envelope.claim = Some(claim);
    }
    Ok(publication)
}

/// Deliveries in groups that may be in memory together: a claimed one stands alone.
pub(super) fn groups(deliveries: &[Delivery]) -> impl Iterator<Item = &[Delivery]> {
    deliveries.chunk_by(|one, next| one.envelope.claim.is_none() && next.envelope.claim.is_none())
}

/// A group with its bodies. One that is gone reads as empty: what it was read from is then not as it was accepted,
/// and taken again.
pub(super) async fn bodies<'d>(
    context: &Arc<Context>,
    group: &'d [Delivery],
) -> Result<Cow<'d, [Delivery]>, IngestError> {
    let [delivery @ Delivery { envelope, .. }] = group else { return Ok(Cow::Borrowed(group)) };
    let Some(claim) = envelope.claim.clone() else { return Ok(Cow::Borrowed(group)) };
    let body = blocking(context, move |claims| match claims.read(&claim, BODY_BYTES_MAX) {
        Err(error) if error.disposition() == Disposition::Retry => Err(error),
        read => Ok(read.unwrap_or_else(|_gone| Vec::new())),
    });
    let body = body.await?.into();
    Ok(Cow::Owned(vec![Delivery { body, ..delivery.clone() }]))
}

async fn blocking<T: Send + 'static>(
    context: &Arc<Context>,
    work: impl FnOnce(&Claims) -> Result<T, ClaimError> + Send + 'static,
) -> Result<T, IngestError> {
    let (claims, feed) = (context.claims.clone(), &context.feed);
    let done = spawn_blocking(move || work(&claims)).await;
    let done = done.map_err(|_| IngestError::Ended { feed: feed.clone() })?;
    done.map_err(|source| IngestError::Claims { feed: feed.clone(), source })
}
