//! How well decisions did.

use super::super::judge::{Call, Marks, marks};
use super::super::rivals::NAMES;
use super::Decision;
use crate::ids::ServiceId;
use crate::pipeline::{Policy, Thresholds};
use crate::telemetry::Metric;
use std::collections::BTreeMap;

/// Seconds within which a breach must come for its time to be judged, in horizons: a time is told of a series that is on its
/// way, and what comes much later comes of something else.
pub const PATIENCE: f64 = 2.0;

/// What was said between two tenths, and what came.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// Decisions.
    pub decisions: usize,
    /// Mean probability said.
    pub said: f64,
    /// Share after which it came.
    pub came: f64,
}

/// How good the times to a breach are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Times {
    /// Decisions that told a time.
    pub told: usize,
    /// Those of them after which the breach came within two horizons.
    pub came: usize,
    /// Share of the latter with the time within its 90 % interval.
    pub within: f64,
    /// Share of the latter that came before it was expected.
    pub before: f64,
    /// Median width of the interval, s.
    pub width_s: f64,
}

/// Breaches that were warned of from some probability on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Warned {
    /// From which probability on.
    pub from: f64,
    /// Breaches with a decision in the horizon before.
    pub breaches: usize,
    /// Those of them that were warned of.
    pub warned: usize,
    /// Median seconds from the earliest warning in the horizon before to the breach.
    pub lead_s: usize,
    /// Share of warnings after which no breach came within the horizon.
    pub false_share: f64,
}

/// The score of a set of decisions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Score {
    /// What was said.
    pub ours: Marks,
    /// The robust line alone.
    pub by_line: Marks,
    /// Plain ways, by name.
    pub rivals: Vec<(&'static str, Marks)>,
    /// By metric: what was said, and the level.
    pub metrics: Vec<(Metric, Marks, Marks)>,
    /// Ten bins of equal width.
    pub bins: [Bin; 10],
    /// Warnings where F1 is best, and where a policy acts.
    pub warned: [Warned; 2],
    /// Times to a breach: along a line that rises (memory), and all others.
    pub times: [Times; 2],
}

/// Judges decisions.
pub fn score(decisions: &[Decision]) -> Score {
    let policy = Policy::default();
    let horizon_s = policy.horizon_s as usize;
    let judge = |of: &dyn Fn(&Decision) -> bool, say: &dyn Fn(&Decision) -> f64| {
        let calls = decisions.iter().filter(|d| of(d)).map(|d| (say(d), d.is_hit(horizon_s)));
        marks(&calls.collect::<Vec<Call>>())
    };
    let all = |_: &Decision| true;
    let ours = judge(&all, &|d| d.said);
    let of = |metric: Metric| {
        let mine = move |d: &Decision| d.metric == metric;
        (metric, judge(&mine, &|d| d.said), judge(&mine, &|d| d.rivals[0]))
    };
    Score {
        by_line: judge(&all, &|d| d.by_line),
        rivals: NAMES.iter().enumerate().map(|(i, name)| (*name, judge(&all, &|d| d.rivals[i]))).collect(),
        metrics: Thresholds::METRICS.into_iter().map(of).collect(),
        bins: bins(decisions, horizon_s),
        warned: [ours.f1_at, policy.act_probability].map(|from| warned(decisions, horizon_s, from)),
        times: [true, false].map(|is_memory| {
            let mine = decisions.iter().filter(|d| (d.metric == Metric::MemoryUtilisation) == is_memory);
            times(mine, PATIENCE * policy.horizon_s)
        }),
        ours,
    }
}

impl Decision {
    /// Whether the threshold was reached within the horizon.
    pub fn is_hit(&self, horizon_s: usize) -> bool {
        self.reached_s.is_some_and(|s| s <= horizon_s)
    }
}

fn bins(decisions: &[Decision], horizon_s: usize) -> [Bin; 10] {
    let mut bins = [Bin::default(); 10];
    for d in decisions {
        let bin = &mut bins[((d.said * 10.0) as usize).min(9)];
        bin.decisions += 1;
        bin.said += d.said;
        bin.came += f64::from(u8::from(d.is_hit(horizon_s)));
    }
    bins.map(|b| {
        let n = b.decisions.max(1) as f64;
        Bin { said: b.said / n, came: b.came / n, ..b }
    })
}

fn warned(decisions: &[Decision], horizon_s: usize, from: f64) -> Warned {
    // By breach, which is where and when: the longest lead of a warning, 0 without one.
    let mut breaches: BTreeMap<(usize, ServiceId, Metric, usize), usize> = BTreeMap::new();
    let (mut warnings, mut wrong) = (0_usize, 0_usize);
    for d in decisions {
        let warns = d.said >= from;
        warnings += usize::from(warns);
        match d.reached_s.filter(|s| *s <= horizon_s) {
            Some(lead) => {
                let longest = breaches.entry((d.episode, d.service, d.metric, d.at_s + lead)).or_default();
                *longest = if warns { lead.max(*longest) } else { *longest };
            }
            None => wrong += usize::from(warns),
        }
    }
    let mut leads: Vec<usize> = breaches.values().copied().filter(|lead| *lead > 0).collect();
    leads.sort_unstable();
    let lead_s = leads.get(leads.len() / 2).copied().unwrap_or(0);
    let false_share = wrong as f64 / warnings.max(1) as f64;
    Warned { from, breaches: breaches.len(), warned: leads.len(), lead_s, false_share }
}

/// Decisions of which it is known whether a breach came within two horizons, or by the latest time told.
fn times<'a>(decisions: impl Iterator<Item = &'a Decision>, patience_s: f64) -> Times {
    type Told = (f64, f64, f64);
    let known = |d: &Decision| {
        let told = d.told_s?;
        let until = told.2.max(patience_s);
        let came = d.reached_s.map(|s| s as f64).filter(|s| *s <= until);
        (d.left_s as f64 >= until).then_some((told, came))
    };
    let told: Vec<(Told, Option<f64>)> = decisions.filter_map(known).collect();
    let came: Vec<(Told, f64)> = told.iter().filter_map(|(told, came)| Some((*told, (*came)?))).collect();
    let share = |test: &dyn Fn(&(Told, f64)) -> bool| came.iter().filter(|c| test(c)).count() as f64 / came.len().max(1) as f64;
    let mut widths: Vec<f64> = came.iter().map(|((_, early, late), _)| late - early).collect();
    widths.sort_by(f64::total_cmp);
    Times {
        told: told.len(),
        came: came.len(),
        // What comes between two scrapes is seen with the later one.
        within: share(&|((_, early, late), s)| (early.floor()..=late.ceil()).contains(s)),
        before: share(&|((expected, ..), s)| s <= expected),
        width_s: widths.get(widths.len() / 2).copied().unwrap_or(0.0),
    }
}
