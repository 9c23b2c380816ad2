//! Looking for a few bytes, many at a time.
//!
//! Fields are short, so a search that starts anew for every field costs more than one walk that
//! takes a block, marks the bytes that matter and looks at those only.

use std::mem;

const LOW: u64 = 0x0101_0101_0101_0101;
const BLOCK: usize = 64;

/// The offsets of the bytes for which `wanted` holds, in order; quickest if that does not branch.
pub(crate) struct Marks<'a, F> {
    /// What lies behind the block that `bits` are about.
    behind: &'a [u8],
    /// Where the block behind starts.
    next: usize,
    bits: u64,
    wanted: F,
}

impl<'a, F: Fn(u8) -> bool> Marks<'a, F> {
    pub(crate) fn new(bytes: &'a [u8], wanted: F) -> Self {
        Self { behind: bytes, next: 0, bits: 0, wanted }
    }

    /// Takes the next block; `None` behind the last.
    #[inline]
    fn advance(&mut self) -> Option<()> {
        if self.behind.is_empty() {
            return None;
        }
        self.next += BLOCK;
        if let Some((block, behind)) = self.behind.split_first_chunk() {
            self.bits = marks(block, &self.wanted);
            self.behind = behind;
        } else {
            let rest = mem::take(&mut self.behind);
            let mut block = [0; BLOCK];
            block[..rest.len()].copy_from_slice(rest);
            self.bits = marks(&block, &self.wanted) & ((1 << rest.len()) - 1);
        }
        Some(())
    }
}

impl<F: Fn(u8) -> bool> Iterator for Marks<'_, F> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.bits == 0 {
            self.advance()?;
        }
        let at = self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some(self.next - BLOCK + at)
    }
}

/// Calls `found` for each control character and each byte equal to `needle`, in order.
#[inline]
pub(crate) fn each(bytes: &[u8], needle: u8, mut found: impl FnMut(usize, u8)) {
    let wanted = |byte: u8| byte == needle || byte < 0x20;
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let mut start = 0;
    for block in blocks {
        let mut marks = marks(block, wanted);
        while marks != 0 {
            let at = marks.trailing_zeros() as usize % BLOCK;
            found(start + at, block[at]);
            marks &= marks - 1;
        }
        start += BLOCK;
    }
    for (at, byte) in rest.iter().enumerate().filter(|(_, byte)| wanted(**byte)) {
        found(start + at, *byte);
    }
}

/// One bit for each byte, in order, set where `wanted` holds.
#[inline]
fn marks(block: &[u8; BLOCK], wanted: impl Fn(u8) -> bool) -> u64 {
    let mut marks = [0; BLOCK];
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
    bytes.chunks(BLOCK).any(|block| block.iter().fold(false, |any, byte| any | wanted(*byte)))
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
            let wanted = |b: u8| b == needle || !(0x20..0x80).contains(&b);
            let plain: Vec<_> = (0..bytes.len()).filter(|at| wanted(bytes[*at])).collect();
            prop_assert_eq!(Marks::new(&bytes, wanted).collect::<Vec<_>>(), plain);
            prop_assert_eq!(contains(&bytes, |b| b == needle), bytes.contains(&needle));
        }
    }
}
