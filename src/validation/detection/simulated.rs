//! The running pipeline's detectors on the simulator: how often they speak where nothing is wrong, and how many faults they
//! notice at the service that is at fault. Nobody heals, so that nothing is noticed of a healer's own doing.

use crate::ids::ServiceId;
use crate::pipeline::{LANES, Pipeline};
use crate::scenario::Scenario;
use crate::session::{Command, CommandError, SCRAPE_PERIOD, Session};
use crate::units::{SimDuration, SimTime};
use crate::validation::arena::{Episode, Truth};

/// The policy that never acts.
const NOBODY: &str = "none";
/// Lanes that a service has: those of its series, its metrics together, and the combined alarm of a series.
pub const LANES_LEN: usize = LANES.len() + 2;
/// Seconds after the onset of a fault within which it counts as noticed.
pub const SOON: SimDuration = SimDuration::from_secs(15);

/// The lanes' names, in order.
pub fn names() -> Vec<String> {
    let of_series = LANES.iter().map(|kind| kind.name().to_owned());
    of_series.chain(["several metrics together".to_owned(), "combined".to_owned()]).collect()
}

/// What detectors said where nothing was wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calm {
    /// Services times seconds.
    pub service_s: u64,
    /// Of these with a note of what is unlike before.
    pub noted_s: u64,
    /// Of the latter with a note of metrics that broke step.
    pub together_s: u64,
    /// Alarms in each lane, all series of a service counted.
    pub alarms: [u64; LANES_LEN],
    /// Alerts of burn rates.
    pub burns: u64,
    /// Alerts altogether: of burn rates, of telemetry, and others.
    pub alerts: u64,
}

/// How many faults were noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Onsets {
    /// Faults.
    pub faults: u64,
    /// Of these, noticed within [`SOON`] at a service at fault, by lane.
    pub soon: [u64; LANES_LEN],
    /// The same within as long before the onset: what chance makes of it.
    pub before: [u64; LANES_LEN],
}

/// Plays a scenario for `until`, which is to be one without faults.
///
/// # Errors
/// [`CommandError`] if there is no policy that never acts.
pub fn calm(scenario: &Scenario, seed: u64, until: SimTime) -> Result<Calm, CommandError> {
    let mut session = begin(scenario, seed)?;
    let ids: Vec<ServiceId> = session.world().topology().services().map(|(id, _)| id).collect();
    let mut calm = Calm::default();
    while session.now() < until {
        let last = session.now();
        session.advance(last + SCRAPE_PERIOD, u64::MAX);
        let pipeline = session.pipeline();
        for id in &ids {
            let told = pipeline.unlike_before(*id);
            calm.service_s += 1;
            calm.noted_s += u64::from(!told.is_empty());
            calm.together_s += u64::from(told.iter().any(|e| e.text.contains(" out of step")));
            let spoke = spoke(pipeline, *id, last);
            calm.alarms.iter_mut().zip(spoke).for_each(|(all, now)| *all += u64::from(now));
        }
    }
    let pipeline = session.pipeline();
    calm.burns = pipeline.slos().flat_map(|slo| &slo.burn).map(|burn| u64::from(burn.alerts)).sum();
    calm.alerts = pipeline.alerts().count() as u64;
    Ok(calm)
}

/// Plays an episode until some seconds after its onset.
///
/// # Errors
/// [`CommandError`] if there is no policy that never acts.
pub fn onset(episode: &Episode) -> Result<Onsets, CommandError> {
    let mut onsets = Onsets::default();
    let Some(spec) = episode.fault else { return Ok(onsets) };
    let mut session = begin(&episode.scenario, episode.seed)?;
    session.advance(episode.onset, u64::MAX);
    let truth = Truth::of(spec, session.world());
    let since = SimTime::ZERO + SimDuration::from_nanos((episode.onset.as_nanos()).saturating_sub(SOON.as_nanos()));
    onsets.before = anybody(session.pipeline(), &truth, since);
    session.advance(episode.onset + SOON, u64::MAX);
    onsets.soon = anybody(session.pipeline(), &truth, episode.onset);
    onsets.faults = 1;
    Ok(onsets)
}

fn begin(scenario: &Scenario, seed: u64) -> Result<Session, CommandError> {
    let mut session = Session::new(scenario.clone(), seed);
    session.execute(Command::SetPolicy(NOBODY.to_owned()))?;
    Ok(session)
}

/// Which lanes had an alarm after `since` at any service at fault, 1 or 0 each.
fn anybody(pipeline: &Pipeline, truth: &Truth, since: SimTime) -> [u64; LANES_LEN] {
    let mut any = [0; LANES_LEN];
    for id in &truth.causes {
        any.iter_mut().zip(spoke(pipeline, *id, since)).for_each(|(all, now)| *all |= u64::from(now > 0));
    }
    any
}

/// Alarms of a service after `since`, by lane.
fn spoke(pipeline: &Pipeline, service: ServiceId, since: SimTime) -> [u32; LANES_LEN] {
    let mut spoke = [0; LANES_LEN];
    for alarm in crate::pipeline::WATCHED.into_iter().flat_map(|metric| pipeline.alarms(service, metric)) {
        if alarm.at > since {
            (0..LANES.len()).for_each(|lane| spoke[lane] += u32::from(alarm.lanes >> lane & 1));
            spoke[LANES.len() + 1] += u32::from(alarm.is_combined);
        }
    }
    spoke[LANES.len()] = pipeline.service_alarms(service).filter(|alarm| alarm.at > since).count() as u32;
    spoke
}

impl Calm {
    /// Adds another run.
    pub fn add(&mut self, other: &Self) {
        self.service_s += other.service_s;
        self.noted_s += other.noted_s;
        self.together_s += other.together_s;
        self.alarms.iter_mut().zip(other.alarms).for_each(|(all, more)| *all += more);
        self.burns += other.burns;
        self.alerts += other.alerts;
    }
}

impl Onsets {
    /// Adds another episode.
    pub fn add(&mut self, other: &Self) {
        self.faults += other.faults;
        for (all, more) in [(&mut self.soon, other.soon), (&mut self.before, other.before)] {
            all.iter_mut().zip(more).for_each(|(all, more)| *all += more);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::presets::preset;
    use crate::sim::fault::FaultKind;

    #[test]
    fn little_is_said_where_nothing_is_wrong() {
        let shop = preset("seed").expect("it is there");
        let calm = calm(&shop, 3, SimTime::from_secs(200)).expect("there is such a policy");
        assert_eq!((calm.service_s, calm.burns), (200 * shop.topology.services().count() as u64, 0));
        assert!(calm.noted_s * 20 < calm.service_s, "{calm:?}");
    }

    #[test]
    fn a_cpu_hog_is_noticed_soon_and_not_before() {
        let all = (0..60).map(Episode::generated).filter(|e| e.fault.is_some_and(|f| f.kind == FaultKind::CpuHog));
        let mut found = Onsets::default();
        all.for_each(|episode| found.add(&onset(&episode).expect("there is such a policy")));
        assert!(found.faults >= 3 && found.soon.iter().all(|n| *n <= found.faults), "{found:?}");
        assert!(found.soon[LANES.len()] > found.before[LANES.len()], "{found:?}");
    }
}
