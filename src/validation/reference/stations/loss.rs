//! Stations that turn requests away (M/M/1/K, M/M/c/K) or lose the patience of those who wait (M/M/1+D, Erlang-A).

use super::{MEAN_S, measure};
use crate::topology::{Distribution, ServerPolicy, Service, Shape, Workload};
use crate::validation::reference::experiment::Experiment;
use crate::validation::reference::lab::{station, whole};
use crate::validation::reference::params::Params;
use crate::validation::reference::row::Row;

/// Relative variance of a loss share per request, roughly: losses come in clusters.
const CLUSTERED: f64 = 50.0;
/// Most places of a station.
const PLACES_MAX: u32 = 100_000;

/// One server and K places in all.
pub(in crate::validation::reference) fn mm1k(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let places = params.find("K={n} incl. in service").or_else(|| params.find("K={n}")).ok_or("needs 'K={n}'")?;
    let places = whole("K", places, 1, PLACES_MAX)?;
    lossy(row, params, 1, places - 1)
}

/// `c` servers and places to wait.
pub(in crate::validation::reference) fn mmck(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let servers = whole("c", params.need("c={n}")?, 1, 10_000)?;
    let queue = whole("queue", params.need("queue={n}")?, 0, PLACES_MAX)?;
    lossy(row, params, servers, queue)
}

fn lossy(row: &Row, mut params: Params, servers: u32, queue_len_max: u32) -> Result<Experiment, String> {
    let rho = overload(params.need("rho={n}")?)?;
    let mean_s = params.find("S={t}").unwrap_or(MEAN_S);
    params.finish()?;
    let service = Service { queue_len_max, ..station("station", servers, mean_s, Shape::Exponential) };
    measure(service, rho * f64::from(servers) / mean_s, CLUSTERED, &row.metric)
}

/// One server; whoever has waited too long when the turn comes is dropped.
pub(in crate::validation::reference) fn deadline(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let deadline_s = params.need("deadline={t}")?;
    impatient(row, params, 1, Distribution::constant(deadline_s * 1e6))
}

/// `c` servers; those who wait give up after an exponential time.
pub(in crate::validation::reference) fn erlang_a(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let servers = whole("c", params.need("c={n}")?, 1, 10_000)?;
    let patience_s = params.need("patience Exp({t})")?;
    impatient(row, params, servers, Distribution::exponential(patience_s * 1e6))
}

fn impatient(row: &Row, mut params: Params, servers: u32, patience: Distribution) -> Result<Experiment, String> {
    let rho = overload(params.need("rho={n}")?)?;
    let mean_s = params.find("S={t}").unwrap_or(MEAN_S);
    params.finish()?;
    let plain = station("station", servers, mean_s, Shape::Exponential);
    let service = Service {
        workload: Workload { patience: Some(patience), ..Workload::default() },
        server: ServerPolicy { drop_expired: true, ..plain.server },
        ..plain
    };
    measure(service, rho * f64::from(servers) / mean_s, CLUSTERED * 4.0, &row.metric)
}

/// A load that may exceed the capacity: what is too much is lost.
fn overload(rho: f64) -> Result<f64, String> {
    if (0.01..=100.0).contains(&rho) { Ok(rho) } else { Err(format!("rho must be 0.01 to 100, not {rho}")) }
}
