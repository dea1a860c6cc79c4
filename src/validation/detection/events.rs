//! Events found, and the area under the precision-recall curve of single points.
//!
//! An event is a run of labelled points. It is found if an alarm lies in it or at most [`TOLERANCE`] points from it; alarms
//! at most that far apart are one, and it is right if at least half of it lies in or that near to events: an alarm that never
//! ends is wrong, whatever it touches. F1 is of events that are found by right alarms, and of right alarms.
//!
//! The composite F1 beside it is of found events and right alarmed *points* (Garg et al., "An Evaluation of Anomaly
//! Detection and Diagnosis in Multivariate Time Series", 2021: Fc1).

/// Points by which an alarm may miss.
pub const TOLERANCE: usize = 3;
/// Thresholds tried for the best F1: quantiles of the scores.
const THRESHOLDS: usize = 400;

/// Scores and labels of one file.
#[derive(Clone, Debug)]
pub struct Labelled {
    /// Score of each point, the higher the odder.
    pub scores: Vec<f64>,
    /// Whether the point is of an anomaly.
    pub labels: Vec<bool>,
}

/// Precision, recall and their harmonic mean at a threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EventScore {
    /// The threshold.
    pub threshold: f64,
    /// Share of alarms that touch an event.
    pub precision: f64,
    /// Share of events that are found.
    pub recall: f64,
    /// The harmonic mean of both.
    pub f1: f64,
    /// The harmonic mean of the share of events that are found and of alarmed points that are labelled.
    pub composite: f64,
}

/// F1 of events at one threshold for all files.
pub fn at(files: &[Labelled], threshold: f64) -> EventScore {
    let (mut events, mut found, mut alarms, mut right) = (0, 0, 0, 0);
    let (mut points, mut right_points, mut touched) = (0, 0, 0);
    for file in files {
        let of_events = runs(&file.labels, 0);
        let of_alarms = runs(&file.scores.iter().map(|s| *s >= threshold).collect::<Vec<_>>(), TOLERANCE);
        let common = |a: &(usize, usize), b: &(usize, usize)| {
            (a.1.min(b.1 + TOLERANCE) + 1).saturating_sub(a.0.max(b.0.saturating_sub(TOLERANCE)))
        };
        let is_right = |a: &&(usize, usize)| 2 * of_events.iter().map(|e| common(a, e)).sum::<usize>() > a.1 - a.0;
        let right_alarms: Vec<(usize, usize)> = of_alarms.iter().filter(is_right).copied().collect();
        let alarmed = file.scores.iter().zip(&file.labels).filter(|(score, _)| **score >= threshold);
        points += alarmed.clone().count();
        right_points += alarmed.filter(|(_, label)| **label).count();
        events += of_events.len();
        alarms += of_alarms.len();
        let found_by = |by: &[(usize, usize)]| of_events.iter().filter(|e| by.iter().any(|a| common(a, e) > 0)).count();
        (found, touched) = (found + found_by(&right_alarms), touched + found_by(&of_alarms));
        right += right_alarms.len();
    }
    let share = |part: usize, all: usize| if all == 0 { 0.0 } else { part as f64 / all as f64 };
    let (precision, recall) = (share(right, alarms), share(found, events));
    let mean = |a: f64, b: f64| if a + b > 0.0 { 2.0 * a * b / (a + b) } else { 0.0 };
    let composite = mean(share(right_points, points), share(touched, events));
    EventScore { threshold, precision, recall, f1: mean(precision, recall), composite }
}

/// The best scores by `quality` over thresholds, the same one for all files.
pub fn best(files: &[Labelled], quality: impl Fn(&EventScore) -> f64) -> EventScore {
    let mut scores: Vec<f64> = files.iter().flat_map(|f| f.scores.iter().copied()).collect();
    scores.sort_by(|a, b| b.total_cmp(a));
    // Evenly on a logarithmic scale of rank: alarms are rare, so the top matters.
    let rank = |i: usize| crate::math::pow(scores.len() as f64, i as f64 / THRESHOLDS as f64) as usize - 1;
    let mut thresholds: Vec<f64> = (0..THRESHOLDS).filter_map(|i| scores.get(rank(i)).copied()).collect();
    thresholds.dedup();
    let all = thresholds.into_iter().map(|threshold| at(files, threshold));
    all.fold(EventScore::default(), |best, next| if quality(&next) > quality(&best) { next } else { best })
}

/// Area under the precision-recall curve of points, all files pooled (average precision; equal scores count at once).
pub fn average_precision(files: &[Labelled]) -> f64 {
    let mut points: Vec<(f64, bool)> =
        files.iter().flat_map(|f| f.scores.iter().copied().zip(f.labels.iter().copied())).collect();
    points.sort_by(|a, b| b.0.total_cmp(&a.0));
    let positives = points.iter().filter(|p| p.1).count();
    let (mut seen, mut hits, mut area) = (0, 0, 0.0);
    let mut rest = points.as_slice();
    while let Some((score, _)) = rest.first() {
        let same = rest.iter().take_while(|p| p.0 == *score).count();
        let new = rest[..same].iter().filter(|p| p.1).count();
        (seen, hits) = (seen + same, hits + new);
        area += new as f64 * hits as f64 / seen as f64;
        rest = &rest[same..];
    }
    if positives == 0 { 0.0 } else { area / positives as f64 }
}

/// Runs of `true`, first and last place; those with at most `gap` others between are one.
fn runs(of: &[bool], gap: usize) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for i in (0..of.len()).filter(|i| of[*i]) {
        match found.last_mut() {
            Some(last) if i - last.1 <= gap + 1 => last.1 = i,
            _ => found.push((i, i)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Labelled, at, average_precision, best};

    fn file(labels: &str, scores: &[f64]) -> Labelled {
        Labelled { scores: scores.to_vec(), labels: labels.chars().map(|c| c == '1').collect() }
    }

    #[test]
    fn an_alarm_near_an_event_finds_it() {
        let file = [file("0001100000000000", &[0., 0., 0., 0., 0., 0., 0., 1., 0., 0., 0., 0., 0., 0., 0., 1.])];
        let score = at(&file, 0.5);
        assert_eq!((score.recall, score.precision), (1.0, 0.5));
    }

    #[test]
    fn a_long_event_is_one_and_a_flood_of_alarms_is_wrong() {
        let long = [file("0000011111000000", &[0., 0., 0., 0., 0., 1., 0., 1., 1., 0., 0., 0., 0., 0., 0., 0.])];
        assert_eq!(at(&long, 0.5).f1, 1.0);
        let labels = "0000011111000000000000000000";
        let flood = [file(labels, &[1.0; 28])];
        assert_eq!(at(&flood, 0.5).f1, 0.0);
        assert!((at(&flood, 0.5).composite - 2.0 * 5.0 / 28.0 / (1.0 + 5.0 / 28.0)).abs() < 1e-12);
        let silent = [file("0000011111000000", &[0.0; 16])];
        assert_eq!(at(&silent, 0.5).f1, 0.0);
    }

    #[test]
    fn the_best_threshold_is_found_for_all_files_together() {
        let scores = |high: f64| (0..100).map(|i| if i == 50 { high } else { f64::from(i % 7) * 0.1 }).collect::<Vec<_>>();
        let labels: String = (0..100).map(|i| if i == 50 { '1' } else { '0' }).collect();
        let found = best(&[file(&labels, &scores(0.9)), file(&labels, &scores(0.8))], |score| score.f1);
        assert_eq!((found.f1, found.threshold), (1.0, 0.8));
    }

    #[test]
    fn average_precision_is_one_for_perfect_order_and_the_share_for_equal_scores() {
        assert_eq!(average_precision(&[file("0011", &[0.1, 0.2, 0.8, 0.9])]), 1.0);
        assert_eq!(average_precision(&[file("0011", &[0.5; 4])]), 0.5);
        assert!((average_precision(&[file("1000", &[0.1, 0.2, 0.8, 0.9])]) - 0.25).abs() < 1e-12);
    }
}
