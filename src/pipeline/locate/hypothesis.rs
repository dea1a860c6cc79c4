//! Hypotheses: each service with each class of failure. Their log-odds are sums of contributions that can be read out;
//! their probabilities add up to one.

use super::evidence::{Clue, Evidence, Piece};
use super::kind::MetricKind;
use super::layout::Layout;
use crate::math;
use crate::pipeline::failure::FailureClass;

/// One reason for or against a hypothesis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contribution {
    /// The kind of evidence; `None` for what is held before looking.
    pub clue: Option<Clue>,
    /// What it adds to the log-odds.
    pub weight: f64,
    /// The evidence.
    pub piece: Piece,
}

/// A service and a class.
#[derive(Clone, Debug, PartialEq)]
pub struct Hypothesis {
    /// Index of the service.
    pub service: usize,
    /// What would be wrong with it.
    pub class: FailureClass,
    /// Log-odds up to a common constant.
    pub score: f64,
    /// What the score consists of.
    pub contributions: Vec<Contribution>,
}

/// A kind of evidence, the strength that is still noise, and the log-odds that a unit above it is worth.
type Draw = (Clue, f64, f64);

/// What each class draws on.
const CLASSES: &[(FailureClass, &[Draw])] = &[
    (FailureClass::ResourceCpu, &[(Clue::Cpu, 1.0, 2.5), (Clue::Latency, 1.0, 0.5)]),
    (FailureClass::ResourceMemory, &[(Clue::Memory, 1.0, 2.4), (Clue::Latency, 1.0, 0.3)]),
    (FailureClass::ResourceDisk, &[(Clue::Disk, 1.2, 1.5), (Clue::Latency, 1.0, 0.5)]),
    (FailureClass::ResourcePool, &[(Clue::Pool, 1.2, 1.5), (Clue::Latency, 1.0, 0.5)]),
    (FailureClass::Network, &[(Clue::Gap, 0.5, 2.5), (Clue::Socket, 2.0, 0.5)]),
    (FailureClass::Application, &[(Clue::FanOut, 0.3, 4.0), (Clue::Errors, 0.5, 2.0), (Clue::Latency, 1.0, 1.0)]),
    (FailureClass::Overload, &[(Clue::Traffic, 1.2, 1.0), (Clue::Latency, 1.0, 0.5)]),
];

/// Log-odds for the services of which only others' edges are known, shared among them: their faults leave no trace of
/// their own, so a trace that is nowhere speaks for them.
const UNSEEN: f64 = 1.0;
/// What is left of the evidence on an address: what stands behind it is more often to blame.
const ADDRESS: f64 = 0.4;
/// What is left of evidence of another kind than the service level in question (errors, where latency is).
const OTHER_KIND: f64 = 0.35;
/// What evidence of that very kind counts.
const SAME_KIND: f64 = 2.0;
/// Log-odds for having been conspicuous before all others.
const ORDER: f64 = 0.5;
/// Strength that a saturated processor is worth.
const SATURATED: f64 = 2.5;
/// Share of a rise in memory that queueing at a saturated processor explains.
const QUEUED: f64 = 0.6;
/// All hypotheses, the likeliest first.
pub fn weigh(layout: &Layout, evidence: &[Evidence], relation: &[f64]) -> Vec<Hypothesis> {
    let seen = (0..layout.services.len()).filter(|service| layout.is_suspect(*service));
    let priors = priors(layout);
    let mut all: Vec<Hypothesis> = seen
        .flat_map(|service| CLASSES.iter().map(move |class| (service, class)))
        .map(|(service, (class, draws))| {
            let prior = if *class == FailureClass::Application { priors[service] } else { 0.0 };
            hypothesis(layout, (service, *class, prior), draws, &evidence[service], relation[service])
        })
        .collect();
    all.sort_by(|a, b| b.score.total_cmp(&a.score));
    all
}

fn hypothesis(
    layout: &Layout,
    (service, class, prior): (usize, FailureClass, f64),
    draws: &[Draw],
    evidence: &Evidence,
    relation: f64,
) -> Hypothesis {
    let mut contributions: Vec<Contribution> = draws.iter().filter_map(|draw| contribution(*draw, evidence)).collect();
    if !contributions.is_empty() {
        contributions.extend(contribution((Clue::Order, 0.0, ORDER), evidence));
    }
    let address = if layout.is_address(service) { ADDRESS } else { 1.0 };
    for contribution in &mut contributions {
        contribution.weight *= relation * address * contribution.clue.map_or(1.0, |clue| relevance(layout, clue));
    }
    if prior != 0.0 {
        contributions.push(Contribution { clue: None, weight: prior, piece: Piece::default() });
    }
    let score = contributions.iter().map(|contribution| contribution.weight).sum();
    Hypothesis { service, class, score, contributions }
}

fn relevance(layout: &Layout, clue: Clue) -> f64 {
    match (layout.target.map(|target| target.kind), clue) {
        (Some(MetricKind::Latency), Clue::Latency) | (Some(MetricKind::Success | MetricKind::Errors), Clue::Errors) => SAME_KIND,
        (Some(_), Clue::Latency | Clue::Errors | Clue::FanOut) => OTHER_KIND,
        _ => 1.0,
    }
}

/// By service: what is held before looking.
fn priors(layout: &Layout) -> Vec<f64> {
    let is_unseen = |service: usize| !layout.has_own(service) && layout.is_on_edge(service);
    let unseen: Vec<bool> = (0..layout.services.len()).map(is_unseen).collect();
    let share = math::ln(unseen.iter().filter(|is_unseen| **is_unseen).count().max(1) as f64);
    unseen.into_iter().map(|is_unseen| if is_unseen { (UNSEEN - share).max(0.0) } else { 0.0 }).collect()
}

fn contribution((clue, noise, weight): Draw, evidence: &Evidence) -> Option<Contribution> {
    let mut piece = evidence.of(clue);
    match clue {
        Clue::Cpu => piece.strength = piece.strength.max(SATURATED * evidence.saturation),
        Clue::Memory => piece.strength *= 1.0 - QUEUED * evidence.saturation,
        _ => {}
    }
    let weight = weight * (piece.strength - noise);
    (weight > 0.0).then_some(Contribution { clue: Some(clue), weight, piece })
}

/// What the service level in question leaves of the evidence on each service, 0..=1: all if their courses are the same,
/// little if they have nothing to do with each other. All of all if no service level is in question.
pub fn relation(layout: &Layout, likeness: &[Option<f64>]) -> Vec<f64> {
    let Some(target) = layout.target else { return vec![1.0; layout.services.len()] };
    let reached = layout.reached_from(target.service);
    let of = |service: usize| match likeness[service] {
        _ if !reached[service] => UNREACHED,
        _ if service == target.service => AMBIGUOUS,
        None => AMBIGUOUS,
        Some(like) => UNLIKE + (1.0 - UNLIKE) * like.max(0.0),
    };
    (0..layout.services.len()).map(of).collect()
}

/// What is left of the evidence on a service that no request to the target can reach.
const UNREACHED: f64 = 0.2;
/// What is left if the course is unlike the target's.
const UNLIKE: f64 = 0.2;
/// What is left if the likeness says nothing: nothing of the kind is measured, or it is the target itself.
const AMBIGUOUS: f64 = 0.6;
