//! M/M/1 and M/M/c: Poisson arrivals, exponential service, first come, first served.

use super::{MEAN_S, measure, stable, variance};
use crate::topology::Shape;
use crate::validation::reference::experiment::Experiment;
use crate::validation::reference::lab::{station, whole};
use crate::validation::reference::row::Row;

/// Most servers of one station.
const SERVERS_MAX: u32 = 10_000;

/// One server.
pub(in crate::validation::reference) fn mm1(row: &Row) -> Result<Experiment, String> {
    queue(row, 1)
}

/// `c` servers.
pub(in crate::validation::reference) fn mmc(row: &Row) -> Result<Experiment, String> {
    let servers = whole("c", row.settings.clone().need("c={n}")?, 1, SERVERS_MAX)?;
    queue(row, servers)
}

fn queue(row: &Row, servers: u32) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    params.take("c={n}");
    let rho = stable(params.need("rho={n}")?)?;
    let mean_s = params.find("S={t}").unwrap_or(MEAN_S);
    params.finish()?;
    let rate = rho * f64::from(servers) / mean_s;
    let service = station("station", servers, mean_s, Shape::Exponential);
    Ok(measure(service, rate, variance(rho), &row.metric)?.with_load(rho))
}
