//! The policy `bandit`: the chances of the rules, corrected by what came of earlier tries.
//!
//! For each arm (a case and a kind of action of the rules' table) a linear model of the chance that the action helps, over a
//! few features of the moment: ridge regression with the rules' chance as its prior, as in LinUCB with disjoint arms (Li et
//! al., WWW 2010), and older tries discounted (Garivier and Moulines, 2011), because systems change. Only the chance is
//! learned: worth, vetoes and the safety envelope are those of the rules, so what it can do is what the rules can do.
//!
//! Deterministic: the choice is the highest worth, exploration is the width of the estimate, nothing is drawn. Shipped, it
//! does not explore. What is learned is a text file ([`weights`]).
//!
//! Bounds: an arm a row of the table, [`FEATURES`] features each: some 20 kB in all.

pub mod weights;

use super::catalogue::Kind;
use super::classify::{Finding, View};
use super::policy_rules::{Chances, RULES};
use super::situation::{self, Case};
use super::{aim, types};
use crate::telemetry::Metric;
use std::collections::BTreeMap;

/// Number of features.
pub const FEATURES: usize = 5;
/// Their names, in the weights file.
pub const FEATURE_NAMES: [&str; FEATURES] = ["one", "load", "cpu", "single", "errors"];
/// Tries that the rules' chance counts for: a table set with care is worth more than a few tries, and less than dozens.
const PRIOR_TRIES: f64 = 8.0;
/// What an earlier try of an arm counts for with each new one: half after 69.
const DISCOUNT: f64 = 0.99;
/// A chance is never held to be certain.
const CHANCES: (f64, f64) = (0.02, 0.98);

/// The moment in numbers, each around -1..=1.
pub(super) type Moment = [f64; FEATURES];

/// One try of an arm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Arm {
    pub case: Case,
    pub kind: Kind,
    pub moment: Moment,
}

impl Arm {
    /// The arm that doing `choice` about this finding pulls; `None` if it is no action.
    pub fn of(view: &View, finding: &Finding, choice: types::Choice) -> Option<Self> {
        let types::Choice::Act(action) = choice else { return None };
        Some(Self { case: Case::of(view, finding), kind: Kind::of(action)?, moment: moment(view, finding) })
    }
}

fn moment(view: &View, finding: &Finding) -> Moment {
    let service = aim::target(finding);
    let load = situation::load_ratio(view, service).map_or(0.0, |load| (load - 1.0).clamp(-1.0, 1.0));
    let cpu = view.collector.of(service, Metric::CpuUtilisation).map_or(0.0, |cpu| 2.0 * cpu - 1.0);
    let single = if situation::ready(view, service) < 2.0 { 0.5 } else { -0.5 };
    let errors = view.collector.of(finding.diagnosis.service, Metric::ErrorRatio).unwrap_or(0.0);
    [1.0, load, cpu, single, errors]
}

/// What came of an arm's tries so far, without the prior.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Tries {
    /// Number of tries, discounted.
    pub count: f64,
    /// How many of them helped, discounted.
    pub helped: f64,
    /// Sum of the moments' outer products.
    gram: [[f64; FEATURES]; FEATURES],
    /// Sum of the moments that helped.
    sum: Moment,
}

/// All arms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bandit {
    arms: BTreeMap<(Case, Kind), Tries>,
    /// How many widths of its estimate an arm is given as a credit: 0 does not explore.
    pub explore: f64,
    /// The command that it was made with.
    pub made_by: String,
}

impl Bandit {
    /// What ships with Sickbay.
    pub fn shipped() -> Self {
        // A test holds the file to be right; without it only the rules' chances would be left.
        weights::read(include_str!("weights.txt")).unwrap_or_default()
    }
    /// What came of each arm, in order.
    pub fn arms(&self) -> impl Iterator<Item = (Case, Kind, &Tries)> {
        self.arms.iter().map(|((case, kind), tries)| (*case, *kind, tries))
    }
    /// Takes in what came of a try.
    pub(super) fn learn(&mut self, arm: &Arm, has_helped: bool) {
        let tries = self.arms.entry((arm.case, arm.kind)).or_default();
        let gain = f64::from(u8::from(has_helped));
        tries.count = DISCOUNT * tries.count + 1.0;
        tries.helped = DISCOUNT * tries.helped + gain;
        for (i, a) in arm.moment.iter().enumerate() {
            for (j, b) in arm.moment.iter().enumerate() {
                tries.gram[i][j] = DISCOUNT * tries.gram[i][j] + a * b;
            }
            tries.sum[i] = DISCOUNT * tries.sum[i] + gain * a;
        }
    }
    fn estimate(&self, case: Case, kind: Kind, prior: f64, moment: &Moment) -> f64 {
        let Some(tries) = self.arms.get(&(case, kind)) else { return credit(prior, self.explore, &prior_width(moment)) };
        let (mut gram, mut sum) = (tries.gram, tries.sum);
        for (i, row) in gram.iter_mut().enumerate() {
            row[i] += PRIOR_TRIES;
        }
        sum[0] += PRIOR_TRIES * prior;
        let (Some(weights), Some(spread)) = (solve(gram, sum), solve(gram, *moment)) else { return prior };
        credit(dot(&weights, moment), self.explore, &dot(&spread, moment))
    }
}

fn prior_width(moment: &Moment) -> f64 {
    dot(moment, moment) / PRIOR_TRIES
}

fn credit(chance: f64, explore: f64, width: &f64) -> f64 {
    (chance + explore * width.max(0.0).sqrt()).clamp(CHANCES.0, CHANCES.1)
}

fn dot(a: &Moment, b: &Moment) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Solves a symmetric positive definite system by elimination; `None` if it is not one.
fn solve(mut matrix: [[f64; FEATURES]; FEATURES], mut right: Moment) -> Option<Moment> {
    for i in 0..FEATURES {
        let pivot = matrix[i][i];
        if pivot.is_nan() || pivot <= 1e-12 {
            return None;
        }
        for j in i + 1..FEATURES {
            let factor = matrix[j][i] / pivot;
            let above = matrix[i];
            for (own, above) in matrix[j].iter_mut().zip(above) {
                *own -= factor * above;
            }
            right[j] -= factor * right[i];
        }
    }
    let mut solution = [0.0; FEATURES];
    for i in (0..FEATURES).rev() {
        let known: f64 = (i + 1..FEATURES).map(|j| matrix[i][j] * solution[j]).sum();
        solution[i] = (right[i] - known) / matrix[i][i];
    }
    Some(solution)
}

impl Chances for Bandit {
    fn chance(&self, view: &View, finding: &Finding, case: Case, kind: Kind, prior: f64) -> f64 {
        self.estimate(case, kind, prior, &moment(view, finding))
    }
}

/// The rules' chance of an arm, if the table has it.
pub fn prior(case: Case, kind: Kind) -> Option<f64> {
    RULES.iter().find(|rule| (rule.case, rule.kind) == (case, kind)).map(|rule| rule.chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARM: Arm = Arm { case: Case::Errors, kind: Kind::Restart, moment: [1.0, 0.0, 0.2, -0.5, 0.6] };

    #[test]
    fn without_tries_it_says_what_the_rules_say() {
        let bandit = Bandit::default();
        assert_eq!(bandit.estimate(ARM.case, ARM.kind, 0.85, &ARM.moment), 0.85);
    }

    #[test]
    fn tries_that_fail_and_tries_that_help_outweigh_the_rules_in_the_end() {
        for (has_helped, low, high) in [(false, 0.0, 0.15), (true, 0.9, 1.0)] {
            let mut bandit = Bandit::default();
            for _ in 0..60 {
                bandit.learn(&ARM, has_helped);
            }
            let chance = bandit.estimate(ARM.case, ARM.kind, 0.5, &ARM.moment);
            assert!((low..=high).contains(&chance), "{chance}");
            assert_eq!(bandit.estimate(Case::Latency, Kind::Restart, 0.6, &ARM.moment), 0.6, "other arms learn nothing");
        }
    }

    #[test]
    fn it_learns_when_an_action_helps_not_only_how_often() {
        let mut bandit = Bandit::default();
        let with = |load: f64| Arm { moment: [1.0, load, 0.0, -0.5, 0.1], ..ARM };
        for _ in 0..40 {
            bandit.learn(&with(1.0), true);
            bandit.learn(&with(0.0), false);
        }
        let chance = |load: f64| bandit.estimate(ARM.case, ARM.kind, 0.5, &with(load).moment);
        assert!(chance(1.0) > 0.8 && chance(0.0) < 0.25, "{} {}", chance(1.0), chance(0.0));
    }

    #[test]
    fn old_tries_fade() {
        let mut bandit = Bandit::default();
        for n in 0..600 {
            bandit.learn(&ARM, n < 300);
        }
        assert!(bandit.estimate(ARM.case, ARM.kind, 0.5, &ARM.moment) < 0.15);
    }

    #[test]
    fn exploring_gives_credit_to_what_was_tried_seldom() {
        let mut bandit = Bandit { explore: 1.0, ..Bandit::default() };
        for n in 0..50 {
            bandit.learn(&ARM, n % 2 == 0);
        }
        let seldom = bandit.estimate(ARM.case, Kind::MoveSlowest, 0.5, &ARM.moment);
        assert!(seldom > bandit.estimate(ARM.case, ARM.kind, 0.5, &ARM.moment));
    }
}
