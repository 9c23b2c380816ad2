//! The ledger's records and their bytes: little-endian numbers, texts with their length before them.
//!
//! A storage of 50,000 files has as many folders and each is read on every pass, so the form is chosen for
//! speed: decoding one costs a tenth of what JSON would.

use super::kv::StoreError;

/// What has become of a file's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    /// Accepted as created or updated, no deletion since.
    Live,
    /// Accepted, and its record deleted since; or the deletion itself.
    Retired,
    /// Accepted as history.
    History,
    /// Accepted with a fault; whole, it counts as new.
    Invalid,
}

/// What is known of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRecord {
    /// What names it for life: in SS-MIX2 the name without its flag.
    pub stem: String,
    /// The flag's digit when it was last seen; `1` where there are no flags.
    pub flag: u8,
    /// What has become of it.
    pub state: FileState,
    /// It was seen as a file.
    pub in_storage: bool,
    /// It was read from a transaction storage.
    pub in_transaction: bool,
    /// Bytes when it was read; [`UNKNOWN`](Self::UNKNOWN) if it must be read again.
    pub size: u64,
    /// Modification time when it was read, nanoseconds since 1970.
    pub mtime: i64,
    /// First half of the BLAKE3 of the content without the line ends at its end.
    pub hash: [u8; 16],
}

impl FileRecord {
    /// The size of no file.
    pub const UNKNOWN: u64 = u64::MAX;
}

/// What is known of one folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FolderRecord {
    /// Modification time, nanoseconds since 1970, if a later pass may conclude from it that nothing came or went.
    pub mtime: Option<i64>,
    /// Youngest modification time of its files.
    pub newest: i64,
    /// Folders in it.
    pub children: Vec<String>,
    /// Files in it.
    pub files: Vec<FileRecord>,
}

/// What is known of one file of a drop folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DropRecord {
    /// The file.
    pub file: FileRecord,
    /// Its messages as they were accepted.
    pub parts: Vec<PartRecord>,
}

/// What is known of one message of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartRecord {
    /// Where it began.
    pub offset: u64,
    /// It was accepted with a fault; whole, it counts as new.
    pub is_fault: bool,
    /// First half of the BLAKE3 of it without the line ends at its end.
    pub hash: [u8; 16],
}

/// Patients of a facility who became one.
#[derive(Clone, PartialEq, Eq)]
pub struct Joined {
    /// Their local ids.
    pub patients: Vec<String>,
    /// When the message was accepted that says so, nanoseconds since 1970.
    pub at: i64,
}

impl Joined {
    /// The record's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.at.to_le_bytes().to_vec();
        write_count(&mut bytes, self.patients.len());
        for patient in &self.patients {
            write_count(&mut bytes, patient.len());
            bytes.extend_from_slice(patient.as_bytes());
        }
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        let mut reader = Reader(bytes);
        let at = i64::from_le_bytes(reader.array()?);
        let patients = (0..reader.count()?).map(|_| reader.long_text()).collect::<Result<_, _>>()?;
        reader.end().map(|()| Self { patients, at })
    }
}

impl DropRecord {
    /// The record's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.file.to_bytes();
        for part in &self.parts {
            bytes.extend_from_slice(&part.offset.to_le_bytes());
            bytes.push(u8::from(part.is_fault));
            bytes.extend_from_slice(&part.hash);
        }
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        let mut reader = Reader(bytes);
        let file = FileRecord::read(&mut reader)?;
        let mut parts = Vec::new();
        while !reader.0.is_empty() {
            let offset = u64::from_le_bytes(reader.array()?);
            let [is_fault] = reader.array()?;
            parts.push(PartRecord { offset, is_fault: is_fault != 0, hash: reader.array()? });
        }
        Ok(Self { file, parts })
    }
}

impl FileRecord {
    /// The record's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.stem.len() + 40);
        self.write(&mut bytes);
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        let mut reader = Reader(bytes);
        let record = Self::read(&mut reader)?;
        reader.end().map(|()| record)
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        let state = match self.state {
            FileState::Live => 0,
            FileState::Retired => 1,
            FileState::History => 2,
            FileState::Invalid => 3,
        };
        write_text(bytes, &self.stem);
        bytes.push(self.flag);
        bytes.push(state | u8::from(self.in_storage) << 4 | u8::from(self.in_transaction) << 5);
        bytes.extend_from_slice(&self.size.to_le_bytes());
        bytes.extend_from_slice(&self.mtime.to_le_bytes());
        bytes.extend_from_slice(&self.hash);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, StoreError> {
        let stem = reader.text()?;
        let [flag, bits] = reader.array()?;
        let state = match bits & 0xf {
            0 => FileState::Live,
            1 => FileState::Retired,
            2 => FileState::History,
            3 => FileState::Invalid,
            _ => return Err(StoreError::Record("unknown state of a file")),
        };
        Ok(Self {
            stem,
            flag,
            state,
            in_storage: bits & 0x10 != 0,
            in_transaction: bits & 0x20 != 0,
            size: u64::from_le_bytes(reader.array()?),
            mtime: i64::from_le_bytes(reader.array()?),
            hash: reader.array()?,
        })
    }
}

impl FolderRecord {
    /// The record's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32 + 16 * self.children.len() + 104 * self.files.len());
        bytes.push(u8::from(self.mtime.is_some()));
        bytes.extend_from_slice(&self.mtime.unwrap_or(0).to_le_bytes());
        bytes.extend_from_slice(&self.newest.to_le_bytes());
        write_count(&mut bytes, self.children.len());
        for child in &self.children {
            write_text(&mut bytes, child);
        }
        write_count(&mut bytes, self.files.len());
        for file in &self.files {
            file.write(&mut bytes);
        }
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StoreError> {
        let mut reader = Reader(bytes);
        let [trusted] = reader.array()?;
        let mtime = i64::from_le_bytes(reader.array()?);
        let newest = i64::from_le_bytes(reader.array()?);
        let children = (0..reader.count()?).map(|_| reader.text()).collect::<Result<_, _>>()?;
        let files = (0..reader.count()?).map(|_| FileRecord::read(&mut reader)).collect::<Result<_, _>>()?;
        reader.end().map(|()| Self { mtime: (trusted != 0).then_some(mtime), newest, children, files })
    }
}

fn write_count(bytes: &mut Vec<u8>, count: usize) {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&count.to_le_bytes());
}

/// File names are at most 255 bytes on every file system; paths at most 4,096.
fn write_text(bytes: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend(text.bytes().take(usize::from(length)));
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], StoreError> {
        let (head, rest) = self.0.split_at_checked(count).ok_or(StoreError::Record("it ends early"))?;
        self.0 = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        self.take(N)?.try_into().map_err(|_| StoreError::Record("it ends early"))
    }

    fn count(&mut self) -> Result<u32, StoreError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn text(&mut self) -> Result<String, StoreError> {
        let length = u16::from_le_bytes(self.array()?);
        let text = std::str::from_utf8(self.take(usize::from(length))?);
        text.map(str::to_owned).map_err(|_| StoreError::Record("a name is not text"))
    }

    /// Of any length.
    fn long_text(&mut self) -> Result<String, StoreError> {
        let length = usize::try_from(self.count()?).unwrap_or(usize::MAX);
        let text = std::str::from_utf8(self.take(length)?);
        text.map(str::to_owned).map_err(|_| StoreError::Record("an id is not text"))
    }

    fn end(&self) -> Result<(), StoreError> {
        if self.0.is_empty() { Ok(()) } else { Err(StoreError::Record("bytes after its end")) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file() -> impl Strategy<Value = FileRecord> {
        let states = [FileState::Live, FileState::Retired, FileState::History, FileState::Invalid];
        let state = proptest::sample::select(states.to_vec()).boxed();
        (".{0,20}", b'0'..=b'2', state, any::<[bool; 2]>(), any::<(u64, i64)>(), any::<[u8; 16]>()).prop_map(
            |(stem, flag, state, [in_storage, in_transaction], (size, mtime), hash)| FileRecord {
                stem,
                flag,
                state,
                in_storage,
                in_transaction,
                size,
                mtime,
                hash,
            },
        )
    }

    proptest! {
        #[test]
        fn comes_back(mtime: Option<i64>, newest: i64, children: Vec<String>,
            files in proptest::collection::vec(file(), 0..5)) {
            let record = FolderRecord { mtime, newest, children, files };
            prop_assert_eq!(FolderRecord::from_bytes(&record.to_bytes()).unwrap(), record.clone());
            for file in record.files {
                prop_assert_eq!(FileRecord::from_bytes(&file.to_bytes()).unwrap(), file.clone());
                let parts = vec![PartRecord { offset: newest.unsigned_abs(), is_fault: true, hash: file.hash }; 2];
                let dropped = DropRecord { file, parts };
                prop_assert_eq!(DropRecord::from_bytes(&dropped.to_bytes()).unwrap(), dropped);
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            let _seen = (FolderRecord::from_bytes(&bytes).is_ok(), FileRecord::from_bytes(&bytes).is_ok());
        }
    }
}
