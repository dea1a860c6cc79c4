//! The only door to transcendental functions.
//!
//! `std`'s `ln`, `exp`, `powf` and friends differ by an ulp between native and wasm builds, and one ulp in an
//! inter-arrival time is another run. `libm` gives the same bits everywhere; clippy bans the rest.

/// Natural logarithm.
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// Entries of the table of logarithms: one for each 1/256 of an octave's width.
const LOGS: usize = 256;
/// For each part of [1, 2): the reciprocal of its middle, and the logarithm of the middle.
static LOG_TABLE: [(f64, f64); LOGS] = log_table();

const fn log_table() -> [(f64, f64); LOGS] {
    let mut table = [(1.0, 0.0); LOGS];
    let mut i = 0;
    while i < LOGS {
        let reciprocal = LOGS as f64 / (LOGS as f64 + i as f64 + 0.5);
        table[i] = (reciprocal, -ln_by_series(reciprocal));
        i += 1;
    }
    table
}

/// ln x = 2 atanh((x - 1) / (x + 1)); for x in [1/2, 1] the 22 terms leave less than a rounding.
const fn ln_by_series(x: f64) -> f64 {
    let z = (x - 1.0) / (x + 1.0);
    let (mut sum, mut k) = (0.0, 22);
    while k > 0 {
        k -= 1;
        sum = sum * z * z + 1.0 / (2 * k + 1) as f64;
    }
    2.0 * z * sum
}

/// Natural logarithm of a positive normal number, in a third of the instructions of [`ln`]: a table and a polynomial of
/// the fifth degree (Tang, ACM TOMS 16, 1990). Absolute error below 1e-15 for x in [1e-20, 2]; the same bits everywhere.
#[inline]
pub fn ln_quick(x: f64) -> f64 {
    /// Bits of a fraction, and those of them that do not choose the table's entry.
    const FRACTION: u32 = 52;
    const REST: u32 = FRACTION - LOGS.trailing_zeros();
    let bits = x.to_bits();
    let exponent = (bits >> FRACTION) as i64 - 1_023;
    let (reciprocal, middle) = LOG_TABLE[(bits >> REST) as usize % LOGS];
    let mantissa = f64::from_bits(bits & ((1 << FRACTION) - 1) | 1_023 << FRACTION);
    let r = mantissa * reciprocal - 1.0;
    let tail = r * r * (r * (r * (r * 0.2 - 0.25) + 1.0 / 3.0) - 0.5);
    exponent as f64 * std::f64::consts::LN_2 + (middle + (r + tail))
}

/// e to the power of x.
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// Sine of an angle in radians.
pub fn sin(x: f64) -> f64 {
    libm::sin(x)
}

/// x to the power of y.
pub fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

/// Probability that a standard normal variable is below `z`.
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

/// Quantile of the standard normal distribution at `p` in (0, 1), by Wichura's algorithm AS 241 in its shorter form
/// (PPND7, Applied Statistics 37, 1988): absolute error below 1e-7.
pub fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        let num = ((59.109_374_720 * r + 159.291_132_02) * r + 50.434_271_938) * r + 3.387_132_717_9;
        let den = ((67.187_563_600 * r + 78.757_757_664) * r + 17.895_169_469) * r + 1.0;
        return q * num / den;
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = libm::sqrt(-ln(tail));
    let value = if r <= 5.0 {
        let r = r - 1.6;
        let num = ((0.170_238_210_3 * r + 1.306_728_481_6) * r + 2.756_815_390_0) * r + 1.423_437_277_7;
        let den = (0.120_211_329_75 * r + 0.737_001_642_50) * r + 1.0;
        num / den
    } else {
        let r = r - 5.0;
        let num = ((0.017_337_203_997 * r + 0.428_682_943_37) * r + 3.081_226_386_0) * r + 6.657_905_115_0;
        let den = (0.012_258_202_635 * r + 0.241_978_942_25) * r + 1.0;
        num / den
    };
    if q < 0.0 { -value } else { value }
}

#[cfg(test)]
mod tests {
    use super::{ln, ln_quick, normal_cdf, normal_quantile};

    #[test]
    fn the_quick_logarithm_is_the_logarithm() {
        for i in 1..200_000_u64 {
            // Evenly spread, in no order (multiples of the golden section).
            let spread = (i as f64 * 0.618_033_988_749_894_9).fract();
            for x in [spread, spread * 1e-12, 1.0 + i as f64 / 2e5] {
                assert!((ln_quick(x) - ln(x)).abs() < 1e-14, "{x}: {} {}", ln_quick(x), ln(x));
            }
        }
        assert!(ln_quick(1.0).abs() < 1e-16);
    }

    #[test]
    fn the_normal_distribution_undoes_its_quantile() {
        for p in [0.001, 0.05, 0.5, 0.8, 0.999] {
            assert!((normal_cdf(normal_quantile(p)) - p).abs() < 1e-6, "{p}");
        }
    }

    #[test]
    fn normal_quantiles_match_the_tables() {
        for (p, z) in [(0.5, 0.0), (0.975, 1.959_963_985), (0.01, -2.326_347_874), (0.999_999, 4.753_424_309)] {
            assert!((normal_quantile(p) - z).abs() < 1e-5, "{p}: {}", normal_quantile(p));
        }
    }
}
