//! Every character of the Japanese sets survives beside every delimiter in every position.

use encoding_rs::EUC_JP;
use hl7v2::charset::{Charset, encode};

use crate::{clean, message};

/// The codes that JIS X 0208 assigns, with their characters.
fn jis_x_0208() -> Vec<([u8; 2], char)> {
    plane(&[], (0x21..=0x28).chain(0x30..=0x74))
}

fn jis_x_0212() -> Vec<([u8; 2], char)> {
    plane(&[0x8F], 0x21..=0x7E)
}

fn plane(prefix: &[u8], rows: impl Iterator<Item = u8>) -> Vec<([u8; 2], char)> {
    let codes = rows.flat_map(|row| (0x21..=0x7E).map(move |cell| [row, cell]));
    let character = |[row, cell]: [u8; 2]| {
        let euc = [prefix, &[row | 0x80, cell | 0x80]].concat();
        let text = EUC_JP.decode_without_bom_handling_and_without_replacement(&euc)?;
        text.chars().next().map(|character| ([row, cell], character))
    };
    codes.filter_map(character).collect()
}

/// Puts the encoded character next to every delimiter, in every kind of position.
fn survives(encoded: &[u8], character: char) {
    let k = encoded;
    let pid = [
        b"PID|", k, b"|", k, b"^", k, b"|a", k, b"~", k, b"&", k, b"b|", k, b"\\S\\", k, b"\\", b"E\\|", k, k,
    ];
    let decoded = clean(&message("~ISO IR87", &pid.concat()));
    let pid = decoded.segment("PID").unwrap();
    let c = character;
    let fields: Vec<_> = pid.fields().map(|field| field.raw().to_owned()).collect();
    let expected = [
        format!("{c}"),
        format!("{c}^{c}"),
        format!("a{c}~{c}&{c}b"),
        format!("{c}\\S\\{c}\\E\\"),
        format!("{c}{c}"),
    ];
    assert_eq!(fields, expected, "{encoded:02X?}");
    assert_eq!(pid.field(2).component(2).value(), format!("{c}"));
    assert_eq!(pid.field(3).repetition(2).component(1).subcomponent(2), format!("{c}b"));
    assert_eq!(pid.field(4).value(), format!("{c}^{c}\\"));
}

#[test]
fn all_of_jis_x_0208_survives() {
    let all = jis_x_0208();
    assert_eq!(all.len(), 6_879);
    for (code, character) in all {
        survives(&[b"\x1b$B", &code[..], b"\x1b(B"].concat(), character);
    }
}

#[test]
fn all_of_jis_x_0212_survives() {
    let all = jis_x_0212();
    assert_eq!(all.len(), 6_067);
    for (code, character) in all {
        survives(&[b"\x1b$(D", &code[..], b"\x1b(B"].concat(), character);
    }
}

#[test]
fn all_half_width_kana_survive_as_such() {
    for code in 0x21..=0x5F_u8 {
        let character = char::from_u32(0xFF40 + u32::from(code)).unwrap();
        survives(&[b"\x1b(I", &[code][..], b"\x1b(B"].concat(), character);
    }
}

#[test]
fn all_of_jis_x_0208_survives_in_every_other_japanese_set() {
    let all: String = jis_x_0208().into_iter().map(|(_, character)| character).collect();
    for (label, charset) in
        [("UNICODE UTF-8", Charset::Utf8), ("MS932", Charset::Cp932), ("EUC-JP", Charset::EucJp)]
    {
        let pid: String = all.chars().map(|c| format!("|{c}^{c}~{c}")).collect();
        let decoded = clean(&message(label, &encode(&format!("PID{pid}"), charset).unwrap()));
        assert_eq!(decoded.charset().used, charset);
        let fields = decoded.segment("PID").unwrap();
        for (n, c) in all.chars().enumerate() {
            assert_eq!(fields.field(n + 1).raw(), format!("{c}^{c}~{c}"), "{label}");
        }
    }
}

#[test]
fn what_is_encoded_decodes_to_itself() {
    let all: String = jis_x_0208().into_iter().map(|(_, character)| character).collect();
    let text = format!("PID|{all}|a{all}b^\\~&");
    let encoded = encode(&text, Charset::Iso2022Jp).unwrap();
    assert!(encoded.is_ascii());
    assert_eq!(clean(&message("~ISO IR87", &encoded)).segments().nth(1).unwrap().raw(), text);
}

#[test]
fn the_encoder_normalises_little_and_substitutes_nothing() {
    let jis = |text: &str| encode(text, Charset::Iso2022Jp);
    assert_eq!(jis("〜‖−¢£¬—").unwrap(), jis("～∥－￠￡￢―").unwrap());
    assert_eq!(jis("山\rb").unwrap(), b"\x1b$B;3\x1b(B\rb");
    for (text, position) in [("a𠮷", 1), ("①", 0), ("山髙", 1), ("ｱ", 0), ("¥", 0), ("µ", 0), ("😀", 0)]
    {
        assert_eq!(jis(text).unwrap_err().position, position, "{text}");
    }
    assert_eq!(encode("a山", Charset::Ascii).unwrap_err().position, 1);
    assert_eq!(encode("山𠮷", Charset::Cp932).unwrap_err().position, 1);
    assert_eq!(encode("山〜", Charset::Cp932).unwrap(), b"\x8eR\x81\x60");
    assert_eq!(encode("山€", Charset::Latin1).unwrap_err().position, 0);
}
