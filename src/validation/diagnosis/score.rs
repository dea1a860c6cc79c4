//! How often the locator was right, and whether it knew.

use super::case::Case;
use super::play::Outcome;
use crate::pipeline::FailureClass;
use std::collections::BTreeMap;

/// Ranks that count.
pub const RANKS: [usize; 3] = [1, 3, 5];
/// Bands of confidence that the calibration error is a mean over.
const BANDS: usize = 10;
/// After this an incident is not about a fault any more: the longest that faults of the known sets last, seconds, or
/// this many samples.
const BELONGS: (f64, f64) = (420.0, 6.0);

/// Shares of cases in which the cause was within the first ranks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Accuracy {
    /// Cases.
    pub cases: usize,
    /// Hits within the first [`RANKS`].
    pub hits: [usize; 3],
}

impl Accuracy {
    /// Counts a case; `rank` from 0, `None` if it is not in the list.
    pub fn add(&mut self, rank: Option<usize>) {
        self.cases += 1;
        for (hits, within) in self.hits.iter_mut().zip(RANKS) {
            *hits += usize::from(rank.is_some_and(|rank| rank < within));
        }
    }

    /// The shares.
    pub fn shares(&self) -> [f64; 3] {
        self.hits.map(|hits| hits as f64 / self.cases.max(1) as f64)
    }
}

/// All scores of one kind of data.
#[derive(Clone, Debug, Default)]
pub struct Score {
    /// Ours.
    pub ours: Accuracy,
    /// The simple methods', by name.
    pub floors: Vec<(&'static str, Accuracy)>,
    /// Cases whose class is known, and those of which it was right.
    pub classes: (usize, usize),
    /// Cases by (true class, class found).
    pub confusion: BTreeMap<(&'static str, &'static str), usize>,
    /// Expected calibration error of the first rank's confidence, 0..=1.
    pub calibration_error: f64,
    /// Mean confidence of the first rank.
    pub confidence: f64,
    /// Cases in which the labelled incident was noticed, and seconds from the injection to that, summed up.
    pub noticed: (usize, f64),
    /// Incidents that were made out where nothing had been done.
    pub false_alarms: usize,
    /// Samples in which there could have been one.
    pub samples: usize,
}

/// Scores cases whose cause is known.
pub fn score(cases: &[(Case, Outcome)]) -> Score {
    let mut score = Score::default();
    let mut bands = [(0_usize, 0.0, 0_usize); BANDS];
    for (case, outcome) in cases {
        let Some(service) = case.truth.as_ref().and_then(|truth| truth.service.as_deref()) else { continue };
        let suspects = &outcome.verdict.suspects;
        let rank = suspects.iter().position(|suspect| case.layout.services[suspect.service] == service);
        score.ours.add(rank);
        let confidence = suspects.first().map_or(0.0, |suspect| suspect.confidence);
        score.confidence += confidence;
        let band = &mut bands[((confidence * BANDS as f64) as usize).min(BANDS - 1)];
        *band = (band.0 + 1, band.1 + confidence, band.2 + usize::from(rank == Some(0)));
        add_floors(&mut score, case, outcome, service);
        add_class(&mut score, case, outcome);
        add_alarms(&mut score, case, outcome);
    }
    let cases = score.ours.cases.max(1) as f64;
    score.confidence /= cases;
    score.calibration_error = bands.iter().map(|(_, sum, hits)| (sum - *hits as f64).abs()).sum::<f64>() / cases;
    score
}

fn add_floors(score: &mut Score, case: &Case, outcome: &Outcome, service: &str) {
    if score.floors.is_empty() {
        score.floors = outcome.floors.iter().map(|(floor, _)| (floor.name(), Accuracy::default())).collect();
    }
    for ((_, accuracy), (_, ranking)) in score.floors.iter_mut().zip(&outcome.floors) {
        accuracy.add(ranking.iter().position(|ranked| case.layout.services[*ranked] == service));
    }
}

fn add_class(score: &mut Score, case: &Case, outcome: &Outcome) {
    let Some(class) = case.truth.as_ref().and_then(|truth| truth.fault_class()) else { return };
    let found = outcome.verdict.suspects.first().map_or(FailureClass::Unknown, |suspect| suspect.class);
    score.classes = (score.classes.0 + 1, score.classes.1 + usize::from(found == class));
    *score.confusion.entry((class.name(), found.name())).or_default() += 1;
}

fn add_alarms(score: &mut Score, case: &Case, outcome: &Outcome) {
    let Some((truth, injected_s)) = case.truth.as_ref().and_then(|truth| Some((truth, truth.injected_at_s?))) else { return };
    let step_s = if case.times.len() > 1 { (case.times[1] - case.times[0]).max(0.0) } else { 0.0 };
    let span_s = BELONGS.0.max(BELONGS.1 * step_s);
    let is_of = |at_s: f64, fault_s: f64| (fault_s - 2.0 * step_s..=fault_s + span_s).contains(&at_s);
    if let Some(noticed_s) = outcome.noticed_s.filter(|at_s| is_of(*at_s, injected_s)) {
        score.noticed = (score.noticed.0 + 1, score.noticed.1 + noticed_s - injected_s);
    }
    let faults: Vec<f64> = truth.earlier_faults.iter().map(|(before_s, _)| injected_s + before_s).chain([injected_s]).collect();
    score.false_alarms += outcome.begins_s.iter().filter(|at_s| !faults.iter().any(|fault_s| is_of(**at_s, *fault_s))).count();
    score.samples += case.times.len();
}
