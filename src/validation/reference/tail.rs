//! Tails: fan-out, joins, hedged calls and the samplers themselves.

use super::experiment::{Experiment, Wants};
use super::lab::{Setup, call, delay, plain, users, whole};
use super::meter::Times;
use super::row::Row;
use super::steady::Steady;
use crate::ids::ServiceId;
use crate::topology::{Call, CallPolicy, Service, Shape};
use crate::units::{PerSecond, SimDuration};

/// Users' requests per second where nothing queues.
const RATE: f64 = 1_000.0;
/// Calls that one entry of a stage may make at once.
const CALLS_MAX: u32 = 1_000;
const MEAN_S: f64 = 0.01;

fn at_once(n: u32) -> Vec<Call> {
    let count = |i: u32| (n - i * CALLS_MAX).min(CALLS_MAX) as u16;
    (0..n.div_ceil(CALLS_MAX)).map(|i| Call { count: count(i), ..call(1, plain()) }).collect()
}

/// One slow leaf of many makes a request slow.
pub(super) fn fan_out(row: &Row) -> Result<Experiment, String> {
    /// How much slower a slow leaf is.
    const FACTOR: f64 = 100.0;
    let mut params = row.settings.clone();
    let n = whole("n", params.need("n={n}")?, 1, 10_000)?;
    let slow = params.find("P(leaf slow)={p}").or_else(|| params.find("P(leaf slow)={n}")).ok_or("needs 'P(leaf slow)'")?;
    params.finish()?;
    if row.metric != "P(request slow)" || !(0.0..1.0).contains(&slow) {
        return Err(format!("no such metric of a fan-out: '{}'", row.metric));
    }
    let leaf = delay("leaf", MEAN_S, Shape::Bimodal { slow, factor: FACTOR });
    let rate = RATE / f64::from(n);
    let setup = Setup::of(vec![users(rate, vec![at_once(n)]), leaf]);
    let mut steady = Steady::new(setup, rate, 10.0);
    // The fast ones take the mean divided by this; ten times as long is slow.
    steady.meter.slow_above_ms = 10.0 * MEAN_S * 1e3 / (1.0 + slow * (FACTOR - 1.0));
    steady.requests = (4e6 / f64::from(n)).max(4e4);
    steady.warm_up = 1e3;
    Ok(steady.metric(&row.metric, |m, _| (m.users_slow, m.users)).experiment(&row.metric))
}

/// Waiting for the last of several.
pub(super) fn parallel_join(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let of = params.take_any(&["n={n} exp({t}) no queueing", "n={n} exp({t})"]).ok_or("needs 'n={n} exp({t}) no queueing'")?.1;
    params.has("no queueing");
    params.finish()?;
    let n = whole("n", of[0], 1, 10_000)?;
    if row.metric != "mean of max ms" {
        return Err(format!("no such metric of a join: '{}'", row.metric));
    }
    let setup = Setup::of(vec![users(RATE, vec![at_once(n)]), delay("leaf", of[1], Shape::Exponential)]);
    let mut steady = Steady::new(setup, RATE, 1.0);
    steady.requests = (2e6 / f64::from(n)).max(1e5);
    Ok(steady.metric(&row.metric, |m, _| (m.user_ms, m.users)).experiment(&row.metric))
}

/// A second copy is sent when the first is late: by the 95th percentile, as the same system without hedging has it.
pub(super) fn hedging(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let percent = (1..100).find(|p| params.has(&format!("hedge at own p{p}"))).ok_or("needs 'hedge at own p95'")?;
    params.has("independent copies");
    params.finish()?;
    let finding = row.metric.clone();
    let (plainly, name) = (hedged(None), "when");
    let measured = plainly.clone().quantile(name, Times::User, f64::from(percent) / 100.0);
    if !plainly.metrics.iter().any(|metric| metric.name == finding) {
        return Err(format!("no such metric of hedged calls: '{finding}'"));
    }
    let run = move |wants: &Wants| {
        let found = measured.run(&Wants { allowances: Vec::new(), ..wants.clone() })?;
        let late = found.iter().find(|(found, _)| found == name).map_or(0.0, |(_, ms)| ms.numbers()[0]);
        hedged(Some(SimDuration::from_secs_f64(late / 1e3))).run(wants)
    };
    let setup = hedged(Some(SimDuration::from_secs_f64(3.0 * MEAN_S))).setup;
    Ok(Experiment::new(("hedging", percent), &row.metric, 4e5, run).with_setup(setup))
}

fn hedged(hedge_after: Option<SimDuration>) -> Steady {
    let policy = CallPolicy { hedge_after, ..plain() };
    let service = Service { replicas: 10, ..delay("service", MEAN_S, Shape::Exponential) };
    let setup = Setup::of(vec![users(RATE, vec![vec![call(1, policy)]]), service]);
    Steady::new(setup, RATE, 50.0)
        .metric("extra requests", |m, _| (m.of(1).served - m.users, m.users))
        .metric("mean ms", |m, _| (m.user_ms, m.users))
        .quantile("p99 ms", Times::User, 0.99)
        .quantile("p99.9 ms", Times::User, 0.999)
}

/// The lognormal sampler, through a service that only takes time.
pub(super) fn lognormal(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let (mean_s, sigma) = (params.need("mean={t}")?, params.need("sigma={n}")?);
    params.finish()?;
    if !(0.0..=3.0).contains(&sigma) {
        return Err(format!("sigma must be 0 to 3, not {sigma}"));
    }
    let sampled = Service { entry_rate: PerSecond(RATE), ..delay("sampled", mean_s, Shape::Lognormal(sigma)) };
    let steady = Steady::new(Setup::single(sampled), RATE, 200.0).metric("mean ms", |m, _| (m.of(0).latency_ms, m.of(0).served));
    if row.metric == "mean ms" {
        return Ok(steady.experiment(&row.metric));
    }
    let percent = row.metric.strip_prefix('p').and_then(|rest| rest.strip_suffix(" ms")).and_then(|p| p.parse::<f64>().ok());
    let percent = percent.filter(|p| (0.0..100.0).contains(p) && *p > 0.0);
    let q = percent.ok_or_else(|| format!("no such metric of a sampler: '{}'", row.metric))? / 100.0;
    Ok(steady.quantile(&row.metric, Times::Latency(ServiceId(0)), q).experiment(&row.metric))
}
