//! From a time series to pixel columns: per column the smallest and the largest value, so that no spike is lost
//! and a chart costs as many points as it has pixels, however long the series is.
//!
//! Columns are anchored to absolute time, not to the window: a moving window then shows the same columns one
//! further to the left, instead of dealing the samples out anew at each frame (which flickers).

/// Numbers per column in the companion array: time in s, min, max.
pub const COLUMN_LEN: usize = 3;

/// The column that is being filled.
struct Column {
    index: usize,
    first_s: f64,
    last_s: f64,
    min: f64,
    max: f64,
}

impl Column {
    fn new(index: usize, time_s: f64, value: f64) -> Self {
        Self { index, first_s: time_s, last_s: time_s, min: value, max: value }
    }
    fn add(&mut self, time_s: f64, value: f64) {
        self.last_s = self.last_s.max(time_s);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }
    /// A column with one sample keeps that sample's exact time.
    fn push_to(&self, out: &mut Vec<f64>) {
        out.extend([(self.first_s + self.last_s) / 2.0, self.min, self.max]);
    }
}

/// Pushes three numbers (time in s, min, max) for each of at most `columns` pixel columns that has samples within
/// `window_s` (both ends included), in time order, and returns how many columns these are.
///
/// The series must be in time order; a sample that is not joins the column before it. Samples that are not finite are
/// left out. Without columns, or with an empty window, nothing is pushed.
pub fn min_max_columns(
    series: impl Iterator<Item = (f64, f64)>,
    window_s: (f64, f64),
    columns: usize,
    out: &mut Vec<f64>,
) -> usize {
    let (from_s, to_s) = window_s;
    if columns == 0 || !(to_s - from_s).is_finite() || to_s <= from_s {
        return 0;
    }
    let mut pushed = 0;
    let mut open: Option<Column> = None;
    for (time_s, value) in series.filter(|&(time_s, value)| (from_s..=to_s).contains(&time_s) && value.is_finite()) {
        let index = column_of(time_s, window_s, columns);
        match &mut open {
            Some(column) if index <= column.index => column.add(time_s, value),
            _ => {
                if let Some(done) = open.replace(Column::new(index, time_s, value)) {
                    done.push_to(out);
                    pushed += 1;
                }
            }
        }
    }
    if let Some(last) = open {
        last.push_to(out);
        pushed += 1;
    }
    pushed
}

/// A window cut at absolute multiples of a column's width touches one column more than its length holds: hence
/// `columns - 1` widths, and the clamp against rounding.
fn column_of(time_s: f64, (from_s, to_s): (f64, f64), columns: usize) -> usize {
    if columns == 1 {
        return 0;
    }
    let width_s = (to_s - from_s) / (columns - 1) as f64;
    let index = (time_s / width_s).floor() - (from_s / width_s).floor();
    (index.max(0.0) as usize).min(columns - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn columns_of(samples: &[(f64, f64)], window_s: (f64, f64), columns: usize) -> Vec<[f64; 3]> {
        let mut out = Vec::new();
        let count = min_max_columns(samples.iter().copied(), window_s, columns, &mut out);
        assert_eq!(out.len(), count * COLUMN_LEN);
        out.chunks(COLUMN_LEN).map(|c| [c[0], c[1], c[2]]).collect()
    }

    proptest! {
        #[test]
        fn every_extreme_survives_in_at_most_the_given_columns(
            values in proptest::collection::vec(-1e6f64..1e6, 1..400),
            start_s in 0.0f64..10_000.0,
            step_s in 0.001f64..3.0,
            columns in 1usize..200,
        ) {
            let samples: Vec<_> = values.iter().enumerate().map(|(i, &v)| (start_s + i as f64 * step_s, v)).collect();
            let end_s = samples[samples.len() - 1].0 + step_s;
            let drawn = columns_of(&samples, (start_s, end_s), columns);
            prop_assert!(drawn.len() <= columns);
            let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
            let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            prop_assert!(drawn.iter().any(|c| c[1] == lowest) && drawn.iter().any(|c| c[2] == highest));
            for &(time_s, value) in &samples {
                let nearest = drawn.iter().min_by(|a, b| (a[0] - time_s).abs().total_cmp(&(b[0] - time_s).abs()));
                let width_s = (end_s - start_s) / columns as f64;
                let near = |c: &&[f64; 3]| (c[0] - time_s).abs() <= 2.0 * width_s;
                prop_assert!(drawn.iter().filter(near).any(|c| c[1] <= value && value <= c[2]), "{nearest:?}");
            }
            prop_assert!(drawn.windows(2).all(|pair| pair[0][0] < pair[1][0]), "in time order");
        }
    }

    #[test]
    fn few_samples_keep_their_exact_times() {
        let drawn = columns_of(&[(1.0, 5.0), (2.0, 7.0), (3.0, 6.0)], (0.0, 10.0), 600);
        assert_eq!(drawn, [[1.0, 5.0, 5.0], [2.0, 7.0, 7.0], [3.0, 6.0, 6.0]]);
    }

    #[test]
    fn samples_outside_the_window_and_not_finite_ones_are_left_out() {
        let samples = [(-1.0, 9.0), (0.5, f64::NAN), (1.0, 1.0), (2.0, f64::INFINITY), (11.0, 9.0)];
        assert_eq!(columns_of(&samples, (0.0, 10.0), 100), [[1.0, 1.0, 1.0]]);
    }

    #[test]
    fn nothing_comes_of_no_columns_or_an_empty_window() {
        assert!(columns_of(&[(1.0, 1.0)], (0.0, 10.0), 0).is_empty());
        assert!(columns_of(&[(1.0, 1.0)], (1.0, 1.0), 10).is_empty());
        assert!(columns_of(&[(1.0, 1.0)], (0.0, f64::NAN), 10).is_empty());
    }

    #[test]
    fn a_moving_window_keeps_its_columns() {
        let samples: Vec<_> = (0..4_000).map(|i| (f64::from(i) / 10.0, f64::from((i * 7_919) % 1_000))).collect();
        let (before, after) = (columns_of(&samples, (100.0, 200.0), 51), columns_of(&samples, (110.0, 210.0), 51));
        let inner = |drawn: &[[f64; 3]]| drawn.iter().filter(|c| (120.0..190.0).contains(&c[0])).copied().collect::<Vec<_>>();
        assert_eq!(inner(&before), inner(&after));
    }
}
