//! Looking for a few bytes, many at a time.
//!
//! Fields are short, so a search that starts anew for every field costs more than one walk that
//! takes a block, marks the bytes that matter and looks at those only.

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Marks, by their top bits, control characters and bytes equal to that in `needles`.
///
/// Never misses one; a byte above one that is marked may be marked wrongly.
#[inline]
fn suspects(word: u64, needles: u64) -> u64 {
    let differs = word ^ needles;
    let controls = word.wrapping_sub(LOW * 0x20) & !word;
    let equals = differs.wrapping_sub(LOW) & !differs;
    (controls | equals) & HIGH
}

/// Calls `found` for each control character and each byte equal to `needle`, in order.
#[inline]
pub(crate) fn each(bytes: &[u8], needle: u8, mut found: impl FnMut(usize, u8)) {
    let wanted = |byte: u8| byte == needle || byte < 0x20;
    let (blocks, rest) = bytes.as_chunks::<64>();
    let mut start = 0;
    for block in blocks {
        let mut marks = marks(block, wanted);
        while marks != 0 {
            let at = marks.trailing_zeros() as usize % 64;
            found(start + at, block[at]);
            marks &= marks - 1;
        }
        start += 64;
    }
    for (at, byte) in rest.iter().enumerate().filter(|(_, byte)| wanted(**byte)) {
        found(start + at, *byte);
    }
}

/// One bit for each byte, in order, set where `wanted` holds.
#[inline]
fn marks(block: &[u8; 64], wanted: impl Fn(u8) -> bool) -> u64 {
    let mut marks = [0; 64];
    for (n, (mark, byte)) in marks.iter_mut().zip(block).enumerate() {
        *mark = if wanted(*byte) { 1 << (n % 8) } else { 0 };
    }
    // The product's top byte is the sum of all bytes: the eight bits, each in its place.
    let eights = marks.as_chunks::<8>().0.iter().rev();
    eights.fold(0, |all, eight| all << 8 | u64::from_le_bytes(*eight).wrapping_mul(LOW) >> 56)
}

/// Whether `wanted` holds for any byte; quick where it seldom does.
#[inline]
pub(crate) fn contains(bytes: &[u8], wanted: impl Fn(u8) -> bool) -> bool {
    bytes.chunks(64).any(|block| block.iter().fold(false, |any, byte| any | wanted(*byte)))
}

/// The first byte for which `wanted` holds, which it may only for control characters, `needle`,
/// and bytes above 0x7F.
#[inline]
pub(crate) fn first(bytes: &[u8], needle: u8, wanted: impl Fn(u8) -> bool) -> Option<usize> {
    let needles = LOW * u64::from(needle);
    let (words, rest) = bytes.as_chunks::<8>();
    let mut start = 0;
    for eight in words {
        let word = u64::from_le_bytes(*eight);
        let mut marks = suspects(word, needles) | (word & HIGH);
        while marks != 0 {
            let at = marks.trailing_zeros() as usize / 8;
            if wanted(eight[at]) {
                return Some(start + at);
            }
            marks &= marks - 1;
        }
        start += 8;
    }
    rest.iter().position(|byte| wanted(*byte)).map(|at| start + at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_what_a_plain_walk_finds(bytes in proptest::collection::vec(any::<u8>(), 0..200), needle in any::<u8>()) {
            let matters = |b: &u8| *b == needle || *b < 0x20;
            let mut found = Vec::new();
            each(&bytes, needle, |at, byte| found.push((at, byte)));
            let plain: Vec<_> = bytes.iter().copied().enumerate().filter(|(_, b)| matters(b)).collect();
            prop_assert_eq!(found, plain);
            let wanted = |b: u8| b == needle || b == 0x1B || b >= 0x80;
            prop_assert_eq!(first(&bytes, needle, wanted), bytes.iter().position(|b| wanted(*b)));
            prop_assert_eq!(contains(&bytes, |b| b == needle), bytes.contains(&needle));
        }
    }
}
