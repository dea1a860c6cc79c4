//! The verdict: services ranked by how likely they are to blame, each with its class and its reasons.

use super::evidence::Clue;
use super::hypothesis::{Contribution, Hypothesis};
use super::layout::Layout;
use crate::math;
use crate::pipeline::failure::FailureClass;

/// How much a unit of score counts in log-odds, fitted by maximum likelihood on labelled incidents (docs/benchmarks.md).
const SHARPNESS: f64 = 1.5;
/// Score of the hypothesis that it is none of those listed, fitted likewise.
const NOBODY: f64 = 0.5;

/// A service that may be to blame.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspect {
    /// Index of the service.
    pub service: usize,
    /// Probability that it is to blame, 0..=1.
    pub confidence: f64,
    /// What would be wrong with it.
    pub class: FailureClass,
    /// Probability of the class, if it is to blame, 0..=1.
    pub class_confidence: f64,
    /// The metric that tells most, or the edge's gap; empty if nothing tells.
    pub metric: String,
    /// What the score consists of, the weightiest first.
    pub contributions: Vec<Contribution>,
}

/// Suspects, the likeliest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Verdict {
    /// All services of which anything is measured.
    pub suspects: Vec<Suspect>,
}

/// Turns hypotheses into a ranking.
pub fn verdict(layout: &Layout, hypotheses: Vec<Hypothesis>) -> Verdict {
    let mut best: Vec<&Hypothesis> = Vec::new();
    for hypothesis in &hypotheses {
        if !best.iter().any(|known| known.service == hypothesis.service) {
            best.push(hypothesis);
        }
    }
    let odds = |score: f64| math::exp(SHARPNESS * score);
    let all: f64 = best.iter().map(|hypothesis| odds(hypothesis.score)).sum::<f64>() + odds(NOBODY);
    let suspect = |hypothesis: &&Hypothesis| {
        let of_service = hypotheses.iter().filter(|other| other.service == hypothesis.service);
        let class_odds: f64 = of_service.map(|other| odds(other.score)).sum();
        Suspect {
            service: hypothesis.service,
            confidence: odds(hypothesis.score) / all,
            class: if hypothesis.score > 0.0 { hypothesis.class } else { FailureClass::Application },
            class_confidence: odds(hypothesis.score) / class_odds,
            metric: telling(layout, hypothesis),
            contributions: sorted(&hypothesis.contributions),
        }
    };
    Verdict { suspects: best.iter().map(suspect).collect() }
}

fn sorted(contributions: &[Contribution]) -> Vec<Contribution> {
    let mut sorted = contributions.to_vec();
    sorted.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    sorted
}

fn telling(layout: &Layout, hypothesis: &Hypothesis) -> String {
    let told = sorted(&hypothesis.contributions).into_iter().map(|contribution| about(layout, &contribution));
    told.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}

/// What a contribution is about: a metric, an edge's gap, or the calls to a callee.
pub fn about(layout: &Layout, contribution: &Contribution) -> String {
    let piece = contribution.piece;
    match contribution.clue {
        None | Some(Clue::Order) => String::new(),
        Some(Clue::Gap) if !layout.edges.is_empty() => {
            let edge = layout.edges[piece.about];
            format!("{}>{} gap", layout.services[edge.from], layout.services[edge.to])
        }
        Some(Clue::FanOut) => format!("calls to {}", layout.services[piece.about]),
        Some(_) => layout.metrics[piece.about].0.clone(),
    }
}
