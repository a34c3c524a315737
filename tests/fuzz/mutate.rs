//! Damage to bytes.

use crate::dice::Dice;

/// What breaks parsers: ends of numbers, of texts and of structures.
const PIECES: [&[u8]; 20] = [
    b"\0",
    b"\x01",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\xff\xff\xff\xff",
    b"\xc0\x80",
    b"\"",
    b"\\",
    b"{",
    b"]",
    b",",
    b"-1",
    b"0",
    b"18446744073709551615",
    b"1e400",
    b"null",
    b"\n",
    b"=",
];

/// Damages bytes in one place or some.
pub(crate) fn damage(dice: &mut Dice, bytes: &mut Vec<u8>) {
    for _ in 0..=dice.below(3) {
        let place = dice.below(bytes.len() + 1);
        let piece = PIECES[dice.below(PIECES.len())];
        match dice.below(7) {
            0 => bytes.truncate(place),
            1 if place < bytes.len() => drop(bytes.remove(place)),
            2 | 3 if place < bytes.len() => bytes[place] ^= 1 << dice.below(8),
            4 => {
                let end = (place + piece.len()).min(bytes.len());
                bytes.splice(place..end, piece.iter().copied());
            }
            5 => {
                // Something from elsewhere, twice.
                let end = (place + 1 + dice.below(40)).min(bytes.len());
                let copied = bytes[place..end].to_vec();
                let to = dice.below(bytes.len() + 1);
                bytes.splice(to..to, copied);
            }
            _ => drop(bytes.splice(place..place, piece.iter().copied())),
        }
    }
}
