//! Single stations: the closed forms of queueing theory (M/M/1, M/M/c, M/G/1, processor sharing, loss, patience, bursty
//! arrivals). The station is one service with one instance; what is read off is what its own events say.

mod general;
mod loss;
mod markov;
mod sharing;

pub(super) use general::{allen_cunneen, mg1, mmpp};
pub(super) use loss::{deadline, erlang_a, mm1k, mmck};
pub(super) use markov::{mm1, mmc};
pub(super) use sharing::{mg1_ps, mmc_ps};

use super::experiment::Experiment;
use super::lab::Setup;
use super::meter::{Meter, Times};
use super::params::Params;
use super::steady::{Steady, elapsed_s};
use crate::ids::ServiceId;
use crate::sim::World;
use crate::topology::{Service, Shape};
use crate::units::PerSecond;

/// Service time of rows that do not say one: only ratios matter there.
const MEAN_S: f64 = 0.01;
const ONLY: ServiceId = ServiceId(0);

/// The relative variance of a mean sojourn per request at utilisation `rho`, for Poisson arrivals and exponential service
/// (Whitt 1989, Planning queueing simulations); other shapes multiply it by about (1 + scv) / 2.
fn variance(rho: f64) -> f64 {
    let rho = rho.clamp(0.05, 0.99);
    2.0 * (1.0 + rho) / (rho * (1.0 - rho) * (1.0 - rho))
}

/// The station under `rate` requests a second, with all that a row may ask of it.
fn measure(service: Service, rate: f64, variance: f64, finding: &str) -> Result<Experiment, String> {
    let setup = Setup::single(Service { entry_rate: PerSecond(rate), ..service });
    let mut steady = with_metrics(Steady::new(setup, rate, variance));
    if let Some((name, times, q)) = quantile(finding) {
        steady = steady.quantile(&name, times, q);
    } else if !steady.metrics.iter().any(|metric| metric.name == finding) {
        return Err(format!("no such metric of a station: '{finding}'"));
    }
    Ok(steady.experiment(finding))
}

fn with_metrics(steady: Steady) -> Steady {
    steady
        .metric("mean sojourn ms", |m, _| (m.of(0).latency_ms, m.of(0).served))
        .metric("mean wait ms", |m, _| (m.of(0).waited_ms, m.of(0).served))
        .metric("P(wait>0)", |m, _| (m.of(0).delayed, m.of(0).served))
        .metric("P(reject)", |m, _| (m.of(0).rejected, m.of(0).rejected + m.of(0).served))
        .metric("P(expired before start)", expired)
        .metric("P(abandon)", expired)
        .metric("mean number in system", |m, w| (m.presence_s, elapsed_s(m, w.now())))
        .metric("utilisation", |m, w| (m.of(0).work_ms / 1e3, elapsed_s(m, w.now())))
}

fn expired(meter: &Meter, _: &World) -> (f64, f64) {
    (meter.of(0).expired, meter.of(0).rejected + meter.of(0).served)
}

/// `p99 sojourn ms`, `p99 wait ms`: of what and which quantile.
fn quantile(finding: &str) -> Option<(String, Times, f64)> {
    let (percent, what) = finding.strip_prefix('p')?.split_once(' ')?;
    let times = match what {
        "sojourn ms" => Times::Latency(ONLY),
        "wait ms" => Times::Wait(ONLY),
        _ => return None,
    };
    let q = percent.parse::<f64>().ok()? / 100.0;
    (0.0 < q && q < 1.0).then(|| (finding.to_owned(), times, q))
}

/// The utilisation, within what a run can reach equilibrium at.
fn stable(rho: f64) -> Result<f64, String> {
    if (0.01..=0.99).contains(&rho) { Ok(rho) } else { Err(format!("no equilibrium is measured at rho {rho} (0.01 to 0.99)")) }
}

/// A named distribution, if the row names one.
fn shape(params: &mut Params) -> Result<Option<Shape>, String> {
    let templates = [
        "deterministic",
        "exponential",
        "lognormal sigma={n}",
        "uniform",
        "scv={n}",
        "hyperexponential scv={n}",
        "any service distribution",
    ];
    let Some((which, numbers)) = params.take_any(&templates) else { return Ok(None) };
    let in_range = |low: f64, high: f64| {
        if (low..=high).contains(&numbers[0]) { Ok(numbers[0]) } else { Err(format!("{} is out of range", numbers[0])) }
    };
    Ok(match which {
        0 => Some(Shape::Constant),
        1 => Some(Shape::Exponential),
        2 => Some(Shape::Lognormal(in_range(0.0, 3.0)?)),
        3 => Some(Shape::Uniform),
        4 | 5 => Some(Shape::Scv(in_range(0.01, 100.0)?)),
        _ => None,
    })
}

/// The squared coefficient of variation of a shape, for planning a run's length.
fn scv(shape: Shape) -> f64 {
    match shape {
        Shape::Constant => 0.0,
        Shape::Lognormal(sigma) => crate::math::exp(sigma * sigma) - 1.0,
        Shape::Uniform => 1.0 / 3.0,
        Shape::Scv(scv) => scv,
        _ => 1.0,
    }
}
