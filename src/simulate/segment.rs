//! Message text: segments whose fields are set by their number in the standard.

/// One segment under construction. Field 0 is its name; MSH-1 is the separator itself and is never set.
#[derive(Debug, Clone)]
pub(super) struct Segment(Vec<String>);

impl Segment {
    /// An empty segment, e.g. `Segment::new("PID")`.
    pub(super) fn new(name: &str) -> Self {
        Self(vec![name.to_owned()])
    }

    /// The segment's name.
    pub(super) fn name(&self) -> &str {
        &self.0[0]
    }

    /// The segment with field `number` set to `value`, which is already in ER7 form (see [`escape`]).
    pub(super) fn with(mut self, number: usize, value: impl Into<String>) -> Self {
        if self.0.len() <= number {
            self.0.resize(number + 1, String::new());
        }
        self.0[number] = value.into();
        self
    }

    /// As [`Segment::with`], where there is a value.
    pub(super) fn with_some(self, number: usize, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(number, value),
            None => self,
        }
    }

    fn append_to(&self, text: &mut String, terminator: &str) {
        let is_header = matches!(self.name(), "MSH" | "FHS" | "BHS");
        for (number, field) in self.0.iter().enumerate() {
            // Field 1 of a header is the separator: it stands between the name and field 2.
            if is_header && number == 1 {
                continue;
            }
            if number > 0 {
                text.push('|');
            }
            text.push_str(field);
        }
        text.push_str(terminator);
    }
}

/// The text of `segments`, each closed by `terminator` (CR in SS-MIX2; other senders write LF or CRLF).
pub(super) fn text(segments: &[Segment], terminator: &str) -> String {
    let mut text = String::with_capacity(segments.len() * 160);
    for segment in segments {
        segment.append_to(&mut text, terminator);
    }
    text
}

/// Free text with the delimiters `| ^ & ~ \` replaced by their escape sequences (HL7 v2.5 section 2.7).
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '|' => escaped.push_str("\\F\\"),
            '^' => escaped.push_str("\\S\\"),
            '&' => escaped.push_str("\\T\\"),
            '~' => escaped.push_str("\\R\\"),
            '\\' => escaped.push_str("\\E\\"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_at_their_number() {
        let segment = Segment::new("PID").with(1, "0001").with(5, "A^B");
        assert_eq!(text(&[segment], "\r"), "PID|0001||||A^B\r");
    }

    #[test]
    fn a_header_begins_with_its_separator() {
        let segment = Segment::new("MSH").with(2, "^~\\&").with(5, "GW");
        assert_eq!(text(&[segment], "\n"), "MSH|^~\\&|||GW\n");
    }

    #[test]
    fn delimiters_in_free_text_are_escaped() {
        assert_eq!(escape("a|b^c&d~e\\f"), "a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f");
    }
}
