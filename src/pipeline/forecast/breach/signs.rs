//! What speaks for or against reaching the threshold: ten numbers, each with a name and the range in which it is told apart.

use super::Target;
use super::past::Past;
use crate::math;

/// How many signs there are.
pub(super) const SIGNS: usize = 10;
/// Their names, for whoever asks why.
pub(super) const NAMES: [&str; SIGNS] = [
    "way to go",
    "way to go against its usual rises",
    "how often it rose so far",
    "what followed at this level",
    "what followed on this course",
    "way from its recent high",
    "trend over the horizon",
    "trend of late",
    "time spent above",
    "restlessness",
];
/// Where each is told apart: logarithms of ways, logits of shares, trends in ways to go per horizon.
pub(super) const RANGES: [(f64, f64); SIGNS] = [
    (-5.3, 0.0),
    (-3.0, 3.5),
    (-7.0, 3.0),
    (-7.0, 3.0),
    (-7.0, 3.0),
    (-5.3, 0.0),
    (-3.0, 3.0),
    (-6.0, 6.0),
    (-6.0, 3.0),
    (-6.0, 2.0),
];
/// Weights of the signs before anything was learned: the three votes share the say.
pub(super) const FIRST_WEIGHTS: [f64; SIGNS] = [0.0, 0.0, 0.4, 0.3, 0.3, 0.0, 0.0, 0.0, 0.0, 0.0];
/// The sign that holds the trend over the horizon.
pub(super) const TREND: usize = 6;

/// Added to ways before their logarithm is taken, in units of the threshold: nearer is at hand.
const AT_HAND: f64 = 0.005;
/// Added to ways that divide.
const DIVISOR: f64 = 0.02;

/// The signs of one moment.
pub(super) type Signs = [f32; SIGNS];

/// The signs of a series now; `base` is how often it came so on all series.
pub(super) fn read(past: &Past, target: Target, base: f64) -> Signs {
    let goal = target.goal();
    let gap = goal - past.level();
    let way = |w: f64| math::ln(w.max(0.0) + AT_HAND);
    let votes = past.votes(goal, base);
    let trend = |window: usize, limit: f64| {
        let ways = past.slope(window) * target.horizon as f64 / (gap.max(0.0) + DIVISOR);
        ways.clamp(-limit, limit)
    };
    let signs = [
        way(gap),
        way(gap) - math::ln(past.usual_rise() + AT_HAND),
        logit(votes.any),
        logit(votes.level),
        logit(votes.course),
        way(goal - past.high()),
        trend(target.horizon, 3.0),
        trend((target.horizon / 4).max(4), 6.0),
        logit(past.above()),
        math::ln(past.restlessness() + 1e-3) - way(gap),
    ];
    signs.map(|s| s as f32)
}

/// Logarithm of the odds; shares within a thousandth of certainty are not told apart.
pub(super) fn logit(share: f64) -> f64 {
    let share = share.clamp(1e-3, 1.0 - 1e-3);
    math::ln(share / (1.0 - share))
}
