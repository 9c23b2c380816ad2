//! `musubi schema`

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use super::{complain, exit, fail, print};
use crate::config::{Config, Severity, describe};
use crate::publication::{breaking_changes, documents, schemas};

/// Folder of the schemas that were published, below that of the schemas.
const PUBLISHED: &str = "published";

/// Folder of the schemas of the configuration's files, below that of the schemas.
const CONFIG: &str = "config";

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folder to write to
    #[arg(default_value = "schemas")]
    folder: PathBuf,
    /// Freeze the schemas as published, in FOLDER/published: from then on they may not break
    #[arg(long)]
    publish: bool,
    /// Write only those of hub.toml, feeds/*.toml and routes.toml, for an editor
    #[arg(long, conflicts_with = "publish")]
    editor: bool,
}

pub(super) fn main(config: &Path, arguments: &Arguments) -> u8 {
    if arguments.publish {
        return publish(&arguments.folder.join(PUBLISHED));
    }
    if arguments.editor {
        let written = write(&arguments.folder, &describe::schemas());
        return written.map_or_else(|error| fail(&error, exit::TRY_LATER), |()| exit::DONE);
    }
    let (config, faults) = Config::load(config);
    let written = match &config {
        Some(config) => write(&arguments.folder, &documents(config)),
        None => write(&arguments.folder, &schemas()),
    };
    let written = written.and_then(|()| write(&arguments.folder.join(CONFIG), &describe::schemas()));
    if let Err(error) = written {
        return fail(&error, exit::TRY_LATER);
    }
    if config.is_some() {
        return exit::DONE;
    }
    for fault in faults.iter().filter(|fault| fault.severity == Severity::Error) {
        complain(&fault.to_string());
    }
    complain("musubi: the AsyncAPI document is not written: the configuration has faults");
    exit::BAD_CONFIG
}

/// Freezes the present schemas, unless one of them breaks what was published before.
fn publish(folder: &Path) -> u8 {
    let present = schemas();
    let mut breaks = Vec::new();
    for (name, schema) in &present {
        match published(&folder.join(name)) {
            Ok(Some(before)) => {
                breaks.extend(
                    breaking_changes(&before, schema).into_iter().map(|what| format!("{name}: {what}")),
                );
            }
            Ok(None) => {}
            Err(error) => return fail(&error, exit::BAD_DATA),
        }
    }
    if breaks.is_empty() {
        return write(folder, &present).map_or_else(|error| fail(&error, exit::TRY_LATER), |()| exit::DONE);
    }
    breaks.iter().for_each(|what| complain(what));
    complain("musubi: nothing is published: this breaks a published version, so it needs a new one");
    exit::DIFFERS
}

/// The schema as it was published, if it was.
fn published(path: &Path) -> io::Result<Option<Value>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(folder: &Path, documents: &BTreeMap<String, Value>) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (name, document) in documents {
        let path = folder.join(name);
        fs::write(&path, format!("{document:#}\n"))?;
        print(&format!("{}\n", path.display()));
    }
    Ok(())
}
