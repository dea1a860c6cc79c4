//! Limits on requests inside an instance: constant, AIMD, or following the latency's gradient.
//!
//! The adaptive ones are those of Netflix's concurrency-limits (`AIMDLimit`, `Gradient2Limit`, `WindowedLimit`), with two
//! differences. AIMD works per window of as many answers as the limit, as TCP does (RFC 5681): one step up for a window
//! of good answers, at most one cut per window, because the answers to what was admitted under the former limit say
//! nothing of the new one; Netflix's steps with every answer. And a sampling window with too few answers is prolonged,
//! not thrown away, so that slow services adapt too.

use crate::topology::ConcurrencyLimit;
use crate::units::{SimDuration, SimTime};

/// The limit before anything is known (`AIMDLimit` and `Gradient2Limit`: `initialLimit` = 20).
const INITIAL: u32 = 20;
/// Sampling window of the gradient (`WindowedLimit`: `minWindowTime` = `maxWindowTime` = 1 s).
const SAMPLING: SimDuration = SimDuration::from_secs(1);
/// Answers a sampling window needs (`WindowedLimit`: `windowSize` = 10).
const SAMPLES_MIN: u32 = 10;
/// Sampling windows in the long-term average (`Gradient2Limit`: `longWindow` = 600).
const LONG_WINDOW: f64 = 600.0;
/// Sampling windows until the average is exponential, plain before (`Gradient2Limit`: `ExpAvgMeasurement(longWindow, 10)`).
const WARM_UP: u32 = 10;
/// How much slower than the long term is still no sign of a queue (`Gradient2Limit`: `rttTolerance` = 1.5).
const TOLERANCE: f64 = 1.5;
/// Weight of the new limit (`Gradient2Limit`: `smoothing` = 0.2).
const SMOOTHING: f64 = 0.2;
/// Steepest cut before smoothing (`Gradient2Limit`: gradient at least 0.5).
const GRADIENT_MIN: f64 = 0.5;
/// Decay of the long-term average while it is more than `DRIFT` times the present latency (`Gradient2Limit`: 0.95, 2).
const DRIFT_DECAY: f64 = 0.95;
const DRIFT: f64 = 2.0;
/// Least queue allowance (`Gradient2Limit`: `queueSize` = 4; its predecessor: the square root, at least 4).
const QUEUE_MIN: f64 = 4.0;

/// The limit of one instance.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Limiter {
    /// Kept as a fraction: the gradient's steps are smaller than one.
    limit: f64,
    /// AIMD: good answers of the running window.
    good: u32,
    /// AIMD: answers still to come from before the last cut.
    stale: u32,
    sample: Sample,
    long_ns: f64,
    long_count: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    sum_ns: u64,
    count: u32,
    inside_max: u32,
    ends_at: SimTime,
}

impl Limiter {
    /// The limit before the first answer.
    pub fn new(policy: &ConcurrencyLimit) -> Self {
        let limit = match *policy {
            ConcurrencyLimit::None => u32::MAX,
            ConcurrencyLimit::Static(limit) => limit,
            ConcurrencyLimit::Aimd { min, max, .. } | ConcurrencyLimit::Gradient { min, max } => INITIAL.min(max).max(min).max(1),
        };
        Self { limit: f64::from(limit), good: 0, stale: 0, sample: Sample::default(), long_ns: 0.0, long_count: 0 }
    }
    /// Requests that may be inside; one more is rejected.
    pub const fn limit(&self) -> u32 {
        self.limit as u32
    }
    /// Learns from an answer: its time inside, the requests inside when it came (itself included), and whether it was
    /// worked on without failing. Rejections are not answers.
    pub fn record(&mut self, policy: &ConcurrencyLimit, now: SimTime, latency: SimDuration, inside: u32, ok: bool) {
        match *policy {
            ConcurrencyLimit::None => self.limit = f64::from(u32::MAX),
            ConcurrencyLimit::Static(limit) => self.limit = f64::from(limit),
            ConcurrencyLimit::Aimd { latency_max, backoff, min, max } => {
                self.aimd(ok && latency <= latency_max, backoff, inside);
                self.bound(min, max);
            }
            ConcurrencyLimit::Gradient { min, max } => {
                if let Some((mean_ns, inside_max)) = self.sample.add(now, latency, inside) {
                    self.gradient(mean_ns, inside_max);
                    self.bound(min, max);
                }
            }
        }
    }

    fn aimd(&mut self, good: bool, backoff: f64, inside: u32) {
        let limit = self.limit();
        if self.stale > 0 {
            self.stale -= 1;
        } else if !good {
            // `AIMDLimit`: at least one less.
            self.limit = (self.limit * backoff).floor().min(self.limit - 1.0);
            (self.good, self.stale) = (0, inside.saturating_sub(1).min(limit));
        } else if inside.saturating_mul(2) >= limit {
            // `AIMDLimit`: no growth while less than half of the limit is in use.
            self.good += 1;
            if self.good >= limit {
                self.good = 0;
                self.limit += 1.0;
            }
        }
    }
    fn gradient(&mut self, short_ns: f64, inside_max: u32) {
        let long_ns = self.long_term(short_ns);
        if long_ns > DRIFT * short_ns {
            self.long_ns *= DRIFT_DECAY;
        }
        if f64::from(inside_max) < self.limit / 2.0 {
            return;
        }
        let gradient = (TOLERANCE * long_ns / short_ns.max(1.0)).clamp(GRADIENT_MIN, 1.0);
        let wanted = self.limit * gradient + self.limit.sqrt().max(QUEUE_MIN);
        self.limit = self.limit * (1.0 - SMOOTHING) + wanted * SMOOTHING;
    }
    fn long_term(&mut self, short_ns: f64) -> f64 {
        let weight = if self.long_count < WARM_UP {
            self.long_count += 1;
            1.0 / f64::from(self.long_count)
        } else {
            2.0 / (LONG_WINDOW + 1.0)
        };
        self.long_ns += (short_ns - self.long_ns) * weight;
        self.long_ns
    }
    fn bound(&mut self, min: u32, max: u32) {
        self.limit = self.limit.min(f64::from(max)).max(f64::from(min.max(1)));
    }
}

impl Sample {
    /// Adds an answer; at the window's end its mean latency and greatest number inside.
    fn add(&mut self, now: SimTime, latency: SimDuration, inside: u32) -> Option<(f64, u32)> {
        self.sum_ns = self.sum_ns.saturating_add(latency.as_nanos());
        self.count += 1;
        self.inside_max = self.inside_max.max(inside);
        if now < self.ends_at || self.count < SAMPLES_MIN {
            return None;
        }
        let over = std::mem::replace(self, Self { ends_at: now + SAMPLING, ..Self::default() });
        Some((over.sum_ns as f64 / f64::from(over.count), over.inside_max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AIMD: ConcurrencyLimit =
        ConcurrencyLimit::Aimd { latency_max: SimDuration::from_millis(100), backoff: 0.9, min: 5, max: 200 };
    const GRADIENT: ConcurrencyLimit = ConcurrencyLimit::Gradient { min: 4, max: 200 };
    const GOOD: SimDuration = SimDuration::from_millis(10);
    const SLOW: SimDuration = SimDuration::from_millis(101);

    /// As many answers as the limit, the instance being full.
    fn window(limiter: &mut Limiter, latency: SimDuration, ok: bool) -> u32 {
        let limit = limiter.limit();
        (0..limit).for_each(|_| limiter.record(&AIMD, SimTime::ZERO, latency, limit, ok));
        limiter.limit()
    }
    /// Seconds with 20 answers each, the instance being full.
    fn seconds(limiter: &mut Limiter, from: u64, count: u64, latency: SimDuration) -> u32 {
        for n in 0..count * 20 {
            let inside = limiter.limit();
            limiter.record(&GRADIENT, SimTime::from_nanos(from * 1_000_000_000 + n * 50_000_000), latency, inside, true);
        }
        limiter.limit()
    }

    #[test]
    fn no_limit_and_a_constant_are_what_they_say() {
        assert_eq!(Limiter::new(&ConcurrencyLimit::None).limit(), u32::MAX);
        let mut limiter = Limiter::new(&ConcurrencyLimit::Static(64));
        limiter.record(&ConcurrencyLimit::Static(32), SimTime::ZERO, SLOW, 64, false);
        assert_eq!(limiter.limit(), 32, "a changed constant holds from the next answer on");
    }

    #[test]
    fn aimd_grows_by_one_per_window_of_good_answers() {
        let mut limiter = Limiter::new(&AIMD);
        assert_eq!(limiter.limit(), 20);
        let limits: Vec<u32> = (0..4).map(|_| window(&mut limiter, GOOD, true)).collect();
        assert_eq!(limits, [21, 22, 23, 24]);
        (0..1_000).for_each(|_| limiter.record(&AIMD, SimTime::ZERO, GOOD, 11, true));
        assert_eq!(limiter.limit(), 24, "not while less than half is in use");
    }

    #[test]
    fn aimd_cuts_once_per_window_for_slow_and_for_failed_answers_down_to_the_least() {
        let mut limiter = Limiter::new(&AIMD);
        assert_eq!([window(&mut limiter, SLOW, true), window(&mut limiter, GOOD, false)], [18, 16]);
        (0..100).for_each(|_| {
            window(&mut limiter, SLOW, true);
        });
        assert_eq!(limiter.limit(), 5);
    }

    #[test]
    fn the_gradient_grows_while_the_latency_is_steady_up_to_the_most() {
        let mut limiter = Limiter::new(&GRADIENT);
        assert!((21..=25).contains(&seconds(&mut limiter, 0, 5, GOOD)), "{}", limiter.limit());
        assert_eq!(seconds(&mut limiter, 5, 300, GOOD), 200);
    }

    #[test]
    fn the_gradient_does_not_grow_while_less_than_half_is_in_use() {
        let mut limiter = Limiter::new(&GRADIENT);
        (0..1_000).for_each(|n| limiter.record(&GRADIENT, SimTime::from_secs(n), GOOD, 9, true));
        assert_eq!(limiter.limit(), 20);
    }

    #[test]
    fn a_queue_that_doubles_the_latency_shrinks_the_limit_and_its_end_lets_it_grow_again() {
        let mut limiter = Limiter::new(&GRADIENT);
        let before = seconds(&mut limiter, 0, 60, GOOD);
        let during = seconds(&mut limiter, 60, 30, SimDuration::from_millis(40));
        assert!(during < before / 2, "{before} {during}");
        assert!(seconds(&mut limiter, 90, 60, GOOD) > during);
    }

    #[test]
    fn within_the_tolerance_of_one_half_more_nothing_shrinks() {
        let mut limiter = Limiter::new(&GRADIENT);
        let before = seconds(&mut limiter, 0, 20, GOOD);
        assert!(seconds(&mut limiter, 20, 10, SimDuration::from_millis(15)) >= before);
    }
}
