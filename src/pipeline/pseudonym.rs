//! Stand-ins for what a disclosure keeps back from the envelope.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::envelope::Identifying;

/// The field that the envelope's patient is read from.
const PATIENT_ID: &str = "patient.id";

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
        Identifying(self.name(&[facility, &value.0]))
    }

    /// The stand-in of what a field of a facility's events holds. That of the patient's id is the one that stands on
    /// the envelope, so that the two can be compared.
    pub fn of_field(&self, facility: &str, field: &str, value: &str) -> String {
        if field == PATIENT_ID { self.name(&[facility, value]) } else { self.name(&[facility, field, value]) }
    }

    /// The stand-in of a patient's id in the network.
    pub fn of_network(&self, id: &Identifying) -> Identifying {
        Identifying(self.name(&["network", "", &id.0]))
    }

    /// The stand-in of the path of a feed's file, as the source names it.
    pub fn of_file(&self, feed: &str, file: &Identifying) -> Identifying {
        Identifying(self.name(&["file", "", feed, &file.0]))
    }

    fn name(&self, parts: &[&str]) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(parts.join("\0").as_bytes());
        hasher.finalize().to_hex().chars().take(32).collect()
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

    #[test]
    fn a_stand_in_belongs_to_its_field() {
        let secret = Pseudonyms::new([7; 32]);
        let of = |field, value| secret.of_field("3210100018", field, value);
        assert_eq!(of("orders.number", "42"), of("orders.number", "42"));
        assert_ne!(of("orders.number", "42"), of("results.sub_id", "42"));
        assert_ne!(of("orders.number", "42"), secret.of_field("3210200024", "orders.number", "42"));
        assert_eq!(of("patient.id", "42"), secret.of("3210100018", &Identifying("42".to_owned())).0);
    }
}
