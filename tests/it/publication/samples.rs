//! Events that are made of the fixtures: every message of `fixtures/cases`, every content folder of the demo region and
//! of `fixtures/documents`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use musubi::broker::Publication;
use musubi::canonical::Kind;
use musubi::config::Config;
use musubi::envelope::{Format, Identifying};
use musubi::manifest::{Manifest, ManifestFile};
use musubi::pipeline::Original;
use musubi::route::{Basis, Route, Routes, Send};
use serde_json::Value;

use super::cases::{cases, envelope, processed};
use crate::support::{files_below, repository};

/// One event of the fixtures.
pub(super) struct Sample {
    /// Where its source lies, from the repository's folder.
    pub(super) place: String,
    /// SS-MIX2 data type, or a document's type in the extension storage.
    pub(super) data_type: Option<String>,
    /// Media types of the files of a document's folder.
    pub(super) media_types: Vec<String>,
    pub(super) kind: Kind,
    pub(super) event: Value,
}

impl Sample {
    /// MSH-9.1 and 9.2.
    pub(super) fn message_type(&self) -> &str {
        self.event["message"]["type"].as_str().unwrap_or_default()
    }
}

/// All of them.
pub(super) fn samples(config: &Config) -> Vec<Sample> {
    let mut samples = Vec::new();
    for case in cases() {
        let place = format!("fixtures/cases/{}", case.name);
        for (message, _) in case.messages(config) {
            samples.push(Sample {
                place: place.clone(),
                data_type: case.data_type().map(str::to_owned),
                media_types: Vec::new(),
                kind: kind(message.event_type.as_deref().unwrap()),
                event: serde_json::from_str(message.event.unwrap().get()).unwrap(),
            });
        }
    }
    samples.extend(documents(config, &everything(config)).into_iter().map(|document| Sample {
        place: document.place,
        data_type: Some(document.data_type),
        media_types: document.media_types,
        kind: kind(&document.copy.envelope.event.unwrap().event_type),
        event: serde_json::from_slice(&document.copy.body).unwrap(),
    }));
    samples
}

/// A content folder of an extension storage, and the copy of it that a route sends.
pub(super) struct DocumentCopy {
    pub(super) place: String,
    data_type: String,
    media_types: Vec<String>,
    pub(super) copy: Publication,
}

/// The copies that these routes send of the content folders.
pub(super) fn documents(config: &Config, routes: &Arc<Routes>) -> Vec<DocumentCopy> {
    let trees = ["fixtures/region", "fixtures/documents"].map(|folder| repository().join(folder));
    let folders = trees.iter().flat_map(|folder| content_folders(folder));
    folders.map(|folder| document(config, &folder, routes)).collect()
}

fn kind(event_type: &str) -> Kind {
    Kind::parse(event_type.split('.').next().unwrap()).unwrap()
}

/// Folders whose parent is a data-type folder: carets stand in the names of no others.
fn content_folders(below: &Path) -> Vec<PathBuf> {
    let parents = files_below(below).into_iter().filter_map(|file| {
        let of_type = |folder: &&Path| {
            let parent = folder.parent().and_then(Path::file_name).map(|name| name.to_string_lossy());
            parent.is_some_and(|name| name.contains('^'))
        };
        file.ancestors().find(of_type).map(Path::to_owned)
    });
    let mut folders: Vec<_> = parents.collect();
    folders.sort();
    folders.dedup();
    folders
}

/// The event of a content folder. The hub takes it in by its manifest; see `ingest/extension.rs` for that.
fn document(config: &Config, folder: &Path, routes: &Arc<Routes>) -> DocumentCopy {
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let files = files_below(folder).into_iter().map(|path| {
        let bytes = fs::read(&path).unwrap();
        ManifestFile {
            path: Identifying(path.strip_prefix(folder).unwrap().to_string_lossy().into_owned()),
            bytes: bytes.len() as u64,
            hash: blake3::hash(&bytes).to_hex().to_string(),
            media_type: media_type(&path).to_owned(),
        }
    });
    let data_type = name(folder.parent().unwrap());
    let manifest = Manifest {
        data_type: data_type.clone(),
        mapped_code: None,
        folder: Identifying(name(folder)),
        files: files.collect(),
    };
    let main = manifest.main().filter(|file| file.is_xml() || file.is_hl7v2());
    let main = main.map(|file| Bytes::from(fs::read(folder.join(&file.path.0)).unwrap()));
    let original = Original { body: Bytes::from(manifest.to_bytes()), main };
    let mut envelope = envelope(config, "izumo-chuo", None, "document.created.v1");
    envelope.format = Format::Document;
    let copy = processed(&original, &envelope, routes).remove(0);
    assert!(copy.envelope.event.is_some(), "{}: {:?}", folder.display(), copy.envelope.fault);
    let parts: Vec<_> = data_type.split('^').collect();
    DocumentCopy {
        place: folder.strip_prefix(repository()).unwrap().to_string_lossy().into_owned(),
        data_type: parts.get(3).filter(|code| !code.is_empty()).unwrap_or(&parts[0]).to_string(),
        media_types: manifest.files.into_iter().map(|file| file.media_type).collect(),
        copy,
    }
}

fn media_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "xml" => "application/xml",
        "hl7" => "application/hl7-v2",
        "pdf" => "application/pdf",
        "jpg" => "image/jpeg",
        other => panic!("{}: what is .{other}?", path.display()),
    }
}

/// A route for every kind, the whole event.
fn everything(config: &Config) -> Arc<Routes> {
    let route = config.routes.iter().find(|route| route.disclosure.is_none()).unwrap();
    let route = Route {
        kinds: Kind::ALL.into(),
        condition: None,
        facilities: None,
        address: None,
        otherwise: None,
        basis: Basis::PublicDuty,
        purpose: None,
        send: Send::Canonical,
        meeting_hosts: Vec::new(),
        receipt: None,
        ..route.clone()
    };
    Arc::new(Routes::new(vec![route]))
}
