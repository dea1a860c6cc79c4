//! Breach forecasts over whole tables: one pass in the order of time over all series, then judged by what came.
//!
//! Judged as in the protocol of the recorded pods: every fourth sample of a series, from its first on, while below the
//! threshold and with a whole horizon of samples after it. Lead time: from the earliest warning within the horizon before a
//! breach to the breach, warnings being probabilities at least as high as where F1 is best.

use super::judge::{Call, Marks, marks};
use super::pods::{self, Kind};
use super::rivals::{NAMES, Rivals};
use super::table::Samples;
use crate::pipeline::forecast::breach::{Odds, PATIENCE, Target, Watch};

/// Every how many samples a decision is judged.
const EVERY: usize = 4;

/// One decision: a sample below the threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Number of the series.
    pub series: usize,
    /// Number of the sample within its series.
    pub sample: usize,
    /// When, as in the table.
    pub time_s: f64,
    /// Probability of reaching the threshold within the horizon.
    pub probability: f64,
    /// Samples until then if it is reached within four horizons: 5 %, 50 %, 95 % quantiles.
    pub eta: [f64; 3],
    /// Seconds between samples so far; `None` as long as no series had two.
    pub spacing_s: Option<f64>,
    /// The sign that speaks loudest for or against it, and what it adds to the log odds.
    pub reason: (&'static str, f64),
    rivals: [f64; 4],
}

/// All decisions of a table, in its order.
pub fn decide(samples: &Samples, target: Target) -> Vec<Decision> {
    let mut odds = Odds::new(target.horizon);
    let fresh = || (Watch::new(target), Rivals::new(target.threshold, target.horizon), Spacing::default());
    let mut series: Vec<_> = samples.names.iter().map(|_| fresh()).collect();
    let mut decisions = Vec::new();
    // Of the series that had two samples last: a first sample has no spacing of its own.
    let mut usual_s = None;
    for (number, time_s, value) in &samples.rows {
        let (watch, rivals, spacing) = &mut series[*number];
        watch.push(*value, &mut odds);
        rivals.push(*value);
        spacing.push(*time_s);
        if let Some(mean_s) = spacing.mean_s() {
            usual_s = Some(mean_s);
        }
        let Some(outlook) = watch.outlook(&odds) else { continue };
        let loudest = outlook.reasons.into_iter().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
        decisions.push(Decision {
            series: *number,
            sample: spacing.seen - 1,
            time_s: *time_s,
            probability: outlook.probability,
            eta: outlook.samples,
            spacing_s: spacing.mean_s().or(usual_s),
            reason: loudest.unwrap_or(("", 0.0)),
            rivals: rivals.scores().all(),
        });
    }
    decisions
}

/// Mean time between samples.
#[derive(Clone, Copy, Debug, Default)]
struct Spacing {
    first_s: f64,
    newest_s: f64,
    seen: usize,
}

impl Spacing {
    fn push(&mut self, time_s: f64) {
        if self.seen == 0 {
            self.first_s = time_s;
        }
        self.newest_s = time_s;
        self.seen += 1;
    }
    fn mean_s(self) -> Option<f64> {
        (self.seen > 1).then(|| (self.newest_s - self.first_s) / (self.seen - 1) as f64)
    }
}

/// How well decisions did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Score {
    /// Ours.
    pub ours: Marks,
    /// Simple ways, by name.
    pub rivals: Vec<(&'static str, Marks)>,
    /// Breaches that came while decisions were taken.
    pub breaches: usize,
    /// Those warned of.
    pub warned: usize,
    /// Median lead time of those, in samples.
    pub lead: f64,
    /// Share of decisions with a breach within four horizons whose time was within its 90 % interval.
    pub eta_within: f64,
    /// Share of them whose time was at most its median.
    pub eta_before_median: f64,
}

/// Judges decisions against the table they were taken on.
pub fn score(samples: &Samples, target: Target, decisions: &[Decision]) -> Score {
    let mut values: Vec<Vec<f64>> = vec![Vec::new(); samples.names.len()];
    samples.rows.iter().for_each(|(series, _, value)| values[*series].push(*value));
    let next: Vec<Vec<usize>> = values.iter().map(|v| next_breach(v, target.threshold)).collect();
    let within = |d: &Decision| next[d.series][d.sample] - d.sample <= target.horizon;
    let is_judged = |d: &&Decision| d.sample.is_multiple_of(EVERY) && d.sample + target.horizon < values[d.series].len();
    let judged: Vec<&Decision> = decisions.iter().filter(is_judged).collect();
    let judge = |say: &dyn Fn(&Decision) -> f64| marks(&judged.iter().map(|d| (say(d), within(d))).collect::<Vec<Call>>());
    let ours = judge(&|d| d.probability);
    let (breaches, leads) = leads(&values, target, decisions, ours.f1_at);
    let (eta_within, eta_before_median) = times(&values, target, decisions, &next);
    Score {
        rivals: NAMES.iter().enumerate().map(|(i, name)| (*name, judge(&|d| d.rivals[i]))).collect(),
        breaches,
        warned: leads.len(),
        lead: leads.get(leads.len() / 2).map_or(0.0, |lead| *lead as f64),
        eta_within,
        eta_before_median,
        ours,
    }
}

/// For each sample, the number of the first one after it at or above the threshold (far beyond the end if none).
fn next_breach(values: &[f64], threshold: f64) -> Vec<usize> {
    let mut next = usize::MAX / 2;
    let mut out = vec![next; values.len()];
    for (i, value) in values.iter().enumerate().rev() {
        out[i] = next;
        if *value >= threshold {
            next = i;
        }
    }
    out
}

/// Breaches that follow a sample below, and the sorted lead times of those warned of.
fn leads(values: &[Vec<f64>], target: Target, decisions: &[Decision], at: f64) -> (usize, Vec<usize>) {
    let mut warned: Vec<Vec<bool>> = values.iter().map(|v| vec![false; v.len()]).collect();
    decisions.iter().filter(|d| d.probability >= at).for_each(|d| warned[d.series][d.sample] = true);
    let (mut breaches, mut leads) = (0, Vec::new());
    for (values, warned) in values.iter().zip(&warned) {
        let crossings = (1..values.len()).filter(|i| values[*i] >= target.threshold && values[i - 1] < target.threshold);
        for crossing in crossings {
            breaches += 1;
            let from = crossing.saturating_sub(target.horizon);
            leads.extend((from..crossing).find(|i| warned[*i]).map(|i| crossing - i));
        }
    }
    leads.sort_unstable();
    (breaches, leads)
}

/// Shares of decisions with a breach within four horizons: time within its interval, and at most its median. Times are whole
/// samples, quantiles are not: half a sample of slack.
fn times(values: &[Vec<f64>], target: Target, decisions: &[Decision], next: &[Vec<usize>]) -> (f64, f64) {
    let patience = PATIENCE * target.horizon;
    let is_whole = |d: &&Decision| d.sample.is_multiple_of(EVERY) && d.sample + patience < values[d.series].len();
    let (mut all, mut inside, mut before) = (0.0_f64, 0.0, 0.0);
    for d in decisions.iter().filter(is_whole) {
        let took = next[d.series][d.sample] - d.sample;
        if took <= patience {
            let took = took as f64;
            all += 1.0;
            inside += f64::from(u8::from((d.eta[0] - 0.5..=d.eta[2] + 0.5).contains(&took)));
            before += f64::from(u8::from(took <= d.eta[1] + 0.5));
        }
    }
    (inside / all.max(1.0), before / all.max(1.0))
}

/// The first `count` made-up pods (see [`pods`]) of these kinds as a table; none of no kinds.
pub fn made(seed: u64, count: usize, kinds: &[Kind]) -> Samples {
    let mut samples = Samples::default();
    if kinds.is_empty() {
        return samples;
    }
    for number in (0..).filter(|number| kinds.contains(&pods::kind(seed, *number))).take(count) {
        let series = samples.names.len();
        samples.names.push(format!("pod-{number}"));
        let values = pods::pod(seed, number).into_iter().enumerate();
        samples.rows.extend(values.map(|(i, v)| (series, i as f64 * pods::SPACING_S, v)));
    }
    samples.rows.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Target = Target { threshold: 0.85, horizon: 32 };

    #[test]
    fn on_made_up_pods_we_beat_what_is_simple_and_are_calibrated() {
        let samples = made(3, 30, &Kind::ALL);
        let score = score(&samples, TARGET, &decide(&samples, TARGET));
        let best = score.rivals.iter().map(|(_, marks)| marks.average_precision).fold(0.0, f64::max);
        assert!(score.ours.average_precision > best + 0.05, "{score:?}");
        assert!(score.ours.brier < 0.9 * score.ours.climatology, "{score:?}");
        assert!(score.ours.calibration_error < 0.03, "{score:?}");
        assert!(score.warned * 2 > score.breaches, "{score:?}");
    }

    #[test]
    fn what_comes_later_changes_no_decision() {
        let whole = made(4, 3, &Kind::ALL);
        let mut half = whole.clone();
        half.rows.truncate(whole.rows.len() / 2);
        let (all, some) = (decide(&whole, TARGET), decide(&half, TARGET));
        assert!(some.len() > 1_000 && all[..some.len()] == some[..]);
    }

    #[test]
    fn the_next_breach_is_strictly_after_the_sample() {
        let next = next_breach(&[0.0, 1.0, 0.0], 1.0);
        assert_eq!((next[0], next[1] > 1_000), (1, true));
    }

    #[test]
    fn tables_that_never_or_always_breach_are_judged_without_a_panic() {
        for value in [0.1, 1.0] {
            let rows = (0..100).map(|i| (0, f64::from(i), value)).collect();
            let samples = Samples { names: vec!["a".into()], rows, missing: 0 };
            let decisions = decide(&samples, TARGET);
            assert_eq!(score(&samples, TARGET, &decisions).breaches, 0);
        }
    }
}
