//! Randomness: labelled and keyed, never dependent on the order of draws.
//!
//! Each number is a pure function of (seed, what it is for): a request's CPU demand is keyed by the request's number,
//! its path through the call tree, the attempt and the purpose. So a run with the healer on and one with it off see
//! the same arrivals and demands, and their difference is a paired comparison (common random numbers).

use crate::math;

/// The 64-bit finaliser of `SplitMix64` (Steele, Lea, Flood 2014): a bijection with full avalanche.
pub const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Combines a key with one more part. Not commutative.
pub const fn fold(key: u64, part: u64) -> u64 {
    mix(key.rotate_left(5) ^ part.wrapping_add(0x9e37_79b9_7f4a_7c15))
}

/// A label's hash (FNV-1a, 64 bits): names, not indices, so that adding a service does not reshuffle the others.
pub const fn label(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0100_0000_01b3);
        i += 1;
    }
    hash
}

/// A key to uniform (0, 1): 53 random bits, never exactly 0 or 1.
pub fn uniform(key: u64) -> f64 {
    ((mix(key) >> 11) as i64 as f64 + 0.5) / 9_007_199_254_740_992.0
}

/// True with probability `p`.
pub fn chance(key: u64, p: f64) -> bool {
    uniform(key) < p
}

/// Exponential with mean 1.
pub fn exponential(key: u64) -> f64 {
    -math::ln_quick(uniform(key))
}

/// Lognormal with mean 1 and shape `sigma` (standard deviation of the logarithm).
pub fn lognormal(key: u64, sigma: f64) -> f64 {
    if sigma == 0.0 {
        return 1.0;
    }
    math::exp(sigma * math::normal_quantile(uniform(key)) - 0.5 * sigma * sigma)
}

/// Integer in `0..n`; 0 if `n` is 0. Bias below n / 2^32.
pub fn below(key: u64, n: u32) -> u32 {
    (((mix(key) >> 32) * u64::from(n)) >> 32) as u32
}

/// A labelled sequence: the i-th draw is keyed by (seed, label, i).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    key: u64,
    drawn: u64,
}

impl Stream {
    /// The stream `name` of the run `seed`.
    pub const fn new(seed: u64, name: u64) -> Self {
        Self { key: fold(mix(seed), name), drawn: 0 }
    }
    /// A fresh key, for the functions above.
    pub const fn next_key(&mut self) -> u64 {
        self.drawn += 1;
        fold(self.key, self.drawn)
    }
    /// How many keys have been drawn.
    pub const fn drawn(&self) -> u64 {
        self.drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(sample: impl Fn(u64) -> f64) -> (f64, f64) {
        let mut stream = Stream::new(7, label("test"));
        let values: Vec<f64> = (0..100_000).map(|_| sample(stream.next_key())).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (mean, values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / values.len() as f64)
    }

    #[test]
    fn samplers_have_their_moments() {
        let (mean, variance) = moments(uniform);
        assert!((mean - 0.5).abs() < 0.005 && (variance - 1.0 / 12.0).abs() < 0.002);
        let (mean, variance) = moments(exponential);
        assert!((mean - 1.0).abs() < 0.015 && (variance - 1.0).abs() < 0.05);
        let (mean, variance) = moments(|key| lognormal(key, 0.5));
        assert!((mean - 1.0).abs() < 0.01 && (variance - 0.284).abs() < 0.02, "{mean} {variance}");
    }

    #[test]
    fn streams_with_different_labels_differ_and_equal_ones_repeat() {
        let draw = |seed, name| Stream::new(seed, label(name)).next_key();
        assert_eq!(draw(1, "a"), draw(1, "a"));
        assert_ne!(draw(1, "a"), draw(1, "b"));
        assert_ne!(draw(1, "a"), draw(2, "a"));
    }
}
