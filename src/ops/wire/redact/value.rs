//! The new characters of a value.

use hl7v2::Delimiters;

use super::escapes::replaceable;
use super::leaf::Leaf;
use super::moment::Moment;
use super::report::{Action, Reason};
use super::stand_in::{Draw, carries, character};

/// What stand-ins follow from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keys<'k> {
    pub(super) key: &'k [u8; 32],
    /// Of a further try.
    pub(super) salt: u32,
    /// Days by which the patient's dates move.
    pub(super) days: i64,
}

/// How often another stand-in is tried where one equals the original.
const TRIES: u32 = 16;

/// As many characters as the value has; `fits` says whether a character can stand at that position.
pub(super) fn changed(
    leaf: &Leaf<'_>,
    delimiters: &Delimiters,
    keys: Keys<'_>,
    fits: &impl Fn(usize, char) -> bool,
) -> Vec<char> {
    let same = || leaf.raw.chars().collect::<Vec<_>>();
    let date = match (leaf.decided.action, leaf.decided.reason) {
        (Action::Kept, _) => return same(),
        (Action::Shifted, _) => Moment::of(leaf.raw).and_then(|moment| moment.moved(keys.days)),
        (Action::Replaced, Reason::Birth) => birth(leaf.raw, keys),
        (Action::Replaced, _) => None,
    };
    match date {
        Some(date) => date.chars().collect(),
        None => stand_in(leaf.raw, delimiters, keys, fits),
    }
}

/// Another day within two years, so that an age stays about what it was.
fn birth(raw: &str, keys: Keys<'_>) -> Option<String> {
    let moment = Moment::of(raw)?;
    let mut draw = Draw::new(keys.key, keys.salt, raw);
    let days = i64::from(draw.below(330)) + 370;
    moment.moved(if draw.below(2) == 0 { days } else { -days })
}

/// The same text gives the same stand-in, wherever it stands.
fn stand_in(
    raw: &str,
    delimiters: &Delimiters,
    keys: Keys<'_>,
    fits: &impl Fn(usize, char) -> bool,
) -> Vec<char> {
    let original: Vec<char> = raw.chars().collect();
    let flags = replaceable(raw, delimiters.escape);
    let one = |salt: u32| {
        let mut draw = Draw::new(keys.key, salt, raw);
        let each = original.iter().zip(&flags).enumerate().map(|(at, (old, replaceable))| {
            if !replaceable || !carries(*old) {
                return *old;
            }
            let hexadecimal =
                at > 0 && old.is_ascii_hexdigit() && in_hexadecimal(&original, at, delimiters.escape);
            let fits = |new: char| fits(at, new) && (!hexadecimal || new.is_ascii_hexdigit());
            character(*old, &mut draw, &fits).unwrap_or(*old)
        });
        each.collect::<Vec<char>>()
    };
    let tries = (0..TRIES).map(|salt| one(keys.salt * TRIES + salt));
    let mut last = original.clone();
    for new in tries {
        if new != original {
            return new;
        }
        last = new;
    }
    last
}

/// Whether the character stands in `\X..\`: the escape character and `X` before, hexadecimal digits between.
fn in_hexadecimal(characters: &[char], at: usize, escape: u8) -> bool {
    let before = characters.get(..at).unwrap_or_default();
    let digits = before.iter().rev().take_while(|c| c.is_ascii_hexdigit()).count();
    let front = before.get(..before.len() - digits).unwrap_or_default();
    matches!(front, [.., mark, 'X'] if *mark == char::from(escape))
}
