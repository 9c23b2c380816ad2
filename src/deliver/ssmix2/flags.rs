//! What the files of a record are to be called: their condition flags follow the source's.

use ssmix2::{FileName, Flag};

use super::place::Place;

const FLAGS: [u8; 3] = [b'0', b'1', b'2'];

/// Renames that make a folder's names those of the source.
pub(super) fn renames(listed: &[Vec<u8>], place: &Place) -> Vec<(Vec<u8>, Vec<u8>)> {
    if !place.is_stored {
        return Vec::new();
    }
    let mut renames: Vec<_> = match place.versions.as_slice() {
        [] => by_rule(listed, &place.name),
        versions => versions.iter().filter_map(|name| as_told(listed, name, versions)).collect(),
    };
    // A version that is made valid again, or that carries its record's deletion.
    if place.versions.is_empty() {
        renames.extend(as_told(listed, &place.name, std::slice::from_ref(&place.name)));
    }
    renames
}

/// The rename of a version that the source calls `name`, if it is here under another flag only.
fn as_told(listed: &[Vec<u8>], name: &[u8], versions: &[Vec<u8>]) -> Option<(Vec<u8>, Vec<u8>)> {
    if has(listed, name) {
        return None;
    }
    let others = FLAGS.into_iter().filter_map(|flag| with_flag(name, flag));
    let mut others = others.filter(|other| has(listed, other) && !has(versions, other));
    others.next().map(|other| (other, name.to_vec()))
}

/// SS-MIX2: a new version makes the valid one history (`1` to `2`); a deletion makes all of the record deleted (`0`).
fn by_rule(listed: &[Vec<u8>], name: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let Some(own) = parse(name) else { return Vec::new() };
    let becomes = |flag| match (own.flag, flag) {
        (Flag::Current, Flag::Current) => Some(b'2'),
        (Flag::Deleted, Flag::Current | Flag::Superseded) => Some(b'0'),
        _ => None,
    };
    let rename = |other: &Vec<u8>| {
        let version =
            parse(other).filter(|version| version.order == own.order && version.stem() != own.stem())?;
        let to = with_flag(other, becomes(version.flag)?)?;
        (!has(listed, &to)).then(|| (other.clone(), to))
    };
    listed.iter().filter_map(rename).collect()
}

fn parse(name: &[u8]) -> Option<FileName<'_>> {
    std::str::from_utf8(name).ok().and_then(|name| FileName::parse(name).ok())
}

/// The name with another flag; none where it carries no flag, or that one.
fn with_flag(name: &[u8], flag: u8) -> Option<Vec<u8>> {
    match name {
        [stem @ .., b'_', own] if FLAGS.contains(own) && *own != flag => Some([stem, b"_", &[flag]].concat()),
        _ => None,
    }
}

fn has(names: &[Vec<u8>], name: &[u8]) -> bool {
    names.iter().any(|other| other == name)
}
