//! The ZIP itself: opened only if it reads in one way, and unpacked within bounds.

use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use zip::read::{ArchiveOffset, Config};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use crate::end;
use crate::entry::{harm, number_of, skeleton};
use crate::finding::Fault;
use crate::limits::Limits;

/// Bytes unpacked at a time.
const CHUNK: usize = 32 << 10;
/// The file type in the upper half of the external attributes (`st_mode`), and two of its values.
const FILE_TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const FOLDER: u32 = 0o040_000;

/// An open archive.
pub(crate) struct Container<R> {
    zip: ZipArchive<R>,
    /// Names, with `?` for what is not ASCII; as they stand in the directory.
    pub(crate) names: Vec<String>,
}

impl<R: Read + Seek> Container<R> {
    /// Opens an archive. Nothing is unpacked yet.
    pub(crate) fn open(mut archive: R, limits: &Limits) -> Result<Self, Fault> {
        let end = end::read(&mut archive)?;
        if end.entries > limits.entries || end.directory_bytes > limits.directory_bytes {
            return Err(Fault::of_archive("too-many-entries", "the archive holds too many entries"));
        }
        archive.seek(SeekFrom::Start(0)).map_err(|error| broken(&error.into()))?;
        let config = Config { archive_offset: ArchiveOffset::Known(0) };
        let mut zip = ZipArchive::with_config(config, archive).map_err(|error| broken(&error))?;
        check_structure(&mut zip)?;
        let names = check_entries(&zip, limits, limits.budget(end.archive_bytes))?;
        Ok(Self { zip, names })
    }

    /// Unpacks an entry for `read`, then the rest of it, so that its checksum is seen.
    pub(crate) fn entry<T>(
        &mut self,
        number: usize,
        place: &str,
        read: impl FnOnce(&mut dyn BufRead) -> T,
    ) -> Result<T, Fault> {
        let file =
            self.zip.by_index(number).map_err(|error| Fault { place: place.to_owned(), ..broken(&error) })?;
        let mut buffered = BufReader::with_capacity(CHUNK, file);
        let done = read(&mut buffered);
        // It fails beyond the size that the directory says, too, which was checked at the opening.
        match io::copy(&mut buffered, &mut io::sink()) {
            Ok(_) => Ok(done),
            Err(_) => {
                let reason = "its bytes can't be unpacked, or are not those that were packed";
                Err(Fault::new("bad-data", reason, place))
            }
        }
    }
}

/// Two readers must see the same archive.
fn check_structure<R: Read + Seek>(zip: &mut ZipArchive<R>) -> Result<(), Fault> {
    if zip.has_duplicate_names() {
        return Err(duplicate());
    }
    for number in 0..zip.len() {
        let entry = zip.by_index_data(number).map_err(|error| broken(&error))?;
        if entry.encrypted() {
            return Err(Fault::new("encrypted", "it is encrypted", number_of(number)));
        }
    }
    if zip.has_overlapping_entries().map_err(|error| broken(&error))? {
        return Err(Fault::of_archive(
            "overlapping-entries",
            "bytes of the archive belong to more than one entry",
        ));
    }
    zip.validate_header_consistency().map_err(|error| match error {
        ZipError::Io(_) => broken(&error),
        _ => Fault::of_archive(
            "two-readings",
            "the directory of the ZIP and the headers of its entries differ",
        ),
    })
}

fn duplicate() -> Fault {
    Fault::of_archive("duplicate-names", "two entries have the same name")
}

/// Checks what the directory says of each entry; the names.
fn check_entries<R: Read + Seek>(
    zip: &ZipArchive<R>,
    limits: &Limits,
    budget: u64,
) -> Result<Vec<String>, Fault> {
    let mut names = Vec::with_capacity(zip.len());
    let mut seen = HashSet::with_capacity(zip.len());
    let mut unpacked = 0_u64;
    for number in 0..zip.len() {
        let fault = |code, reason: &str| Err(Fault::new(code, reason, number_of(number)));
        let entry = zip.by_index_data(number).map_err(|error| broken(&error))?;
        let name = skeleton(entry.name_raw());
        if let Some(reason) = harm(&name) {
            return fault("unsafe-name", reason);
        }
        let is_special =
            entry.unix_mode().is_some_and(|mode| !matches!(mode & FILE_TYPE, 0 | REGULAR | FOLDER));
        if entry.is_symlink() || is_special {
            return fault("special-file", "it is a link or a device");
        }
        if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
            return fault("packing", "it is packed by another method than DEFLATE");
        }
        unpacked = unpacked.saturating_add(entry.size());
        if entry.size() > limits.entry_bytes || unpacked > budget {
            return fault("too-large", "it unpacks to more than is allowed");
        }
        // Where the archive is unpacked, names may not tell upper case from lower.
        if entry.name_raw().is_ascii() && !seen.insert(name.trim_end_matches('/').to_ascii_lowercase()) {
            return Err(duplicate());
        }
        names.push(name);
    }
    Ok(names)
}

/// What the ZIP reader says may hold names of entries: only what kind of trouble it is, is told.
fn broken(error: &ZipError) -> Fault {
    let reason = match error {
        ZipError::Io(_) => "the ZIP ends too early, or can't be read",
        ZipError::UnsupportedArchive(_) => "the ZIP needs what is not supported",
        _ => "the structure of the ZIP is broken",
    };
    Fault::of_archive("broken-zip", reason)
}
