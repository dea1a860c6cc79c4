//! The horizontal pod autoscaler: what it wants for given readings, how fast it may go there, and how long it hesitates
//! before it scales in.

use super::{Timeline, unknown};
use crate::action::Action;
use crate::ids::{ActionId, ServiceId};
use crate::sim::Event;
use crate::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use crate::topology::{Autoscaler, Service};
use crate::units::{Millicores, SimDuration, SimTime};
use crate::validation::reference::experiment::{Experiment, Wants, only};
use crate::validation::reference::lab::{Setup, at, bare, play, whole};
use crate::validation::reference::measure::Measured;
use crate::validation::reference::row::Row;

/// CPU that a pod of these rows reserves, in millicores: 100 % of use.
const REQUEST: u32 = 1_000;
/// Several evaluations, every 15 s.
const WATCH_S: f64 = 150.0;
/// Target where only the way matters.
const TARGET: f64 = 0.5;
const POD: ServiceId = ServiceId(0);

/// The three kinds of rows about the autoscaler.
pub(in crate::validation::reference) fn hpa(row: &Row) -> Result<Experiment, String> {
    match row.metric.as_str() {
        "desired replicas" => desired(row),
        "replica sequence per 15 s sync" => sequence(row),
        "time of scale-down s" => scale_in_time(row),
        other => Err(unknown(other, "the autoscaler")),
    }
}

fn scaled(replicas: u32, autoscaler: Autoscaler) -> Service {
    Service {
        replicas,
        cpu_request: Millicores(REQUEST),
        autoscaler: Some(Autoscaler { min: 1, max: 1_000, ..autoscaler }),
        ..bare("pod")
    }
}

/// The wanted number for given readings of ready pods, while others are not ready.
fn desired(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let current = whole("current", params.need("current={n}")?, 1, 1_000)?;
    let usages = params.take("ready usages={list}").ok_or("needs 'ready usages={list}'")?;
    let target = params.find("target={p}").ok_or("needs 'target={p}'")?;
    let unready = whole("unready", params.find("unready={n}").unwrap_or(0.0), 0, 1_000)?;
    let tolerance = params.find("tolerance={n}").unwrap_or(0.1);
    params.finish()?;
    let ready = usages.len() as u32;
    if ready + unready != current {
        return Err(format!("{ready} readings and {unready} unready pods do not make {current}"));
    }
    let autoscaler = Autoscaler { target, tolerance, scale_in_window: SimDuration::ZERO, ..Autoscaler::default() };
    let service = Service { startup: SimDuration::from_secs(3_600), ..scaled(ready, autoscaler) };
    let setup = hogged(service, &usages)?;
    let (metric, system) = (row.metric.clone(), setup.clone());
    let run = move |wants: &Wants| {
        let steps = steps(&setup, unready, wants)?;
        // On the way up new pods add no load, so the last step is the wish; on the way down every pod takes its own away.
        let wish = match steps.first() {
            Some(first) if *first < current => *first,
            _ => steps.last().copied().unwrap_or(current),
        };
        Ok(only(&metric, Measured::number(f64::from(wish))))
    };
    Ok(Experiment::new(("desired", &system, unready), &row.metric, 1e3, run).with_setup(system))
}

/// Pods whose CPU use, as a share of what they reserve, is given: stray processes use it.
fn hogged(service: Service, usages: &[f64]) -> Result<Setup, String> {
    // A fault takes at most 0.99 and at least 0.05 of a pod's limit.
    let limit = usages.iter().copied().fold(0.01, f64::max) / 0.98;
    let cpu_limit = Millicores((limit * f64::from(REQUEST) + 0.5) as u32);
    let mut setup = Setup::single(Service { cpu_limit, ..service });
    for (usage, ordinal) in usages.iter().zip(0..) {
        let magnitude = usage * f64::from(REQUEST) / f64::from(cpu_limit.0);
        if *usage > 0.0 && magnitude < FaultKind::CpuHog.scale().min {
            return Err(format!("a use of {usage} beside the highest is too small to be made"));
        }
        if *usage > 0.0 {
            let target = FaultTarget::Instance { service: POD, ordinal };
            let spec = FaultSpec { target, kind: FaultKind::CpuHog, magnitude, duration: None };
            setup.faults.push((SimTime::ZERO, spec));
        }
    }
    Ok(setup)
}

/// The numbers of replicas that the autoscaler asked for, one after the other.
fn steps(setup: &Setup, unready: u32, wants: &Wants) -> Result<Vec<u32>, String> {
    let mut world = setup.world(wants.seed(1));
    let mut timeline = Timeline::default();
    if unready > 0 {
        world.apply(ActionId(1), Action::ScaleUp { service: POD, by: unready });
    }
    play(&mut world, setup, at(WATCH_S), &mut timeline)?;
    Ok(timeline.all(by_autoscaler).into_iter().map(|(_, to)| to).collect())
}

fn by_autoscaler(event: &Event) -> Option<u32> {
    match event {
        Event::Scaled { to, by_autoscaler: true, .. } => Some(*to),
        _ => None,
    }
}

/// The way from one number of replicas to another.
fn sequence(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let ends = params.take("current={n}->desired={n}").ok_or("needs 'current={n}->desired={n}'")?;
    params.finish()?;
    let (from, to) = (whole("current", ends[0], 1, 500)?, whole("desired", ends[1], 1, 500)?);
    if to <= from {
        return Err("only the way up is taken in steps".to_owned());
    }
    // A little less than the pods wanted could carry, so that rounding up leads to just that number.
    let usage = (f64::from(to) - 0.3) * TARGET / f64::from(from);
    let autoscaler = Autoscaler { target: TARGET, ..Autoscaler::default() };
    let setup = hogged(scaled(from, autoscaler), &vec![usage; from as usize])?;
    let (metric, system) = (row.metric.clone(), setup.clone());
    let run = move |wants: &Wants| {
        let way = std::iter::once(from).chain(steps(&setup, 0, wants)?).map(f64::from).collect();
        Ok(only(&metric, Measured::List(way)))
    };
    Ok(Experiment::new(("sequence", &system), &row.metric, 1e3, run).with_setup(system))
}

/// How long after the end of all load the first pod goes.
fn scale_in_time(row: &Row) -> Result<Experiment, String> {
    /// The load goes on for this long first: longer than the autoscaler remembers.
    const LOADED_S: f64 = 900.0;
    let mut params = row.settings.clone();
    if !params.has("load drops to 0 at t=0") {
        return Err("needs 'load drops to 0 at t=0'".to_owned());
    }
    let replicas = whole("replicas", params.need("{n} replicas")?, 2, 500)?;
    let min = whole("min", params.find("min {n}").unwrap_or(1.0), 1, 500)?;
    params.finish()?;
    let plain = scaled(replicas, Autoscaler { target: TARGET, ..Autoscaler::default() });
    let autoscaler = plain.autoscaler.map(|a| Autoscaler { min, max: replicas, ..a });
    let setup = Setup::single(Service { autoscaler, ..plain }).fault(0, FaultKind::CpuHog, TARGET, 0.0, LOADED_S);
    let (metric, system) = (row.metric.clone(), setup.clone());
    let run = move |wants: &Wants| {
        let mut timeline = Timeline::default();
        play(&mut setup.world(wants.seed(1)), &setup, at(LOADED_S + 600.0), &mut timeline)?;
        let steps = timeline.all(by_autoscaler);
        let (when, _) = *steps.first().ok_or("it never scaled in")?;
        let last = steps.last().map_or(replicas, |(_, to)| *to);
        if last != min {
            return Err(format!("it stopped at {last} replicas"));
        }
        Ok(only(&metric, Measured::number(when - LOADED_S)))
    };
    Ok(Experiment::new(("scale in", &system), &row.metric, 1e3, run).with_setup(system))
}
