//! Names: of the archive, and of the files in it.

/// `<機関10>_<保険者8>_<YYYYMMDD><N>_<実施区分>`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveName {
    /// 健診機関番号, 10 digits.
    pub sender: String,
    /// 保険者番号 (or the number of a payment agent), 8 digits.
    pub insurer: String,
    /// Day of sending, `YYYYMMDD`.
    pub date: String,
    /// Number of the archive within that day, `0` to `9`.
    pub serial: String,
    /// 実施区分: 1 特定健診, 2 特定保健指導 and others.
    pub category: String,
}

impl ArchiveName {
    /// Reads a name, with or without `.zip`.
    pub fn parse(name: &str) -> Option<Self> {
        let stem = match name.rsplit_once('.') {
            Some((stem, extension)) if extension.eq_ignore_ascii_case("zip") => stem,
            Some(_) => return None,
            None => name,
        };
        let mut parts = stem.split('_');
        let (sender, insurer, day) =
            (digits(parts.next()?, 10)?, digits(parts.next()?, 8)?, digits(parts.next()?, 9)?);
        let category = parts.next().and_then(|part| digits(part, 1).or_else(|| digits(part, 2)))?;
        let (date, serial) = day.split_at_checked(8)?;
        let is_all = parts.next().is_none() && is_day(date);
        is_all.then(|| Self {
            sender: sender.to_owned(),
            insurer: insurer.to_owned(),
            date: date.to_owned(),
            serial: serial.to_owned(),
            category: category.to_owned(),
        })
    }
}

/// `h<機関10><YYYYMMDD><N><種別1><連番6>.xml`; `h` for a check-up, `g` for guidance, `c` for a bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordName<'n> {
    /// First letter.
    pub letter: char,
    /// 健診機関番号, 10 digits.
    pub sender: &'n str,
    /// `YYYYMMDD`
    pub date: &'n str,
    /// Number of the archive within that day.
    pub serial: &'n str,
    /// 種別
    pub class: &'n str,
    /// 連番, 6 digits.
    pub number: &'n str,
}

impl<'n> RecordName<'n> {
    /// Reads a file's name.
    pub fn parse(name: &'n str) -> Option<Self> {
        let stem = name.strip_suffix(".xml")?;
        let letter = stem.chars().next().filter(char::is_ascii_lowercase)?;
        let rest = digits(stem.get(1..)?, 26)?;
        let (sender, rest) = rest.split_at_checked(10)?;
        let (date, rest) = rest.split_at_checked(8)?;
        let (serial, rest) = rest.split_at_checked(1)?;
        let (class, number) = rest.split_at_checked(1)?;
        is_day(date).then_some(Self { letter, sender, date, serial, class, number })
    }
}

fn digits(text: &str, length: usize) -> Option<&str> {
    (text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

/// Whether eight digits can be a day: the calendar is asked elsewhere.
fn is_day(date: &str) -> bool {
    let part = |range: std::ops::Range<usize>| date.get(range).and_then(|part| part.parse::<u8>().ok());
    part(4..6).is_some_and(|month| (1..=12).contains(&month))
        && part(6..8).is_some_and(|day| (1..=31).contains(&day))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_archive_s_name() {
        let name = ArchiveName::parse("3210500033_06320011_202611220_1.zip").unwrap();
        let parts = [&name.sender, &name.insurer, &name.date, &name.serial, &name.category];
        assert_eq!(parts, ["3210500033", "06320011", "20261122", "0", "1"]);
        assert_eq!(ArchiveName::parse("3210500033_06320011_202611220_1"), Some(name));
        for wrong in [
            "",
            "_",
            "3210500033_06320011_20261122_1.zip",
            "3210500033_06320011_202613220_1.zip",
            "3210500033_0632001_202611220_1.zip",
            "3210500033_06320011_202611220_1_1.zip",
            "3210500033_06320011_202611220_1.zip.exe",
            "3210500033_06320011_202611220_１.zip",
            "3210500033_06320011_202611220_1 (1).zip",
        ] {
            assert_eq!(ArchiveName::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_record_s_name() {
        assert_eq!(RecordName::parse("h3210500033202611220.xml"), None);
        let name = RecordName::parse("h32105000332026112201000007.xml").unwrap();
        let parts = [name.sender, name.date, name.serial, name.class, name.number];
        assert_eq!((name.letter, parts), ('h', ["3210500033", "20261122", "0", "1", "000007"]));
    }

    proptest! {
        #[test]
        fn any_name_is_read_or_not(name in "\\PC{0,60}") {
            let _ = (ArchiveName::parse(&name), RecordName::parse(&name));
        }

        #[test]
        fn a_name_of_the_specification_is_read(sender in "[0-9]{10}", insurer in "[0-9]{8}", serial in "[0-9]") {
            let name = ArchiveName::parse(&format!("{sender}_{insurer}_20260401{serial}_1.zip")).unwrap();
            prop_assert_eq!((name.sender, name.insurer, name.serial), (sender, insurer, serial));
        }
    }
}
