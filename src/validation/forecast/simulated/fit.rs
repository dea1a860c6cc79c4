//! Fitting what the signs of a breach are worth: logistic regression by Newton's method, a row for each metric, with a weak
//! normal prior around zero so that signs that never speak stay silent.

use super::Decision;
use super::score::PATIENCE;
use crate::math;
use crate::pipeline::predict::signs::{Sign, Signs};
use crate::pipeline::predict::weights::probability;
use crate::pipeline::{Policy, Thresholds};
use crate::telemetry::Metric;
use std::fmt::Write;

/// Newton's steps: from zero, the likelihood stands still after fewer than ten.
const STEPS: usize = 25;
/// Precision of the prior around a weight: worth as much as so many undecided samples.
const RIDGE: f64 = 0.5;
/// The same around what is held before looking, of which there is no telling.
const RIDGE_PRIOR: f64 = 1e-6;
/// Probabilities from which on the times of breaches are read, the highest first.
const FROM: [f64; 3] = [0.9, 0.7, 0.5];

/// Weights and what they are worth on what they were fitted on.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// By metric, in the order of [`Thresholds::METRICS`].
    pub weights: Vec<Signs>,
    /// Mean log-likelihood of a decision with the weights in force, and with these.
    pub likelihood: (f64, f64),
    /// The rows of the table in `pipeline/predict/weights.rs`.
    pub text: String,
}

/// The weights under which what came is likeliest.
pub fn fit(decisions: &[Decision]) -> Fitted {
    let horizon_s = Policy::default().horizon_s as usize;
    let (mut weights, mut text, mut after) = (Vec::new(), String::new(), 0.0);
    for metric in Thresholds::METRICS {
        let mine = decisions.iter().filter(|d| d.metric == metric);
        let data: Vec<(&Signs, f64)> = mine.map(|d| (&d.signs, f64::from(u8::from(d.is_hit(horizon_s))))).collect();
        let row = regress(&data);
        after += data.iter().map(|(signs, hit)| log_likelihood(probability(&row, signs), *hit)).sum::<f64>();
        let _ = writeln!(text, "    // {metric:?}\n    [");
        for (sign, weight) in Sign::ALL.iter().zip(row) {
            let _ = writeln!(text, "        {weight:.3}, // {sign:?}");
        }
        text.push_str("    ],\n");
        weights.push(row);
    }
    let count = decisions.len().max(1) as f64;
    let hit = |d: &Decision| f64::from(u8::from(d.is_hit(horizon_s)));
    let before: f64 = decisions.iter().map(|d| log_likelihood(d.said, hit(d))).sum();
    text += &times(decisions, &weights);
    Fitted { weights, likelihood: (before / count, after / count), text }
}

/// The rows of the table of times: of decisions without a trend, as likely as this by the new weights.
fn times(decisions: &[Decision], weights: &[Signs]) -> String {
    let patience_s = PATIENCE * Policy::default().horizon_s;
    let said = |d: &Decision| {
        let row = Thresholds::METRICS.iter().position(|m| *m == d.metric).unwrap_or(0);
        probability(&weights[row], &d.signs)
    };
    let came = |d: &Decision| d.reached_s.map(|s| s as f64).filter(|s| *s <= patience_s && d.left_s as f64 >= patience_s);
    let accumulates = |d: &Decision| d.metric == Metric::MemoryUtilisation;
    let all: Vec<(f64, f64)> = decisions.iter().filter(|d| !accumulates(d)).filter_map(|d| Some((said(d), came(d)?))).collect();
    let mut text = String::new();
    for (below, from) in std::iter::once(f64::INFINITY).chain(FROM).zip(FROM) {
        let mut seconds: Vec<f64> = all.iter().filter(|(p, _)| (from..below).contains(p)).map(|(_, s)| *s).collect();
        seconds.sort_by(f64::total_cmp);
        let at = |share: f64| seconds.get((share * seconds.len() as f64) as usize).copied().unwrap_or(0.0);
        let _ = writeln!(text, "    ({from:.1}, [{:.1}, {:.1}, {:.1}]), // of {}", at(0.05), at(0.5), at(0.95), seconds.len());
    }
    text
}

fn log_likelihood(said: f64, hit: f64) -> f64 {
    let said = said.clamp(1e-9, 1.0 - 1e-9);
    hit * math::ln(said) + (1.0 - hit) * math::ln(1.0 - said)
}

fn regress(data: &[(&Signs, f64)]) -> Signs {
    let mut weights: Signs = [0.0; Sign::COUNT];
    for _ in 0..STEPS {
        let ridge: Signs = Sign::ALL.map(|sign| if sign == Sign::Prior { RIDGE_PRIOR } else { RIDGE });
        let mut slope: Signs = std::array::from_fn(|i| -ridge[i] * weights[i]);
        let mut bend = [[0.0; Sign::COUNT]; Sign::COUNT];
        bend.iter_mut().enumerate().for_each(|(i, row)| row[i] = ridge[i]);
        for (signs, hit) in data {
            let said = probability(&weights, signs);
            let spread = said * (1.0 - said);
            for (i, a) in signs.iter().enumerate().filter(|(_, a)| **a != 0.0) {
                slope[i] += (hit - said) * a;
                bend[i].iter_mut().zip(signs.iter()).for_each(|(cell, b)| *cell += spread * a * b);
            }
        }
        let step = solve(bend, slope);
        weights.iter_mut().zip(step).for_each(|(w, s)| *w += s);
    }
    weights
}

/// Solves a symmetric system whose diagonal the prior keeps above zero, by elimination.
fn solve(mut matrix: [Signs; Sign::COUNT], mut right: Signs) -> Signs {
    for i in 0..Sign::COUNT {
        for j in i + 1..Sign::COUNT {
            let factor = matrix[j][i] / matrix[i][i];
            let above = matrix[i];
            matrix[j].iter_mut().zip(above).for_each(|(own, above)| *own -= factor * above);
            right[j] -= factor * right[i];
        }
    }
    let mut solution = [0.0; Sign::COUNT];
    for i in (0..Sign::COUNT).rev() {
        let known: f64 = (i + 1..Sign::COUNT).map(|j| matrix[i][j] * solution[j]).sum();
        solution[i] = (right[i] - known) / matrix[i][i];
    }
    solution
}
