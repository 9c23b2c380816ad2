//! `[[subscriber]]`: who gets events, and how.

use std::path::Path;

use super::node::{Node, Section};
use crate::deliver::{Kind, Subscriber};

pub(super) fn read(mut section: Section<'_>, dir: &Path, data_dir: &Path) -> Option<Subscriber> {
    let name = section.require("name").and_then(|node| node.name());
    let deliver = section.require("deliver").and_then(|node| deliver(&node, dir, data_dir, name));
    section.finish();
    Some(Subscriber { name: name?.into(), deliver: deliver? })
}

fn deliver(node: &Node<'_>, dir: &Path, data_dir: &Path, name: Option<&str>) -> Option<Kind> {
    let mut section = node.section()?;
    let kind = section.require("kind")?.kind(&["queue", "folder"], &["http", "mllp", "ssmix2"])?;
    let deliver = match kind {
        "queue" => Some(Kind::Queue),
        _ => {
            let path = match section.take("path") {
                Some(node) => node.path(dir),
                None => name.map(|name| data_dir.join("deliveries").join(name)),
            };
            path.map(|path| Kind::Folder { path })
        }
    };
    section.finish();
    deliver
}
