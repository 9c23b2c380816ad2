//! Escape sequences in values.

use crate::{at, clean, message};

#[track_caller]
fn check(raw: &str, value: &str) {
    let decoded = clean(&message("UNICODE UTF-8", format!("PID|{raw}|next").as_bytes()));
    let field = decoded.segment("PID").unwrap().field(1);
    assert_eq!(field.raw(), raw);
    assert_eq!(field.value(), value, "{raw}");
    assert_eq!(at(&decoded, "PID-2"), "next");
}

#[test]
fn delimiters_are_restored() {
    check("a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f", "a|b^c&d~e\\f");
    check("m\\S\\2", "m^2");
    check("\\F\\\\F\\", "||");
    check("\\E\\F\\E\\", "\\F\\");
    check("山\\S\\本", "山^本");
}

#[test]
fn hexadecimal_bytes_are_in_the_charset_of_the_message() {
    check("\\X41\\", "A");
    check("\\X0D0A\\", "\r\n");
    check("\\XE5B1B1\\", "山");
    check("\\Xe5b1b1\\", "山");
    for verbatim in ["\\XE5\\", "\\X4\\", "\\X\\", "\\XZZ\\", "\\X+1\\"] {
        check(verbatim, verbatim);
    }
    let jis = clean(&message("~ISO IR87", b"PID|\\X1B243B331B2842\\|\\X1B24423B331B2842\\"));
    assert_eq!(at(&jis, "PID-2"), "山");
    assert_eq!(at(&clean(&message("MS932", b"PID|\\X8E52\\")), "PID-1"), "山");
}

#[test]
fn formatting_becomes_plain_text() {
    check("a\\.br\\b", "a\nb");
    check("a\\.sp\\b\\.sp2\\c\\.sp+3\\d", "a\nb\n\nc\n\n\nd");
    check("a\\.sk3\\b", "a   b");
    check("\\.in+4\\a\\.ti-2\\b\\.fi\\\\.nf\\c", "abc");
    check("a\\.ce\\b", "a\nb");
    check("\\H\\loud\\N\\", "loud");
    check("\\.sk999999999\\a", &format!("{}a", " ".repeat(64)));
}

#[test]
fn what_is_unknown_or_unterminated_stays() {
    for verbatim in [
        "a\\b",
        "\\",
        "\\\\",
        "\\Q\\",
        "\\Zlocal\\",
        "\\.xx\\",
        "\\F",
        "C:\\dir",
        "\\\\server\\share",
        "\\P\\",
    ] {
        check(verbatim, verbatim);
    }
    // The escape character that closes nothing may open the next sequence.
    check("a\\b\\F\\c", "a\\b|c");
}

#[test]
fn the_truncation_character_is_restored_where_it_is_defined() {
    let decoded = clean(b"MSH|^~\\&#|A|||||||||2.7\rPID|a\\P\\b\r");
    assert_eq!(at(&decoded, "PID-1"), "a#b");
}

#[test]
fn the_escape_character_is_the_one_of_the_message() {
    let decoded = clean(b"MSH@~#%\\@A@\rPID@a%F%b%S%c\\d\r");
    let pid = decoded.segment("PID").unwrap();
    assert_eq!(pid.field(1).raw(), "a%F%b%S%c\\d");
    assert_eq!(pid.field(1).value(), "a@b~c");
    assert_eq!(pid.field(1).component(1).subcomponent(2), "d");
}
