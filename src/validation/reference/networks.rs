//! Networks of stations through which requests move on: an open Jackson network and a closed tandem.

use super::experiment::Experiment;
use super::lab::{Setup, hand_on, station, whole};
use super::meter::{Meter, Times};
use super::row::Row;
use super::steady::{Steady, Sums};
use crate::ids::ServiceId;
use crate::sim::World;
use crate::topology::{Arrivals, Distribution, Service, Shape, Workload};
use crate::units::PerSecond;

/// The open network's stations: name, servers, mean service time in s. Where a request goes next is in [`open`].
const STATIONS: [(&str, u32, f64); 4] = [("gw", 4, 0.005), ("A", 2, 0.008), ("B", 3, 0.010), ("db", 4, 0.006)];
const UTILISATION: [Sums; 4] = [busy::<0>, busy::<1>, busy::<2>, busy::<3>];
const SOJOURN: [Sums; 4] = [sojourn::<0>, sojourn::<1>, sojourn::<2>, sojourn::<3>];

fn sojourn<const I: usize>(meter: &Meter, _: &World) -> (f64, f64) {
    (meter.services[I].latency_ms, meter.services[I].served)
}

/// Core-seconds used and there to use, as the exporters tell it.
fn busy<const I: usize>(_: &Meter, world: &World) -> (f64, f64) {
    let gauges = world.gauges(ServiceId(I as u32)).unwrap_or_default();
    (gauges.cpu_busy_core_ns / 1e9, gauges.cpu_limit_cores * world.now().as_secs_f64())
}

/// gw sends 60 % to A and 30 % to B, A 70 % to db, B 50 % to db, db 5 % back to A; the rest leaves.
fn open(rate: f64) -> Setup {
    let onwards = [vec![hand_on(1, 0.6), hand_on(2, 0.3)], vec![hand_on(3, 0.7)], vec![hand_on(3, 0.5)], vec![hand_on(1, 0.05)]];
    let stations = STATIONS.iter().zip(onwards).map(|((name, servers, mean_s), onwards)| Service {
        stages: vec![onwards],
        ..station(name, *servers, *mean_s, Shape::Exponential)
    });
    let mut stations: Vec<Service> = stations.collect();
    stations[0].entry_rate = PerSecond(rate);
    Setup::of(stations)
}

/// A network with product form: each station is an M/M/c of its own.
pub(super) fn jackson(row: &Row) -> Result<Experiment, String> {
    /// Relative variance of a station's mean per request at the loads of interest (below 0.9).
    const VARIANCE: f64 = 300.0;
    let mut params = row.settings.clone();
    let rate = params.find("ext={n}/s").or_else(|| params.find("ext={n}")).ok_or("needs 'ext={n}/s'")?;
    let station = STATIONS.iter().map(|(name, ..)| *name).find(|name| params.has(&format!("station={name}")));
    params.finish()?;
    let finding = match station {
        Some(station) => format!("{station} {}", row.metric),
        None => row.metric.clone(),
    };
    if !(1.0..=300.0).contains(&rate) {
        return Err(format!("the network is stable from 1 to 300 requests a second, not at {rate}"));
    }
    let mut steady = Steady::new(open(rate), rate, VARIANCE).metric("mean end-to-end ms", |m, _| (m.user_ms, m.users));
    for (i, (name, ..)) in STATIONS.iter().enumerate() {
        steady = steady.metric(&format!("{name} utilisation"), UTILISATION[i]);
        steady = steady.metric(&format!("{name} mean sojourn at station ms"), SOJOURN[i]);
    }
    known(&steady, &finding)?;
    Ok(steady.experiment(&finding))
}

/// N users go round: think, then one station after the other.
pub(super) fn closed(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let users = whole("N", params.need("N={n}")?, 1, 10_000)?;
    let think_s = params.find("Z={t}").unwrap_or(0.0);
    let demands = params.take("D={list}").ok_or("needs 'D={list}'")?;
    params.finish()?;
    let last = demands.len() as u32 - 1;
    let stations = demands.iter().zip(0..).map(|(mean_s, i)| Service {
        stages: if i < last { vec![vec![hand_on(i + 1, 1.0)]] } else { Vec::new() },
        ..station(&format!("station {}", i + 1), 1, *mean_s, Shape::Exponential)
    });
    let mut stations: Vec<Service> = stations.collect();
    let think = Distribution::exponential(think_s * 1e6);
    stations[0].workload = Workload { arrivals: Arrivals::Closed { users, think }, ..Workload::default() };
    let round_s = think_s + demands.iter().sum::<f64>();
    let rate = (f64::from(users) / round_s).min(1.0 / demands.iter().copied().fold(1e-6, f64::max));
    let steady = Steady::new(Setup::of(stations), rate, 100.0)
        .metric("throughput /s", |m, w| (m.users, super::steady::elapsed_s(m, w.now())))
        .metric("mean response ms", |m, _| (m.user_ms, m.users))
        .quantile("p99 response ms", Times::User, 0.99);
    known(&steady, &row.metric)?;
    Ok(steady.experiment(&row.metric))
}

fn known(steady: &Steady, finding: &str) -> Result<(), String> {
    let mut names = steady.metrics.iter().map(|metric| &metric.name).chain(&steady.spreads);
    if names.any(|name| name == finding) { Ok(()) } else { Err(format!("no such metric of this network: '{finding}'")) }
}
