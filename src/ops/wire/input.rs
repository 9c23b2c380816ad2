//! Messages of files, folders and standard input, one after the other.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What stands for standard input.
pub const STDIN: &str = "-";

/// Why an input gives no message.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// It can't be read.
    #[error("{path} can't be read")]
    Read {
        /// File or folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Nothing in it begins with MSH.
    #[error("{path} holds no HL7 v2 message: `musubi inspect {path}` tells what it is")]
    NoMessage {
        /// The file.
        path: PathBuf,
    },
}

/// A file to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// Where it is; [`STDIN`] for standard input.
    pub path: PathBuf,
    /// Its path below the folder that was named; `None` for a file that was named itself.
    pub below: Option<PathBuf>,
}

impl InputFile {
    /// Its bytes.
    pub fn read(&self) -> Result<Vec<u8>, InputError> {
        let read = if self.path.as_os_str() == STDIN {
            let mut bytes = Vec::new();
            io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
        } else {
            fs::read(&self.path)
        };
        read.map_err(|source| InputError::Read { path: self.path.clone(), source })
    }
}

/// The files of what was named, folders with all below them, by name. No link below a folder is followed.
pub fn files(named: &[PathBuf]) -> Result<Vec<InputFile>, InputError> {
    let mut files = Vec::new();
    for path in named {
        if path.as_os_str() == STDIN || !path.is_dir() {
            files.push(InputFile { path: path.clone(), below: None });
            continue;
        }
        let mut waiting = vec![path.clone()];
        while let Some(folder) = waiting.pop() {
            let (folders, more) = listed(&folder)?;
            waiting.extend(folders.into_iter().rev());
            let below = |file: &Path| file.strip_prefix(path).ok().map(Path::to_owned);
            files.extend(more.into_iter().map(|file| InputFile { below: below(&file), path: file }));
        }
    }
    Ok(files)
}

fn listed(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), InputError> {
    let failed = |source| InputError::Read { path: folder.to_owned(), source };
    let (mut folders, mut files) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        match (kind.is_dir(), kind.is_file()) {
            (true, _) => folders.push(entry.path()),
            (_, true) => files.push(entry.path()),
            _ => {}
        }
    }
    folders.sort_unstable();
    files.sort_unstable();
    Ok((folders, files))
}

/// The messages of files, each file read when its turn has come.
#[derive(Debug)]
pub struct Messages {
    files: VecDeque<InputFile>,
    waiting: VecDeque<Vec<u8>>,
}

impl Messages {
    /// Of these files.
    pub fn new(files: Vec<InputFile>) -> Self {
        Self { files: files.into(), waiting: VecDeque::new() }
    }

    fn open(&mut self, file: &InputFile) -> Result<(), InputError> {
        let bytes = file.read()?;
        let messages = hl7v2::split(&bytes).parts.into_iter();
        let messages = messages.filter_map(|range| bytes.get(range));
        self.waiting.extend(messages.filter(|part| is_message(part)).map(<[u8]>::to_vec));
        // A folder may hold other files too.
        match self.waiting.is_empty() && file.below.is_none() {
            true => Err(InputError::NoMessage { path: file.path.clone() }),
            false => Ok(()),
        }
    }
}

fn is_message(part: &[u8]) -> bool {
    hl7v2::ack::Initiating::read(part).is_ok()
}

impl Iterator for Messages {
    type Item = Result<Vec<u8>, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return Some(Ok(message));
            }
            let file = self.files.pop_front()?;
            if let Err(error) = self.open(&file) {
                return Some(Err(error));
            }
        }
    }
}
