//! Files within a message: OBX-5 of the type ED (encapsulated data), HL7 2.9 chapter 2A.
//!
//! A decoded file is at most three quarters of the message that holds it, and a message's size is bounded where it
//! is taken in.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hl7v2::{Component, Repetition, Segment};

use super::coverage::Read;
use super::media_type;
use super::reader::{Reader, place};
use crate::canonical::Attachment;

/// Padding is often forgotten, and bits that belong to nothing are left behind.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);

/// How the data is written (HL7 table 0299).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    /// `A`: as it is.
    Plain,
    /// `Hex`
    Hexadecimal,
    /// `Base64`
    Base64,
}

/// Where the parts of a file stand.
#[derive(Debug, Clone, Copy)]
struct Layout {
    encoding: Encoding,
    /// Component of the encoding; 0 where none names it. Type and subtype stand before it, the data behind it.
    named_in: usize,
}

/// Whether an OBX holds a file.
pub(super) fn is_file(obx: Segment<'_>) -> bool {
    obx.field(2).value().eq_ignore_ascii_case("ED")
}

/// The file of an OBX. What can't be decoded is left where it is, with a finding.
pub(super) fn read<'m>(obx: Segment<'m>, reader: &mut Reader<'m>) -> Option<Attachment<'m>> {
    let data = obx.field(5).repetition(1);
    let layout = Layout::of(data);
    let content = layout.decode(data);
    let found = content.as_deref().and_then(media_type::of_content);
    let Some(content) = content.filter(|_| layout.named_in > 0 || found.is_some()) else {
        let text = "the file in this field can't be decoded; it is carried as it was sent";
        reader.note("attachment-unreadable", place(obx, 5), text);
        return None;
    };
    if layout.named_in != STANDARD_PLACE {
        let text = "the parts of the file do not stand in components 2 to 5";
        reader.note("attachment-layout", place(obx, 5), text);
    }
    let sent = layout.sent(data);
    let media_type = media_type::decide(found, sent.as_deref(), layout.encoding == Encoding::Plain);
    mark(obx, layout, sent.as_deref() == Some(media_type.as_ref()), reader);
    let hash = blake3::hash(&content).to_hex().to_string();
    let bytes = u64::try_from(content.len()).unwrap_or(u64::MAX);
    reader.attach(&hash, content);
    Some(Attachment { at: place(obx, 5), title: reader.component(obx, 3, 2), media_type, bytes, hash })
}

/// Marks what the attachment holds: the data with its encoding, and the type where it is the one that was sent.
fn mark(obx: Segment<'_>, layout: Layout, as_sent: bool, reader: &mut Reader<'_>) {
    let named = layout.named_in;
    let data = match layout.encoding {
        Encoding::Plain => Read::WHOLE.but(Read::up_to(4)),
        _ => Read::component(named + 1),
    };
    let mut read = data.and(Read::component(named));
    if as_sent {
        read = read.and(Read::component(named.saturating_sub(1)));
        read = read.and(Read::component(named.saturating_sub(2)));
    }
    reader.mark(obx, 2, Read::FIRST);
    reader.mark(obx, 5, read);
}

/// Component of the encoding in the data type ED.
const STANDARD_PLACE: usize = 4;

impl Layout {
    /// By the word `Base64` or `Hex`, wherever it stands; without any, the first component is taken for base64.
    fn of(data: Repetition<'_>) -> Self {
        let named = data.components().enumerate().take(8).find_map(|(index, component)| {
            let encoding = match component.raw().trim() {
                word if word.eq_ignore_ascii_case("base64") => Encoding::Base64,
                word if word.eq_ignore_ascii_case("hex") => Encoding::Hexadecimal,
                "A" | "a" if index + 1 == STANDARD_PLACE => Encoding::Plain,
                _ => return None,
            };
            Some(Self { encoding, named_in: index + 1 })
        });
        named.unwrap_or(Self { encoding: Encoding::Base64, named_in: 0 })
    }

    fn decode(self, data: Repetition<'_>) -> Option<Vec<u8>> {
        let content = match self.encoding {
            Encoding::Plain => Some(plain(data, self.named_in)),
            Encoding::Hexadecimal => hexadecimal(&unbroken(data.component(self.named_in + 1))),
            Encoding::Base64 => base64(&unbroken(data.component(self.named_in + 1))),
        };
        content.filter(|content| !content.is_empty())
    }

    /// The media type of the two components before the encoding.
    fn sent(self, data: Repetition<'_>) -> Option<Cow<'static, str>> {
        let word = |back: usize| match self.named_in.checked_sub(back) {
            None | Some(0) => Cow::Borrowed(""),
            Some(component) => data.component(component).value(),
        };
        media_type::of_words(&word(2), &word(1))
    }
}

/// All behind the encoding, as text: what was meant as text was not always escaped.
fn plain(data: Repetition<'_>, behind: usize) -> Vec<u8> {
    let texts = data.components().skip(behind);
    let texts = texts.map(|component| component.subcomponents().collect::<Vec<_>>().join("&"));
    texts.collect::<Vec<_>>().join("^").into_bytes()
}

/// The data without the blanks and line ends that were put into it (as they are, or as `\.br\` and `\X0D\`).
fn unbroken(component: Component<'_>) -> Vec<u8> {
    component.value().bytes().filter(|byte| !byte.is_ascii_whitespace()).collect()
}

fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let is_url_safe = text.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let alphabet = if is_url_safe { &URL_SAFE } else { &STANDARD };
    GeneralPurpose::new(alphabet, LENIENT).decode(text).ok()
}

fn hexadecimal(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let pairs = text.chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}
