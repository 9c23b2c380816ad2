//! What a configuration counts on outside its files, each with the place that says so.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::fault::{Fault, Part, Severity};
use super::said::Said;

/// Something that must be there when the hub runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Thing {
    /// A folder whose files are read.
    Folder {
        /// Where.
        path: PathBuf,
        /// Whether the hub also moves, deletes or writes files there.
        written: bool,
    },
    /// A file that is read.
    File(PathBuf),
    /// A file that holds a secret.
    Secret(PathBuf),
    /// A folder that the hub makes where it is not there.
    Made(PathBuf),
    /// An address at which it listens.
    Listen(SocketAddr),
    /// A RabbitMQ server.
    Broker,
    /// A facility that the registry knows.
    Facility(String),
    /// Somebody who looks into the table of that name.
    Table(String),
}

impl Thing {
    /// The path that must exist already.
    fn existing(&self) -> Option<&Path> {
        match self {
            Self::Folder { path, .. } | Self::File(path) | Self::Secret(path) => Some(path),
            Self::Made(_) | Self::Listen(_) | Self::Broker | Self::Facility(_) | Self::Table(_) => None,
        }
    }
}

/// A thing, and where it is asked for.
#[derive(Debug, Clone)]
pub struct Need {
    /// What.
    pub thing: Thing,
    pub(super) place: Fault,
}

impl Need {
    /// A fault at its place.
    #[must_use]
    pub fn fault(&self, severity: Severity, said: Said) -> Fault {
        self.place.saying(severity, said)
    }

    /// The fault of a path that does not exist.
    pub(super) fn missing(&self) -> Option<Fault> {
        let path = self.thing.existing().filter(|path| !path.exists())?;
        let said = Said::new(
            format!("\"{}\" does not exist (yet)", path.display()),
            format!("「{}」は(まだ)ありません", path.display()),
        );
        Some(self.fault(Severity::Warning, said.of(Part::Environment)))
    }
}
