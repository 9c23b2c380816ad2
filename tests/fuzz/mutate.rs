//! Changes of well-formed inputs, told by the bytes that the engine gives: it steers, and a failing input replays.

/// What is put in: delimiters, escapes, frames, numbers and marks that mean something to some reader.
const WORDS: [&[u8]; 33] = [
    b"|",
    b"^",
    b"~",
    b"\\",
    b"&",
    b"\r",
    b"\n",
    b"\r\n",
    b"\x1b$B",
    b"\x1b(B",
    b"\x1b$(D",
    b"\x1b(I",
    b"\x0b",
    b"\x1c\x0d",
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"MSH|^~\\&|",
    b"BHS|^~\\&|",
    b"ADD|",
    b"DSC|",
    b"\"\"",
    b"\\X0D0A\\",
    b"#SSMIX,2.00,",
    b"99999999999999999999",
    b"20260231",
    b"../",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"<!DOCTYPE a [",
    b"&b;",
    b"</",
    b"_",
];

/// An input: the first byte picks what is changed (0: the bytes themselves), each further four are one change.
pub(crate) fn mutate(seeds: &[Vec<u8>], script: &[u8]) -> Vec<u8> {
    let Some((pick, changes)) = script.split_first() else { return Vec::new() };
    let Some(seed) = usize::from(*pick).checked_sub(1).map(|pick| &seeds[pick % seeds.len()]) else {
        return changes.to_vec();
    };
    let mut bytes = seed.clone();
    for change in changes.chunks_exact(4) {
        apply(&mut bytes, [change[0], change[1], change[2], change[3]]);
    }
    bytes
}

fn apply(bytes: &mut Vec<u8>, [what, high, low, value]: [u8; 4]) {
    let at = usize::from(u16::from_be_bytes([high, low])) % (bytes.len() + 1);
    let end = (at + usize::from(value)).min(bytes.len());
    match what % 7 {
        0 => drop(bytes.splice(at..at, WORDS[usize::from(value) % WORDS.len()].iter().copied())),
        1 => drop(bytes.drain(at..end)),
        2 => {
            let piece = bytes[at..end].to_vec();
            drop(bytes.splice(at..at, piece));
        }
        3 => bytes.truncate(at),
        4 => bytes.insert(at, value),
        5 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = value),
        _ => {
            let piece = bytes[at..end].repeat(usize::from(low) % 40);
            drop(bytes.splice(at..at, piece));
        }
    }
}

/// The inputs of the project's own cases.
pub(crate) fn cases() -> Vec<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/cases");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().join("input")).collect();
    paths.sort();
    paths.iter().filter(|path| path.is_file()).map(|path| std::fs::read(path).unwrap()).collect()
}
