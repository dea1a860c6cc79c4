//! Load balancing: the power of d choices in equilibrium, and balls thrown into bins.

use super::experiment::{Experiment, Wants, only};
use super::lab::{Setup, at, call, delay, plain, station, users, whole};
use super::measure::Measured;
use super::row::Row;
use super::steady::Steady;
use crate::ids::{InstanceId, ServiceId};
use crate::sim::{Event, Observer};
use crate::topology::{Arrivals, Balancing, Call, CallPolicy, Service, Shape, Workload};
use crate::units::SimTime;
use std::collections::BTreeMap;

/// Instances that stand for infinitely many when each request looks at several.
const MANY: u32 = 500;
/// The same near saturation, where 500 taken together still run full now and then.
const MANY_NEARLY_FULL: u32 = 2_000;
/// Instances when requests go anywhere at random: queues are then independent, so a few are as good as many.
const FEW: u32 = 10;

fn choice(d: u32) -> CallPolicy {
    let balancing = if d == 1 { Balancing::Random } else { Balancing::LeastOf(d as u8) };
    CallPolicy { balancing, ..plain() }
}

/// Each request goes to the least busy of `d` instances drawn at random. Time is in units of the mean service time.
pub(super) fn power_of_choices(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let d = whole("d", params.need("d={n}")?, 1, 255)?;
    let load = params.need("lambda={n}")?;
    if !(0.05..=0.99).contains(&load) {
        return Err(format!("lambda must be 0.05 to 0.99, not {load}"));
    }
    let usual = match d {
        1 => FEW,
        _ if load > 0.97 => MANY_NEARLY_FULL,
        _ => MANY,
    };
    let asked = params.find("n={n}");
    let n = if asked.is_none() && params.has("n->inf") { usual } else { whole("n", asked.unwrap_or(500.0), 1, 10_000)? };
    params.take_any(&["S={t}"]);
    params.finish()?;
    if row.metric != "mean sojourn (units of S)" {
        return Err(format!("no such metric of balanced queues: '{}'", row.metric));
    }
    let rate = load * f64::from(n);
    let balanced = Service { replicas: n, ..station("balanced", 1, 1.0, Shape::Exponential) };
    let setup = Setup::of(vec![users(rate, vec![vec![call(1, choice(d))]]), balanced]);
    // With choices, queues are short and hardly remember; without, each is an M/M/1.
    let variance = if d == 1 { 2.0 * (1.0 + load) / (load * (1.0 - load) * (1.0 - load)) } else { 100.0 };
    let mut steady = Steady::new(setup, rate, variance);
    if d > 1 {
        // All queues together move within about 1 / (1 - load) service times: batches must be longer than that.
        (steady.settle_s, steady.seconds_min) = (50.0 / (1.0 - load), 50.0 / (1.0 - load));
    }
    let steady = steady.metric(&row.metric, |m, _| (m.of(1).latency_ms / 1e3, m.of(1).served));
    Ok(steady.experiment(&row.metric).with_load(load))
}

/// n balls at once into n bins: a request that calls n instances in parallel, each call staying for a second.
pub(super) fn balls_in_bins(row: &Row) -> Result<Experiment, String> {
    /// Calls that one entry of a stage may make at once.
    const CALLS_MAX: u32 = 1_000;
    let mut params = row.settings.clone();
    let n = whole("n", params.need("n={n}")?, 1, 20_000)?;
    let d = whole("d", params.need("d={n}")?, 1, 255)?;
    params.finish()?;
    if row.metric != "mean max load" {
        return Err(format!("no such metric of balls in bins: '{}'", row.metric));
    }
    let throws =
        (0..n.div_ceil(CALLS_MAX)).map(|i| Call { count: (n - i * CALLS_MAX).min(CALLS_MAX) as u16, ..call(1, choice(d)) });
    let thrower = Service {
        workload: Workload { arrivals: Arrivals::Regular, ..Workload::default() },
        ..users(0.1, vec![throws.collect()])
    };
    let bins = Service { replicas: n, ..delay("bins", 1.0, Shape::Constant) };
    let setup = Setup::of(vec![thrower, bins]);
    let system = setup.clone();
    let run = move |wants: &Wants| {
        let trials = wants.choose((600_000 / n).clamp(60, 1_000), (20_000 / n).clamp(10, 100));
        let mut counter = Bins { balls: n, ..Bins::default() };
        setup.world(wants.seed(u64::from(d))).run(at(f64::from(trials) * 10.0), u64::MAX, &mut counter);
        Ok(only("mean max load", Measured::mean(&counter.fullest)))
    };
    Ok(Experiment::new(("balls", n, d), &row.metric, 6e5, run).with_setup(system))
}

/// Counts balls by bin; a round is over when all balls are out again.
#[derive(Default)]
struct Bins {
    balls: u32,
    out: u32,
    counts: BTreeMap<InstanceId, u32>,
    fullest: Vec<f64>,
}

impl Observer for Bins {
    fn see(&mut self, _: SimTime, event: &Event) {
        let Event::Served { service: ServiceId(1), instance, .. } = event else { return };
        *self.counts.entry(*instance).or_default() += 1;
        self.out += 1;
        if self.out == self.balls {
            self.fullest.push(f64::from(self.counts.values().copied().max().unwrap_or(0)));
            self.counts.clear();
            self.out = 0;
        }
    }
}
