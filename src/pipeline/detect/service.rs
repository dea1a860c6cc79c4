//! Several metrics of one service: which sample breaks the ways in which they usually move, together and over time?
//!
//! Three views, all in standard deviations. *Course*: how far each metric is from its mean or, where the service has a rhythm
//! ([`Rhythm`]: a day, found and not told), from its usual course over it ([`Profile`]); this lasts as long as an event does.
//! *Change*: how far it moved within two samples. *Together*: a sample and the one two before it are one vector, whose main
//! directions are followed ([`LowRank`]), and this is what they leave. Where they end and noise begins differs from service to
//! service, so there is no sharp rank: the leading quarter is taken out, the next fifth less and less.
//!
//! Each view is divided by its own mean, so that a noisy service and a quiet one are judged alike; the score is the weighted
//! mean of these three, which rises fast and falls slowly. The odder a sample, the less is learned of it: events keep their
//! scores. Each metric's share says which of them broke step.
//!
//! Where a service is seen for minutes ([`ServiceDetector::brief`]) there is no rhythm, course is the distance from the mean, and
//! it speaks after a minute; a least standard deviation for each metric keeps what never moved from alarming at its first stir.
//!
//! Bounds: [`METRICS_MAX`] metrics; about 31 n^2 + 200 n + 16,600 bytes (n metrics: 32 kB for 19, 156 kB for 64), a brief one
//! 31 n^2 + 100 n + 400. O(n^2) a sample, and the rhythm's 2,048 sums; nothing is allocated after the first.

use super::lowrank::LowRank;
use super::profile::{Place, Profile};
use super::rhythm::Rhythm;

/// Metrics of a service at most.
pub const METRICS_MAX: usize = 64;
/// Metrics told with a score.
pub const TOP: usize = 3;
/// Samples between the two of a vector: a course, not only a state.
const LAG: usize = 2;
/// Least weight of a sample: a memory of 5,000.
const RATE: f64 = 2e-4;
/// Samples before anything is told: standard deviations, then directions, have to form.
const SETTLED: u32 = 150;
/// The same where there is no time: the metrics are few, and who is told knows how young all is.
const SETTLED_SOON: u32 = 30;
/// Standard deviations of a value that the score and the learning count at most.
const CLIP: f32 = 8.0;
const LEARN_CLIP: f64 = 12.0;
/// Standard deviations that count at most when a spread is learned: an event is none.
const SPREAD_CLIP: f64 = 4.0;
/// Samples before learning is clipped.
const CLIPPING: u32 = 50;
/// Least standard deviation, as a share of the range seen: what metrics round; and of a standardised metric.
const FLOOR: f64 = 0.01;
const FLOOR_MIN: f64 = 1e-3;
/// Shares of the vector's length up to which directions count fully as usual, and from which on not at all.
const USUAL: (f64, f64) = (0.25, 0.45);
/// What a coordinate along a direction between the two counts at most: a vector holds every metric twice.
const BETWEEN: f32 = 0.5;
/// Weights of the views: course, change, together.
const WEIGHTS: [f64; VIEWS] = [2.0, 1.0, 1.0];
const VIEWS: usize = 3;
/// Least weight of a sample in a view's mean: a memory of 2,000.
const MEAN_RATE: f64 = 5e-4;
/// Means that a sample counts at most when the mean is learned.
const MEAN_CLIP: f64 = 3.0;
/// Samples before a view is told by its mean.
const MEAN_SEEN: u32 = 20;
/// Weight of a sample in the score when it rises and when it falls.
const RISE: f64 = 0.5;
const FALL: f64 = 0.2;
/// Times the usual up to which a sample is learned with its full weight, and beyond with less, in proportion.
const CALM: f64 = 2.0;
/// Times the usual at which the score is one half.
const HALF: f64 = 3.0;

/// A metric's place and what it adds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Contribution {
    /// Its column.
    pub metric: usize,
    /// Standard deviations by which it is off, signed, in the view in which it adds most: off its usual course, off what it was
    /// two samples before, or off what the others make usual.
    pub off: f64,
    /// What it adds to [`ServiceReading::times_usual`] before smoothing, 0 or more.
    pub adds: f64,
}

/// What a sample of all metrics says.
#[derive(Clone, Copy, Debug)]
pub struct ServiceReading {
    /// 0 (as usual) to 1; 0.25 is as odd as the service's mean sample.
    pub score: f64,
    /// How many times as odd as the service's mean sample, smoothed.
    pub times_usual: f64,
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

/// What is usual of a metric: in its own unit, and the variances of its distance from its course and of its changes.
#[derive(Clone, Copy, Debug, Default)]
struct Usual {
    standard: Standard,
    course: f32,
    change: f32,
    /// Least standard deviation, in the metric's unit: what matters to nobody.
    least: f64,
}

/// The rhythm of a service, and what is usual over it.
#[derive(Clone, Debug)]
struct Day {
    rhythm: Rhythm,
    profile: Profile,
}

/// The detector of one service.
#[derive(Clone, Debug)]
pub struct ServiceDetector {
    usual: Vec<Usual>,
    low_rank: LowRank,
    /// None where runs are too short for one.
    day: Option<Day>,
    settled: u32,
    /// Samples since the variances of the course were last meaningless.
    since: u32,
    /// The newest vector, and the samples that the next ones are made with, newest first; gaps are no numbers there.
    vector: Vec<f32>,
    past: Vec<f32>,
    /// Standard deviations of each metric in each view; those left of the vector go on after the metrics.
    course: Vec<f32>,
    change: Vec<f32>,
    rest: Vec<f32>,
    means: [f64; VIEWS],
    seen: u32,
    times_usual: f64,
}

impl ServiceDetector {
    /// For services of `metrics` metrics; more than [`METRICS_MAX`] are left out.
    pub fn new(metrics: usize) -> Self {
        let metrics = metrics.min(METRICS_MAX);
        let day = Day { rhythm: Rhythm::new(), profile: Profile::new(metrics) };
        Self::of(vec![Usual::default(); metrics], SETTLED, Some(day))
    }
    /// For services that are seen for minutes: without a rhythm (so a tenth of the memory), telling something after a minute.
    /// `least` are the least standard deviations that count, one for each metric, in its unit.
    pub fn brief(least: &[f64]) -> Self {
        let usual = least.iter().take(METRICS_MAX).map(|least| Usual { least: *least, ..Usual::default() });
        Self::of(usual.collect(), SETTLED_SOON, None)
    }
    fn of(usual: Vec<Usual>, settled: u32, day: Option<Day>) -> Self {
        let metrics = usual.len();
        let n = 2 * metrics;
        Self {
            usual,
            low_rank: LowRank::new(n, (n as f64 * USUAL.1) as usize, settled),
            day,
            settled,
            since: 0,
            vector: vec![0.0; n],
            past: vec![0.0; metrics * LAG],
            course: vec![0.0; metrics],
            change: vec![0.0; metrics],
            rest: vec![0.0; n],
            means: [0.0; VIEWS],
            seen: 0,
            times_usual: 0.0,
        }
    }
    /// Takes a sample of all metrics; a value that is no finite number counts as usual and teaches nothing.
    pub fn update(&mut self, values: &[f64]) -> ServiceReading {
        self.seen = self.seen.saturating_add(1);
        self.standardise(values);
        let (together, lead) = self.together();
        self.over_time(lead);
        let views = [length(&self.course), length(&self.change), together];
        self.vector.iter_mut().for_each(|v| *v = v.clamp(-LEARN_CLIP as f32, LEARN_CLIP as f32));
        self.low_rank.learn(&self.vector, RATE as f32 * self.calm() as f32);
        let mut top = [Contribution::default(); TOP];
        if self.seen > self.settled {
            top = self.top(views);
            let times = self.times_usual(views);
            let weight = if times > self.times_usual { RISE } else { FALL };
            self.times_usual += weight * (times - self.times_usual);
        }
        ServiceReading { score: self.times_usual / (self.times_usual + HALF), times_usual: self.times_usual, top }
    }
    /// How much of its weight a sample keeps in all that is learned of it: an event is no usual state.
    fn calm(&self) -> f64 {
        CALM / self.times_usual.max(CALM)
    }
    /// Puts the standardised sample, and the one [`LAG`] before it, into the vector.
    fn standardise(&mut self, values: &[f64]) {
        let metrics = self.usual.len();
        let rate = RATE.max(1.0 / f64::from(self.seen)) * self.calm();
        let (now, before) = self.vector.split_at_mut(metrics);
        before.copy_from_slice(&self.past[metrics * (LAG - 1)..]);
        self.past.copy_within(..metrics * (LAG - 1), metrics);
        for (i, usual) in self.usual.iter_mut().enumerate() {
            let value = values.get(i).copied().filter(|v| v.is_finite());
            let (is_first, is_clipped) = (self.seen == 1, self.seen > CLIPPING);
            let z = value.map_or(f32::NAN, |x| usual.standard.update(x, (rate, usual.least), is_first, is_clipped) as f32);
            (self.past[i], self.change[i]) = (z, z - before[i]);
            // In the vector a gap is as the last sample was: 0, the mean, would not fit to the others.
            now[i] = if z.is_nan() { now[i] } else { z };
            before[i] = if before[i].is_nan() { now[i] } else { before[i] };
        }
    }
    /// The length of what the directions leave of the newest sample, and of a share of what those between leave, per square root
    /// of the metrics; and where it lies along the first direction.
    fn together(&mut self) -> (f64, f32) {
        let n = self.vector.len() as f64;
        let (usual, end) = ((n * USUAL.0) as usize, (n * USUAL.1) as usize);
        let (mut between, mut lead) = (0.0, 0.0);
        self.rest.iter_mut().zip(&self.vector).for_each(|(r, v)| *r = v.clamp(-CLIP, CLIP));
        self.low_rank.take_out(&mut self.rest, |i, along| {
            if i == 0 {
                lead = along;
            }
            if i >= usual {
                between += along * along * (i - usual + 1) as f32 / (end - usual + 1) as f32;
            }
        });
        let metrics = self.usual.len();
        let squares = self.rest[..metrics].iter().map(|r| r * r).sum::<f32>() + BETWEEN * between;
        ((f64::from(squares) / metrics.max(1) as f64).sqrt(), lead)
    }
    /// Standard deviations of the sample from its usual course, and of its change.
    fn over_time(&mut self, lead: f32) {
        let day = self.day.as_mut().filter(|_| self.seen > self.settled);
        let beat = day.and_then(|day| day.go(lead));
        if beat.is_some_and(|(_, is_new)| is_new) {
            self.since = CLIPPING;
        }
        self.since = self.since.saturating_add(1);
        let calm = self.calm() as f32;
        let now = &self.past[..self.usual.len()];
        for (i, usual) in self.usual.iter_mut().enumerate() {
            let floor = usual.standard.floor(usual.least) as f32;
            let expected = match (&mut self.day, beat) {
                (Some(day), Some((place, _))) => day.profile.expect(place, i, now[i], day.rhythm.period()),
                _ => 0.0,
            };
            self.course[i] = spread(&mut usual.course, now[i] - expected, self.since, floor, calm);
            self.change[i] = spread(&mut usual.change, self.change[i], self.since, floor, calm);
        }
    }
    /// The weighted mean of the views, each divided by its own mean, which then learns it.
    fn times_usual(&mut self, views: [f64; VIEWS]) -> f64 {
        let seen = self.seen - self.settled;
        let (mut sum, calm) = (0.0, self.calm());
        for ((mean, view), weight) in self.means.iter_mut().zip(views).zip(WEIGHTS) {
            if seen > MEAN_SEEN && *mean > 0.0 {
                sum += weight * view / *mean;
            }
            let counted = if seen > CLIPPING { view.min(MEAN_CLIP * *mean) } else { view };
            *mean += calm * MEAN_RATE.max(1.0 / f64::from(seen)) * (counted - *mean);
        }
        sum / WEIGHTS.iter().sum::<f64>()
    }
    /// The metrics that add most: a view's length is the sum of squares of its metrics over the length.
    fn top(&self, views: [f64; VIEWS]) -> [Contribution; TOP] {
        let metrics = self.usual.len();
        let all = WEIGHTS.iter().sum::<f64>() * metrics.max(1) as f64;
        let offs = [&self.course, &self.change, &self.rest];
        let scales: [f64; VIEWS] = std::array::from_fn(|view| {
            let divisor = all * views[view] * self.means[view];
            if divisor > 0.0 { WEIGHTS[view] / divisor } else { 0.0 }
        });
        let mut top = [Contribution::default(); TOP];
        for metric in 0..metrics {
            let mut next = Contribution { metric, ..Contribution::default() };
            let mut most = 0.0;
            for (off, scale) in offs.iter().map(|view| f64::from(view[metric])).zip(scales) {
                let adds = scale * off * off;
                next.adds += adds;
                if adds > most {
                    (most, next.off) = (adds, off);
                }
            }
            if let Some(place) = top.iter().position(|t| next.adds > t.adds) {
                top[place..].rotate_right(1);
                top[place] = next;
            }
        }
        top
    }
}

impl Day {
    /// Where the sample lies in the rhythm, if there is one, and whether it is another one than before.
    fn go(&mut self, lead: f32) -> Option<(Place, bool)> {
        let beat = self.rhythm.update(lead)?;
        if beat.is_new {
            self.profile.clear();
        }
        Some((self.profile.go(beat.phase), beat.is_new))
    }
}

impl Standard {
    /// Takes a value in; returns its standard deviations, at least `least`, from the mean before.
    fn update(&mut self, x: f64, (rate, least): (f64, f64), is_first: bool, is_clipped: bool) -> f64 {
        if is_first {
            *self = Self { mean: x, variance: 0.0, low: x, high: x };
        }
        (self.low, self.high) = (self.low.min(x), self.high.max(x));
        let sigma = self.sigma(least);
        let limit = if is_clipped { LEARN_CLIP * sigma } else { f64::INFINITY };
        let distance = (x - self.mean).clamp(-limit, limit);
        let z = (x - self.mean) / sigma;
        self.mean += rate * distance;
        let counted = if is_clipped { distance.clamp(-SPREAD_CLIP * sigma, SPREAD_CLIP * sigma) } else { distance };
        self.variance += rate * (counted * counted - self.variance);
        z.clamp(-LEARN_CLIP, LEARN_CLIP)
    }
    fn sigma(&self, least: f64) -> f64 {
        self.variance.max(0.0).sqrt().max(FLOOR * (self.high - self.low)).max(least).max(f64::MIN_POSITIVE)
    }
    /// Least standard deviation of the standardised values.
    fn floor(&self, least: f64) -> f64 {
        ((FLOOR * (self.high - self.low)).max(least) / self.sigma(least)).max(FLOOR_MIN)
    }
}

/// Standard deviations of `x` (0 for a gap) by its mean square before, which then learns it with a share of its weight, `calm`;
/// `seen` samples with this one.
fn spread(square: &mut f32, x: f32, seen: u32, floor: f32, calm: f32) -> f32 {
    if !x.is_finite() {
        return 0.0;
    }
    let sigma = square.sqrt().max(floor);
    let limit = if seen > CLIPPING { SPREAD_CLIP as f32 * sigma } else { f32::INFINITY };
    let counted = x.clamp(-limit, limit);
    *square += calm * (RATE as f32).max(1.0 / seen as f32) * (counted * counted - *square);
    (x / sigma).clamp(-CLIP, CLIP)
}

/// The length per square root of the numbers.
fn length(of: &[f32]) -> f64 {
    (f64::from(of.iter().map(|x| x * x).sum::<f32>()) / of.len().max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests;
