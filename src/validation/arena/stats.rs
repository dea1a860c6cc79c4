//! Means and their intervals: percentile bootstrap over episodes, with draws that are always the same.

use crate::rng::{self, Stream};

/// Resamples of a bootstrap: the 2.5 % ends then move by less than a tenth of the interval.
const RESAMPLES: usize = 2_000;

/// A mean and the ends of its 95 % interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The mean; 0 of nothing.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The mean of `values` with its interval; `None` of fewer than two.
pub fn estimate(values: &[f64]) -> Option<Estimate> {
    ratio_of(values, None)
}

/// The relative difference of two paired means, `a / b - 1`; `None` of fewer than two or if `b` is nothing.
pub fn relative(a: &[f64], b: &[f64]) -> Option<Estimate> {
    ratio_of(a, Some(b)).filter(|_| mean(b) > 0.0)
}

fn ratio_of(a: &[f64], b: Option<&[f64]>) -> Option<Estimate> {
    let n = a.len();
    if n < 2 {
        return None;
    }
    let mut stream = Stream::new(n as u64, rng::label("bootstrap"));
    let value = |sum_a: f64, sum_b: f64| if b.is_some() { sum_a / sum_b.max(f64::MIN_POSITIVE) - 1.0 } else { sum_a / n as f64 };
    let mut resampled: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let (mut sum_a, mut sum_b) = (0.0, 0.0);
            for _ in 0..n {
                let at = rng::below(stream.next_key(), n as u32) as usize;
                sum_a += a[at];
                sum_b += b.map_or(0.0, |b| b[at]);
            }
            value(sum_a, sum_b)
        })
        .collect();
    resampled.sort_by(f64::total_cmp);
    let at = |share: f64| resampled[((RESAMPLES - 1) as f64 * share).round() as usize];
    Some(Estimate { mean: value(a.iter().sum(), b.map_or(0.0, |b| b.iter().sum())), low: at(0.025), high: at(0.975) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_mean_is_about_two_standard_errors_wide() {
        let mut stream = Stream::new(3, rng::label("test"));
        let values: Vec<f64> = (0..400).map(|_| rng::uniform(stream.next_key())).collect();
        let found = estimate(&values).expect("enough");
        let error = (1.0_f64 / 12.0 / 400.0).sqrt();
        assert!((found.mean - 0.5).abs() < 3.0 * error);
        assert!(((found.high - found.low) / (2.0 * 1.96 * error) - 1.0).abs() < 0.15, "{found:?}");
    }

    #[test]
    fn a_paired_relative_difference_knows_its_pairs() {
        let b: Vec<f64> = (1..50).map(f64::from).collect();
        let a: Vec<f64> = b.iter().map(|b| 0.7 * b).collect();
        let found = relative(&a, &b).expect("enough");
        assert!((found.mean + 0.3).abs() < 1e-9 && (found.high - found.low) < 1e-9, "{found:?}");
        assert_eq!(relative(&a, &vec![0.0; a.len()]), None);
    }
}
