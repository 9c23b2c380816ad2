//! The claim check: what is too large for the broker lies in a folder, under the BLAKE3 of its bytes.
//!
//! `<folder>/ab/abcd…` holds the bytes whose hash is `abcd…`. What is put there is durable before [`Claims::put`]
//! returns: written under another name in `<folder>/new`, synchronised, renamed, and the folders synchronised. So a
//! name never stands for half of its bytes, and putting the same bytes again changes nothing; what a crash leaves in
//! `new` is nobody's. Several machines may share the folder.
//!
//! Bytes are checked against their hash whenever they are read.

use std::fs::{self, File};
use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use crate::disposition::Disposition;
use crate::envelope::Claim;

/// Where bytes lie before they are whole.
const NEW: &str = "new";
/// Tells the folder from the empty one that stands in its place while a share is not mounted.
const MARK: &str = "CLAIMS";
/// Bytes handled at a time.
const CHUNK: usize = 256 << 10;
/// Hexadecimal digits of a hash.
const DIGITS: usize = 64;

/// The folder of claims.
#[derive(Debug, Clone)]
pub struct Claims {
    folder: PathBuf,
}

/// Why claimed bytes could not be put or had.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// The folder is there and can be read, but holds no such bytes.
    #[error("the folder of claims does not hold {hash}")]
    Missing {
        /// Their hash.
        hash: String,
    },
    /// What lies there is not what was put there.
    #[error("the claimed bytes {hash} are damaged")]
    Damaged {
        /// Their hash.
        hash: String,
    },
    /// Not a hash of 64 hexadecimal digits.
    #[error("a claim is named by 64 hexadecimal digits")]
    NoHash,
    /// More than the caller can take.
    #[error("the claimed bytes are {bytes}, more than {most}")]
    TooLarge {
        /// How many they are.
        bytes: u64,
        /// How many were asked for at most.
        most: u64,
    },
    /// What was to be put could not be read.
    #[error("the bytes to be claimed could not be read")]
    Source(#[source] io::Error),
    /// The folder: disk full, no permission, share not mounted.
    #[error("the folder of claims failed at {}", path.display())]
    Folder {
        /// File or folder.
        path: PathBuf,
        /// Cause.
        #[source]
        source: io::Error,
    },
}

impl ClaimError {
    /// A stable word for the reason.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } | Self::NoHash => "claim-missing",
            Self::Damaged { .. } => "claim-damaged",
            Self::TooLarge { .. } => "claim-too-large",
            Self::Source(_) | Self::Folder { .. } => "claims-unavailable",
        }
    }

    /// What the pipeline does about it.
    pub const fn disposition(&self) -> Disposition {
        match self {
            Self::Missing { .. } | Self::Damaged { .. } | Self::NoHash | Self::TooLarge { .. } => {
                Disposition::Invalid
            }
            Self::Source(_) | Self::Folder { .. } => Disposition::Retry,
        }
    }
}

impl Claims {
    /// The claims in a folder, which is made with the first of them.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Puts bytes there. Durable when it returns; needs no more memory for more bytes.
    pub fn put(&self, bytes: impl Read, media_type: &str) -> Result<Claim, ClaimError> {
        let new = self.new_name()?;
        let put = self.write(&new, bytes).and_then(|(hash, bytes)| {
            self.keep(&new, &hash)?;
            Ok(Claim { hash, bytes, media_type: media_type.to_owned() })
        });
        if put.is_err() {
            // Whatever is left of it is nobody's; the error to tell is the one before.
            let _left = fs::remove_file(&new);
        }
        put
    }

    /// Reads claimed bytes whole, and checks them.
    pub fn read(&self, claim: &Claim, most: u64) -> Result<Vec<u8>, ClaimError> {
        if claim.bytes > most {
            return Err(ClaimError::TooLarge { bytes: claim.bytes, most });
        }
        let (mut file, path) = self.open(&claim.hash)?;
        let mut bytes = Vec::with_capacity(usize::try_from(claim.bytes).unwrap_or_default());
        let limit = claim.bytes.saturating_add(1);
        Read::by_ref(&mut file).take(limit).read_to_end(&mut bytes).map_err(at(&path))?;
        let is_whole = u64::try_from(bytes.len()).is_ok_and(|length| length == claim.bytes);
        if is_whole && blake3::hash(&bytes).to_hex().as_str() == claim.hash {
            return Ok(bytes);
        }
        Err(ClaimError::Damaged { hash: claim.hash.clone() })
    }

    /// Writes claimed bytes elsewhere, piece by piece; how many they were. That they are damaged is known only when
    /// they are written.
    pub fn copy(&self, hash: &str, mut to: impl Write) -> Result<u64, ClaimError> {
        let (file, path) = self.open(hash)?;
        let (found, bytes) = pour(file, &mut to, at(&path), ClaimError::Source)?;
        if found == hash { Ok(bytes) } else { Err(ClaimError::Damaged { hash: hash.to_owned() }) }
    }

    fn open(&self, hash: &str) -> Result<(File, PathBuf), ClaimError> {
        let path = self.place(hash)?;
        match File::open(&path) {
            Ok(file) => Ok((file, path)),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let mark = self.folder.join(MARK);
                fs::metadata(&mark).map_err(at(&mark))?;
                Err(ClaimError::Missing { hash: hash.to_owned() })
            }
            Err(error) => Err(at(&path)(error)),
        }
    }

    /// Where the bytes of a hash lie. A claim may come from elsewhere: nothing but digits becomes a path.
    fn place(&self, hash: &str) -> Result<PathBuf, ClaimError> {
        let is_hash =
            hash.len() == DIGITS && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let shard = hash.get(..2).filter(|_| is_hash).ok_or(ClaimError::NoHash)?;
        Ok(self.folder.join(shard).join(hash))
    }

    /// A name that nobody else uses.
    fn new_name(&self) -> Result<PathBuf, ClaimError> {
        let folder = self.folder.join(NEW);
        fs::create_dir_all(&folder).map_err(at(&folder))?;
        let mark = self.folder.join(MARK);
        if !mark.try_exists().map_err(at(&mark))? {
            File::create(&mark).and_then(|file| file.sync_all()).map_err(at(&mark))?;
        }
        Ok(folder.join(format!("{:032x}", rand::random::<u128>())))
    }

    fn write(&self, new: &Path, bytes: impl Read) -> Result<(String, u64), ClaimError> {
        let mut file = File::create_new(new).map_err(at(new))?;
        let poured = pour(bytes, &mut file, ClaimError::Source, at(new))?;
        file.sync_all().map_err(at(new))?;
        Ok(poured)
    }

    /// Gives what was written its name, for good.
    fn keep(&self, new: &Path, hash: &str) -> Result<(), ClaimError> {
        let place = self.place(hash)?;
        let shard = place.parent().unwrap_or(&self.folder);
        fs::create_dir_all(shard).map_err(at(shard))?;
        fs::rename(new, &place).map_err(at(&place))?;
        let above = self.folder.parent().filter(|above| !above.as_os_str().is_empty());
        for folder in [Some(shard), Some(&self.folder), above].into_iter().flatten() {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))?;
        }
        Ok(())
    }
}

fn at(path: &Path) -> impl Fn(io::Error) -> ClaimError + '_ {
    |source| ClaimError::Folder { path: path.to_owned(), source }
}

/// Copies to the end; hash and count of what was copied.
fn pour(
    from: impl Read,
    to: &mut impl Write,
    unread: impl Fn(io::Error) -> ClaimError,
    unwritten: impl Fn(io::Error) -> ClaimError,
) -> Result<(String, u64), ClaimError> {
    let mut from = BufReader::with_capacity(CHUNK, from);
    let (mut hasher, mut count) = (blake3::Hasher::new(), 0_u64);
    loop {
        let chunk = match io::BufRead::fill_buf(&mut from) {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(unread(error)),
        };
        if chunk.is_empty() {
            return Ok((hasher.finalize().to_hex().to_string(), count));
        }
        hasher.update(chunk);
        to.write_all(chunk).map_err(&unwritten)?;
        let length = chunk.len();
        count += u64::try_from(length).unwrap_or_default();
        io::BufRead::consume(&mut from, length);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn claims() -> (tempfile::TempDir, Claims) {
        let folder = tempfile::tempdir().unwrap();
        let claims = Claims::new(folder.path().join("claims"));
        (folder, claims)
    }

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        names.map(|name| name.into_string().unwrap()).collect()
    }

    #[test]
    fn put_and_read_and_put_again() {
        let (_folder, claims) = claims();
        let claim = claims.put(&b"abc"[..], "text/plain").unwrap();
        assert_eq!(
            claim.hash, "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85",
            "BLAKE3 of abc"
        );
        assert_eq!((claim.bytes, claim.media_type.as_str()), (3, "text/plain"));
        assert_eq!(claims.put(&b"abc"[..], "text/plain").unwrap(), claim);
        assert_eq!(claims.read(&claim, 3).unwrap(), b"abc");
        assert_eq!(names(&claims.folder.join("64")), [claim.hash.as_str()]);
        assert!(names(&claims.folder.join(NEW)).is_empty());
        let mut copy = Vec::new();
        assert_eq!(claims.copy(&claim.hash, &mut copy).unwrap(), 3);
        assert_eq!(copy, b"abc");
    }

    #[test]
    fn bytes_that_changed_are_not_given_and_come_back_with_the_next_put() {
        let (_folder, claims) = claims();
        let claim = claims.put(&b"abc"[..], "text/plain").unwrap();
        for damage in ["abd", "ab", "abcd", ""] {
            fs::write(claims.place(&claim.hash).unwrap(), damage).unwrap();
            assert!(matches!(claims.read(&claim, 99), Err(ClaimError::Damaged { .. })), "{damage}");
            assert!(matches!(claims.copy(&claim.hash, io::sink()), Err(ClaimError::Damaged { .. })));
        }
        claims.put(&b"abc"[..], "text/plain").unwrap();
        assert_eq!(claims.read(&claim, 99).unwrap(), b"abc");
    }

    #[test]
    fn what_a_crash_leaves_does_no_harm() {
        let (_folder, claims) = claims();
        claims.put(&b"abc"[..], "text/plain").unwrap();
        // Killed while writing, and killed between rename and the folders' synchronisation: the name is there or not.
        fs::write(claims.folder.join(NEW).join("0123"), "ab").unwrap();
        let claim = claims.put(&b"abcdef"[..], "text/plain").unwrap();
        fs::remove_file(claims.place(&claim.hash).unwrap()).unwrap();
        assert!(matches!(claims.read(&claim, 99), Err(ClaimError::Missing { .. })));
        assert_eq!(claims.put(&b"abcdef"[..], "text/plain").unwrap(), claim);
        assert_eq!(claims.read(&claim, 99).unwrap(), b"abcdef");
        assert_eq!(names(&claims.folder.join(NEW)), ["0123"]);
    }

    #[test]
    fn a_folder_that_is_not_there_is_not_a_claim_that_is_missing() {
        let (_folder, claims) = claims();
        let claim = claims.put(&b"abc"[..], "text/plain").unwrap();
        fs::remove_dir_all(&claims.folder).unwrap();
        fs::create_dir(&claims.folder).unwrap();
        let error = claims.read(&claim, 99).unwrap_err();
        assert_eq!((error.disposition(), error.code()), (Disposition::Retry, "claims-unavailable"));
    }

    #[test]
    fn a_source_that_fails_leaves_nothing() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("gone"))
            }
        }
        let (_folder, claims) = claims();
        let put = claims.put((&b"abc"[..]).chain(Failing), "text/plain");
        assert!(matches!(put, Err(ClaimError::Source(_))));
        assert!(names(&claims.folder.join(NEW)).is_empty());
    }

    #[test]
    fn more_than_was_asked_for_is_not_read() {
        let (_folder, claims) = claims();
        let claim = claims.put(&b"abc"[..], "text/plain").unwrap();
        assert!(matches!(claims.read(&claim, 2), Err(ClaimError::TooLarge { bytes: 3, most: 2 })));
        let lying = Claim { bytes: 2, ..claim };
        assert!(matches!(claims.read(&lying, 2), Err(ClaimError::Damaged { .. })));
    }

    proptest! {
        #[test]
        fn no_name_leads_out_of_the_folder(hash in "[./a-f0-9]{0,70}") {
            let claims = Claims::new("claims".into());
            match claims.place(&hash) {
                Ok(path) => prop_assert!(path.components().count() == 3 && !hash.contains(['.', '/'])),
                Err(error) => prop_assert!(matches!(error, ClaimError::NoHash)),
            }
        }
    }
}
