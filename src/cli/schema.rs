//! `musubi schema`

use std::fs;
use std::path::PathBuf;

use clap::Args;

use super::{exit, fail, print};
use crate::canonical::{Kind, VERSION, schema};

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folder to write to
    #[arg(default_value = "schemas")]
    folder: PathBuf,
}

pub(super) fn main(arguments: &Arguments) -> u8 {
    for kind in Kind::ALL {
        let path = arguments.folder.join(format!("{}.v{VERSION}.json", kind.as_str()));
        let text = format!("{:#}\n", schema(kind));
        if let Err(error) = fs::create_dir_all(&arguments.folder).and_then(|()| fs::write(&path, text)) {
            return fail(&error, exit::TRY_LATER);
        }
        print(&format!("{}\n", path.display()));
    }
    exit::DONE
}
