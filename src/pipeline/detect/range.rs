//! The range of values seen, and the detector of values outside it.
//!
//! A value beyond all that were seen is the plainest evidence there is. How far beyond, as a share of the range, is the
//! score; where the range is known beforehand (a ratio, a limit), so is how near the value comes to its end.

/// Least and greatest value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The least value.
    pub low: f64,
    /// The greatest value.
    pub high: f64,
}

impl Range {
    /// The range that also holds `x`.
    pub(super) fn with(self, x: f64) -> Self {
        Self { low: self.low.min(x), high: self.high.max(x) }
    }
    /// How wide it is, in the values' unit.
    pub(super) fn width(self) -> f64 {
        self.high - self.low
    }
    /// Which of `bins` equal parts holds `x`; values outside are in the first or last.
    pub(super) fn bin(self, x: f64, bins: usize) -> usize {
        if self.width() <= 0.0 {
            return 0;
        }
        // A float becomes an integer by saturation: below the range is bin 0.
        (((x - self.low) / self.width() * bins as f64) as usize).min(bins - 1)
    }
    /// How far `x` lies outside, in widths; 0 inside.
    pub(super) fn beyond(self, x: f64) -> f64 {
        let out = (x - self.high).max(self.low - x).max(0.0);
        if out > 0.0 { out / self.width().max(f64::MIN_POSITIVE) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::Range;

    #[test]
    fn values_outside_are_told_by_how_far() {
        let range = Range { low: 10.0, high: 20.0 };
        assert_eq!([5.0, 15.0, 22.0].map(|x| range.beyond(x)), [0.5, 0.0, 0.2]);
        assert_eq!([5.0, 10.0, 19.9, 20.0, 99.0].map(|x| range.bin(x, 5)), [0, 0, 4, 4, 4]);
        assert_eq!(range.with(25.0).width(), 15.0);
    }
}
