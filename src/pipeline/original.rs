//! The original bytes of a message, whole: those that a claim stands for too.

use bytes::Bytes;
use tokio::task::{JoinError, spawn_blocking};

use crate::broker::Delivery;
use crate::decode::Raw;
use crate::disposition::Disposition;
use crate::envelope::{BODY_BYTES_MAX, Change, Claim, Envelope, Fault, Format};
use crate::manifest::Manifest;
use crate::store::{ClaimError, Claims};

/// Largest main document that is read; of a larger one only the files are told.
const MAIN_BYTES_MAX: u64 = 16 << 20;

/// What a message says, in its source's bytes.
#[derive(Debug, Default)]
pub struct Original {
    /// The body.
    pub body: Bytes,
    /// Of a document: the file that says what it is.
    pub main: Option<Bytes>,
}

impl From<Bytes> for Original {
    fn from(body: Bytes) -> Self {
        Self { body, main: None }
    }
}

impl Original {
    /// What decoding is given.
    pub fn raw<'a>(&'a self, envelope: &'a Envelope) -> Raw<'a> {
        let file = envelope.origin.file.0.as_str();
        let name = file.rsplit_once('/').map_or(file, |(_, name)| name);
        Raw { format: envelope.format, body: &self.body, name, main: self.main.as_deref() }
    }

    /// The original of a delivery; a fault where what it claims is not to be had any more.
    ///
    /// # Errors
    /// The folder of claims can't be read now.
    pub(super) async fn load(
        claims: &Claims,
        delivery: &Delivery,
        takes_history: bool,
    ) -> Result<Result<Self, Fault>, ClaimError> {
        let Delivery { envelope, body, .. } = delivery;
        let is_kept_back = envelope.change == Change::Superseded && !takes_history;
        if envelope.fault.is_some() || is_kept_back {
            return Ok(Ok(Self::from(body.clone())));
        }
        match load(claims, envelope, body).await {
            Ok(original) => Ok(Ok(original)),
            Err(error) if error.disposition() == Disposition::Retry => Err(error),
            Err(error) => Ok(Err(Fault {
                code: error.code().to_owned(),
                reason: error.to_string(),
                place: "message".to_owned(),
            })),
        }
    }
}

async fn load(claims: &Claims, envelope: &Envelope, body: &Bytes) -> Result<Original, ClaimError> {
    let body = match &envelope.claim {
        Some(claim) => read(claims, claim, BODY_BYTES_MAX).await?,
        None => body.clone(),
    };
    let main = match envelope.format {
        Format::Document => main(&body),
        Format::Hl7v2 | Format::Checkup => None,
    };
    let main = match main {
        Some(claim) => Some(read(claims, &claim, MAIN_BYTES_MAX).await?),
        None => None,
    };
    Ok(Original { body, main })
}

/// The claim of a document's main file. Decoding says what is wrong with a manifest that can't be read.
fn main(body: &[u8]) -> Option<Claim> {
    let manifest = Manifest::from_bytes(body).ok()?;
    let main = manifest.main().filter(|file| file.is_xml() || file.is_hl7v2())?;
    Some(main.claim()).filter(|claim| claim.bytes <= MAIN_BYTES_MAX)
}

/// Keeps a file that came within a message. Its hash is its name there.
pub(super) async fn keep(claims: &Claims, content: Bytes) -> Result<(), ClaimError> {
    let claims = claims.clone();
    finished(spawn_blocking(move || claims.put(content.as_ref(), "application/octet-stream")).await)
        .map(|_| ())
}

async fn read(claims: &Claims, claim: &Claim, most: u64) -> Result<Bytes, ClaimError> {
    let (claims, claim) = (claims.clone(), claim.clone());
    finished(spawn_blocking(move || claims.read(&claim, most)).await).map(Bytes::from)
}

/// The work does not panic, and is aborted only when the hub ends: then nobody waits for it.
fn finished<T>(work: Result<Result<T, ClaimError>, JoinError>) -> Result<T, ClaimError> {
    work.map_err(|ended| ClaimError::Source(std::io::Error::other(ended)))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::{Identifying, Origin};

    fn delivery(format: Format, claim: Option<Claim>, body: Vec<u8>) -> Delivery {
        let envelope = Envelope {
            id: String::new(),
            facility: String::new(),
            patient: Identifying::default(),
            data_type: None,
            change: Change::Created,
            key: Identifying::default(),
            version: String::new(),
            origin: Origin {
                feed: String::new(),
                file: Identifying::default(),
                offset: 0,
                hash: String::new(),
            },
            stored: None,
            accepted_at: String::new(),
            format,
            claim,
            join: None,
            event: None,
            fault: None,
            findings: Vec::new(),
        };
        Delivery { sequence: 1, redelivered: false, envelope, body: body.into() }
    }

    #[tokio::test]
    async fn a_claim_that_is_gone_is_a_fault_and_a_folder_that_is_away_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let claims = Claims::new(folder.path().join("claims"));
        let claim = claims.put(&b"MSH|"[..], "application/hl7-v2").unwrap();
        let claimed = delivery(Format::Hl7v2, Some(claim.clone()), Vec::new());
        let loaded = Original::load(&claims, &claimed, false).await.unwrap().unwrap();
        assert_eq!(&loaded.body[..], b"MSH|");
        let gone = Claim { hash: "0".repeat(64), ..claim };
        let fault = Original::load(&claims, &delivery(Format::Hl7v2, Some(gone), Vec::new()), false).await;
        assert_eq!(fault.unwrap().unwrap_err().code, "claim-missing");
        std::fs::rename(folder.path().join("claims"), folder.path().join("away")).unwrap();
        assert!(Original::load(&claims, &claimed, false).await.is_err());
        let history = Delivery {
            envelope: Envelope { change: Change::Superseded, ..claimed.envelope.clone() },
            ..claimed
        };
        assert!(Original::load(&claims, &history, false).await.unwrap().is_ok(), "nobody reads it");
    }
}
