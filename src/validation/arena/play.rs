//! One episode played with one policy: what the users felt each second, and what the healer said and did.

use super::episode::Episode;
use super::truth::Truth;
use crate::action::Action;
use crate::pipeline::FailureClass;
use crate::pipeline::suspects::{Clues, Place};
use crate::pipeline::{Autonomy, Choice, Decision};
use crate::scenario::Scenario;
use crate::session::{Command, CommandError, SCRAPE_PERIOD, Session};
use crate::sim::Account;
use crate::topology::ServiceKind;
use crate::units::{SimDuration, SimTime};

/// Seconds after detection at which evidence is kept for fitting.
const SAMPLED_S: [u64; 3] = [10, 20, 30];

/// How the users fared, over the metric window that ends with this second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Second {
    /// Share of requests that failed, 0..=1.
    pub error: f64,
    /// 95th percentile of latency, ms.
    pub latency_ms: f64,
    /// Requests answered well, per second.
    pub good_per_s: f64,
}

/// What the healer held to be the matter, from `at` on.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Since when.
    pub at: SimTime,
    /// Suspected places, the likeliest first.
    pub ranking: Vec<Place>,
    /// The kind of failure.
    pub class: Option<FailureClass>,
    /// Probability given to the first place, and to the class.
    pub sure: (f64, f64),
}

/// The evidence at one moment of an incident, with the classes that each place's hypotheses would mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// By place; whether its service is within the healer's reach.
    pub places: Vec<(Place, bool, Clues)>,
}

/// An action that the healer asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Taken {
    /// When it was decided.
    pub at: SimTime,
    /// What.
    pub action: Action,
    /// What was held to be the matter.
    pub class: FailureClass,
}

/// What came of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Played {
    /// The users, second by second from 1 s on.
    pub seconds: Vec<Second>,
    /// The first alert or incident at or after the onset.
    pub detected: Option<SimTime>,
    /// What was said about incidents from the onset on, in order; the ranking is empty while none is open.
    pub verdicts: Vec<Verdict>,
    /// Actions, in order.
    pub actions: Vec<Taken>,
    /// Pages to a person.
    pub pages: u32,
    /// Incidents opened.
    pub incidents: u32,
    /// Instances times seconds, users aside.
    pub instance_s: f64,
    /// Evidence 10, 20 and 30 s after detection.
    pub samples: Vec<Sample>,
    /// The users' requests.
    pub account: Account,
    /// What was the matter, if a fault began.
    pub truth: Option<Truth>,
}

impl Episode {
    /// Plays it with the policy called `policy`, dial on Auto, with or without what goes wrong.
    ///
    /// # Errors
    /// [`CommandError`] if there is no such policy.
    pub fn play(&self, policy: &str, is_calm: bool) -> Result<Played, CommandError> {
        self.play_until(policy, is_calm, self.end)
    }
    /// The same, but only until `end`.
    pub(super) fn play_until(&self, policy: &str, is_calm: bool, end: SimTime) -> Result<Played, CommandError> {
        let scenario = if is_calm { &self.calm } else { &self.scenario };
        let mut session = begin(scenario, self.seed, policy)?;
        let mut played = Played::default();
        let mut counted = 0;
        while session.now() < end {
            let next = session.now() + SCRAPE_PERIOD;
            if let Some(spec) = self.fault.filter(|_| !is_calm && next >= self.onset && played.truth.is_none()) {
                played.truth = Some(Truth::of(spec, session.world()));
            }
            session.advance(next, u64::MAX);
            played.second(&session);
            counted = played.decisions(&session, counted);
            if next >= self.onset {
                played.listen(&session, self.onset);
            }
        }
        let report = session.pipeline().report();
        (played.pages, played.incidents) = (report.pages, report.incidents_opened);
        played.account = session.world().account();
        Ok(played)
    }
}

fn begin(scenario: &Scenario, seed: u64, policy: &str) -> Result<Session, CommandError> {
    let mut session = Session::new(scenario.clone(), seed);
    session.execute(Command::SetPolicy(policy.to_owned()))?;
    session.execute(Command::SetAutonomy(Autonomy::Auto))?;
    Ok(session)
}

impl Played {
    fn second(&mut self, session: &Session) {
        let users = session.users();
        let good_per_s = users.rate * users.success_ratio;
        self.seconds.push(Second { error: 1.0 - users.success_ratio, latency_ms: users.latency_ms_p95, good_per_s });
        let world = session.world();
        let owned = world.topology().services().filter(|(_, s)| s.kind != ServiceKind::Client);
        let pods: u32 = owned.filter_map(|(id, _)| world.gauges(id)).map(|g| g.pods).sum();
        self.instance_s += f64::from(pods) * SCRAPE_PERIOD.as_secs_f64();
    }
    /// Notes the actions among the decisions that are new; returns the number of the newest.
    fn decisions(&mut self, session: &Session, counted: u32) -> u32 {
        let mut newest = counted;
        let taken = |d: &Decision| match d.chosen.choice {
            Choice::Act(action) => Some(Taken { at: d.at, action, class: d.diagnosis.class }),
            Choice::Hold | Choice::Page => None,
        };
        let fresh: Vec<&Decision> = session.pipeline().decisions().rev().take_while(|d| d.id.0 > counted).collect();
        for decision in fresh.into_iter().rev() {
            newest = newest.max(decision.id.0);
            self.actions.extend(taken(decision));
        }
        newest
    }
    fn listen(&mut self, session: &Session, onset: SimTime) {
        let pipeline = session.pipeline();
        if self.detected.is_none() {
            let alert = pipeline.alerts().map(|a| a.at).find(|at| *at >= onset);
            let incident = pipeline.incidents().map(|i| i.detected_at).find(|at| *at >= onset);
            self.detected = alert.into_iter().chain(incident).min();
        }
        let said = pipeline.ranking();
        let ranking: Vec<Place> = said.suspects.iter().map(|s| s.place).collect();
        let first = said.suspects.first().map_or(0.0, |s| s.probability.get());
        let (class, of_class) = said.class.map_or((None, 0.0), |(class, p)| (Some(class), p.get()));
        self.verdicts.push(Verdict { at: session.now(), ranking, class, sure: (first, of_class) });
        let is_due = |at: SimTime| SAMPLED_S.iter().any(|after| at + SimDuration::from_secs(*after) == session.now());
        if self.detected.is_some_and(is_due) {
            let reach = |place: Place| place.service().is_none_or(|id| pipeline.is_healable(id));
            let places: Vec<_> = pipeline.evidence().map(|(place, clues)| (place, reach(place), *clues)).collect();
            if !places.is_empty() {
                self.samples.push(Sample { places });
            }
        }
    }
}
