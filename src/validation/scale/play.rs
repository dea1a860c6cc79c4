//! One run of a system, in full or as its model, and what is counted in it.

use super::{Care, Quantity, System};
use crate::ids::ServiceId;
use crate::scenario::Scenario;
use crate::sim::{Event, Observer, World};
use crate::units::{SimDuration, SimTime};

/// What is counted within the window.
#[derive(Clone, Debug, Default)]
struct Counts {
    watched: ServiceId,
    latencies_ms: Vec<f64>,
    well: u64,
    attempts: u64,
}

impl Observer for Counts {
    fn see(&mut self, _at: SimTime, event: &Event) {
        match event {
            Event::UserServed { latency, ok, .. } => {
                self.latencies_ms.push(latency.as_millis_f64());
                self.well += u64::from(*ok);
            }
            Event::Attempted { to, .. } if *to == self.watched => self.attempts += 1,
            _ => {}
        }
    }
}

/// What a run came to.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    counts: Counts,
    utilisation: f64,
}

impl Outcome {
    /// One quantity; `NaN` if no user's request ended.
    pub fn of(&self, quantity: Quantity) -> f64 {
        let times = &self.counts.latencies_ms;
        let ended = times.len() as f64;
        // Sorted when the run ended.
        let quantile = |q: f64| times.get((q * ended) as usize).copied().unwrap_or(f64::NAN);
        match quantity {
            Quantity::Utilisation => self.utilisation,
            Quantity::Goodput => self.counts.well as f64 / ended,
            Quantity::Attempts => self.counts.attempts as f64 / ended,
            Quantity::Mean => times.iter().sum::<f64>() / ended,
            Quantity::P50 => quantile(0.5),
            Quantity::P99 => quantile(0.99),
        }
    }
}

/// Runs `system` at `scale`.
pub(super) fn play(system: &System, scale: u32, seed: u64, care: Care) -> Outcome {
    let scenario = Scenario { scale, ..system.scenario() };
    let (model, _) = scenario.model();
    let watched = model.topology.by_name(system.watched).unwrap_or_default();
    let mut world = World::new(model.topology.clone(), model.cluster.clone(), seed);
    let (from, until) = window(system, scale, care);
    run(&mut world, &model, from, &mut ());
    let before = cpu(&world, watched);
    let mut counts = Counts { watched, ..Counts::default() };
    run(&mut world, &model, until, &mut counts);
    let after = cpu(&world, watched);
    counts.latencies_ms.sort_unstable_by(f64::total_cmp);
    let capacity = after.1 * until.since(from).as_nanos() as f64;
    Outcome { counts, utilisation: (after.0 - before.0) / capacity }
}

/// From when to when is counted. What is steady is watched for longer in a model, until as many requests have come.
fn window(system: &System, scale: u32, care: Care) -> (SimTime, SimTime) {
    let (from, seconds) = system.window_s;
    let (from, seconds) = match (system.is_steady, care) {
        (true, Care::Quick) => (from / 2, seconds * u64::from(scale) / 5),
        (true, Care::Full) => (from, seconds * u64::from(scale)),
        (false, _) => (from, seconds),
    };
    (SimTime::from_secs(from), SimTime::from_secs(from) + SimDuration::from_secs(seconds))
}

/// CPU used so far in core-nanoseconds, and cores.
fn cpu(world: &World, service: ServiceId) -> (f64, f64) {
    world.gauges(service).map_or((0.0, 0.0), |g| (g.cpu_busy_core_ns, g.cpu_limit_cores))
}

/// Moves on to `until` with the planned faults that begin by then.
fn run(world: &mut World, model: &Scenario, until: SimTime, observer: &mut impl Observer) {
    let now = world.now();
    for planned in model.faults.iter().filter(|f| f.at > now && f.at <= until) {
        world.run(planned.at, u64::MAX, observer);
        // The systems are ours, and a test runs each of them.
        let injected = world.inject(planned.spec);
        debug_assert!(injected.is_ok(), "{injected:?}");
    }
    world.run(until, u64::MAX, observer);
}
