//! A line of the audit as a syslog message (RFC 5424).

use super::Act;

/// Facility 10, `authpriv` (RFC 5424 section 6.2.1).
const FACILITY: u8 = 10;
/// Severity 6, informational; 4, a warning, for what was refused.
const INFORMATIONAL: u8 = 6;
const WARNING: u8 = 4;
/// Private enterprise number of examples (RFC 5612): the hub has none of its own.
const ENTERPRISE: u32 = 32_473;

/// The message: header, one element of structured data, and a text for people.
pub fn line(act: &Act, host: &str) -> String {
    let severity = if act.done { INFORMATIONAL } else { WARNING };
    let priority = FACILITY * 8 + severity;
    let Act { at, who, from, action, object, done } = act;
    let data = [
        ("who", who.as_str()),
        ("from", from),
        ("action", action.as_str()),
        ("object", object),
        ("done", if *done { "true" } else { "false" }),
    ];
    let data: String = data.iter().map(|(name, value)| format!(" {name}=\"{}\"", escaped(value))).collect();
    let host = printable(host, 255);
    let text = action.words().0;
    // Six digits of the second are the most that are allowed.
    let at = at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ");
    // The byte order mark says that the text is UTF-8.
    format!(
        "<{priority}>1 {at} {host} musubi - {} [access@{ENTERPRISE}{data}] \u{feff}{text}",
        action.as_str()
    )
}

/// `PARAM-VALUE`: quote, backslash and bracket are escaped; what would end the line is not there.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\\' | ']' => out.extend(['\\', character]),
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

/// A header's field: printable ASCII without a space, `-` where there is none.
fn printable(text: &str, most: usize) -> String {
    let text: String = text.chars().filter(char::is_ascii_graphic).take(most).collect();
    if text.is_empty() { "-".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::super::Action;
    use super::*;

    #[test]
    fn header_data_and_text_are_as_the_standard_says() {
        let act = Act {
            at: "2026-11-22T18:03:04.123456789Z".parse().unwrap(),
            who: "架空\"]\n".into(),
            from: "10.0.0.7".into(),
            action: Action::Retry,
            object: "a\\b".into(),
            done: true,
        };
        let expected = "<86>1 2026-11-22T18:03:04.123456Z hub musubi - retry [access@32473 who=\"架空\\\"\\] \" \
                        from=\"10.0.0.7\" action=\"retry\" object=\"a\\\\b\" done=\"true\"] \u{feff}retried";
        assert_eq!(line(&act, "hub"), expected);
        assert!(
            line(&Act { done: false, ..act }, "").starts_with("<84>1 2026-11-22T18:03:04.123456Z - musubi")
        );
    }
}
