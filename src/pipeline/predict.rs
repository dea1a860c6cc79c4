//! Predict: where a metric is heading, with an interval, and when it reaches its Critical threshold.
//!
//! A Theil-Sen line over half a minute: the median of the slopes of all pairs, which a step or a few wild samples do
//! not turn. It counts as a trend only if its slope is three standard errors from zero and the newest third of the
//! window still goes that way; otherwise the forecast is the level. So neither noise nor a step that is over reads as
//! a coming breach (three rising points do, on half of all noise).
//!
//! Why a line and not [`forecast::breach`](super::forecast::breach): that one learns from tens of horizons of a series' own past;
//! here series begin anew with each action and faults come within the first minutes (see docs/benchmarks.md).
//!
//! Bounds: at most [`POINTS_MAX`] points, so 120 slopes, per series and scrape. Times in seconds relative to now.

use super::collect::Collector;
use super::monitor::Monitor;
use super::policy::{Policy, Thresholds};
use super::types::Forecast;
use super::wiring::Wiring;
use crate::ids::ServiceId;
use crate::math;
use crate::telemetry::{Metric, Subject};
use crate::units::{Ratio, SimDuration, SimTime};
use std::collections::BTreeMap;

/// Seconds of history a trend is read from: as long as the look ahead, the usual rule for a linear extrapolation.
const WINDOW_S: u64 = 30;
/// Left out after an action: old instances drain, windows still hold them.
const AFTER_CHANGE: SimDuration = SimDuration::from_secs(2);
/// The first sample that counts again comes this long after the last that did not.
const SCRAPE: SimDuration = SimDuration::from_secs(1);
/// Seconds that the samples must span at least: two metric windows and a half.
const SPAN_S_MIN: f64 = 12.0;
/// Points after averaging neighbours.
pub const POINTS_MAX: usize = 16;
/// Standard errors of the slope from zero that make a trend.
const TREND_Z: f64 = 3.0;
/// Share of the whole window's slope that the newest third must have.
const MOMENTUM: f64 = 0.5;
/// Normal quantile of a two-sided 90 % interval.
const Z_90: f64 = 1.645;
/// Smallest standard deviation, as a share of the threshold: what scrapes round.
const SD_MIN: f64 = 0.002;
/// Times the horizon beyond which a breach is not worth telling.
const FAR: f64 = 10.0;
/// Probability below which a forecast is not pressing for anybody.
const PROBABILITY_MIN: f64 = 0.05;

/// A fitted line: level now and change per second, with their standard errors and the scatter around it.
#[derive(Clone, Copy, Debug)]
struct Line {
    level: f64,
    slope: f64,
    level_se: f64,
    slope_se: f64,
    scatter: f64,
}

/// The most pressing forecast of every service that has one.
///
/// `changed`: when an action on a service ended last. What was before is another process's history. What was told while
/// a service was not seen is nobody's.
pub(super) fn all(
    collector: &Collector,
    monitor: &Monitor,
    wiring: &Wiring,
    policy: &Policy,
    changed: &BTreeMap<ServiceId, SimTime>,
) -> BTreeMap<ServiceId, Forecast> {
    let window = SimDuration::from_secs(WINDOW_S);
    let one = |service: ServiceId| {
        let age = changed.get(&service).map_or(window, |at| collector.now().since(*at + AFTER_CHANGE));
        let seen = monitor.blind_at(service).map_or(window, |at| collector.now().since(at + SCRAPE));
        most_pressing(service, collector, policy, window.min(age).min(seen))
    };
    wiring.ids().filter(|service| !monitor.is_blind(*service)).filter_map(|service| Some((service, one(service)?))).collect()
}

/// The forecast of a service that is most likely to breach, if any is pressing.
fn most_pressing(service: ServiceId, collector: &Collector, policy: &Policy, window: SimDuration) -> Option<Forecast> {
    let mut best: Option<Forecast> = None;
    for metric in Thresholds::METRICS {
        let Some(band) = policy.thresholds.of(metric) else { continue };
        let is_open = collector.of(service, metric).is_some_and(|v| v < band.critical);
        if !is_open {
            continue;
        }
        let samples = collector.window(Subject::Service(service), metric, window);
        let Some(forecast) = forecast(metric, &samples, band.critical, policy.horizon_s) else { continue };
        if forecast.breach_probability.get() >= PROBABILITY_MIN
            && best.is_none_or(|b| forecast.breach_probability > b.breach_probability)
        {
            best = Some(forecast);
        }
    }
    best
}

/// Forecast of one series, `horizon_s` seconds ahead. `None` with too little history.
fn forecast(metric: Metric, samples: &[(f64, f64)], threshold: f64, horizon_s: f64) -> Option<Forecast> {
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
    Some(Forecast {
        metric,
        horizon_s,
        value: value.max(0.0),
        low: (value - Z_90 * sd).max(0.0),
        high: (value + Z_90 * sd).max(0.0),
        threshold,
        breach_probability: Ratio::saturating(math::normal_cdf((value - threshold) / sd)),
        breach_in_s: breach_in(line, threshold, horizon_s),
    })
}

/// Averages neighbours until few enough points are left.
fn thin(samples: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let block = samples.len().div_ceil(POINTS_MAX).max(1);
    samples
        .rchunks(block)
        .rev()
        .map(|chunk| {
            let n = chunk.len() as f64;
            (chunk.iter().map(|(t, _)| t).sum::<f64>() / n, chunk.iter().map(|(_, v)| v).sum::<f64>() / n)
        })
        .collect()
}

/// How many points one metric window spans: overlapping windows are not independent, so errors are wider.
fn overlap(metric: Metric, spacing_s: f64) -> f64 {
    let window_s = if metric == Metric::MemoryUtilisation { 1.0 } else { Metric::WINDOW_S as f64 };
    (window_s / spacing_s).max(1.0)
}

fn fit(points: &[(f64, f64)], overlap: f64, scatter_min: f64) -> Line {
    let line = line_of(points, slope(points), overlap, scatter_min);
    let recent = &points[points.len() - (points.len() / 3).max(3)..];
    let momentum = slope(recent);
    let is_trend = line.slope.abs() >= TREND_Z * line.slope_se && momentum * line.slope.signum() >= MOMENTUM * line.slope.abs();
    if is_trend { line } else { Line { slope_se: 0.0, ..line_of(points, 0.0, overlap, scatter_min) } }
}

fn line_of(points: &[(f64, f64)], slope: f64, overlap: f64, scatter_min: f64) -> Line {
    let n = points.len() as f64;
    let level = median(points.iter().map(|(t, v)| v - slope * t).collect());
    let squares: f64 = points.iter().map(|(t, v)| square(v - level - slope * t)).sum();
    let scatter = (squares / (n - 2.0)).sqrt().max(scatter_min);
    let mean_t = points.iter().map(|(t, _)| t).sum::<f64>() / n;
    let spread = points.iter().map(|(t, _)| square(t - mean_t)).sum::<f64>();
    let slope_se = scatter * (overlap / spread).sqrt();
    let lever = if slope == 0.0 { 0.0 } else { square(mean_t) / spread };
    let level_se = scatter * (overlap * (1.0 / n + lever)).sqrt();
    Line { level, slope, level_se, slope_se, scatter }
}

fn slope(points: &[(f64, f64)]) -> f64 {
    let mut slopes = Vec::with_capacity(points.len() * points.len() / 2);
    for (i, (t0, v0)) in points.iter().enumerate() {
        slopes.extend(points[i + 1..].iter().filter(|(t1, _)| t1 > t0).map(|(t1, v1)| (v1 - v0) / (t1 - t0)));
    }
    median(slopes)
}

/// Expected, earliest and latest seconds to the threshold.
fn breach_in(line: Line, threshold: f64, horizon_s: f64) -> Option<(f64, f64, f64)> {
    let way = threshold - line.level;
    if way <= 0.0 {
        return Some((0.0, 0.0, 0.0));
    }
    let (steepest, flattest) = (line.slope + Z_90 * line.slope_se, line.slope - Z_90 * line.slope_se);
    if flattest <= 0.0 || way / line.slope > FAR * horizon_s {
        return None;
    }
    let slack = Z_90 * line.level_se;
    Some((way / line.slope, ((way - slack) / steepest).max(0.0), (way + slack) / flattest))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match (values.len(), values.len() / 2) {
        (0, _) => 0.0,
        (n, half) if n % 2 == 1 => values[half],
        (_, half) => (values[half - 1] + values[half]) / 2.0,
    }
}

fn square(x: f64) -> f64 {
    x * x
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn noise_below_the_threshold_never_breaches() {
        for seed in 0..2_000 {
            let samples = noisy(seed, 0.05, |_| 0.6);
            let forecast = forecast(Metric::MemoryUtilisation, &samples, 0.8, 30.0).expect("enough history");
            assert!(forecast.breach_probability.get() < 0.8, "seed {seed}: {forecast:?}");
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
            assert!(forecast.breach_probability.get() >= 0.8, "{forecast:?}");
            inside += u32::from(earliest <= 25.0 && 25.0 <= latest && forecast.low <= 0.86 && 0.86 <= forecast.high);
        }
        assert!(inside >= 340, "90 % intervals contained the truth in {inside} of 400 runs");
    }

    #[test]
    fn a_step_that_is_over_is_not_a_trend() {
        for age in 0..=30 {
            let samples = noisy(1, 0.005, |t| if t < -f64::from(age) { 0.3 } else { 0.6 });
            let forecast = forecast(Metric::CpuUtilisation, &samples, 0.85, 30.0).expect("enough history");
            assert!(forecast.breach_probability.get() < 0.8, "step {age} s ago: {forecast:?}");
        }
    }

    #[test]
    fn three_rising_points_say_nothing() {
        assert_eq!(forecast(Metric::ErrorRatio, &[(-2.0, 0.01), (-1.0, 0.02), (0.0, 0.03)], 0.05, 30.0), None);
    }
}
