//! The arena: healing policies on the same episodes, judged by what the users felt.
//!
//! An episode (`episode`) is a system with its load and one fault, drawn from a seed, or a preset. Each is played with each
//! policy twice, with and without the fault, and once more by nobody; all have the same arrivals and demands (common random
//! numbers), so differences are paired (`play`, `measure`). Tables give means, and differences with 95 % intervals
//! (`stats`, `table`).
//!
//! Seeds are kept apart: policies and diagnosis are tuned on [`TUNING`], figures are given for [`HELD_OUT`].

mod episode;
mod fit;
mod measure;
mod play;
mod stats;
mod system;
mod table;
mod truth;

#[cfg(test)]
mod tests;

pub use episode::{Episode, HELD_OUT, TUNING};
pub use fit::fit;
pub use measure::Outcome;
pub use play::{Played, Sample, Second, Taken, Verdict};
pub use stats::Estimate;
pub use table::{diagnosis_text, lines, table};
pub use truth::{Truth, class};

use crate::pipeline::Policy;
use crate::session::CommandError;
use crate::units::SimDuration;
use crate::validation::parallel::in_parallel;
use measure::{Yardstick, outcome};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The policy that never acts.
const NOBODY: &str = "none";

/// Outcomes of one episode with each of `policies`, in their order.
///
/// # Errors
/// [`CommandError`] for a policy that there is none of.
pub fn episode(episode: &Episode, policies: &[String]) -> Result<Vec<Outcome>, CommandError> {
    let yardstick = Yardstick { calm: episode.play(NOBODY, true)?, faulty: episode.play(NOBODY, false)? };
    let mut outcomes = Vec::with_capacity(policies.len());
    for policy in policies {
        outcomes.push(if policy == NOBODY {
            outcome(episode, policy, &yardstick, &yardstick.faulty, &yardstick.calm)
        } else {
            outcome(episode, policy, &yardstick, &episode.play(policy, false)?, &episode.play(policy, true)?)
        });
    }
    Ok(outcomes)
}

/// Seconds after the onset that an episode is played for its diagnosis alone.
const DIAGNOSED_S: u64 = 100;

/// What the brain says about an episode that nobody heals, and the evidence it had, with what is right.
pub fn diagnosis(episode: &Episode) -> (Outcome, Vec<Sample>, Option<Truth>) {
    let end = episode.end.min(episode.onset + SimDuration::from_secs(DIAGNOSED_S));
    let play = |is_calm| episode.play_until(NOBODY, is_calm, end).unwrap_or_default();
    let yardstick = Yardstick { calm: play(true), faulty: play(false) };
    let outcome = outcome(episode, NOBODY, &yardstick, &yardstick.faulty, &yardstick.calm);
    (outcome, yardstick.faulty.samples, yardstick.faulty.truth)
}

/// Outcomes of all episodes with all policies on `threads` threads, episode by episode. `progress` is told how many
/// episodes are done. The result does not depend on the number of threads.
///
/// # Errors
/// [`CommandError`] for a policy that there is none of; nothing is played then.
pub fn run(
    episodes: &[Episode],
    policies: &[String],
    threads: usize,
    progress: impl Fn(usize) + Sync,
) -> Result<Vec<Outcome>, CommandError> {
    if let Some(unknown) = policies.iter().find(|name| Policy::named(name).is_none()) {
        return Err(CommandError::UnknownPolicy(unknown.clone()));
    }
    let done = AtomicUsize::new(0);
    let played = in_parallel(episodes, threads, |one| {
        let outcomes = episode(one, policies);
        progress(done.fetch_add(1, Ordering::Relaxed) + 1);
        outcomes
    });
    Ok(played.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}
