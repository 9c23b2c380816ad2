//! The token of a data folder: who may read it may act on the hub that works there.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// File of the token in the data folder.
const TOKEN: &str = "api.token";

/// Where the token of a data folder lies.
pub fn token_file(data_dir: &Path) -> PathBuf {
    data_dir.join(TOKEN)
}

/// The token of this data folder; made where there is none: 256 random bits that only the hub's user can read.
///
/// # Errors
///
/// The file can't be read or written, or holds no token.
pub fn token(data_dir: &Path) -> io::Result<String> {
    match known(data_dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => make(data_dir),
        known => known,
    }
}

/// The token of this data folder, where there is one.
pub(super) fn known(data_dir: &Path) -> io::Result<String> {
    let text = fs::read_to_string(token_file(data_dir))?;
    match text.trim() {
        token if token.len() >= 32 => Ok(token.to_owned()),
        _ => Err(io::Error::new(ErrorKind::InvalidData, "it is too short: remove the file")),
    }
}

fn make(data_dir: &Path) -> io::Result<String> {
    fs::create_dir_all(data_dir)?;
    let new = data_dir.join(format!("{TOKEN}.{}", std::process::id()));
    let bytes: [u8; 32] = rand::random();
    let token = blake3::Hash::from_bytes(bytes).to_hex().to_string();
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(format!("{token}\n").as_bytes())?;
    file.sync_all()?;
    // Of two processes that begin at once the first one's counts.
    let linked = fs::hard_link(&new, token_file(data_dir));
    fs::remove_file(&new)?;
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => known(data_dir),
        linked => linked.map(|()| token),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_token_is_made_once_and_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let made = token(folder.path()).unwrap();
        assert_eq!((made.len(), token(folder.path()).unwrap()), (64, made));
        let mode = fs::metadata(folder.path().join(TOKEN)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_empty_token_opens_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(TOKEN), "\n").unwrap();
        assert_eq!(token(folder.path()).unwrap_err().kind(), ErrorKind::InvalidData);
    }
}
