//! Which characters of a value are text, and which are escape sequences that stay as they are (HL7 2.9, 2.7).

/// For each character of a value whether a stand-in may take its place. What hexadecimal and local sequences hold is
/// text too; the digits of a sequence that only controls (`\X0D\`) are not.
pub(super) fn replaceable(raw: &str, escape: u8) -> Vec<bool> {
    let mark = char::from(escape);
    let mut flags = Vec::with_capacity(raw.len());
    let mut pieces = raw.split(mark).peekable();
    let mut outside = true;
    while let Some(piece) = pieces.next() {
        let closed = pieces.peek().is_some();
        let fixed = if outside || !closed { None } else { fixed(piece) };
        match fixed {
            Some(first) => {
                flags.extend(piece.chars().enumerate().map(|(at, _)| at >= first));
                outside = true;
            }
            // Text, or a lone escape character with text behind it: the next one may open a sequence.
            None => {
                flags.extend(piece.chars().map(|_| true));
                outside = false;
            }
        }
        if closed {
            flags.push(false);
        }
    }
    flags
}

/// How many characters from the start of a sequence's body stay; `None` if it is no sequence.
fn fixed(body: &str) -> Option<usize> {
    let hexadecimal =
        |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    match body.split_at_checked(1)? {
        ("F" | "S" | "T" | "R" | "E" | "P" | "H" | "N", "") => Some(1),
        (".", _) => Some(body.len()),
        ("C" | "M", digits) if hexadecimal(digits) => Some(body.len()),
        ("X", digits) if hexadecimal(digits) => {
            let control = digits.as_bytes().chunks(2).all(|pair| matches!(pair, [b'0' | b'1', _]));
            Some(if control { body.len() } else { 1 })
        }
        ("Z", _) => Some(1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_stay_and_what_they_hold_does_not() {
        for (raw, flags) in [
            ("ab", "++"),
            ("a\\F\\b", "+---+"),
            ("\\.br\\x", "-----+"),
            ("\\X0D0A\\", "-------"),
            ("\\X41\\", "--++-"),
            ("\\Zabc\\", "--+++-"),
            ("a\\b", "+-+"),
            ("a\\b\\F\\", "+-+---"),
            ("\\", "-"),
            ("山\\H\\本", "+---+"),
        ] {
            let found: String =
                replaceable(raw, b'\\').into_iter().map(|flag| if flag { '+' } else { '-' }).collect();
            assert_eq!(found, flags, "{raw}");
        }
    }
}
