//! How far a series has moved: a window against what was usual before it, in the manner of BARO (median and quartiles
//! instead of mean and standard deviation), with floors under the scale so that a constant series cannot shout.
//!
//! A shift is what was *sustained*: the largest median of three neighbouring values. A single spike is none; two samples
//! out of three are enough, since faults in samples of a minute often last no longer.

use super::series::{DELAY, HISTORY, Series, Usual};

/// Part of the history: from `start` to `end` samples before the newest, both counted; `start >= end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Samples from the newest back to the window's first.
    pub start: usize,
    /// Samples from the newest back to the window's last.
    pub end: usize,
}

/// A sustained shift.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shift {
    /// In robust standard deviations, floors included.
    pub score: f64,
    /// In the metric's unit.
    pub delta: f64,
    /// One robust standard deviation, floors included, in the metric's unit.
    pub noise: f64,
    /// What was usual.
    pub usual: f64,
    /// What it was in the window.
    pub value: f64,
}

impl Shift {
    /// The part of it that can be relied on: nearly all of a large one, little of one within the noise.
    pub fn sure(self) -> f64 {
        self.delta * self.score / (1.0 + self.score)
    }
}

/// With few values both ends of a shift are guesses: the scale is taken to be larger by this over their number.
const FEW: f64 = 4.0;

/// The scale that a distance from the median is measured in.
pub fn scale(usual: Usual, relative: f64, absolute: f64) -> f64 {
    let doubt = 1.0 + FEW / usual.count.max(1) as f64;
    (doubt * usual.spread.max(relative * usual.median.abs()).max(absolute)).max(f64::MIN_POSITIVE)
}

/// What was usual before the window: the sliding statistics if they serve (constant time), else sorted afresh.
pub fn usual(series: &Series, window: Window) -> Option<Usual> {
    if window.start < DELAY { series.usual() } else { series.usual_before(window.start + 1) }
}

/// The sustained shift in direction `sign` (1 up, -1 down); at least 0. `None` without values in or before the window.
pub fn sustained(series: &Series, window: Window, sign: f64, relative: f64, absolute: f64) -> Option<Shift> {
    let usual = usual(series, window)?;
    let value = level(series, window, sign)?;
    let delta = ((value - usual.median) * sign).max(0.0);
    let noise = scale(usual, relative, absolute);
    Some(Shift { score: delta / noise, delta, noise, usual: usual.median, value })
}

/// The level that the window held for two samples out of three; of one or two values the tamer.
pub fn level(series: &Series, window: Window, sign: f64) -> Option<f64> {
    let mut values = [0.0; HISTORY];
    let mut count = 0;
    for value in (window.end..=window.start.min(HISTORY - 1)).rev().filter_map(|back| series.back(back)) {
        values[count] = f64::from(value) * sign;
        count += 1;
    }
    let values = &values[..count];
    let best = match values {
        [] => return None,
        [one] => *one,
        [a, b] => a.min(*b),
        _ => values.windows(3).map(|three| median3(three[0], three[1], three[2])).fold(f64::NEG_INFINITY, f64::max),
    };
    Some(best * sign)
}

fn median3(a: f64, b: f64, c: f64) -> f64 {
    a.min(b).max(a.max(b).min(c))
}

/// Squeezes a score: 0 for 0, 0.7 for 1, 2.4 for 10, 4.6 for 100. A hundred deviations are not ten times the news of ten.
pub fn squeeze(score: f64) -> f64 {
    crate::math::ln(1.0 + score.max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[f64]) -> Series {
        let mut series = Series::default();
        values.iter().for_each(|value| series.push(*value));
        series
    }

    const LAST_FIVE: Window = Window { start: 4, end: 0 };

    #[test]
    fn one_spike_is_no_shift_and_two_of_three_are() {
        let calm = [10.0, 11.0, 9.0, 10.0, 10.0, 11.0, 9.0, 10.0];
        let with = |tail: [f64; 5]| sustained(&series(&[&calm[..], &tail[..]].concat()), LAST_FIVE, 1.0, 0.1, 0.0);
        assert!(with([10.0, 90.0, 10.0, 11.0, 10.0]).expect("values").score < 2.0);
        assert!(with([10.0, 90.0, f64::NAN, 80.0, 10.0]).expect("values").score > 20.0);
    }

    #[test]
    fn a_constant_series_is_measured_by_its_floor() {
        let shift = sustained(&series(&[5.0, 5.0, 5.0, 5.0, 6.0, 6.0, 6.0, 6.0, 6.0]), LAST_FIVE, 1.0, 0.1, 0.0).expect("values");
        // Four values: the floor of a tenth counts twice.
        assert!((shift.score - 1.0).abs() < 1e-9 && (shift.delta - 1.0).abs() < 1e-9, "{shift:?}");
    }

    #[test]
    fn falling_is_measured_downwards() {
        let shift = sustained(&series(&[99.0, 100.0, 100.0, 99.0, 90.0, 91.0, 90.0, 90.0, 90.0]), LAST_FIVE, -1.0, 0.01, 0.0);
        assert!(shift.expect("values").delta > 8.0);
    }
}
