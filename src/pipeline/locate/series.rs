//! One series and its sliding robust statistics.
//!
//! A ring keeps the newest [`HISTORY`] values; a second, sorted ring keeps those of them that are older than [`DELAY`]
//! samples, so that the first samples of an incident do not become what is usual. Taking a sample in moves at most
//! [`HISTORY`] numbers and allocates nothing. Memory: about 1.2 kB a series.

/// Values kept: two hours at one a minute, half a day at one in 5 minutes.
pub const HISTORY: usize = 128;
/// Samples before a value counts as usual: longer than the two or three that it takes to notice an incident.
pub const DELAY: usize = 4;

/// Median and spread of the usual values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usual {
    /// The median.
    pub median: f64,
    /// Robust standard deviation; 0 if more than half of the values are the same.
    pub spread: f64,
    /// How many values are behind it.
    pub count: usize,
}

/// The newest values of one series; `NaN` is a missing value.
#[derive(Clone, Debug)]
pub struct Series {
    ring: [f32; HISTORY],
    /// Values ever taken in.
    taken: usize,
    sorted: [f32; HISTORY],
    sorted_len: usize,
}

impl Default for Series {
    fn default() -> Self {
        Self { ring: [f32::NAN; HISTORY], taken: 0, sorted: [0.0; HISTORY], sorted_len: 0 }
    }
}

impl Series {
    /// Takes in the next value.
    pub fn push(&mut self, value: f64) {
        let value = if value.is_finite() { value as f32 } else { f32::NAN };
        if let Some(old) = self.back(HISTORY - 1) {
            self.forget(old);
        }
        self.ring[self.taken % HISTORY] = value;
        self.taken += 1;
        if let Some(ripe) = self.back(DELAY) {
            self.learn(ripe);
        }
    }

    /// The value `steps` before the newest; `None` if it is missing or forgotten.
    pub fn back(&self, steps: usize) -> Option<f32> {
        if steps >= HISTORY || steps >= self.taken {
            return None;
        }
        Some(self.ring[(self.taken - 1 - steps) % HISTORY]).filter(|value| value.is_finite())
    }

    /// Samples that are still known, missing values included.
    pub fn len(&self) -> usize {
        self.taken.min(HISTORY)
    }

    /// The sliding statistics: of all values known that are older than [`DELAY`] samples.
    pub fn usual(&self) -> Option<Usual> {
        usual(&self.sorted[..self.sorted_len])
    }

    /// The same of the values that are at least `steps` before the newest.
    pub fn usual_before(&self, steps: usize) -> Option<Usual> {
        let mut values = [0.0; HISTORY];
        let mut count = 0;
        for value in (steps..self.len()).filter_map(|back| self.back(back)) {
            values[count] = value;
            count += 1;
        }
        values[..count].sort_unstable_by(f32::total_cmp);
        usual(&values[..count])
    }

    fn learn(&mut self, value: f32) {
        let sorted = &mut self.sorted[..=self.sorted_len.min(HISTORY - 1)];
        let at = sorted[..self.sorted_len].partition_point(|known| *known < value);
        sorted.copy_within(at..self.sorted_len, at + 1);
        sorted[at] = value;
        self.sorted_len += 1;
    }

    fn forget(&mut self, value: f32) {
        let at = self.sorted[..self.sorted_len].partition_point(|known| *known < value);
        if at < self.sorted_len {
            self.sorted.copy_within(at + 1..self.sorted_len, at);
            self.sorted_len -= 1;
        }
    }
}

/// Half of the distance between the quartiles of a normal distribution, in standard deviations, times two.
const QUARTILES: f64 = 1.349;
/// The same for the outer tenths.
const TENTHS: f64 = 2.563;
/// A quarter of the usual values may be other incidents, so the tenths count for a share only.
const TAIL_SHARE: f64 = 0.5;

fn usual(sorted: &[f32]) -> Option<Usual> {
    let at = |p: f64| f64::from(sorted[((sorted.len() - 1) as f64 * p + 0.5) as usize]);
    if sorted.is_empty() {
        return None;
    }
    let quartiles = (at(0.75) - at(0.25)) / QUARTILES;
    let tenths = (at(0.9) - at(0.1)) / TENTHS;
    Some(Usual { median: at(0.5), spread: quartiles.max(TAIL_SHARE * tenths), count: sorted.len() })
}

#[cfg(test)]
mod tests {
    use super::{DELAY, HISTORY, Series};

    #[test]
    fn the_sliding_statistics_are_those_of_the_delayed_window() {
        let mut series = Series::default();
        for i in 0..5_000_u64 {
            let value = if i % 17 == 3 { f64::NAN } else { (i * 7_919 % 1_009) as f64 };
            series.push(value);
            assert_eq!(series.usual(), series.usual_before(DELAY), "after {i}");
        }
        assert_eq!(series.len(), HISTORY);
    }

    #[test]
    fn a_step_is_not_usual_at_once() {
        let mut series = Series::default();
        (0..50).for_each(|i| series.push(10.0 + f64::from(i % 3)));
        (0..DELAY).for_each(|_| series.push(100.0));
        let usual = series.usual().expect("there are values");
        assert!((usual.median - 11.0).abs() < 1.1 && usual.spread < 2.0, "{usual:?}");
    }
}
