//! Probes: how long after it hangs a container is taken out of service, and how long until it is started again. The
//! probe's phase is arbitrary, so containers hang at many moments of it.

use super::{Timeline, unknown};
use crate::ids::ServiceId;
use crate::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use crate::sim::{Event, Exit};
use crate::topology::{Probe, Probes, Service};
use crate::units::SimDuration;
use crate::validation::reference::experiment::{Experiment, Wants, only};
use crate::validation::reference::lab::{Setup, at, bare, whole};
use crate::validation::reference::measure::Measured;
use crate::validation::reference::row::Row;

/// When the first container hangs.
const HANG_AT_S: f64 = 120.0;
/// Phases of the probe that are tried.
const PHASES: u32 = 40;

/// The kubelet kills what its liveness probe finds hung.
pub(in crate::validation::reference) fn liveness(row: &Row) -> Result<Experiment, String> {
    let probe = probe(row)?;
    if !row.metric.starts_with("hung container is restarted after s") {
        return Err(unknown(&row.metric, "a liveness probe"));
    }
    let probes = Probes { liveness: Some(probe), readiness: None };
    Ok(hang(row, probes, |event| matches!(event, Event::Exited { exit: Exit::Unhealthy, .. }).then_some(())))
}

/// Endpoints lose what its readiness probe finds hung.
pub(in crate::validation::reference) fn readiness(row: &Row) -> Result<Experiment, String> {
    let probe = probe(row)?;
    if row.metric != "endpoint removed after s" {
        return Err(unknown(&row.metric, "a readiness probe"));
    }
    let probes = Probes { readiness: Some(probe), liveness: None };
    Ok(hang(row, probes, |event| matches!(event, Event::BecameUnready { .. }).then_some(())))
}

fn probe(row: &Row) -> Result<Probe, String> {
    let mut params = row.settings.clone();
    let period = SimDuration::from_secs_f64(params.take_any(&["period {t}", "period={t}"]).ok_or("needs 'period {t}'")?.1[0]);
    let timeout = params.take_any(&["timeout {t}", "timeout={t}"]).map_or(1.0, |(_, t)| t[0]);
    let failures = params.take_any(&["failureThreshold {n}", "failureThreshold={n}"]).map_or(3.0, |(_, n)| n[0]);
    params.finish()?;
    let failures = whole("failureThreshold", failures, 1, 1_000)?;
    Ok(Probe { period, timeout: SimDuration::from_secs_f64(timeout), failures, ..Probe::default() })
}

fn hang(row: &Row, probes: Probes, pick: fn(&Event) -> Option<()>) -> Experiment {
    let setup = Setup::single(Service { probes, ..bare("service") });
    let period_s = probes.liveness.or(probes.readiness).map_or(10.0, |probe| probe.period.as_secs_f64());
    let (metric, system) = (row.metric.clone(), setup.clone());
    let run = move |wants: &Wants| {
        let target = FaultTarget::Service(ServiceId(0));
        let spec = FaultSpec { target, kind: FaultKind::Hang, magnitude: 1.0, duration: None };
        let mut delays = Vec::new();
        for phase in 0..PHASES {
            let hang_s = HANG_AT_S + period_s * (f64::from(phase) + 0.5) / f64::from(PHASES);
            let (mut world, mut timeline) = (setup.world(wants.seed(u64::from(phase))), Timeline::default());
            world.run(at(hang_s), u64::MAX, &mut timeline);
            world.inject(spec).map_err(|error| error.to_string())?;
            world.run(at(hang_s + 600.0 + 20.0 * period_s), u64::MAX, &mut timeline);
            let seen = timeline.all(pick);
            let (when, ()) = seen.iter().find(|(when, ())| *when >= hang_s).ok_or("nobody noticed")?;
            delays.push(when - hang_s);
        }
        let ends = [delays.iter().copied().fold(f64::INFINITY, f64::min), delays.iter().copied().fold(0.0, f64::max)];
        Ok(only(&metric, Measured::List(ends.to_vec())))
    };
    Experiment::new(("hang", &system), &row.metric, 1e4, run).with_setup(system)
}
