//! How retries multiply load: against independent failures, through tiers, and against a station that is full.

use super::{known, load_and_success};
use crate::topology::{Arrivals, CallPolicy, Demand, Jitter, Service, Shape, Workload};
use crate::units::{PerSecond, Ratio, SimDuration};
use crate::validation::reference::experiment::{Experiment, Wants, only};
use crate::validation::reference::lab::{Setup, at, bare, call, retrying, station, users, whole};
use crate::validation::reference::measure::Measured;
use crate::validation::reference::meter::Meter;
use crate::validation::reference::row::Row;
use crate::validation::reference::steady::Steady;

/// Users' requests per second where only ratios matter.
const RATE: f64 = 1_000.0;
/// Attempts that one call may make.
const ATTEMPTS_MAX: u32 = 10;

/// A service that fails this share of its requests and costs nothing.
pub(super) fn failing(share: f64) -> Result<Service, String> {
    let error_ratio = Ratio::new(share).map_err(|error| error.to_string())?;
    Ok(Service { demand: Demand { error_ratio, shape: Shape::Constant, ..Demand::default() }, ..bare("service") })
}

/// Each attempt fails with the same probability, whatever came before.
pub(in crate::validation::reference) fn independent(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let service = failing(params.need("p={n}")?)?;
    let attempts = whole("attempts", params.need("attempts={n}")?, 1, ATTEMPTS_MAX)?;
    params.finish()?;
    let setup = Setup::of(vec![users(RATE, vec![vec![call(1, retrying(attempts as u8))]]), service]);
    let steady = load_and_success(Steady::new(setup, RATE, 50.0), "load factor");
    known(&steady, &row.metric)?;
    Ok(steady.experiment(&row.metric))
}

/// Tiers that each retry; the last service is down.
pub(in crate::validation::reference) fn nested(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let tiers = whole("tiers", params.need("tiers={n}")?, 1, 8)?;
    let attempts = whole("attempts each", params.need("attempts each={n}")?, 1, ATTEMPTS_MAX)?;
    if !params.has("bottom hard down") {
        return Err("needs 'bottom hard down'".to_owned());
    }
    params.finish()?;
    if row.metric != "attempts at the bottom per user request" {
        return Err(format!("no such metric of nested retries: '{}'", row.metric));
    }
    if f64::from(tiers) * crate::math::ln(f64::from(attempts)) > crate::math::ln(1e6) {
        return Err("more than a million attempts for one request".to_owned());
    }
    let tier = |i: u32| Service {
        name: format!("tier {}", i + 1),
        stages: vec![vec![call(i + 1, retrying(attempts as u8))]],
        ..bare("tier")
    };
    let mut services: Vec<Service> = (0..tiers).map(tier).collect();
    services[0].entry_rate = PerSecond(1.0);
    services[0].workload = Workload { arrivals: Arrivals::Regular, ..Workload::default() };
    services.push(failing(1.0)?);
    let setup = Setup::of(services);
    let (system, metric) = (setup.clone(), row.metric.clone());
    // Requests come a second apart and are over at once, so every count between two of them is whole.
    let run = move |wants: &Wants| {
        let mut meter = Meter::new(tiers as usize + 1);
        setup.world(wants.seed(1)).run(at(20.5), u64::MAX, &mut meter);
        Ok(only(&metric, Measured::number(meter.of(tiers).attempted / meter.users)))
    };
    Ok(Experiment::new(("nested", tiers, attempts), &row.metric, 1e4, run).with_setup(system))
}

/// A station that turns away at once what does not fit: retries come back, but no work is wasted.
pub(in crate::validation::reference) fn fixed_point(row: &Row) -> Result<Experiment, String> {
    const MEAN_S: f64 = 0.01;
    let mut params = row.settings.clone();
    let offered = params.need("offered/capacity={n}")?;
    let attempts = whole("attempts", params.need("attempts={n}")?, 1, ATTEMPTS_MAX)?;
    let servers = whole("c", params.need("c={n}")?, 1, 1_000)?;
    let queue = whole("queue", params.need("queue={n}")?, 0, 100_000)?;
    let between = params.take("retry delay U({t},{t})").ok_or("needs 'retry delay U(0,T)'")?;
    params.has("(>> queue time)");
    let mean_s = params.find("S={t}").unwrap_or(MEAN_S);
    params.finish()?;
    if between[0] != 0.0 || !(0.05..=20.0).contains(&offered) {
        return Err("needs a delay from 0 and an offered load of 0.05 to 20".to_owned());
    }
    let backoff = SimDuration::from_secs_f64(between[1]);
    let policy = CallPolicy { backoff_base: backoff, backoff_max: backoff, jitter: Jitter::Full, ..retrying(attempts as u8) };
    let rate = offered * f64::from(servers) / mean_s;
    let full = Service { queue_len_max: queue, ..station("service", servers, mean_s, Shape::Exponential) };
    let setup = Setup::of(vec![users(rate, vec![vec![call(1, policy)]]), full]);
    let mut steady = load_and_success(Steady::new(setup, rate, 50.0), "load factor");
    steady.settle_s = 20.0 * between[1];
    known(&steady, &row.metric)?;
    Ok(steady.experiment(&row.metric))
}
