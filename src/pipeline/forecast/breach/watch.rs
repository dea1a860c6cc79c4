//! One series under watch: its past, and the decisions whose outcome is not yet known.

use super::Target;
use super::odds::Odds;
use super::past::{PER_HORIZON, Past, Stand};
use super::signs::{self, Signs};
use std::collections::VecDeque;

/// Horizons for which the time to a breach is waited for.
pub const PATIENCE: usize = 4;

/// What is to be expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// Probability that the threshold is reached within the horizon, 0..=1.
    pub probability: f64,
    /// Samples until then if it is reached within four horizons: 5 %, 50 % and 95 % quantiles, each at least one.
    pub samples: [f64; 3],
    /// What speaks for it (positive) and against it: contributions to the log odds, by name.
    pub reasons: [(&'static str, f64); signs::SIGNS],
}

/// A moment that waits for what follows.
#[derive(Clone, Copy, Debug)]
struct Pending {
    made: usize,
    stand: Stand,
    high: f32,
    /// Present where there was something to decide: below the threshold.
    signs: Option<Signs>,
    has_come: bool,
}

/// A series and the question asked of it.
#[derive(Clone, Debug)]
pub struct Watch {
    target: Target,
    past: Past,
    pending: VecDeque<Pending>,
    seen: usize,
    is_below: bool,
}

impl Watch {
    /// Nothing seen yet.
    pub fn new(target: Target) -> Self {
        let target = Target { horizon: target.horizon.max(1), ..target };
        Self {
            target,
            past: Past::new(target),
            pending: VecDeque::with_capacity(PATIENCE * PER_HORIZON + 2),
            seen: 0,
            is_below: false,
        }
    }
    /// Takes in the next sample (one that is not finite is left out), and lets `odds` learn from decisions whose outcome
    /// it shows.
    pub fn push(&mut self, value: f64, odds: &mut Odds) {
        if !value.is_finite() {
            return;
        }
        let scaled = self.target.scaled(value);
        self.is_below = value < self.target.threshold;
        self.seen += 1;
        self.past.push(scaled, !self.is_below);
        self.settle(scaled, odds);
        if self.seen.is_multiple_of(self.pace()) {
            let signs = self.is_below.then(|| signs::read(&self.past, self.target, odds.base()));
            let stand = self.past.stand();
            self.pending.push_back(Pending { made: self.seen, stand, high: f32::MIN, signs, has_come: false });
        }
    }
    /// What is to be expected now; `None` before the first sample and at or above the threshold.
    pub fn outlook(&self, odds: &Odds) -> Option<Outlook> {
        if !self.is_below {
            return None;
        }
        let signs = signs::read(&self.past, self.target, odds.base());
        Some(Outlook { probability: odds.probability(&signs), samples: odds.time(&signs), reasons: odds.reasons(&signs) })
    }
    /// Forgets the decisions that wait: what follows now is another process's doing (a restart, an action).
    pub fn interrupt(&mut self) {
        self.pending.clear();
    }
    /// Samples from one learned decision to the next.
    fn pace(&self) -> usize {
        (self.target.horizon / PER_HORIZON).max(1)
    }
    fn settle(&mut self, value: f64, odds: &mut Odds) {
        let Target { horizon, .. } = self.target;
        let has_reached = !self.is_below;
        for pending in &mut self.pending {
            let age = self.seen - pending.made;
            if age <= horizon {
                pending.high = pending.high.max(value as f32);
            }
            if has_reached && !pending.has_come {
                pending.has_come = true;
                if let Some(signs) = &pending.signs {
                    odds.learn_time(signs, age);
                }
            }
            if age == horizon {
                self.past.remember(pending.stand, pending.high);
                if let Some(signs) = &pending.signs {
                    odds.learn(signs, pending.has_come);
                }
            }
        }
        while self.pending.front().is_some_and(|p| self.seen - p.made >= PATIENCE * horizon) {
            self.pending.pop_front();
        }
    }
}
