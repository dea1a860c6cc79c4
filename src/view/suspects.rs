//! Suspects as drawn: who may be to blame for the open incident, how likely, and why.

use crate::ids::ServiceId;
use crate::pipeline::FailureClass;
use crate::pipeline::suspects::{Clue, Suspect};
use crate::session::Session;
use serde::{Deserialize, Serialize};

/// Suspects shown.
const SHOWN: usize = 3;
/// Probability below which a suspect is not shown.
const SHOWN_MIN: f64 = 0.02;
/// Reasons shown of each, for and against.
const REASONS: usize = 4;

/// One suspect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SuspectFrame {
    /// Where, in words.
    pub place: String,
    /// The service to look at, if it is one or a call.
    pub service: Option<ServiceId>,
    /// Its likeliest kind of failure.
    pub class: FailureClass,
    /// Probability that the cause is there, 0..=1.
    pub probability: f64,
    /// Whether the healer goes by it.
    pub believed: bool,
    /// What speaks for it (above 0) and against it, in log-odds, the weightiest first.
    pub reasons: Vec<(String, f64)>,
}

/// The likeliest suspects, best first; none while no incident is open.
pub fn suspects(session: &Session) -> Vec<SuspectFrame> {
    let ranking = session.pipeline().ranking();
    let believed = ranking.believed().map(|s| s.place);
    let frame = |suspect: &Suspect| SuspectFrame {
        place: suspect.place.words(|id| session.world().topology().name(id).to_owned()),
        service: suspect.place.service(),
        class: suspect.class,
        probability: suspect.probability.get(),
        believed: believed == Some(suspect.place),
        reasons: reasons(suspect),
    };
    let likely = ranking.suspects.iter().take_while(|s| s.probability.get() >= SHOWN_MIN);
    likely.take(SHOWN).map(frame).collect()
}

fn reasons(suspect: &Suspect) -> Vec<(String, f64)> {
    let told = suspect.reasons.iter().filter(|r| r.clue != Clue::Prior && r.weight.abs() >= 0.1);
    told.take(REASONS).map(|r| (r.clue.words().to_owned(), r.weight)).collect()
}
