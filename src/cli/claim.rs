//! `musubi claim`

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::{check, exit, fail};
use crate::lang::Lang;
use crate::ops::claims::{self, ClaimError};

/// Arguments of `claim`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Hash, as an event or an envelope names it: 64 hexadecimal digits
    hash: String,
    /// Write the bytes to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn main(folder: &Path, lang: Lang, arguments: &Arguments) -> u8 {
    let config = match check::load(folder, lang) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let written = match &arguments.output {
        Some(path) => to_file(path, |file| claims::write(&config, &arguments.hash, file)),
        None => claims::write(&config, &arguments.hash, io::stdout().lock()),
    };
    match written {
        Ok(_) => exit::DONE,
        Err(error @ ClaimError::NoHash) => fail(&error, exit::USAGE),
        Err(error @ (ClaimError::Missing { .. } | ClaimError::Damaged { .. })) => {
            fail(&error, exit::BAD_DATA)
        }
        Err(error) => fail(&error, exit::TRY_LATER),
    }
}

/// Nothing that is damaged or half is left under the name.
fn to_file(path: &Path, write: impl FnOnce(&mut File) -> Result<u64, ClaimError>) -> Result<u64, ClaimError> {
    let failed = |source| ClaimError::Folder { path: path.to_owned(), source };
    let mut file = File::create(path).map_err(failed)?;
    let written = write(&mut file).and_then(|bytes| file.flush().map(|()| bytes).map_err(failed));
    if written.is_err() {
        fs::remove_file(path).map_err(failed)?;
    }
    written
}
