//! A hash of bytes that never changes: what is in a sample, and how many values an estimate tells, is the same for ever.

/// Odd numbers without a pattern in their bits: the fractional parts of square roots.
const MIX: [u64; 3] = [0x6a09_e667_f3bc_c909, 0xbb67_ae85_84ca_a73b, 0x3c6e_f372_fe94_f82b];

/// Sixteen bytes a step, each step a product of 128 bits folded to 64, as in wyhash. It is written out here because what is in
/// a sample must not change with a library's version.
pub(super) fn hash(seed: u64, bytes: &[u8]) -> u64 {
    let mut state = fold(seed ^ MIX[0], MIX[1]);
    let (pairs, rest) = bytes.as_chunks::<16>();
    let mut last = [0; 16];
    last[..rest.len()].copy_from_slice(rest);
    for pair in pairs.iter().chain([&last]) {
        let [low, high] = halves(pair);
        state = fold(low ^ MIX[2], high ^ state);
    }
    fold(state ^ bytes.len() as u64, MIX[1])
}

fn halves(pair: &[u8; 16]) -> [u64; 2] {
    let both = u128::from_le_bytes(*pair);
    [both as u64, (both >> 64) as u64]
}

fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each bit of the key turns about half of the bits of the hash.
    #[test]
    fn every_bit_matters() {
        for length in [1, 8, 15, 16, 17, 40] {
            let key = vec![0x5a; length];
            for bit in 0..8 * length {
                let mut other = key.clone();
                other[bit / 8] ^= 1 << (bit % 8);
                let turned = (hash(0, &key) ^ hash(0, &other)).count_ones();
                assert!((10..=54).contains(&turned), "{length} {bit}: {turned}");
            }
        }
        assert_ne!(hash(0, b""), hash(0, b"\0"));
    }

    /// What is in a sample is so for ever.
    #[test]
    fn the_hash_does_not_change() {
        assert_eq!([hash(0, b""), hash(0, b"user 1"), hash(1, &[b'x'; 100])], PINNED);
    }

    const PINNED: [u64; 3] =
        [3_099_101_490_676_676_306, 15_449_305_053_692_108_472, 6_284_878_350_180_782_993];
}
