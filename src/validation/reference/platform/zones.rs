//! Losing a zone: the survivors carry its load, and nothing is started elsewhere.

use super::unknown;
use crate::ids::ServiceId;
use crate::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use crate::topology::{Cluster, Network, Service, Shape};
use crate::units::{Mebibytes, Millicores, PerSecond, SimDuration};
use crate::validation::reference::experiment::{Experiment, Wants, only};
use crate::validation::reference::lab::{Setup, at, play, station, whole};
use crate::validation::reference::measure::Measured;
use crate::validation::reference::meter::Meter;
use crate::validation::reference::row::Row;

/// Instances per zone, one core each.
const PER_ZONE: u32 = 4;
const CORE: u32 = 1_000;
const MEAN_S: f64 = 0.001;
/// When the zone goes.
const LOST_AT_S: f64 = 60.0;
/// From then until balancers surely know (a node counts as lost after some 40 s), and until pods would be evicted (300 s).
const WATCH_S: (f64, f64) = (80.0, 280.0);

/// Utilisation of the survivors. Beyond 1 it is the work that comes over what they can do (first come, first served, so that
/// what is served is a fair sample of it).
pub(in crate::validation::reference) fn zone_loss(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let zones = whole("zones", params.need("zones={n}")?, 2, 16)?;
    let utilisation = params.need("utilisation={n}")?;
    params.has("no scaling");
    params.finish()?;
    if row.metric != "utilisation after" || !(0.01..0.99).contains(&utilisation) {
        return Err(unknown(&row.metric, "a zone loss at this utilisation"));
    }
    let instances = PER_ZONE * zones;
    let rate = utilisation * f64::from(instances) / MEAN_S;
    let service = Service {
        replicas: instances,
        cpu_request: Millicores(CORE),
        memory_request: Mebibytes(0.0),
        entry_rate: PerSecond(rate),
        ..station("service", 1, MEAN_S, Shape::Exponential)
    };
    let cluster = Cluster {
        network: Network::NONE,
        endpoint_delay: SimDuration::ZERO,
        ..Cluster::zones(zones as u8, 1, Millicores(CORE * PER_ZONE), Mebibytes(1e9))
    };
    let mut setup = Setup { cluster, ..Setup::single(service) };
    let target = FaultTarget::Zone(zones as u8 - 1);
    setup.faults.push((at(LOST_AT_S), FaultSpec { target, kind: FaultKind::Outage, magnitude: 1.0, duration: None }));
    let survivors = f64::from(instances - PER_ZONE);
    let (metric, system) = (row.metric.clone(), setup.clone());
    let run = move |wants: &Wants| Ok(only(&metric, Measured::number(carried(&setup, survivors, wants)?)));
    Ok(Experiment::new(("zones", &system), &row.metric, rate * WATCH_S.1, run).with_setup(system))
}

fn carried(setup: &Setup, survivors: f64, wants: &Wants) -> Result<f64, String> {
    let (mut world, mut meter) = (setup.world(wants.seed(1)), Meter::new(1));
    let busy = |world: &crate::sim::World| world.gauges(ServiceId(0)).map_or(0.0, |gauges| gauges.cpu_busy_core_ns / 1e9);
    play(&mut world, setup, at(LOST_AT_S + WATCH_S.0), &mut meter)?;
    meter.reset(world.now());
    let (busy_before, arrived_before) = (busy(&world), world.account().arrived);
    play(&mut world, setup, at(LOST_AT_S + WATCH_S.1), &mut meter)?;
    let core_s = survivors * (WATCH_S.1 - WATCH_S.0);
    let used = (busy(&world) - busy_before) / core_s;
    if used < 0.99 {
        return Ok(used);
    }
    let arrived = (world.account().arrived - arrived_before) as f64;
    Ok(arrived * meter.of(0).work_ms / meter.of(0).served / 1e3 / core_s)
}
