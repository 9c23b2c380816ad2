//! Addresses of parts of a message, such as `PID-5.1` or `OBX[3]-5[2].1.1`.

use std::fmt;
use std::str::FromStr;

/// A part of a message: segment, field, and optionally repetition, component, subcomponent.
///
/// All numbers count from 1. A field path without a repetition addresses the whole field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FieldPath {
    segment: String,
    occurrence: u16,
    field: u16,
    repetition: Option<u16>,
    component: Option<u16>,
    subcomponent: Option<u16>,
}

/// Why text is no field path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The segment id is not an upper-case letter followed by two upper-case letters or digits.
    #[error("a path starts with a segment id such as PID")]
    Segment,
    /// A number is missing, zero or above 65,535.
    #[error("a path counts from 1 to 65,535")]
    Number,
    /// The parts are not in the form `PID[1]-5[1].1.1`.
    #[error("a path has the form PID-5, PID-5.1.1 or PID[1]-5[2].1")]
    Form,
}

impl FieldPath {
    /// The segment id.
    pub fn segment(&self) -> &str {
        &self.segment
    }

    /// Which of the segments of that id.
    pub fn occurrence(&self) -> usize {
        self.occurrence.into()
    }

    /// The field.
    pub fn field(&self) -> usize {
        self.field.into()
    }

    /// The repetition, if one is named.
    pub fn repetition(&self) -> Option<usize> {
        self.repetition.map(Into::into)
    }

    /// The component, if one is named.
    pub fn component(&self) -> Option<usize> {
        self.component.map(Into::into)
    }

    /// The subcomponent, if one is named.
    pub fn subcomponent(&self) -> Option<usize> {
        self.subcomponent.map(Into::into)
    }
}

impl FromStr for FieldPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let (place, field) = text.split_once('-').ok_or(PathError::Form)?;
        let (segment, occurrence) = indexed(place)?;
        let id = segment.as_bytes();
        let plain = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit();
        if id.len() != 3 || !id[0].is_ascii_uppercase() || !id.iter().all(plain) {
            return Err(PathError::Segment);
        }
        let mut parts = field.split('.');
        let (field, repetition) = indexed(parts.next().unwrap_or_default())?;
        let component = parts.next().map(number).transpose()?;
        let subcomponent = parts.next().map(number).transpose()?;
        if parts.next().is_some() {
            return Err(PathError::Form);
        }
        Ok(Self {
            segment: segment.to_owned(),
            occurrence: occurrence.unwrap_or(1),
            field: number(field)?,
            repetition,
            component,
            subcomponent,
        })
    }
}

/// Splits `OBX[3]` into its name and number.
fn indexed(text: &str) -> Result<(&str, Option<u16>), PathError> {
    match text.split_once('[') {
        None => Ok((text, None)),
        Some((name, rest)) => Ok((name, Some(number(rest.strip_suffix(']').ok_or(PathError::Form)?)?))),
    }
}

fn number(text: &str) -> Result<u16, PathError> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(PathError::Form);
    }
    text.parse().ok().filter(|number| *number > 0).ok_or(PathError::Number)
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.segment)?;
        if self.occurrence > 1 {
            write!(f, "[{}]", self.occurrence)?;
        }
        write!(f, "-{}", self.field)?;
        if let Some(repetition) = self.repetition {
            write!(f, "[{repetition}]")?;
        }
        for part in [self.component, self.subcomponent].into_iter().flatten() {
            write!(f, ".{part}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_print_as_they_are_written() {
        for text in ["PID-5", "PID-5.1", "PID-5[2].1.1", "OBX[3]-5", "MSH-9.2", "ZE1[2]-3[1]"] {
            assert_eq!(text.parse::<FieldPath>().map(|path| path.to_string()).as_deref(), Ok(text));
        }
        assert_eq!("OBX[1]-5".parse::<FieldPath>().map(|p| p.to_string()).as_deref(), Ok("OBX-5"));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        use PathError::{Form, Number, Segment};
        let refused = [
            ("", Form),
            ("PID", Form),
            ("PID-", Number),
            ("pid-5", Segment),
            ("患者番-5", Segment),
            ("PID-0", Number),
            ("PID-65536", Number),
            ("PID-99999999999999999999", Number),
            ("PID-5.", Number),
            ("PID-5.x", Form),
            ("PID-+5", Form),
            ("PID-5.1.1.1", Form),
            ("PID[-5", Form),
            ("PID[]-5", Number),
            ("PID-5[1", Form),
        ];
        for (text, error) in refused {
            assert_eq!(text.parse::<FieldPath>(), Err(error), "{text}");
        }
    }
}
