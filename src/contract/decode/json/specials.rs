//! Where the bytes lie that a JSON string cannot have as they are: quotes, backslashes and control characters.

use wide::u8x16;

/// So many bytes are looked at together, each a bit of a word.
const BLOCK: usize = u64::BITS as usize;

/// The special bytes of one block of a text, which is asked from its front to its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Specials {
    /// Where the block begins; before it is known, nowhere.
    start: usize,
    /// A bit for each special byte of the block, the first one lowest.
    bits: u64,
}

impl Default for Specials {
    fn default() -> Specials {
        Specials { start: usize::MAX, bits: 0 }
    }
}

impl Specials {
    /// The place of the next special byte of a text at or after this one; where there is none, one beyond its end.
    #[inline]
    pub(super) fn next(&mut self, text: &[u8], mut at: usize) -> usize {
        loop {
            let (start, place) = (at & !(BLOCK - 1), at & (BLOCK - 1));
            if start != self.start {
                *self = Specials { start, bits: bits_from(text, start) };
            }
            let bits = self.bits >> place;
            if bits != 0 {
                return at + bits.trailing_zeros() as usize;
            }
            at = start + BLOCK;
        }
    }
}

/// The special bytes of the block that begins there. All beyond the end of the text count as special.
// Not inlined, so that looking for the next in a block that is known takes no room for what this needs.
#[inline(never)]
fn bits_from(text: &[u8], start: usize) -> u64 {
    let rest = text.get(start..).unwrap_or_default();
    if let Some(block) = rest.first_chunk() {
        return bits(block);
    }
    if rest.is_empty() {
        return u64::MAX;
    }
    let within = |bits: u64| bits | u64::MAX << rest.len();
    if let Some(last) = text.last_chunk() {
        // No copy is needed where others lie before it.
        return within(bits(last) >> (BLOCK - rest.len()));
    }
    let mut block = [0; BLOCK];
    block.iter_mut().zip(rest).for_each(|(byte, of)| *byte = *of);
    within(bits(&block))
}

/// Sixteen bytes at a time.
fn bits(block: &[u8; BLOCK]) -> u64 {
    let (chunks, _) = block.as_chunks::<16>();
    chunks.iter().rev().fold(0, |bits, chunk| {
        let bytes = u8x16::new(*chunk);
        let is = |byte: u8| bytes.simd_eq(u8x16::splat(byte));
        let is_control = bytes.min(u8x16::splat(0x1F)).simd_eq(bytes);
        bits << 16 | u64::from((is(b'"') | is(b'\\') | is_control).to_bitmask())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Wherever one begins, the next special byte is the one that a look at each finds.
        #[test]
        fn the_next_special_byte_is_found(
            text in prop::collection::vec(prop_oneof![8 => any::<u8>(), 1 => prop::sample::select(&b"\"\\\x00\x1F\x20!#[]\x7F\x80\xFF"[..])], 0..200),
            starts in prop::collection::vec(0_usize..200, 1..20),
        ) {
            let mut specials = Specials::default();
            for start in starts {
                let start = start.min(text.len());
                let there = text[start..].iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1F));
                prop_assert_eq!(specials.next(&text, start), there.map_or(text.len(), |place| start + place));
            }
        }
    }
}
