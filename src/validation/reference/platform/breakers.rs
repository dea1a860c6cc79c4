//! Guards of the caller that count failures: outlier ejection and circuit breakers.

use super::unknown;
use crate::ids::{InstanceId, ServiceId};
use crate::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use crate::sim::{Event, Observer};
use crate::topology::{Arrivals, Balancing, Breaker, CallPolicy, Demand, OutlierEjection, Service, Shape, Workload};
use crate::units::{Ratio, SimTime};
use crate::validation::reference::experiment::{Experiment, Wants, only};
use crate::validation::reference::lab::{Setup, at, bare, call, plain, play, users};
use crate::validation::reference::measure::Measured;
use crate::validation::reference::row::Row;

/// Calls per second, one after the other.
const RATE: f64 = 20.0;
const UNTIL_S: f64 = 300.0;

fn calling(policy: CallPolicy, service: Service) -> Setup {
    let caller = Service {
        workload: Workload { arrivals: Arrivals::Regular, ..Workload::default() },
        ..users(RATE, vec![vec![call(1, policy)]])
    };
    Setup::of(vec![caller, service])
}

/// Counts failed answers of each instance until it is ejected.
#[derive(Default)]
struct Ejections {
    failed: Vec<InstanceId>,
    ejected: Option<(InstanceId, usize)>,
}

impl Observer for Ejections {
    fn see(&mut self, _: SimTime, event: &Event) {
        match event {
            Event::Served { service: ServiceId(1), instance, ok: false, .. } => self.failed.push(*instance),
            Event::Ejected { instance, .. } if self.ejected.is_none() => {
                let failures = self.failed.iter().filter(|failed| *failed == instance).count();
                self.ejected = Some((*instance, failures));
            }
            _ => {}
        }
    }
}

/// One of ten hosts fails all.
pub(in crate::validation::reference) fn outlier(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let envoy = params.has("Envoy defaults");
    let consecutive = params.find("consecutive_5xx={n}");
    let all = params.has("host fails all");
    params.finish()?;
    if row.metric != "ejected after consecutive errors" || !all {
        return Err(unknown(&row.metric, "outlier ejection"));
    }
    if !envoy && consecutive.is_none() {
        return Err("names no known defaults".to_owned());
    }
    let consecutive = consecutive.map_or(OutlierEjection::ENVOY.consecutive, |n| n as u32);
    let outlier = Some(OutlierEjection { consecutive, ..OutlierEjection::ENVOY });
    let policy = CallPolicy { outlier, balancing: Balancing::RoundRobin, ..plain() };
    let mut setup = calling(policy, Service { replicas: 10, ..bare("service") });
    let target = FaultTarget::Instance { service: ServiceId(1), ordinal: 0 };
    setup.faults.push((SimTime::ZERO, FaultSpec { target, kind: FaultKind::ErrorBurst, magnitude: 1.0, duration: None }));
    let (metric, system) = (row.metric.clone(), setup.clone());
    let run = move |wants: &Wants| {
        let mut ejections = Ejections::default();
        play(&mut setup.world(wants.seed(1)), &setup, at(UNTIL_S), &mut ejections)?;
        let (_, failures) = ejections.ejected.ok_or("no host was ejected")?;
        Ok(only(&metric, Measured::number(failures as f64)))
    };
    Ok(Experiment::new(("outlier", consecutive), &row.metric, 1e4, run).with_setup(system))
}

/// Counts calls between the breaker's moves.
#[derive(Default)]
struct Moves {
    calls: u32,
    /// When it opened, and the calls until then; then the same for later openings.
    opened: Vec<(f64, u32)>,
    /// Times and numbers of the calls.
    called: Vec<f64>,
}

impl Observer for Moves {
    fn see(&mut self, at: SimTime, event: &Event) {
        match event {
            Event::Attempted { to: ServiceId(1), .. } => {
                self.calls += 1;
                self.called.push(at.as_secs_f64());
            }
            Event::Breaker { open: true, .. } => self.opened.push((at.as_secs_f64(), self.calls)),
            _ => {}
        }
    }
}

/// Everything fails: when does it open, and for how long?
pub(in crate::validation::reference) fn breaker(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let defaults = [("Resilience4j defaults", Breaker::RESILIENCE4J), ("Hystrix defaults", Breaker::HYSTRIX)];
    let breaker = defaults.into_iter().find(|(name, _)| params.has(name)).ok_or("names no known defaults")?.1;
    if !params.has("all calls fail") && !params.has("all fail") {
        return Err("needs 'all calls fail'".to_owned());
    }
    params.finish()?;
    if !["opens after calls", "opens after calls in 10 s", "open for s", "trial calls when half-open"]
        .contains(&row.metric.as_str())
    {
        return Err(unknown(&row.metric, "a circuit breaker"));
    }
    let demand = Demand { error_ratio: Ratio::ONE, shape: Shape::Constant, ..Demand::default() };
    let policy = CallPolicy { breaker: Some(breaker), ..plain() };
    let setup = calling(policy, Service { demand, ..bare("service") });
    let (metric, system) = (row.metric.clone(), setup.clone());
    let run = move |wants: &Wants| {
        let mut moves = Moves::default();
        setup.world(wants.seed(1)).run(at(UNTIL_S), u64::MAX, &mut moves);
        let (opened_s, calls) = *moves.opened.first().ok_or("it never opened")?;
        let value = match metric.as_str() {
            "open for s" => moves.called.iter().find(|call| **call > opened_s).ok_or("it was never tried again")? - opened_s,
            "trial calls when half-open" => {
                let (_, later) = *moves.opened.get(1).ok_or("it opened only once")?;
                f64::from(later - calls)
            }
            _ => f64::from(calls),
        };
        Ok(only(&metric, Measured::number(value)))
    };
    Ok(Experiment::new(("breaker", &system, &row.metric), &row.metric, 1e4, run).with_setup(system))
}
