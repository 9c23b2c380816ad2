//! Stand-ins for what a disclosure keeps back from the envelope.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::envelope::Identifying;

/// The hub's secret, and the stand-ins made with it: the same for the same value, and no way back without the secret.
pub struct Pseudonyms([u8; 32]);

impl Pseudonyms {
    /// Stand-ins made with this secret.
    pub const fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// Reads a secret that must be there.
    pub fn read(path: &Path) -> io::Result<Self> {
        let mut secret = [0; 32];
        File::open(path)?.read_exact(&mut secret)?;
        Ok(Self(secret))
    }

    /// Reads the hub's secret, or makes one at the first start. Losing the file changes all stand-ins.
    pub fn open(path: &Path) -> io::Result<Self> {
        match Self::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let secret: [u8; 32] = rand::random();
                create(path, &secret)?;
                Ok(Self(secret))
            }
            read => read,
        }
    }

    /// What tells this secret from another without betraying it.
    pub fn fingerprint(&self) -> String {
        blake3::keyed_hash(&self.0, b"musubi: which secret").to_hex().to_string()
    }

    /// The stand-in of a facility's identifying value.
    pub fn of(&self, facility: &str, value: &Identifying) -> Identifying {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(facility.as_bytes()).update(&[0]).update(value.0.as_bytes());
        let name = hasher.finalize().to_hex();
        Identifying(name.chars().take(32).collect())
    }
}

/// Writes the secret whole or not at all, readable by the hub's user only.
fn create(path: &Path, secret: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let new = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(secret)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stand_in_lasts_and_belongs_to_its_hub_and_facility() {
        let folder = tempfile::tempdir().unwrap();
        let value = Identifying("0000123".to_owned());
        let path = folder.path().join("pseudonym.key");
        let first = Pseudonyms::open(&path).unwrap().of("3210100018", &value);
        assert_eq!(first, Pseudonyms::open(&path).unwrap().of("3210100018", &value));
        assert_ne!(first, Pseudonyms::open(&path).unwrap().of("3210200024", &value));
        let other = Pseudonyms::open(&folder.path().join("other")).unwrap().of("3210100018", &value);
        assert_ne!(first, other);
        assert!(!first.0.contains("123") || first.0.len() == 32);
    }
}
