//! What a file is: by its first bytes, else by the words that came with it.

use std::borrow::Cow;

/// The media type that the first bytes tell.
pub(super) fn of_content(content: &[u8]) -> Option<&'static str> {
    const STARTS: [(&[u8], &str); 11] = [
        (b"%PDF-", "application/pdf"),
        (b"\xFF\xD8\xFF", "image/jpeg"),
        (b"\x89PNG\r\n\x1A\n", "image/png"),
        (b"GIF8", "image/gif"),
        (b"II*\0", "image/tiff"),
        (b"MM\0*", "image/tiff"),
        (b"\0\0\0\x0CjP  ", "image/jp2"),
        (b"{\\rtf", "application/rtf"),
        (b"PK\x03\x04", "application/zip"),
        (b"\x1F\x8B", "application/gzip"),
        (b"<?xml", "application/xml"),
    ];
    let blanks = content.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let unmarked = content.strip_prefix(b"\xEF\xBB\xBF").or_else(|| content.get(blanks..)).unwrap_or(content);
    let begins = |start: &[u8]| content.starts_with(start) || unmarked.starts_with(start);
    if let Some((_, found)) = STARTS.into_iter().find(|(start, _)| begins(start)) {
        return Some(found);
    }
    if content.get(128..132) == Some(b"DICM") {
        return Some("application/dicom");
    }
    let word = |word: &[u8]| unmarked.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
    (word(b"<html") || word(b"<!doctype html")).then_some("text/html")
}

/// The content decides. Where it only tells the container (XML, ZIP, gzip), words that name what is in it say more.
/// Without either it is text if it was sent as such.
pub(super) fn decide(found: Option<&'static str>, sent: Option<&str>, is_text: bool) -> Cow<'static, str> {
    let container = match found {
        Some("application/xml") => &["xml", "html"][..],
        Some("application/zip") => &["zip", "officedocument"],
        Some("application/gzip") => &["gzip"],
        _ => &[],
    };
    match (found, sent) {
        (_, Some(sent)) if container.iter().any(|word| sent.contains(word)) => Cow::Owned(sent.to_owned()),
        (Some(found), _) => Cow::Borrowed(found),
        (None, Some(sent)) => Cow::Owned(sent.to_owned()),
        (None, None) if is_text => Cow::Borrowed("text/plain"),
        (None, None) => Cow::Borrowed("application/octet-stream"),
    }
}

/// The media type of ED.2 and ED.3 (HL7 tables 0191 and 0291): `application` and `pdf`, `IM` and `JPEG`, a media
/// type in either, or a well-known subtype alone.
pub(super) fn of_words(main: &str, sub: &str) -> Option<Cow<'static, str>> {
    let (main, sub) = (main.trim().to_ascii_lowercase(), sub.trim().to_ascii_lowercase());
    if let Some(whole) = [&sub, &main].into_iter().find(|word| is_media_type(word)) {
        return Some(Cow::Owned(whole.clone()));
    }
    if let Some(known) = known(&sub).or_else(|| known(&main)) {
        return Some(Cow::Borrowed(known));
    }
    let family = match main.as_str() {
        "application" | "ap" => "application",
        "image" | "im" => "image",
        "text" | "tx" | "ft" => "text",
        "audio" | "au" => "audio",
        "video" => "video",
        "multipart" => "multipart",
        _ => return None,
    };
    match sub.as_str() {
        "" if family == "text" => Some(Cow::Borrowed("text/plain")),
        sub if is_token(sub) => Some(Cow::Owned(format!("{family}/{sub}"))),
        _ => None,
    }
}

fn known(word: &str) -> Option<&'static str> {
    match word {
        "pdf" => Some("application/pdf"),
        "jpeg" | "jpg" => Some("image/jpeg"),
        "png" => Some("image/png"),
        "gif" => Some("image/gif"),
        "tiff" | "tif" => Some("image/tiff"),
        "dicom" => Some("application/dicom"),
        "rtf" => Some("application/rtf"),
        "html" => Some("text/html"),
        "plain" => Some("text/plain"),
        "octet-stream" => Some("application/octet-stream"),
        _ => None,
    }
}

fn is_media_type(word: &str) -> bool {
    word.split_once('/').is_some_and(|(main, sub)| is_token(main) && is_token(sub))
}

/// A name of RFC 6838.
fn is_token(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
}
