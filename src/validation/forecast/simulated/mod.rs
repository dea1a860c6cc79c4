//! The running pipeline's odds of a breach, judged on the arena's episodes while nobody heals.
//!
//! A decision is every fourth scrape of a service's metric with a threshold, while it is below its Critical threshold and the
//! episode goes on for a horizon at least, once the pipeline has learned what is usual. A breach follows if the series as it is
//! measured reaches the threshold within the horizon. Nobody heals, so nothing that is done hides what would have come.

mod fit;
mod score;

#[cfg(test)]
mod tests;

pub use fit::{Fitted, fit};
pub use score::{Bin, Score, Times, score};

use super::rivals::{NAMES, Rivals};
use crate::ids::ServiceId;
use crate::pipeline::predict::signs::Signs;
use crate::pipeline::{LEARNING, Policy, Thresholds};
use crate::session::{Command, CommandError, SCRAPE_PERIOD, Session};
use crate::telemetry::{Metric, Subject};
use crate::units::SimTime;
use crate::validation::arena::Episode;
use crate::validation::parallel::in_parallel;

/// Every how many scrapes a decision is judged.
pub const EVERY: usize = 4;
/// The policy that never acts.
const NOBODY: &str = "none";

/// What was said of one series at one scrape, and what came.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The number of the episode.
    pub episode: usize,
    /// The service.
    pub service: ServiceId,
    /// The metric.
    pub metric: Metric,
    /// When, s.
    pub at_s: usize,
    /// Probability of a breach within the horizon.
    pub said: f64,
    /// The same by the robust line alone.
    pub by_line: f64,
    /// Seconds to the breach, as told: expected, earliest, latest.
    pub told_s: Option<(f64, f64, f64)>,
    /// What the probability is made of.
    pub signs: Signs,
    /// Scores of the plain ways, in the order of their names.
    pub rivals: [f64; NAMES.len()],
    /// Seconds until it was reached, if it was before the episode's end.
    pub reached_s: Option<usize>,
    /// Seconds until the episode's end.
    pub left_s: usize,
}

/// One series of an episode.
struct Track {
    service: ServiceId,
    metric: Metric,
    threshold: f64,
    rivals: Rivals,
    /// Whether it was at or above its threshold, second by second.
    is_over: Vec<bool>,
    open: Vec<Decision>,
}

impl Track {
    fn all(session: &Session, policy: &Policy) -> Vec<Self> {
        let ids: Vec<ServiceId> = session.world().topology().services().map(|(id, _)| id).collect();
        let bands = Thresholds::METRICS.into_iter().filter_map(|metric| Some((metric, policy.thresholds.of(metric)?.critical)));
        let of = |(metric, threshold): (Metric, f64)| {
            let rivals = || Rivals::new(1.0, policy.horizon_s as usize);
            let track = move |service| (service, metric, threshold);
            ids.clone()
                .into_iter()
                .map(track)
                .map(move |(service, metric, threshold)| Self {
                    service,
                    metric,
                    threshold,
                    rivals: rivals(),
                    is_over: Vec::new(),
                    open: Vec::new(),
                })
                .collect::<Vec<_>>()
        };
        bands.flat_map(of).collect()
    }
    /// Takes in the newest scrape, `at_s` seconds after the start.
    fn look(&mut self, session: &Session, episode: usize, at_s: usize) {
        let pipeline = session.pipeline();
        let value = pipeline.latest(Subject::Service(self.service), self.metric);
        self.is_over.push(value.is_some_and(|v| v >= self.threshold));
        let Some(value) = value else { return };
        self.rivals.push(value / self.threshold);
        if !at_s.is_multiple_of(EVERY) || session.now() < SimTime::ZERO + LEARNING {
            return;
        }
        let Some(outlook) = pipeline.outlook(self.service, self.metric) else { return };
        self.open.push(Decision {
            episode,
            service: self.service,
            metric: self.metric,
            at_s,
            said: outlook.forecast.breach_probability.get(),
            by_line: outlook.by_line,
            told_s: outlook.forecast.breach_in_s,
            signs: outlook.signs,
            rivals: self.rivals.scores().all(),
            reached_s: None,
            left_s: 0,
        });
    }
    /// The decisions that a horizon follows, with what came.
    fn close(self, horizon_s: usize) -> Vec<Decision> {
        let end = self.is_over.len();
        let mut decisions = self.open;
        decisions.retain(|d| d.at_s + horizon_s <= end);
        for d in &mut decisions {
            // The first entry of `is_over` is of second 1.
            d.reached_s = self.is_over[d.at_s..].iter().position(|over| *over).map(|at| at + 1);
            d.left_s = end - d.at_s;
        }
        decisions
    }
}

/// The decisions on one episode, series by series.
///
/// # Errors
/// [`CommandError`] if there is no policy that never acts.
pub fn play(episode: &Episode, number: usize) -> Result<Vec<Decision>, CommandError> {
    let policy = Policy::named(NOBODY).ok_or_else(|| CommandError::UnknownPolicy(NOBODY.to_owned()))?;
    let mut session = Session::new(episode.scenario.clone(), episode.seed);
    session.execute(Command::SetPolicy(NOBODY.to_owned()))?;
    let mut tracks = Track::all(&session, &policy);
    let mut at_s = 0;
    while session.now() < episode.end {
        let next: SimTime = session.now() + SCRAPE_PERIOD;
        session.advance(next, u64::MAX);
        at_s += 1;
        tracks.iter_mut().for_each(|track| track.look(&session, number, at_s));
    }
    Ok(tracks.into_iter().flat_map(|track| track.close(policy.horizon_s as usize)).collect())
}

/// The decisions on all episodes, on `threads` threads; they do not depend on how many.
///
/// # Errors
/// [`CommandError`] if there is no policy that never acts.
pub fn decide(episodes: &[Episode], threads: usize) -> Result<Vec<Decision>, CommandError> {
    let jobs: Vec<(usize, &Episode)> = episodes.iter().enumerate().collect();
    let played = in_parallel(&jobs, threads, |(number, episode)| play(episode, *number));
    Ok(played.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}
