//! One sender for every delivery kind.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::http::HttpSender;
use super::mllp::MllpSender;
use super::outcome::Outcome;
use super::ssmix2::Ssmix2Sender;
use super::{Folder, FolderError, Kind};
use crate::broker::Delivery;
use crate::clock::Clock;
use crate::envelope::Lane;
use crate::store::Claims;
use crate::telemetry::causes;

/// Why a sender could not be made ready.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    /// The folder.
    #[error("the folder can't be used")]
    Folder(#[from] FolderError),
    /// A file that the configuration names.
    #[error("{} can't be read", path.display())]
    File {
        /// File.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// The file of authorities holds none.
    #[error("{} holds no certificate", path.display())]
    NoCertificate {
        /// File.
        path: PathBuf,
    },
    /// The HTTP client.
    #[error("the HTTP client can't be made")]
    Http(#[from] reqwest::Error),
}

/// Attempts deliveries to one subscriber; all its lanes share it.
pub(super) enum Sender {
    /// Appends lines.
    Folder {
        /// The folder.
        folder: Folder,
        /// The day names the file.
        clock: Arc<dyn Clock>,
        /// Zone in which a day begins.
        zone: TimeZone,
    },
    /// Writes files.
    Ssmix2(Ssmix2Sender),
    /// Posts.
    Http(HttpSender),
    /// Sends frames.
    Mllp(MllpSender),
}

impl Sender {
    /// A sender of this kind; `None` where the subscriber takes its copies itself.
    pub(super) fn open(
        kind: &Kind,
        clock: &Arc<dyn Clock>,
        zone: &TimeZone,
        claims: &Claims,
    ) -> Result<Option<Self>, SenderError> {
        Ok(match kind {
            Kind::Queue => None,
            Kind::Folder { path } => {
                let folder = Folder::open(path)?;
                Some(Self::Folder { folder, clock: clock.clone(), zone: zone.clone() })
            }
            Kind::Ssmix2 { path } => Some(Self::Ssmix2(Ssmix2Sender::new(path, claims))),
            Kind::Http(settings) => Some(Self::Http(HttpSender::open(settings)?)),
            Kind::Mllp(settings) => Some(Self::Mllp(MllpSender::new(settings))),
        })
    }

    /// Whether an attempt takes many copies, all with the same outcome; otherwise it takes one.
    pub(super) const fn takes_many(&self) -> bool {
        matches!(self, Self::Folder { .. })
    }

    /// Attempts to deliver copies of one lane, in their order.
    pub(super) async fn attempt(&self, lane: Lane, copies: &[&Delivery]) -> Outcome {
        match (self, copies) {
            (_, []) => Outcome::Delivered,
            (Self::Folder { folder, clock, zone }, copies) => {
                let day = clock.now().to_zoned(zone.clone()).date().to_string();
                let taken = folder.take(day, lane, copies).await;
                taken.map_or_else(|error| Outcome::away(causes(&error)), |()| Outcome::Delivered)
            }
            (Self::Ssmix2(sender), [copy, ..]) => sender.attempt(copy).await,
            (Self::Http(sender), [copy, ..]) => sender.attempt(lane, copy).await,
            (Self::Mllp(sender), [copy, ..]) => sender.attempt(copy).await,
        }
    }
}
