//! The kubelet: how long it waits before it restarts what keeps exiting, and when a leak ends in an out-of-memory kill.

use super::{Timeline, unknown};
use crate::ids::ServiceId;
use crate::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use crate::sim::{Event, Exit};
use crate::topology::Service;
use crate::units::{Mebibytes, PerSecond, SimDuration};
use crate::validation::reference::experiment::{Experiment, Wants, only};
use crate::validation::reference::lab::{Setup, at, bare};
use crate::validation::reference::measure::Measured;
use crate::validation::reference::row::Row;
use crate::validation::reference::tolerance::Expected;

/// The longest a run may take before it is given up, in simulated seconds: ten days.
const GIVE_UP_S: f64 = 864_000.0;

/// A container that exits by itself again and again.
pub(in crate::validation::reference) fn crash_loop(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let runs = [
        "container exits after {list}",
        "container runs {list}",
        "container runs {list} each time",
        "container runs {list} then exits",
        "run times {list}",
        "runs {list}",
        "exits after {list}",
    ];
    let lives_s = match params.has("container exits at once") {
        true => vec![0.0],
        false => params.take_any(&runs).ok_or("needs 'container exits at once' or 'container runs {t}'")?.1,
    };
    params.finish()?;
    if !row.metric.starts_with("waits before restart") {
        return Err(unknown(&row.metric, "a crash loop"));
    }
    let count = match Expected::parse(&row.value) {
        Some(Expected::List(waits)) => waits.len(),
        _ => 1,
    };
    let metric = row.metric.clone();
    let setup = Setup::single(bare("service"));
    let (system, key) = (setup.clone(), format!("{lives_s:?}"));
    let run = move |wants: &Wants| {
        let mut waits = waits(&setup, &lives_s, count, wants)?;
        waits.truncate(count);
        Ok(only(&metric, Measured::List(waits)))
    };
    Ok(Experiment::new(("crash loop", key, count), &row.metric, 1e3, run).with_setup(system))
}

/// Ends the process some time after each start, and measures the time from each exit to the next start. The last of the
/// lives is repeated.
fn waits(setup: &Setup, lives_s: &[f64], count: usize, wants: &Wants) -> Result<Vec<f64>, String> {
    let (mut world, mut timeline) = (setup.world(wants.seed(1)), Timeline::default());
    let service = ServiceId(0);
    let kill = FaultSpec {
        target: FaultTarget::Service(service),
        kind: FaultKind::InstanceKill,
        magnitude: 1.0,
        duration: Some(SimDuration::from_millis(1)),
    };
    let mut waits = Vec::new();
    let mut started_s = 1.0;
    while waits.len() < count {
        let life_s = lives_s.get(waits.len()).or(lives_s.last()).copied().unwrap_or(0.0);
        let exit_s = started_s + life_s.max(0.001);
        world.run(at(exit_s), u64::MAX, &mut timeline);
        let exit_s = world.now().as_secs_f64();
        world.inject(kill).map_err(|error| error.to_string())?;
        let mut now_s = exit_s;
        let next = loop {
            now_s += 1.0;
            world.run(at(now_s), u64::MAX, &mut timeline);
            let starts = timeline.all(|event| matches!(event, Event::Started { .. }).then_some(()));
            if let Some((start, ())) = starts.into_iter().find(|(start, ())| *start >= exit_s) {
                break start;
            }
            if now_s > GIVE_UP_S {
                return Err("it was never started again".to_owned());
            }
        };
        waits.push(next - exit_s);
        timeline.0.clear();
        started_s = next;
    }
    Ok(waits)
}

/// Every request leaves some memory behind.
pub(in crate::validation::reference) fn leak(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let (base, limit) = (params.need("base={n}MiB")?, params.need("limit={n}MiB")?);
    let per_request = params.need("leak={n}MiB/req")?;
    let rate = params.take_any(&["{n} rps/replica", "{n} rps", "{n}/s"]).ok_or("needs '{n} rps/replica'")?.1[0];
    params.finish()?;
    if row.metric != "time to first OOMKill s" {
        return Err(unknown(&row.metric, "a leak"));
    }
    if per_request <= 0.0 || rate <= 0.0 || limit <= base || (limit - base) / per_request > 1e8 {
        return Err("the leak must reach the limit within a hundred million requests".to_owned());
    }
    let service = Service {
        entry_rate: PerSecond(rate),
        memory_base: Mebibytes(base),
        memory_limit: Mebibytes(limit),
        leak_per_request: Mebibytes(per_request),
        ..bare("service")
    };
    let setup = Setup::single(service);
    let (metric, system) = (row.metric.clone(), setup.clone());
    let run = move |wants: &Wants| {
        let (mut world, mut timeline) = (setup.world(wants.seed(1)), Timeline::default());
        let mut until_s = 0.0;
        while until_s < GIVE_UP_S {
            until_s += 60.0;
            world.run(at(until_s), u64::MAX, &mut timeline);
            let killed = timeline.all(|event| matches!(event, Event::Exited { exit: Exit::OutOfMemory, .. }).then_some(()));
            if let Some((when, ())) = killed.first() {
                return Ok(only(&metric, Measured::number(*when)));
            }
        }
        Err("it was never killed".to_owned())
    };
    Ok(Experiment::new(&system, &row.metric, (limit - base) / per_request, run).with_setup(system.clone()))
}
