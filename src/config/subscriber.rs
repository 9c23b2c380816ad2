//! `[[subscriber]]`: who gets events, and how.

use std::path::{Path, PathBuf};

use super::node::{Node, Section};

/// Who gets events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscriber {
    /// Name; part of queue names.
    pub name: String,
    /// How they get them.
    pub deliver: Deliver,
}

/// How a subscriber gets events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deliver {
    /// It reads its own queue.
    Queue,
    /// One file per event is written into a folder.
    Folder {
        /// The folder.
        path: PathBuf,
    },
}

pub(super) fn read(mut section: Section<'_>, dir: &Path, data_dir: &Path) -> Option<Subscriber> {
    let name = section.require("name").and_then(|node| node.name());
    let deliver = section.require("deliver").and_then(|node| deliver(&node, dir, data_dir, name));
    section.finish();
    Some(Subscriber { name: name?.into(), deliver: deliver? })
}

fn deliver(node: &Node<'_>, dir: &Path, data_dir: &Path, name: Option<&str>) -> Option<Deliver> {
    let mut section = node.section()?;
    let kind = section.require("kind")?.kind(&["queue", "folder"], &["http", "mllp", "ssmix2"])?;
    let deliver = match kind {
        "queue" => Some(Deliver::Queue),
        _ => {
            let path = match section.take("path") {
                Some(node) => node.path(dir),
                None => name.map(|name| data_dir.join("deliveries").join(name)),
            };
            path.map(|path| Deliver::Folder { path })
        }
    };
    section.finish();
    deliver
}
