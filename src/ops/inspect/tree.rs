//! A message's segments and values, with the names that the standard gives to their places.

use hl7v2::dictionary::{self, Entry, Name};
use hl7v2::{Message, Repetition, Segment};
use serde::Serialize;

/// A segment.
#[derive(Debug, Default, Serialize)]
pub struct TreeSegment {
    /// `OBX[3]`
    pub at: String,
    /// Its name, English and Japanese.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// `local` where it is not HL7's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
    /// Values that are there, with escapes resolved.
    pub values: Vec<TreeValue>,
}

/// A value.
#[derive(Debug, Default, Serialize)]
pub struct TreeValue {
    /// `PID-5[2].1`
    pub path: String,
    /// The value.
    pub value: String,
    /// Names of the field, the component and the subcomponent, English and Japanese; as many as are known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<Name>,
    /// HL7 data type of the field.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub hl7_type: Option<String>,
    /// `deprecated`, `withdrawn`, `later` (than v2.5), `local`; or `unknown` where the standard has no such field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
}

/// Builds the tree of a message. `left` values may still be shown; what is not is counted by the fields, repetitions and
/// components that hold it.
pub(super) fn tree(message: &Message, left: &mut usize) -> (Vec<TreeSegment>, usize) {
    let mut grower = Grower { left, left_out: 0 };
    let mut segments = Vec::new();
    for segment in message.segments() {
        let grown = grower.segment(segment);
        if !grown.values.is_empty() || *grower.left > 0 {
            segments.push(grown);
        }
    }
    (segments, grower.left_out)
}

/// A field and what is known of it.
struct Subject<'p> {
    path: &'p str,
    entry: Option<&'static Entry>,
    hl7_type: Option<&'p str>,
    note: Option<&'static str>,
}

struct Grower<'l> {
    left: &'l mut usize,
    left_out: usize,
}

impl Grower<'_> {
    fn segment(&mut self, segment: Segment<'_>) -> TreeSegment {
        let (name, occurrence) = (segment.name().to_ascii_uppercase(), segment.occurrence());
        let at = if occurrence > 1 { format!("{name}[{occurrence}]") } else { name.clone() };
        let known = dictionary::segment(&name);
        let mut values = Vec::new();
        for (index, field) in segment.fields().enumerate().filter(|(_, field)| !field.is_empty()) {
            if *self.left == 0 {
                self.left_out += field.repetitions().count();
                continue;
            }
            let number = index + 1;
            let path = format!("{at}-{number}");
            let entry = dictionary::field(&name, number);
            let named = segment.field(2).value();
            let hl7_type =
                entry.map(|entry| if entry.hl7_type == "*" { named.as_ref() } else { entry.hl7_type });
            let unknown = (known.is_some() && entry.is_none()).then_some("unknown");
            let note = entry.and_then(|entry| entry.note).map(dictionary::Note::as_str).or(unknown);
            let subject =
                Subject { path: &path, entry, hl7_type: hl7_type.filter(|word| !word.is_empty()), note };
            if number <= 2 && matches!(name.as_str(), "MSH" | "BHS" | "FHS") {
                self.push(&mut values, || subject.value(path.clone(), field.raw().to_owned(), None, None));
                continue;
            }
            let repeats = field.repetitions().nth(1).is_some();
            for (index, repetition) in field.repetitions().enumerate() {
                if *self.left == 0 {
                    self.left_out += 1;
                    continue;
                }
                let place = if repeats { format!("{path}[{}]", index + 1) } else { path.clone() };
                self.components(&subject, &place, repetition, &mut values);
            }
        }
        let note = known.and_then(|known| known.note).map(dictionary::Note::as_str);
        TreeSegment { at, name: known.map(|known| known.name), note, values }
    }

    fn components(
        &mut self,
        subject: &Subject<'_>,
        path: &str,
        repetition: Repetition<'_>,
        values: &mut Vec<TreeValue>,
    ) {
        let several = repetition.components().nth(1).is_some();
        for (index, component) in repetition.components().enumerate() {
            let named = subject.hl7_type.filter(|_| several);
            let entry = named.and_then(|hl7_type| dictionary::component(hl7_type, index + 1));
            let divided = component.subcomponents().nth(1).is_some();
            if *self.left == 0 {
                self.left_out += usize::from(!component.is_empty());
                continue;
            }
            for (part, value) in component.subcomponents().enumerate().filter(|(_, value)| !value.is_empty())
            {
                self.push(values, || {
                    let mut path = if several { format!("{path}.{}", index + 1) } else { path.to_owned() };
                    let inner = entry.filter(|_| divided);
                    let inner = inner.and_then(|entry| dictionary::component(entry.hl7_type, part + 1));
                    if divided {
                        path.push_str(&format!(".{}", part + 1));
                    }
                    subject.value(path, value.into_owned(), entry, inner)
                });
            }
        }
    }

    /// Takes a value while there is room.
    fn push(&mut self, values: &mut Vec<TreeValue>, value: impl FnOnce() -> TreeValue) {
        match self.left.checked_sub(1) {
            Some(left) => {
                *self.left = left;
                values.push(value());
            }
            None => self.left_out += 1,
        }
    }
}

impl Subject<'_> {
    fn value(
        &self,
        path: String,
        value: String,
        component: Option<&'static Entry>,
        subcomponent: Option<&'static Entry>,
    ) -> TreeValue {
        let names = [self.entry, component, subcomponent].into_iter().flatten().map(|entry| entry.name);
        let of_part = subcomponent.or(component).and_then(|entry| entry.note).map(dictionary::Note::as_str);
        debug_assert!(path.starts_with(self.path));
        TreeValue {
            path,
            value,
            names: names.collect(),
            hl7_type: self.hl7_type.map(str::to_owned),
            note: self.note.or(of_part),
        }
    }
}
