//! General service times (Pollaczek-Khinchine), general arrivals (Allen-Cunneen) and bursts (MMPP).

use super::{MEAN_S, measure, scv, shape, stable, variance};
use crate::topology::{Arrivals, Service, Shape, Workload};
use crate::validation::reference::experiment::Experiment;
use crate::validation::reference::lab::{station, whole};
use crate::validation::reference::row::Row;

/// One server, first come, first served, any service time.
pub(in crate::validation::reference) fn mg1(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let rho = stable(params.need("rho={n}")?)?;
    let mean_s = params.find("S={t}").unwrap_or(MEAN_S);
    let shape = shape(&mut params)?.ok_or("names no service distribution")?;
    params.finish()?;
    let service = station("station", 1, mean_s, shape);
    let variance = variance(rho) * (1.0 + scv(shape)) / 2.0;
    Ok(measure(service, rho / mean_s, variance, &row.metric)?.with_load(rho))
}

/// Several servers, any arrivals, any service: the expected value is an approximation, measured is the exact wait.
pub(in crate::validation::reference) fn allen_cunneen(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let servers = whole("c", params.need("c={n}")?, 1, 1_000)?;
    let rho = stable(params.need("rho={n}")?)?;
    let (ca2, cs2) = (params.need("ca2={n}")?, params.need("cs2={n}")?);
    let mean_s = params.find("S={t}").unwrap_or(MEAN_S);
    params.finish()?;
    if !(0.01..=100.0).contains(&ca2) || !(0.01..=100.0).contains(&cs2) {
        return Err("squared coefficients of variation must be 0.01 to 100".to_owned());
    }
    let workload = Workload { arrivals: Arrivals::Renewal(ca2), ..Workload::default() };
    let service = Service { workload, ..station("station", servers, mean_s, Shape::Scv(cs2)) };
    let finding = row.metric.strip_prefix("approx ").unwrap_or(&row.metric);
    let rate = rho * f64::from(servers) / mean_s;
    Ok(measure(service, rate, variance(rho) * (ca2 + cs2) / 2.0, finding)?.with_load(rho))
}

/// One server, Poisson arrivals whose rate switches between two levels.
pub(in crate::validation::reference) fn mmpp(row: &Row) -> Result<Experiment, String> {
    /// Cycles of both levels to see at least: the queue remembers a burst for about one.
    const CYCLES: f64 = 2e4;
    /// Seconds to see at least, as the tables ask for.
    const SECONDS: f64 = 2e4;
    let mut params = row.settings.clone();
    let rates = [params.need("l1={n}")?, params.need("l2={n}")?];
    let leave = [params.need("r12={n}")?, params.need("r21={n}")?];
    let served = params.need("mu={n}")?;
    params.finish()?;
    let mean = (rates[0] * leave[1] + rates[1] * leave[0]) / (leave[0] + leave[1]);
    stable(mean / served)?;
    let arrivals = Arrivals::Mmpp { rates: rates.map(|rate| rate / mean), leave };
    let workload = Workload { arrivals, ..Workload::default() };
    let service = Service { workload, ..station("station", 1, 1.0 / served, Shape::Exponential) };
    let seconds = SECONDS.max(CYCLES * (1.0 / leave[0] + 1.0 / leave[1]));
    measure(service, mean, mean * seconds / 1e4, &row.metric)
}
