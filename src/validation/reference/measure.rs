//! What a run found, and how sure it is.

use super::stats;
use serde::Serialize;

/// A measured value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// A mean, share or quantile over a run's batches, or a single reading.
    Number {
        /// The value.
        value: f64,
        /// Half the width of its 95 % confidence interval.
        half_width: Option<f64>,
    },
    /// Several in order.
    List(Vec<f64>),
    /// The same thing under several conditions: each must hold.
    Each(Vec<(String, f64)>),
}

impl Measured {
    /// A single reading.
    pub const fn number(value: f64) -> Self {
        Self::Number { value, half_width: None }
    }
    /// A mean of independent repetitions.
    pub(super) fn mean(values: &[f64]) -> Self {
        let (value, half_width) = stats::mean_interval(values);
        Self::Number { value, half_width }
    }
    /// A share: successes of independent trials.
    pub(super) fn share(successes: usize, trials: usize) -> Self {
        let value = successes as f64 / trials.max(1) as f64;
        let half_width = Some(1.96 * (value * (1.0 - value) / trials.max(1) as f64).sqrt());
        Self::Number { value, half_width }
    }
    /// All numbers in it.
    pub(super) fn numbers(&self) -> Vec<f64> {
        match self {
            Self::Number { value, .. } => vec![*value],
            Self::List(values) => values.clone(),
            Self::Each(cases) => cases.iter().map(|(_, value)| *value).collect(),
        }
    }
    /// Half the width of its interval.
    pub const fn half_width(&self) -> Option<f64> {
        if let Self::Number { half_width, .. } = self { *half_width } else { None }
    }
    /// In words.
    pub fn text(&self) -> String {
        match self {
            Self::Number { value, half_width: Some(half) } => format!("{} ±{}", short(*value), short(*half)),
            Self::Number { value, half_width: None } => short(*value),
            Self::List(values) => values.iter().map(|v| short(*v)).collect::<Vec<_>>().join("/"),
            Self::Each(cases) => cases.iter().map(|(name, v)| format!("{name} {}", short(*v))).collect::<Vec<_>>().join(", "),
        }
    }
}

/// Five significant digits without trailing zeros.
pub(in crate::validation) fn short(value: f64) -> String {
    let size = value.abs();
    if size > 0.0 && size < 1e-4 {
        return format!("{value:.2e}");
    }
    let decimals = [1.0, 10.0, 100.0, 1_000.0, 10_000.0].iter().filter(|edge| size < **edge).count();
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_with_five_digits() {
        for (value, text) in [(0.0, "0"), (20.0, "20"), (0.711_111, "0.71111"), (1_448.26, "1448.3"), (4.26e-7, "4.26e-7")] {
            assert_eq!(short(value), text);
        }
    }

    #[test]
    fn a_share_of_trials_has_an_interval() {
        let Measured::Number { value, half_width: Some(half) } = Measured::share(73, 100) else { panic!("no interval") };
        assert!((value - 0.73).abs() < 1e-12 && (half - 0.087).abs() < 1e-3);
    }
}
