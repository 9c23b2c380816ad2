//! Short texts of ASCII, put together on the stack: places and times stand in an event by the hundred, and Rust's
//! formatting machinery took a third of the time of writing one.

/// Room for the longest time and the longest place.
const ROOM: usize = 48;

/// A text under way.
pub(super) struct Short {
    bytes: [u8; ROOM],
    length: usize,
}

impl Short {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; ROOM], length: 0 }
    }

    /// Appends a character of ASCII.
    pub(super) fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    /// Appends a number, with leading zeros up to `width` digits.
    pub(super) fn number(&mut self, number: u32, width: usize) {
        let mut digits = [b'0'; 10];
        let (mut rest, mut start) = (number, digits.len());
        while rest > 0 {
            start -= 1;
            digits[start] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
        }
        let start = start.min(digits.len() - width.min(digits.len()));
        digits.iter().skip(start).for_each(|digit| self.push(*digit));
    }

    /// The text.
    pub(super) fn as_str(&self) -> &str {
        self.bytes.get(..self.length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}
