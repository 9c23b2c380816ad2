//! Names of character sets in MSH-18 (HL7 table 0211), matched as tolerantly as they are written.

use super::Charset;

/// One repetition of MSH-18.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    /// A set, or one of the sets that ISO 2022 switches between.
    Set(Charset),
    /// JIS X 0201 half-width kana, which may come as 8-bit bytes in an ISO 2022 message.
    Kana,
    /// "Unicode" without a transformation format.
    Unicode,
    /// Not a name that is known.
    Unknown,
}

impl Label {
    /// Reads one name; case, spaces, hyphens, underscores and slashes do not matter.
    pub(super) fn read(name: &str) -> Self {
        let key: String =
            name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
        let key = key.strip_prefix("UNICODE").filter(|rest| rest.starts_with("UTF")).unwrap_or(&key);
        match key {
            "ISOIR13" | "ISO2022IR13" | "JISX0201" | "JISX02011976" => Self::Kana,
            "UNICODE" | "ISO10646" => Self::Unicode,
            _ => set(key).map_or(Self::Unknown, Self::Set),
        }
    }

    /// Whether text read as `used` agrees with the name.
    pub(super) fn allows(self, used: Charset) -> bool {
        match self {
            Self::Set(Charset::Utf16Be | Charset::Utf16Le) => {
                matches!(used, Charset::Utf16Be | Charset::Utf16Le)
            }
            Self::Set(charset) => charset == used,
            Self::Kana => matches!(used, Charset::Iso2022Jp | Charset::Cp932),
            Self::Unicode => matches!(used, Charset::Utf8 | Charset::Utf16Be | Charset::Utf16Le),
            Self::Unknown => false,
        }
    }
}

fn set(key: &str) -> Option<Charset> {
    Some(match key {
        "ASCII" | "USASCII" | "ISOIR6" | "ISO2022IR6" | "ISO646" | "ANSIX34" => Charset::Ascii,
        "ISOIR14" | "ISOIR87" | "ISOIR159" | "ISO2022IR14" | "ISO2022IR87" | "ISO2022IR159" | "ISO2022JP"
        | "JIS" | "JISX0208" | "JISX0212" | "JISX02081990" | "JISX02121990" | "ISO20221994" => {
            Charset::Iso2022Jp
        }
        "UTF8" => Charset::Utf8,
        "UTF16" | "UTF16BE" => Charset::Utf16Be,
        "UTF16LE" => Charset::Utf16Le,
        "SHIFTJIS" | "SJIS" | "XSJIS" | "MS932" | "CP932" | "WINDOWS31J" => Charset::Cp932,
        "EUCJP" | "EUC" => Charset::EucJp,
        "GB18030" | "GB180302000" | "GB2312" | "GBK" => Charset::Gb18030,
        "BIG5" => Charset::Big5,
        "KSX1001" | "KSC5601" | "EUCKR" => Charset::EucKr,
        "WINDOWS1252" | "CP1252" | "LATIN1" | "ISOIR100" => Charset::Latin1,
        "ISOIR101" => Charset::Latin2,
        "ISOIR109" => Charset::Latin3,
        "ISOIR110" => Charset::Latin4,
        "ISOIR144" => Charset::Cyrillic,
        "ISOIR127" => Charset::Arabic,
        "ISOIR126" => Charset::Greek,
        "ISOIR138" => Charset::Hebrew,
        "ISOIR148" => Charset::Latin5,
        "ISOIR166" => Charset::Thai,
        _ => return iso_8859(key.strip_prefix("ISO").unwrap_or(key).strip_prefix("8859")?),
    })
}

fn iso_8859(part: &str) -> Option<Charset> {
    Some(match part {
        "1" => Charset::Latin1,
        "2" => Charset::Latin2,
        "3" => Charset::Latin3,
        "4" => Charset::Latin4,
        "5" => Charset::Cyrillic,
        "6" => Charset::Arabic,
        "7" => Charset::Greek,
        "8" => Charset::Hebrew,
        "9" => Charset::Latin5,
        "10" => Charset::Latin6,
        "11" => Charset::Thai,
        "13" => Charset::Latin7,
        "14" => Charset::Latin8,
        "15" => Charset::Latin9,
        "16" => Charset::Latin10,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_matched_tolerantly() {
        let set = |name: &str, charset| assert_eq!(Label::read(name), Label::Set(charset), "{name}");
        for name in
            ["ISO IR87", "ISOIR87", "iso-ir-87", "ISO_IR 87", "ISO 2022 IR 87", "ISO IR159", "ISO IR14"]
        {
            set(name, Charset::Iso2022Jp);
        }
        for name in ["UNICODE UTF-8", "UTF-8", "utf8", "UNICODE_UTF_8"] {
            set(name, Charset::Utf8);
        }
        for name in ["8859/1", "ISO-8859-1", "ISO 8859/1", "iso8859_1", "ISO_IR 100"] {
            set(name, Charset::Latin1);
        }
        for name in ["Shift_JIS", "SJIS", "MS932", "CP932", "Windows-31J"] {
            set(name, Charset::Cp932);
        }
        set("8859/15", Charset::Latin9);
        set("EUC-JP", Charset::EucJp);
        set("GB 18030-2000", Charset::Gb18030);
        set("GB18030", Charset::Gb18030);
        set("KS X 1001", Charset::EucKr);
        set("BIG-5", Charset::Big5);
        set("ASCII", Charset::Ascii);
        set("ISO IR6", Charset::Ascii);
        set("UNICODE UTF-16", Charset::Utf16Be);
        assert_eq!(Label::read("ISO IR13"), Label::Kana);
        assert_eq!(Label::read("UNICODE"), Label::Unicode);
        for name in ["ISO IR 999", "code1", "8859", "8859/12", "1^^^", ""] {
            assert_eq!(Label::read(name), Label::Unknown, "{name}");
        }
    }
}
