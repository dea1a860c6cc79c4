//! A case played to the locator row by row, as a monitor would.

use super::case::Case;
use super::floors::{self, Floor};
use crate::pipeline::locate::{Locator, Verdict, WINDOW_MIN};

/// What came out.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The verdict; empty if nothing could be measured.
    pub verdict: Verdict,
    /// When the incident that the verdict is about was noticed, seconds; `None` if it was not.
    pub noticed_s: Option<f64>,
    /// When each incident in the data was taken to begin, seconds.
    pub begins_s: Vec<f64>,
    /// Rankings of the simple methods, on the same window.
    pub floors: Vec<(Floor, Vec<usize>)>,
}

/// Plays a case. If `since_s` is given, the incident is known to have begun then; otherwise the newest one that the
/// locator notices itself is diagnosed, or, if there is none, what the newest samples look like.
pub fn play(case: &Case, since_s: Option<f64>) -> Outcome {
    let mut locator = Locator::new(case.layout.clone());
    let mut verdict = None;
    let mut begins_s = Vec::new();
    let mut noticed_s = None;
    let mut open = since_s;
    for ((at_s, own), edges) in case.times.iter().zip(&case.own).zip(&case.edges) {
        if let Some(incident) = locator.observe(*at_s, own, edges) {
            begins_s.push(incident.began_s);
            match since_s {
                None => (open, noticed_s) = (Some(incident.began_s), Some(incident.noticed_s)),
                Some(since_s) if incident.noticed_s >= since_s => noticed_s = noticed_s.or(Some(incident.noticed_s)),
                Some(_) => {}
            }
        }
        if let Some(since_s) = open.filter(|since_s| locator.is_complete(*since_s)) {
            verdict = locator.diagnose(since_s).map(|found| (since_s, found));
            open = None;
        }
    }
    if let Some(since_s) = open {
        verdict = locator.diagnose(since_s).map(|found| (since_s, found));
    }
    if since_s.is_none() && locator.incident().is_none() {
        noticed_s = None;
        verdict = None;
    }
    let (since_s, verdict) = verdict.unwrap_or_else(|| {
        let since_s = newest(&case.times);
        (since_s, locator.diagnose(since_s).unwrap_or_default())
    });
    Outcome { verdict, noticed_s, begins_s, floors: floors::rankings(case, since_s) }
}

/// When the newest samples that a diagnosis looks at begin.
fn newest(times: &[f64]) -> f64 {
    times[times.len().saturating_sub(WINDOW_MIN)]
}
