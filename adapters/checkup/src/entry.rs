//! The name of an entry: whether it is safe, and what file of the specification it is.

use crate::name::RecordName;

/// A file of the specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// `ix08_V08.xml`, or of another version.
    Index,
    /// `su08_V08.xml`, or of another version.
    Summary,
    /// An XML file in `DATA/`.
    Record,
    /// An XML file in `CLAIMS/`.
    Claim,
    /// What lies in `XSD/`.
    Schema,
    /// A folder of the specification.
    Folder,
    /// Anything else.
    Other,
}

impl Part {
    /// By the path below the archive's root folder.
    pub(crate) fn of(path: &str) -> Self {
        match path.split_once('/') {
            None if is_versioned(path, "ix08_V") => Self::Index,
            None if is_versioned(path, "su08_V") => Self::Summary,
            Some(("" | "DATA" | "CLAIMS" | "XSD", "")) => Self::Folder,
            None if path.is_empty() => Self::Folder,
            Some(("DATA", file)) if is_xml(file) => Self::Record,
            Some(("CLAIMS", file)) if is_xml(file) => Self::Claim,
            Some(("XSD", _)) => Self::Schema,
            _ => Self::Other,
        }
    }
}

fn is_xml(file: &str) -> bool {
    let extension = file.rsplit_once('.').map(|(_, extension)| extension);
    !file.contains('/') && extension.is_some_and(|extension| extension.eq_ignore_ascii_case("xml"))
}

/// `ix08_V08.xml`: two digits of version.
pub(crate) fn is_versioned(file: &str, before: &str) -> bool {
    let version = file.strip_prefix(before).and_then(|rest| rest.strip_suffix(".xml"));
    version.is_some_and(|version| version.len() == 2 && version.bytes().all(|byte| byte.is_ascii_digit()))
}

/// How an entry is told to people: by its path where that is of the specification and so can hold nothing of a person,
/// else by its number.
pub(crate) fn place(path: &str, part: &Part, number: usize) -> String {
    let file = path.rsplit_once('/').map_or(path, |(_, file)| file);
    let is_known = match part {
        Part::Index | Part::Summary => true,
        Part::Record | Part::Claim => RecordName::parse(file).is_some(),
        Part::Schema | Part::Folder | Part::Other => false,
    };
    if is_known { path.to_owned() } else { number_of(number) }
}

/// `entry 7`
pub(crate) fn number_of(number: usize) -> String {
    format!("entry {}", number + 1)
}

/// A name with `?` for every character that is not ASCII. In CP932, which Japanese Windows writes without saying so,
/// the second byte of a character may look like a backslash.
pub(crate) fn skeleton(raw: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(raw) {
        return text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
    }
    let mut bytes = raw.iter();
    let mut text = String::with_capacity(raw.len());
    while let Some(byte) = bytes.next() {
        if byte.is_ascii() {
            text.push(char::from(*byte));
            continue;
        }
        if matches!(byte, 0x81..=0x9F | 0xE0..=0xFC) {
            bytes.next();
        }
        text.push('?');
    }
    text
}

/// Why whoever unpacks an entry of this name could be harmed.
pub(crate) fn harm(name: &str) -> Option<&'static str> {
    let drive = name.as_bytes().get(1) == Some(&b':');
    if name.is_empty() {
        Some("it has no name")
    } else if name.contains(|c: char| c.is_ascii_control()) {
        Some("its name holds a control character")
    } else if name.starts_with('/') || drive {
        Some("its name is not relative to the archive")
    } else if name.contains('\\') {
        Some("its name holds a backslash")
    } else if name.split('/').any(|part| part == ".." || part == ".") {
        Some("its name leads out of its folder")
    } else if name.trim_end_matches('/').split('/').any(str::is_empty) || name.ends_with("//") {
        Some("its name holds an empty folder name")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_of_an_archive() {
        for (path, part) in [
            ("", Part::Folder),
            ("ix08_V08.xml", Part::Index),
            ("su08_V09.xml", Part::Summary),
            ("ix08_V8.xml", Part::Other),
            ("DATA/", Part::Folder),
            ("DATA/anything.XML", Part::Record),
            ("DATA/sub/a.xml", Part::Other),
            ("DATA/a.pdf", Part::Other),
            ("CLAIMS/a.xml", Part::Claim),
            ("XSD/hc08_V08.xsd", Part::Schema),
            ("readme.txt", Part::Other),
        ] {
            assert_eq!(Part::of(path), part, "{path}");
        }
    }

    #[test]
    fn names_that_harm() {
        for name in [
            "",
            "/etc/passwd",
            "../a",
            "a/../../b",
            "a/..",
            "a\\b",
            "C:/a",
            "c:a",
            "a\0b",
            "a\nb",
            "./a",
            "a//b",
            "a//",
        ] {
            assert!(harm(name).is_some(), "{name:?}");
        }
        for name in ["a", "a/", "a/b.xml", "a..b/c", "...", "a b"] {
            assert_eq!(harm(name), None, "{name:?}");
        }
    }

    #[test]
    fn a_character_of_cp932_is_no_backslash() {
        assert_eq!(skeleton(b"a/\x95\x5C.xml"), "a/?.xml");
        assert_eq!(skeleton("a/表.xml".as_bytes()), "a/?.xml");
        assert_eq!(skeleton(b"a\\\x95\x5C"), "a\\?");
        // Half-width katakana is one byte.
        assert_eq!(skeleton(b"\xB6\\"), "?\\");
    }

    #[test]
    fn only_names_of_the_specification_are_told() {
        let told = |path: &str| place(path, &Part::of(path), 6);
        assert_eq!(told("DATA/h32105000332026112201000007.xml"), "DATA/h32105000332026112201000007.xml");
        assert_eq!(told("DATA/架空太郎.xml"), "entry 7");
        assert_eq!(told("架空太郎.pdf"), "entry 7");
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_name(raw in proptest::collection::vec(any::<u8>(), 0..200)) {
            let name = skeleton(&raw);
            prop_assert!(name.is_ascii() && name.len() <= raw.len());
            let _ = (harm(&name), Part::of(&name));
        }
    }
}
