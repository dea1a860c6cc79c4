//! The floor: the rule that the first version of this project used.
//!
//! Alarm when a value is above mean + 3 standard deviations of the first part of the series, or is the third of three that
//! rise. A run of such samples is one alarm, at its first.

/// Share of the series, and most samples, that the threshold is taken from: what the benchmark leaves unscored.
const FIRST: (f64, usize) = (0.15, 750);

/// 1 where the rule alarms, 0 elsewhere.
pub fn scores(values: &[f64]) -> Vec<f64> {
    let first = ((values.len() as f64 * FIRST.0) as usize).min(FIRST.1).max(1).min(values.len());
    let n = first.max(1) as f64;
    let mean = values[..first].iter().sum::<f64>() / n;
    let variance = values[..first].iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
    let threshold = mean + 3.0 * variance.sqrt();
    let rises = |i: usize| i >= 2 && values[i] > values[i - 1] && values[i - 1] > values[i - 2];
    let holds = |i: usize| values[i] > threshold || rises(i);
    (0..values.len()).map(|i| f64::from(u8::from(holds(i) && !(i > 0 && holds(i - 1))))).collect()
}

#[test]
fn high_values_and_three_rising_ones_alarm() {
    let mut values = vec![0.0; 50];
    values[20] = 5.0;
    values.extend([1.0, 2.0, 1.0, 1.0]);
    values[30] = -1.0;
    let alarms: Vec<usize> = scores(&values).iter().enumerate().filter(|(_, s)| **s > 0.5).map(|(i, _)| i).collect();
    assert_eq!(alarms, [20, 50]);
}
