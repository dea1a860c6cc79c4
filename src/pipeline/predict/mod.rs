//! Predict: where a metric is heading, with an interval, and how likely it reaches its Critical threshold within the horizon.
//!
//! Where it is heading is said by a robust line through half a minute ([`line`]), how likely a breach is by a logistic model
//! of some twenty signs ([`signs`]) with fitted [`weights`]: each adds its strength times its weight to the log-odds, so what
//! speaks for a breach can be read. The line alone says too much of a trend that ends and too little of noise near the
//! threshold and of what others bring (see docs/benchmarks.md).
//!
//! Why not [`forecast::breach`](super::forecast::breach): that one learns from tens of horizons of a series' own past;
//! here series begin anew with each action and faults come within the first minutes.
//!
//! Bounds: at most [`POINTS_MAX`] points, so 120 slopes, and two minutes of samples per series and scrape; callees and callers of
//! each service once a series. Times in seconds relative to now.

mod line;
pub mod signs;
pub mod weights;

pub use line::POINTS_MAX;

use super::collect::Collector;
use super::monitor::Monitor;
use super::policy::{Policy, Thresholds};
use super::types::Forecast;
use super::wiring::Wiring;
use crate::ids::ServiceId;
use crate::math;
use crate::telemetry::{Metric, Subject};
use crate::units::{Ratio, SimDuration, SimTime};
use line::{Line, fit, overlap, square, thin};
use signs::{Around, Seen, Signs};
use std::collections::BTreeMap;

/// Seconds of history a trend is read from: as long as the look ahead, the usual rule for a linear extrapolation.
const WINDOW_S: u64 = 30;
/// Seconds of history in which it is looked for how often the threshold was reached.
const PAST_S: u64 = 120;
/// Left out after an action: old instances drain, windows still hold them.
const AFTER_CHANGE: SimDuration = SimDuration::from_secs(2);
/// The first sample that counts again comes this long after the last that did not.
const SCRAPE: SimDuration = SimDuration::from_secs(1);
/// Seconds that the samples must span at least: two metric windows and a half.
const SPAN_S_MIN: f64 = 12.0;
/// Normal quantile of a two-sided 90 % interval.
const Z_90: f64 = 1.645;
/// Smallest standard deviation, as a share of the threshold: what scrapes round.
const SD_MIN: f64 = 0.002;
/// Times the horizon beyond which a breach is not worth telling.
const FAR: f64 = 10.0;
/// Probability below which a forecast is not pressing for anybody.
const PROBABILITY_MIN: f64 = 0.05;
/// Seconds that a load is averaged over: a metric window of its own is in each sample.
const LOAD_S: SimDuration = SimDuration::from_secs(3);

/// A forecast with what it rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    /// What is told.
    pub forecast: Forecast,
    /// The signs that its probability is made of.
    pub signs: Signs,
    /// The probability by the robust line alone.
    pub by_line: f64,
}

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight<'a> {
    pub collector: &'a Collector,
    pub monitor: &'a Monitor,
    pub wiring: &'a Wiring,
    pub policy: &'a Policy,
    /// When an action on a service ended last. What was before is another process's history.
    pub changed: &'a BTreeMap<ServiceId, SimTime>,
}

/// The most pressing forecast of every service that has one. What was told while a service was not seen is nobody's.
pub(super) fn all(sight: &Sight) -> BTreeMap<ServiceId, Forecast> {
    sight.wiring.ids().filter_map(|service| Some((service, sight.most_pressing(service)?))).collect()
}

impl Sight<'_> {
    /// The forecast of a service that is most likely to breach, if any is pressing.
    fn most_pressing(&self, service: ServiceId) -> Option<Forecast> {
        let all = Thresholds::METRICS.into_iter().filter_map(|metric| Some(self.outlook(service, metric)?.forecast));
        let pressing = all.filter(|forecast| forecast.breach_probability.get() >= PROBABILITY_MIN);
        pressing.reduce(|best, next| if next.breach_probability > best.breach_probability { next } else { best })
    }
    /// The outlook of one metric, if it is below its threshold and enough is known.
    pub fn outlook(&self, service: ServiceId, metric: Metric) -> Option<Outlook> {
        let threshold = self.policy.thresholds.of(metric)?.critical;
        let is_open = !self.monitor.is_blind(service) && self.collector.of(service, metric)? < threshold;
        if !is_open {
            return None;
        }
        let samples = self.collector.window(Subject::Service(service), metric, self.window(service));
        outlook(metric, &samples, (threshold, self.policy.horizon_s), self.around(service, metric))
    }
    /// How far back a service's samples count.
    fn window(&self, service: ServiceId) -> SimDuration {
        let (now, window) = (self.collector.now(), SimDuration::from_secs(PAST_S));
        let age = self.changed.get(&service).map_or(window, |at| now.since(*at + AFTER_CHANGE));
        let seen = self.monitor.blind_at(service).map_or(window, |at| now.since(at + SCRAPE));
        window.min(age).min(seen)
    }
    fn around(&self, service: ServiceId, metric: Metric) -> Around {
        let others = Thresholds::METRICS.into_iter().filter(|other| *other != metric);
        let callees = self.wiring.callees(service).iter();
        let suffered = callees.flat_map(|id| [Metric::ErrorRatio, Metric::LatencyP95].map(|metric| self.share(*id, metric)));
        let instances = self.monitor.instances(service);
        let missing = match (instances.ready, instances.desired) {
            (Some(ready), Some(desired)) if desired > 0.0 => (1.0 - ready / desired).clamp(0.0, 1.0),
            _ => 0.0,
        };
        let callers = self.wiring.callers(service).iter().copied();
        Around {
            strain: others.map(|other| self.share(service, other)).fold(0.0, f64::max),
            callees: suffered.fold(0.0, f64::max),
            load: callers.chain([service]).map(|id| self.load(id)).fold(0.0, f64::max),
            missing,
            usual: self.usual_share(service, metric),
            requests: self.collector.of(service, Metric::RequestRate).unwrap_or(0.0) * Metric::WINDOW_S as f64,
        }
    }
    /// A metric as a share of its threshold, 0 if it is not told.
    fn share(&self, service: ServiceId, metric: Metric) -> f64 {
        let threshold = self.policy.thresholds.of(metric).map_or(f64::INFINITY, |band| band.critical);
        self.collector.of(service, metric).map_or(0.0, |value| value / threshold)
    }
    /// The usual level as a share of the threshold, 0 if not known.
    fn usual_share(&self, service: ServiceId, metric: Metric) -> f64 {
        let threshold = self.policy.thresholds.of(metric).map_or(f64::INFINITY, |band| band.critical);
        self.collector.usual(Subject::Service(service), metric).map_or(0.0, |usual| usual / threshold)
    }
    /// Requests of the last seconds over the usual, 0 if not known.
    fn load(&self, service: ServiceId) -> f64 {
        let subject = Subject::Service(service);
        let usual = self.collector.usual(subject, Metric::RequestRate).filter(|usual| *usual > 0.0);
        let now = self.collector.mean(subject, Metric::RequestRate, LOAD_S);
        usual.zip(now).map_or(0.0, |(usual, now)| now / usual)
    }
}

/// The outlook of one series against a threshold, `horizon_s` seconds ahead. `None` with too little history.
fn outlook(metric: Metric, past: &[(f64, f64)], (threshold, horizon_s): (f64, f64), around: Around) -> Option<Outlook> {
    let samples = &past[past.partition_point(|(t, _)| *t < -(WINDOW_S as f64))..];
    let points = thin(samples);
    let span = points.last()?.0 - points.first()?.0;
    if points.len() < 5 || span < SPAN_S_MIN {
        return None;
    }
    let overlap = overlap(metric, span / (points.len() - 1) as f64);
    let line = fit(&points, overlap, threshold * SD_MIN);
    let value = line.level + line.slope * horizon_s;
    let drift = line.slope_se * horizon_s;
    let sd = (square(line.scatter) + square(line.level_se) + square(drift)).sqrt();
    let by_line = math::normal_cdf((value - threshold) / sd);
    let signs = signs::signs(Seen { past, samples, points: &points }, (line, by_line), (threshold, horizon_s), around);
    let signs = if metric == Metric::MemoryUtilisation { signs::of_what_fills(signs) } else { signs };
    let probability = weights::probability(&weights::TABLE[weights::row(metric)?], &signs);
    let forecast = Forecast {
        metric,
        horizon_s,
        value: value.max(0.0),
        low: (value - Z_90 * sd).max(0.0),
        high: (value + Z_90 * sd).max(0.0),
        threshold,
        breach_probability: Ratio::saturating(probability),
        breach_in_s: breach_in(metric, line, threshold, horizon_s, probability),
    };
    Some(Outlook { forecast, signs, by_line })
}

/// Expected, earliest and latest seconds to the threshold, if it is heading there: along its line if what is measured
/// accumulates, else as breaches came that were as likely.
fn breach_in(metric: Metric, line: Line, threshold: f64, horizon_s: f64, probability: f64) -> Option<(f64, f64, f64)> {
    // What fills goes on filling; load, failures and waiting rise to some level, and a line through them leads too far.
    let by_trend = if metric == Metric::MemoryUtilisation { along(line, threshold, horizon_s) } else { None };
    by_trend.or_else(|| {
        let (_, [earliest, expected, latest]) = weights::TIMES.into_iter().find(|(from, _)| probability >= *from)?;
        Some((expected, earliest, latest))
    })
}

/// The same along a line that rises.
fn along(line: Line, threshold: f64, horizon_s: f64) -> Option<(f64, f64, f64)> {
    let way = threshold - line.level;
    let (steepest, flattest) = (line.slope + Z_90 * line.slope_se, line.slope - Z_90 * line.slope_se);
    if way <= 0.0 || flattest <= 0.0 || way / line.slope > FAR * horizon_s {
        return None;
    }
    let slack = Z_90 * line.level_se;
    Some((way / line.slope, ((way - slack) / steepest).max(0.0), (way + slack) / flattest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forecast(metric: Metric, samples: &[(f64, f64)], threshold: f64, horizon_s: f64) -> Option<Forecast> {
        Some(outlook(metric, samples, (threshold, horizon_s), Around::default())?.forecast)
    }

    /// Standard normal numbers from a linear congruential generator (Knuth's MMIX constants): the pipeline has no
    /// randomness of its own to borrow.
    fn normals(seed: u64) -> impl FnMut() -> f64 {
        let mut state = seed;
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            math::normal_quantile(((state >> 33) as f64 + 0.5) / 2_147_483_648.0)
        }
    }

    fn noisy(seed: u64, sd: f64, at: impl Fn(f64) -> f64) -> Vec<(f64, f64)> {
        let mut normal = normals(seed);
        (0..=30).map(|i| f64::from(i) - 30.0).map(|t| (t, at(t) + sd * normal())).collect()
    }

    /// Likelier than not.
    const LIKELY: f64 = 0.5;

    #[test]
    fn noise_below_the_threshold_never_breaches() {
        for seed in 0..2_000 {
            let samples = noisy(seed, 0.05, |_| 0.6);
            let forecast = forecast(Metric::MemoryUtilisation, &samples, 0.8, 30.0).expect("enough history");
            assert!(forecast.breach_probability.get() < 0.5 * LIKELY, "seed {seed}: {forecast:?}");
        }
    }

    #[test]
    fn a_ramp_is_forecast_with_an_interval_that_contains_the_truth() {
        let mut inside = 0;
        for seed in 0..400 {
            let samples = noisy(seed, 0.01, |t| 0.5 + 0.012 * t);
            let forecast = forecast(Metric::MemoryUtilisation, &samples, 0.8, 30.0).expect("enough history");
            let (expected, earliest, latest) = forecast.breach_in_s.expect("it is heading there");
            assert!(earliest <= expected && expected <= latest);
            assert!(forecast.breach_probability.get() >= LIKELY, "{forecast:?}");
            inside += u32::from(earliest <= 25.0 && 25.0 <= latest && forecast.low <= 0.86 && 0.86 <= forecast.high);
        }
        assert!(inside >= 340, "90 % intervals contained the truth in {inside} of 400 runs");
    }

    #[test]
    fn a_step_that_is_over_is_not_a_trend() {
        for age in 0..=30 {
            let samples = noisy(1, 0.005, |t| if t < -f64::from(age) { 0.3 } else { 0.6 });
            let forecast = forecast(Metric::CpuUtilisation, &samples, 0.85, 30.0).expect("enough history");
            assert!(forecast.breach_probability.get() < 0.5 * LIKELY, "step {age} s ago: {forecast:?}");
        }
    }

    #[test]
    fn what_comes_and_goes_is_told_with_the_times_that_such_breaches_had() {
        let restless = |t: f64| if (t as i64).rem_euclid(6) < 2 { 0.07 } else { 0.04 };
        let samples: Vec<(f64, f64)> = (0..=120).map(|i| f64::from(i) - 120.0).map(|t| (t, restless(t - 1.0))).collect();
        let outlook = outlook(Metric::ErrorRatio, &samples, (0.05, 30.0), Around::default()).expect("enough history");
        let forecast = outlook.forecast;
        assert!(forecast.breach_probability.get() > 0.5, "{outlook:?}");
        let (expected, earliest, latest) = forecast.breach_in_s.expect("likelier than not");
        assert!(earliest <= 2.0 && expected < 15.0 && latest > 20.0, "no trend says when");
        let calm: Vec<(f64, f64)> = samples.iter().map(|(t, _)| (*t, 0.01)).collect();
        let calm = forecast_of(&calm);
        assert!(calm.breach_probability.get() < 0.1 && calm.breach_in_s.is_none(), "{calm:?}");
    }

    fn forecast_of(samples: &[(f64, f64)]) -> Forecast {
        forecast(Metric::ErrorRatio, samples, 0.05, 30.0).expect("enough history")
    }

    #[test]
    fn callees_in_trouble_speak_for_a_breach() {
        let samples = noisy(1, 0.002, |_| 0.02);
        let said = |around: Around| {
            let outlook = outlook(Metric::ErrorRatio, &samples, (0.05, 30.0), around).expect("enough history");
            outlook.forecast.breach_probability.get()
        };
        let calm = Around { requests: 100.0, ..Around::default() };
        assert!(said(Around { callees: 0.9, ..calm }) > 2.0 * said(calm));
        assert_eq!(weights::row(Metric::QueueLen), None);
    }

    #[test]
    fn three_rising_points_say_nothing() {
        assert_eq!(forecast(Metric::ErrorRatio, &[(-2.0, 0.01), (-1.0, 0.02), (0.0, 0.03)], 0.05, 30.0), None);
    }
}
