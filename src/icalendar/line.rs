//! Content lines (RFC 5545, 3.1): escaped, folded, ended by CRLF.

/// Octets of a line without its end.
const OCTETS: usize = 75;

/// The lines of a calendar object.
#[derive(Debug, Default)]
pub(super) struct Lines(String);

impl Lines {
    /// A line whose value is not of the type TEXT: it holds no character that needs to be escaped, and none that would
    /// end the line.
    pub(super) fn value(&mut self, name: &str, value: &str) {
        let plain: String = value.chars().filter(|c| !c.is_control()).collect();
        self.fold(&format!("{name}:{plain}"));
    }

    /// A line whose value is of the type TEXT (3.3.11).
    pub(super) fn text(&mut self, name: &str, text: &str) {
        let mut escaped = String::with_capacity(text.len());
        for c in text.replace("\r\n", "\n").chars() {
            match c {
                '\\' | ';' | ',' => escaped.extend(['\\', c]),
                '\n' | '\r' => escaped.push_str("\\n"),
                '\t' => escaped.push(' '),
                c if c.is_control() => {}
                c => escaped.push(c),
            }
        }
        self.fold(&format!("{name}:{escaped}"));
    }

    /// Breaks a line into pieces of 75 octets at most, each but the first behind a space, and never within a character.
    fn fold(&mut self, line: &str) {
        let mut octets = 0;
        for c in line.chars() {
            if octets + c.len_utf8() > OCTETS {
                self.0.push_str("\r\n ");
                octets = 1;
            }
            self.0.push(c);
            octets += c.len_utf8();
        }
        self.0.push_str("\r\n");
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// The value of a parameter, quoted; what can't stand in it is written as RFC 6868 has it.
pub(super) fn parameter(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("^'"),
            '^' => quoted.push_str("^^"),
            '\n' => quoted.push_str("^n"),
            c if c.is_control() => {}
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
