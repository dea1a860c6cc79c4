//! Finding a period: the shortest lag at which a series is like itself again.
//!
//! Autocorrelation without the straight line that runs through the series. O(n squared); called at doublings, so that it costs
//! less and less a sample.

/// Shortest period told from noise, in samples.
const SHORTEST: usize = 4;
/// Periods that must have been seen.
const SEEN: usize = 4;
/// Autocorrelation of a period worth the name: 2 / sqrt(64), the 95 % bound for noise where the least is seen, and some.
const LEAST: f64 = 0.3;
/// A shorter lag is preferred to a better one if it is nearly as good: multiples of a period are as good as it.
const NEARLY: f64 = 0.9;

/// The period of `values`, if they have one.
pub(super) fn find(values: &[f64]) -> Option<usize> {
    let longest = values.len() / SEEN;
    if longest <= SHORTEST {
        return None;
    }
    let rest = without_line(values);
    let product = |lag: usize| rest.iter().zip(&rest[lag..]).map(|(a, b)| a * b).sum::<f64>() / (rest.len() - lag) as f64;
    let whole = product(0);
    if whole <= 1e-12 {
        return None;
    }
    let likeness: Vec<f64> = (0..=longest + 1).map(|lag| product(lag) / whole).collect();
    let is_peak = |lag: &usize| likeness[*lag] > likeness[lag - 1] && likeness[*lag] >= likeness[lag + 1];
    let peaks: Vec<usize> = (SHORTEST..=longest).filter(is_peak).collect();
    let best = peaks.iter().map(|lag| likeness[*lag]).fold(0.0, f64::max);
    peaks.into_iter().find(|lag| best >= LEAST && likeness[*lag] >= NEARLY * best)
}

/// What is left when the least-squares line is taken away, in units that do not overflow.
fn without_line(values: &[f64]) -> Vec<f64> {
    let n = values.len() as f64;
    let scale = values.iter().fold(0.0_f64, |most, v| most.max(v.abs())).max(f64::MIN_POSITIVE);
    let mean = values.iter().map(|v| v / scale).sum::<f64>() / n;
    let middle = (n - 1.0) / 2.0;
    let along = |i: usize| i as f64 - middle;
    let sum: f64 = values.iter().enumerate().map(|(i, v)| along(i) * (v / scale - mean)).sum();
    let slope = sum / (n * (n * n - 1.0) / 12.0);
    values.iter().enumerate().map(|(i, v)| v / scale - mean - slope * along(i)).collect()
}

#[cfg(test)]
mod tests {
    use super::find;
    use crate::math;

    #[test]
    fn waves_on_a_slope_have_their_period_and_noise_has_none() {
        let wave = |t: usize| math::sin(std::f64::consts::TAU * t as f64 / 24.0) + 0.01 * t as f64;
        assert_eq!(find(&(0..256).map(wave).collect::<Vec<_>>()), Some(24));
        let pulse = |t: usize| if t % 30 < 3 { 1.0 } else { 0.0 };
        assert_eq!(find(&(0..256).map(pulse).collect::<Vec<_>>()), Some(30));
        let mut state = 1_u64;
        let mut noise = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64
        };
        assert_eq!(find(&(0..256).map(|_| noise()).collect::<Vec<_>>()), None);
        assert_eq!(find(&[1.0; 256]), None);
        assert_eq!(find(&[1.0; 7]), None);
    }
}
