//! A folder that takes messages: one file each.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

/// Characters of a control id that go into a file's name.
const ID_CHARS_MAX: usize = 40;

/// Writes messages into a folder. What lies there is never overwritten.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Number of the last file.
    last: u64,
}

impl Folder {
    /// Makes the folder where it is missing.
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&path)?;
        Ok(Self { path, last: 0 })
    }

    /// Writes a message and gives the file's name. It is on the disk when this returns.
    pub(super) fn write(&mut self, control_id: &str, bytes: &[u8]) -> io::Result<String> {
        loop {
            self.last += 1;
            let name = format!("{:06}_{}.hl7", self.last, safe(control_id));
            match File::create_new(self.path.join(&name)) {
                Ok(mut file) => {
                    file.write_all(bytes)?;
                    file.sync_data()?;
                    return Ok(name);
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// A control id as a part of a file's name.
fn safe(control_id: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let name: String = control_id.chars().take(ID_CHARS_MAX).map(plain).collect();
    if name.is_empty() { "none".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_id_leads_nowhere() {
        assert_eq!(safe("../../etc/passwd"), "______etc_passwd");
        assert_eq!(safe("検査\0"), "___");
        assert_eq!(safe(""), "none");
        assert_eq!(safe(&"9".repeat(1_000)).len(), ID_CHARS_MAX);
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = Folder::open(folder.path().to_owned()).unwrap();
        assert_eq!(first.write("A/1", b"one").unwrap(), "000001_A_1.hl7");
        let mut second = Folder::open(folder.path().to_owned()).unwrap();
        assert_eq!(second.write("A/1", b"two").unwrap(), "000002_A_1.hl7");
        assert_eq!(fs::read(folder.path().join("000001_A_1.hl7")).unwrap(), b"one");
    }
}
