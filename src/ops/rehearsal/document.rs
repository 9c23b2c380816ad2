//! A content folder of an extension storage as a message.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use ssmix2::{ContentFolder, DataTypeFolder};

use super::super::inspect;
use super::input::{Message, fault};
use crate::envelope::{Fault, Format, Identifying};
use crate::ingest;
use crate::manifest::{Manifest, ManifestFile};
use crate::pipeline::Original;

/// Folders below each other that are looked into.
const DEPTH_MAX: usize = 16;

/// Reads a content folder. A folder that holds nothing but one folder stands for that. `documents` are standard codes of
/// the facility's own.
pub(super) fn read(path: &Path, documents: &BTreeMap<String, String>) -> Result<Message, Fault> {
    let path = innermost(path)?;
    let name = |path: &Path| path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let (folder, above) = (name(&path), path.parent().map(name).unwrap_or_default());
    let content = ContentFolder::parse(&folder)
        .map_err(|_| fault("not-a-document", "neither a message nor a content folder", &path))?;
    let data_type = DataTypeFolder::parse(&above);
    let mapped = documents.get(data_type.local.code).filter(|_| data_type.standard.code.is_empty());
    let (mut files, mut bodies) = (Vec::new(), BTreeMap::new());
    collect(&path, "", 1, &mut files, &mut bodies)?;
    files.sort_unstable_by(|one, other| one.path.0.cmp(&other.path.0));
    let manifest = Manifest {
        data_type: above.clone(),
        mapped_code: mapped.cloned(),
        folder: Identifying(folder.clone()),
        files,
    };
    let main = manifest.main().filter(|file| file.is_xml() || file.is_hl7v2());
    let main = main.and_then(|file| bodies.remove(&file.path.0)).map(Bytes::from);
    Ok(Message {
        format: Format::Document,
        original: Original { body: manifest.to_bytes().into(), main },
        patient: content.patient.to_owned(),
        data_type: Some(mapped.map_or_else(|| data_type.code().to_owned(), Clone::clone)),
        order: content.split(&data_type).1.to_owned(),
        flag: Some(content.flag),
        name: folder.clone(),
    })
}

fn entries(path: &Path) -> Result<Vec<PathBuf>, Fault> {
    let unreadable = |error: std::io::Error| fault("unreadable", &error.to_string(), path);
    let entries = fs::read_dir(path).map_err(unreadable)?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(unreadable)).collect()
}

fn innermost(path: &Path) -> Result<PathBuf, Fault> {
    let mut path = path.to_owned();
    for _ in 0..DEPTH_MAX {
        match entries(&path)?.as_slice() {
            [only] if only.is_dir() => path.clone_from(only),
            _ => break,
        }
    }
    Ok(path)
}

/// Everything that lies in a folder, by its path there, with its bytes.
fn collect(
    path: &Path,
    below: &str,
    depth: usize,
    files: &mut Vec<ManifestFile>,
    bodies: &mut BTreeMap<String, Vec<u8>>,
) -> Result<(), Fault> {
    for path in entries(path)? {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let below = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
        if path.is_dir() && depth < DEPTH_MAX {
            collect(&path, &below, depth + 1, files, bodies)?;
            continue;
        }
        let body = inspect::read(&path)?;
        files.push(ManifestFile {
            path: Identifying(below.clone()),
            bytes: u64::try_from(body.len()).unwrap_or(u64::MAX),
            hash: blake3::hash(&body).to_hex().to_string(),
            media_type: ingest::media_type(&body, &below).to_owned(),
        });
        bodies.insert(below, body);
    }
    Ok(())
}
