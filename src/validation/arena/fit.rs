//! Fitting what evidence is worth: maximum likelihood of the right places and classes over many episodes, with the weights in
//! force as what is held before (a normal prior around them), by gradient ascent with Adam's steps.

use super::play::Sample;
use super::truth::Truth;
use crate::math;
use crate::pipeline::suspects::weights::{TABLE, rows};
use crate::pipeline::suspects::{Clue, Clues, Row, strength};
use std::fmt::Write;

/// Steps of the ascent; the likelihood stands still long before.
const STEPS: usize = 600;
/// Length of a step in log-odds.
const STEP: f64 = 0.03;
/// Standard deviation of the prior around a weight, of its size and at least one.
const SPREAD: f64 = 1.0;

/// One hypothesis of a sample.
struct Hypothesis {
    row: usize,
    clues: Clues,
    is_right: bool,
}

fn hypotheses(sample: &Sample, truth: &Truth) -> Vec<Hypothesis> {
    let mut all = Vec::new();
    for (place, is_healable, clues) in &sample.places {
        for row in rows(*place, *is_healable) {
            let is_class = row.class(clues.of(Clue::Keeps) > 0.5) == truth.class;
            all.push(Hypothesis { row: *row as usize, clues: *clues, is_right: is_class && truth.is_right(*place) });
        }
    }
    all
}

/// The weights that fit the samples best, as lines of the table in `pipeline/suspects/weights.rs`, and the mean log-likelihood
/// before and after.
pub fn fit(samples: &[(Sample, Truth)]) -> (String, f64, f64) {
    let data: Vec<Vec<Hypothesis>> =
        samples.iter().map(|(s, t)| hypotheses(s, t)).filter(|h| h.iter().any(|h| h.is_right)).collect();
    let prior: Vec<Vec<f64>> = TABLE.iter().map(|row| row.iter().map(|(_, w)| *w).collect()).collect();
    let mut weights = prior.clone();
    let (mut first, mut second) = (zeros(), zeros());
    let before = likelihood(&data, &weights, &mut zeros());
    for step in 1..=STEPS {
        let mut slope = zeros();
        likelihood(&data, &weights, &mut slope);
        for (r, row) in weights.iter_mut().enumerate() {
            for (c, w) in row.iter_mut().enumerate() {
                let spread = SPREAD * prior[r][c].abs().max(1.0);
                let g = slope[r][c] - (*w - prior[r][c]) / (spread * spread);
                first[r][c] += (g - first[r][c]) * 0.1;
                second[r][c] += (g * g - second[r][c]) * 0.001;
                let fade = |rate: f64| 1.0 - math::pow(rate, step as f64);
                *w += STEP * (first[r][c] / fade(0.9)) / ((second[r][c] / fade(0.999)).sqrt() + 1e-8);
            }
        }
    }
    let after = likelihood(&data, &weights, &mut zeros());
    let count = data.len().max(1) as f64;
    (text(&weights), before / count, after / count)
}

fn zeros() -> Vec<Vec<f64>> {
    TABLE.iter().map(|row| vec![0.0; row.len()]).collect()
}

fn score(h: &Hypothesis, weights: &[Vec<f64>]) -> f64 {
    TABLE[h.row].iter().zip(&weights[h.row]).map(|((clue, _), w)| w * strength(Row::ALL[h.row], *clue, &h.clues)).sum()
}

/// Log-likelihood of what is right; its slope is added to `slope`.
fn likelihood(data: &[Vec<Hypothesis>], weights: &[Vec<f64>], slope: &mut [Vec<f64>]) -> f64 {
    let mut sum = 0.0;
    for sample in data {
        let scores: Vec<f64> = sample.iter().map(|h| score(h, weights)).collect();
        let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let odds: Vec<f64> = scores.iter().map(|s| math::exp(s - top)).collect();
        let all: f64 = odds.iter().sum();
        let right: f64 = odds.iter().zip(sample).filter(|(_, h)| h.is_right).map(|(o, _)| o).sum::<f64>().max(1e-300);
        sum += math::ln(right / all);
        for (o, h) in odds.iter().zip(sample) {
            let pull = if h.is_right { o / right } else { 0.0 } - o / all;
            for ((clue, _), slope) in TABLE[h.row].iter().zip(&mut slope[h.row]) {
                *slope += pull * strength(Row::ALL[h.row], *clue, &h.clues);
            }
        }
    }
    sum
}

fn text(weights: &[Vec<f64>]) -> String {
    let mut text = String::new();
    for (row, values) in Row::ALL.iter().zip(weights) {
        let cells = TABLE[*row as usize].iter().zip(values).map(|((clue, _), w)| format!("({clue:?}, {w:.2})"));
        let _ = writeln!(text, "    // {row:?}\n    &[{}],", cells.collect::<Vec<_>>().join(", "));
    }
    text
}
