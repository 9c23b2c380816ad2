//! Places in a message, bounded in number: without the number of the segment.

use std::fmt;

use hl7v2::Segment;

/// The file, a segment, a field, or a part of one. Numbers count from 1; 0 is "the whole".
///
/// Displays as `PID-5[2].8`, as `OBX`, or as nothing for the file. The repetition is named where a field has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Place {
    segment: [u8; 3],
    field: u16,
    repetition: u8,
    component: u16,
}

/// Repetitions that are told apart.
const REPETITIONS_MAX: usize = 9;

impl Place {
    /// A segment. An id that no segment can have, which may be anything, becomes `???`.
    pub(super) fn segment(segment: &Segment<'_>) -> Self {
        let id = <[u8; 3]>::try_from(segment.name().as_bytes()).unwrap_or(*b"???");
        let plain = id.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        Self { segment: if plain { id } else { *b"???" }, ..Self::default() }
    }

    /// A segment of this id.
    pub(super) const fn named(segment: [u8; 3]) -> Self {
        Self { segment, field: 0, repetition: 0, component: 0 }
    }

    /// A field of this segment.
    pub(super) fn field(self, field: usize) -> Self {
        Self { field: u16::try_from(field).unwrap_or(u16::MAX), ..self }
    }

    /// A repetition of this field that has `of` of them.
    pub(super) fn repetition(self, number: usize, of: usize) -> Self {
        let told = of > 1 && number <= REPETITIONS_MAX;
        Self { repetition: u8::try_from(number).ok().filter(|_| told).unwrap_or(0), ..self }
    }

    /// A component of this field.
    pub(super) fn component(self, component: usize) -> Self {
        Self { component: u16::try_from(component).unwrap_or(u16::MAX), ..self }
    }

    /// The segment's id and the field's number, where the place is a field.
    pub fn of_field(&self) -> Option<(&str, usize)> {
        let id = std::str::from_utf8(&self.segment).ok()?;
        (self.field > 0).then_some((id, usize::from(self.field)))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.segment == [0; 3] {
            return Ok(());
        }
        f.write_str(std::str::from_utf8(&self.segment).unwrap_or("???"))?;
        if self.field > 0 {
            write!(f, "-{}", self.field)?;
        }
        if self.repetition > 0 {
            write!(f, "[{}]", self.repetition)?;
        }
        if self.component > 0 {
            write!(f, ".{}", self.component)?;
        }
        Ok(())
    }
}
