//! Which partition a producer gives a key. Clients differ, and a journey must lie in one partition.

/// How producers choose the partition of a record with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Partitioner {
    /// Java's, and that of all clients which follow it: `murmur2_random` of librdkafka.
    Murmur2,
    /// The default of librdkafka and of what is built on it: `consistent_random`.
    Crc32,
    /// The default of Sarama, a client in Go.
    Fnv1a,
}

impl Partitioner {
    /// All of them, the one that most producers have first.
    pub(super) const ALL: [Partitioner; 3] = [Partitioner::Murmur2, Partitioner::Crc32, Partitioner::Fnv1a];

    /// The word for machines.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Partitioner::Murmur2 => "murmur2",
            Partitioner::Crc32 => "crc32",
            Partitioner::Fnv1a => "fnv1a",
        }
    }

    /// The words for people.
    pub(super) const fn described(self) -> &'static str {
        match self {
            Partitioner::Murmur2 => "murmur2 (Java's)",
            Partitioner::Crc32 => "CRC-32 (librdkafka's default)",
            Partitioner::Fnv1a => "FNV-1a (Sarama's default)",
        }
    }

    /// The partition that a key has in a topic of so many; `None` in one of none.
    pub(super) fn partition(self, key: &[u8], partitions: u32) -> Option<u32> {
        match self {
            Partitioner::Murmur2 => (murmur2(key) & 0x7fff_ffff).checked_rem(partitions),
            Partitioner::Crc32 => crc32fast::hash(key).checked_rem(partitions),
            // Sarama takes the remainder of a signed number and drops its sign.
            Partitioner::Fnv1a => fnv1a(key).cast_signed().unsigned_abs().checked_rem(partitions),
        }
    }
}

/// Austin Appleby's MurmurHash2 of 32 bits, with the seed of Kafka's Java client.
fn murmur2(key: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    const SEED: u32 = 0x9747_b28c;
    // Longer keys than 4 GiB do not exist; the hash takes the length's lower half.
    #[expect(clippy::cast_possible_truncation, reason = "the algorithm cuts the length to 32 bits")]
    let mut hash = SEED ^ key.len() as u32;
    let (chunks, rest) = key.as_chunks::<4>();
    for chunk in chunks {
        let mut word = u32::from_le_bytes(*chunk).wrapping_mul(M);
        word ^= word >> 24;
        hash = hash.wrapping_mul(M) ^ word.wrapping_mul(M);
    }
    if !rest.is_empty() {
        let word = rest.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
        hash = (hash ^ word).wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    hash ^ (hash >> 15)
}

/// FNV-1a of 32 bits.
fn fnv1a(key: &[u8]) -> u32 {
    key.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values that Kafka's own test of its Java client expects.
    #[test]
    fn murmur2_is_that_of_java() {
        for (key, expected) in [
            ("21", -973_932_308),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ] {
            assert_eq!(murmur2(key.as_bytes()).cast_signed(), expected, "{key}");
        }
    }

    /// The check values of both algorithms' own descriptions.
    #[test]
    fn the_others_are_what_they_are_called() {
        assert_eq!(crc32fast::hash(b"123456789"), 0xcbf4_3926);
        assert_eq!((fnv1a(b""), fnv1a(b"a"), fnv1a(b"foobar")), (0x811c_9dc5, 0xe40c_292c, 0xbf9c_f968));
    }

    #[test]
    fn partitions_are_within_the_topic() {
        for partitioner in Partitioner::ALL {
            let of = |key: u32, partitions| partitioner.partition(&key.to_le_bytes(), partitions);
            let mut seen: Vec<u32> = (0..1_000).filter_map(|key| of(key, 7)).collect();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6]);
            assert_eq!(of(1, 0), None);
        }
    }
}
