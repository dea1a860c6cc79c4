//! What an episode was worth with a policy: its run held against the run without the fault and without a healer, which had
//! the same arrivals and demands. All times are those of the users, not the healer's opinion.

use super::episode::Episode;
use super::play::{Played, Second, Taken, Verdict};
use crate::pipeline::FailureClass;
use crate::units::{SimDuration, SimTime};
use serde::Serialize;

/// Share of failures above the calm run's that users are held to feel: a tenth of what the lab calls Critical twice over.
const ERROR_BAND: f64 = 0.01;
/// Times the calm run's 95th percentile of latency that users are held to feel...
const LATENCY_FACTOR: f64 = 1.5;
/// ...if it is this many milliseconds more as well.
const LATENCY_BAND_MS: f64 = 30.0;
/// Share of the calm run's good answers below which answers are missing, not only slow or wrong.
const GOOD_SHARE: f64 = 0.85;
/// Seconds that users must suffer for an episode to count as felt: a metric window.
const FELT_S: usize = 5;
/// Seconds in the band that make an end of the trouble...
const CLEAN_S: usize = 30;
/// ...of which this many may be off, because a percentile of a window is.
const STRAY_S: usize = 3;
/// After this long a diagnosis is judged, if the incident is not over sooner: when most decisions have been taken.
const JUDGED_AFTER: SimDuration = SimDuration::from_secs(30);

/// One policy in one episode.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Outcome {
    /// Suite: `generated` or a preset.
    pub suite: String,
    /// The episode's seed.
    pub seed: u64,
    /// The policy's name.
    pub policy: String,
    /// The kind of fault; `trigger` for an incident pattern.
    pub kind: String,
    /// Where, in words.
    pub target: String,
    /// Whether it passes by itself.
    pub passes: bool,
    /// Whether users feel it when nobody heals.
    pub felt: bool,
    /// Seconds from the onset to the first alert.
    pub detect_s: Option<f64>,
    /// Seconds from the onset to the first right cause.
    pub locate_s: Option<f64>,
    /// Seconds from the onset until users are served as without the fault; `None` if they are not in the end.
    pub mitigate_s: Option<f64>,
    /// The same, with the end of the episode in place of never; 0 if users felt nothing.
    pub repair_s: f64,
    /// Minutes outside the band, for errors, latency or missing answers.
    pub violation_min: f64,
    /// Minutes outside the band for errors or missing answers.
    pub error_min: f64,
    /// Minutes outside the band for latency.
    pub latency_min: f64,
    /// Instances times seconds.
    pub instance_s: f64,
    /// Actions with the fault.
    pub actions: usize,
    /// These in words, with the seconds from the onset and what was held to be the matter.
    pub taken: Vec<String>,
    /// Of these, before the onset or on a service that is neither at fault nor on its path.
    pub off_path: usize,
    /// Actions without the fault: all needless.
    pub calm_actions: usize,
    /// These in words.
    pub calm_taken: Vec<String>,
    /// Pages with the fault.
    pub pages: u32,
    /// Pages without.
    pub calm_pages: u32,
    /// Incidents opened without the fault: false alarms.
    pub calm_incidents: u32,
    /// Minutes outside the band that the healer caused where nothing was wrong.
    pub calm_violation_min: f64,
    /// Kind of failure that is right, if the episode has one fault.
    pub class: Option<FailureClass>,
    /// What was said instead or as well.
    pub said: Option<String>,
    /// Whether the class said is right.
    pub class_right: bool,
    /// Place of a right cause in the ranking, from 1.
    pub rank: Option<usize>,
    /// Probabilities that were given to the first place of the ranking and to the class.
    pub sure: Option<(f64, f64)>,
}

impl Outcome {
    /// Whether the fault was mitigated.
    pub const fn is_mitigated(&self) -> bool {
        self.mitigate_s.is_some()
    }
}

/// The runs of one episode that nobody heals: what others are held against.
#[derive(Debug)]
pub(super) struct Yardstick {
    pub calm: Played,
    pub faulty: Played,
}

/// Which seconds are outside the band.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Off {
    errors: bool,
    latency: bool,
}

impl Off {
    fn of(now: &Second, calm: &Second) -> Self {
        let errors = now.error > calm.error + ERROR_BAND || now.good_per_s < GOOD_SHARE * calm.good_per_s;
        let limit = (LATENCY_FACTOR * calm.latency_ms).max(calm.latency_ms + LATENCY_BAND_MS);
        Self { errors, latency: now.latency_ms > limit }
    }
    const fn any(self) -> bool {
        self.errors || self.latency
    }
}

fn off(played: &Played, calm: &Played) -> Vec<Off> {
    played.seconds.iter().zip(&calm.seconds).map(|(now, calm)| Off::of(now, calm)).collect()
}

/// The outcome of `faulty` and `calm`, played with `policy`.
pub(super) fn outcome(episode: &Episode, policy: &str, yardstick: &Yardstick, faulty: &Played, calm: &Played) -> Outcome {
    let onset = episode.onset.as_secs_f64() as usize;
    let unhealed = off(&yardstick.faulty, &yardstick.calm);
    let healed = off(faulty, &yardstick.calm);
    let after = &healed[onset.min(healed.len())..];
    let minutes = |seconds: usize| seconds as f64 / 60.0;
    let felt = unhealed[onset.min(unhealed.len())..].iter().filter(|off| off.any()).count() >= FELT_S;
    let mitigated = mitigated(after).filter(|_| felt);
    let since = |at: SimTime| at.since(episode.onset).as_secs_f64();
    let truth = yardstick.faulty.truth.as_ref();
    let topology = &episode.scenario.topology;
    let mut outcome = Outcome {
        suite: episode.suite.clone(),
        seed: episode.seed,
        policy: policy.to_owned(),
        kind: truth.map_or("trigger", |t| t.spec.kind.name()).to_owned(),
        target: truth.map_or_else(String::new, |t| t.spec.target.words(|id| topology.name(id).to_owned())),
        passes: truth.is_some_and(|t| t.spec.duration.is_some()),
        felt,
        detect_s: faulty.detected.map(since),
        mitigate_s: mitigated,
        repair_s: if felt { mitigated.unwrap_or(after.len() as f64) } else { 0.0 },
        violation_min: minutes(after.iter().filter(|off| off.any()).count()),
        error_min: minutes(after.iter().filter(|off| off.errors).count()),
        latency_min: minutes(after.iter().filter(|off| off.latency).count()),
        instance_s: faulty.instance_s,
        actions: faulty.actions.len(),
        taken: taken(episode, faulty),
        off_path: off_path(episode, yardstick, faulty),
        calm_actions: calm.actions.len(),
        calm_taken: taken(episode, calm),
        pages: faulty.pages,
        calm_pages: calm.pages,
        calm_incidents: calm.incidents,
        calm_violation_min: minutes(off(calm, &yardstick.calm).iter().filter(|off| off.any()).count()),
        class: truth.map(|t| t.class),
        ..Outcome::default()
    };
    diagnosis(episode, yardstick, faulty, &mut outcome);
    outcome
}

/// Seconds until the first stretch in the band after users suffered; 0 if they never did.
fn mitigated(after: &[Off]) -> Option<f64> {
    let Some(first) = after.iter().position(|off| off.any()) else { return Some(0.0) };
    let is_clean = |from: usize| after[from..from + CLEAN_S].iter().filter(|off| off.any()).count() <= STRAY_S;
    let from = (first..(after.len() + 1).saturating_sub(CLEAN_S)).find(|from| !after[*from].any() && is_clean(*from))?;
    // Trouble that comes back is not over.
    is_clean(after.len() - CLEAN_S).then_some(from as f64)
}

fn taken(episode: &Episode, played: &Played) -> Vec<String> {
    let name = |id| episode.scenario.topology.name(id);
    let words = |t: &Taken| {
        let at = t.at.as_secs_f64() - episode.onset.as_secs_f64();
        let on = match t.action.edge() {
            Some((from, to)) => format!("{} -> {}", name(from), name(to)),
            None => name(t.action.service()).to_owned(),
        };
        format!("{at:+.0} s {} {on} ({})", t.action.name(), t.class.name())
    };
    played.actions.iter().map(words).collect()
}

fn off_path(episode: &Episode, yardstick: &Yardstick, played: &Played) -> usize {
    let Some(truth) = &yardstick.faulty.truth else { return 0 };
    played.actions.iter().filter(|t| t.at < episode.onset || !truth.path.contains(&t.action.service())).count()
}

fn diagnosis(episode: &Episode, yardstick: &Yardstick, played: &Played, outcome: &mut Outcome) {
    let Some(truth) = &yardstick.faulty.truth else { return };
    let is_right = |v: &&Verdict| v.ranking.first().is_some_and(|first| truth.is_right(*first));
    outcome.locate_s = played.verdicts.iter().find(is_right).map(|v| v.at.since(episode.onset).as_secs_f64());
    let Some(detected) = played.detected else { return };
    let until = detected + JUDGED_AFTER;
    let said = |v: &&Verdict| !v.ranking.is_empty();
    let in_time = played.verdicts.iter().take_while(|v| v.at <= until).filter(said).last();
    let Some(verdict) = in_time.or_else(|| played.verdicts.iter().find(said)) else { return };
    outcome.rank = verdict.ranking.iter().position(|place| truth.is_right(*place)).map(|at| at + 1);
    outcome.said = verdict.class.map(|class| class.name().to_owned());
    outcome.class_right = verdict.class == Some(truth.class);
    outcome.sure = Some(verdict.sure);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(bad: &[std::ops::Range<usize>]) -> Vec<Off> {
        (0..120).map(|s| Off { errors: bad.iter().any(|range| range.contains(&s)), latency: false }).collect()
    }

    #[test]
    fn trouble_is_over_with_the_first_clean_stretch_if_it_does_not_come_back() {
        assert_eq!(mitigated(&course(&[])), Some(0.0));
        assert_eq!(mitigated(&course(std::slice::from_ref(&(5..40)))), Some(40.0));
        assert_eq!(mitigated(&course(&[5..40, 50..52])), Some(40.0), "two stray seconds");
        assert_eq!(mitigated(&course(&[5..40, 100..120])), None, "it came back");
        assert_eq!(mitigated(&course(std::slice::from_ref(&(5..120)))), None);
    }

    #[test]
    fn users_feel_errors_latency_and_missing_answers() {
        let calm = Second { error: 0.001, latency_ms: 40.0, good_per_s: 50.0 };
        assert!(!Off::of(&calm, &calm).any());
        assert!(Off::of(&Second { error: 0.02, ..calm }, &calm).errors);
        assert!(Off::of(&Second { good_per_s: 40.0, ..calm }, &calm).errors);
        assert!(Off::of(&Second { latency_ms: 71.0, ..calm }, &calm).latency);
        assert!(!Off::of(&Second { latency_ms: 65.0, ..calm }, &calm).any());
    }
}
