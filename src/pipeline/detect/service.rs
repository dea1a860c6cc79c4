//! Several metrics of one service: which sample breaks the ways in which they usually move together?
//!
//! A sample and the one three before it, standardised, are one vector; its main directions are followed ([`LowRank`]), and the
//! score is the length of what they leave, smoothed a little. Where the main directions end and noise begins differs from
//! service to service, so there is no sharp rank: the leading fifth is taken out, the next sixth less and less. What remains
//! of each metric says which of them broke step.
//!
//! Bounds: [`METRICS_MAX`] metrics; 16 n^2 + 52 n (n metrics, some 0.3 kB a metric for 19) bytes and O(n^2) a sample.

use super::lowrank::LowRank;

/// Metrics of a service at most.
pub const METRICS_MAX: usize = 64;
/// Metrics told with a score.
pub const TOP: usize = 3;
/// Samples between the two of a vector: a course, not only a state.
const LAG: usize = 3;
/// Least weight of a sample: a memory of 5,000.
const RATE: f64 = 2e-4;
/// Samples before anything is told: standard deviations, then directions, have to form.
const SETTLED: u32 = 150;
/// Standard deviations of a value that the score and the learning count at most.
const CLIP: f64 = 8.0;
const LEARN_CLIP: f64 = 12.0;
/// Samples before learning is clipped.
const CLIPPING: u32 = 50;
/// Least standard deviation, as a share of the range seen: what metrics round.
const FLOOR: f64 = 0.01;
/// Shares of the vector's length up to which directions count fully as usual, and from which on not at all.
const USUAL: (f64, f64) = (0.2, 0.37);
/// What a coordinate along a direction between the two counts at most: a vector holds every metric twice.
const BETWEEN: f32 = 0.5;
/// Weight of a sample in the smoothed score.
const SMOOTH: f64 = 0.3;
/// Residual per square root of the metrics at which the score is one half.
const HALF: f64 = 1.0;

/// A metric's place and what it adds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Contribution {
    /// Its column.
    pub metric: usize,
    /// Standard deviations by which it is off what the others make usual, signed.
    pub off: f64,
}

/// What a sample of all metrics says.
#[derive(Clone, Copy, Debug)]
pub struct ServiceReading {
    /// 0 (as usual) to 1.
    pub score: f64,
    /// Smoothed residual in standard deviations per square root of the metrics.
    pub residual: f64,
    /// The metrics that add most, most first.
    pub top: [Contribution; TOP],
}

/// Running mean, variance and range of a metric.
#[derive(Clone, Copy, Debug, Default)]
struct Standard {
    mean: f64,
    variance: f64,
    low: f64,
    high: f64,
}

/// The detector of one service.
#[derive(Clone, Debug)]
pub struct ServiceDetector {
    standards: Vec<Standard>,
    low_rank: LowRank,
    /// The newest vector, and the samples that the next ones are made with, newest first.
    vector: Vec<f32>,
    rest: Vec<f32>,
    past: Vec<f32>,
    seen: u32,
    smooth: f64,
}

impl ServiceDetector {
    /// For services of `metrics` metrics; more than [`METRICS_MAX`] are left out.
    pub fn new(metrics: usize) -> Self {
        let metrics = metrics.min(METRICS_MAX);
        let n = 2 * metrics;
        Self {
            standards: vec![Standard::default(); metrics],
            low_rank: LowRank::new(n, (n as f64 * USUAL.1) as usize),
            vector: vec![0.0; n],
            rest: vec![0.0; n],
            past: vec![0.0; metrics * LAG],
            seen: 0,
            smooth: 0.0,
        }
    }
    /// Takes a sample of all metrics; a value that is no finite number counts as usual and teaches nothing.
    pub fn update(&mut self, values: &[f64]) -> ServiceReading {
        self.seen = self.seen.saturating_add(1);
        self.standardise(values);
        let squares = self.residual();
        let metrics = self.standards.len();
        let length = (f64::from(squares) / metrics.max(1) as f64).sqrt();
        self.vector.iter_mut().for_each(|v| *v = v.clamp(-LEARN_CLIP as f32, LEARN_CLIP as f32));
        self.low_rank.learn(&self.vector, RATE as f32);
        if self.seen > SETTLED {
            self.smooth += SMOOTH * (length - self.smooth);
        }
        ServiceReading { score: self.smooth / (self.smooth + HALF), residual: self.smooth, top: self.top() }
    }
    /// Puts the standardised sample, and the one [`LAG`] before it, into the vector.
    fn standardise(&mut self, values: &[f64]) {
        let metrics = self.standards.len();
        let (rate, is_clipped) = (RATE.max(1.0 / f64::from(self.seen)), self.seen > CLIPPING);
        let (now, before) = self.vector.split_at_mut(metrics);
        before.copy_from_slice(&self.past[metrics * (LAG - 1)..]);
        self.past.copy_within(..metrics * (LAG - 1), metrics);
        for (i, standard) in self.standards.iter_mut().enumerate() {
            let value = values.get(i).copied().filter(|v| v.is_finite());
            now[i] = value.map_or(0.0, |x| standard.update(x, rate, self.seen == 1, is_clipped) as f32);
        }
        self.past[..metrics].copy_from_slice(now);
    }
    /// The squares of what the directions leave of the newest sample, and a share of what those between leave.
    fn residual(&mut self) -> f32 {
        let n = self.vector.len() as f64;
        let (usual, end) = ((n * USUAL.0) as usize, (n * USUAL.1) as usize);
        let mut between = 0.0;
        let clip = CLIP as f32;
        self.rest.iter_mut().zip(&self.vector).for_each(|(r, v)| *r = v.clamp(-clip, clip));
        self.low_rank.take_out(&mut self.rest, |i, along| {
            if i >= usual {
                between += along * along * (i - usual + 1) as f32 / (end - usual + 1) as f32;
            }
        });
        let metrics = self.standards.len();
        self.rest[..metrics].iter().map(|r| r * r).sum::<f32>() + BETWEEN * between
    }
    fn top(&self) -> [Contribution; TOP] {
        let mut top = [Contribution::default(); TOP];
        for (metric, off) in self.rest[..self.standards.len()].iter().enumerate() {
            let next = Contribution { metric, off: f64::from(*off) };
            let place = top.iter().position(|t| next.off.abs() > t.off.abs());
            if let Some(place) = place {
                top[place..].rotate_right(1);
                top[place] = next;
            }
        }
        top
    }
}

impl Standard {
    /// Takes a value in; returns its standard deviations from the mean before.
    fn update(&mut self, x: f64, rate: f64, is_first: bool, is_clipped: bool) -> f64 {
        if is_first {
            *self = Self { mean: x, variance: 0.0, low: x, high: x };
        }
        (self.low, self.high) = (self.low.min(x), self.high.max(x));
        let sigma = self.variance.max(0.0).sqrt().max(FLOOR * (self.high - self.low)).max(f64::MIN_POSITIVE);
        let limit = if is_clipped { LEARN_CLIP * sigma } else { f64::INFINITY };
        let distance = (x - self.mean).clamp(-limit, limit);
        let z = (x - self.mean) / sigma;
        self.mean += rate * distance;
        self.variance += rate * (distance * distance - self.variance);
        z.clamp(-LEARN_CLIP, LEARN_CLIP)
    }
}

#[cfg(test)]
mod tests {
    use super::ServiceDetector;

    fn noise(i: u32) -> f64 {
        (f64::from(i) * 0.618_033_988_749_894_9).fract() - 0.5
    }

    /// Eight metrics that follow two hidden loads.
    fn sample(i: u32) -> [f64; 8] {
        let (load, cache) = (noise(i) * 10.0, noise(i * 13 + 5) * 3.0);
        std::array::from_fn(|m| 50.0 + load * (m as f64 - 3.0) + cache * (m % 3) as f64 + noise(i * 31 + m as u32) * 0.3)
    }

    #[test]
    fn a_metric_that_breaks_step_is_named_though_its_value_is_usual() {
        let mut detector = ServiceDetector::new(8);
        let usual = (0..2_000).map(|i| detector.update(&sample(i)).score).last().expect("some");
        let mut broken = detector.update(&sample(2_000));
        for i in 2_001..2_004 {
            let mut values = sample(i);
            values[6] = sample(i + 250)[6];
            broken = detector.update(&values);
        }
        assert_eq!(broken.top[0].metric, 6, "{broken:?}");
        assert!(broken.score > 2.0 * usual, "{usual} {broken:?}");
    }

    #[test]
    fn no_metric_a_constant_one_and_gaps_are_borne() {
        assert_eq!(ServiceDetector::new(0).update(&[]).score, 0.0);
        let mut detector = ServiceDetector::new(3);
        for i in 0..400 {
            let reading = detector.update(&[noise(i), 7.0, if i % 5 == 0 { f64::NAN } else { noise(i * 3) }]);
            assert!(reading.score.is_finite() && (0.0..=1.0).contains(&reading.score), "{i} {reading:?}");
        }
    }
}
