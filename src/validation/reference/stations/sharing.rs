//! Processor sharing: all requests inside share the cores. With one core the mean sojourn does not depend on the service
//! distribution, and a request of twice the size takes twice as long.

use super::{MEAN_S, measure, scv, shape, stable, variance, with_metrics};
use crate::sim::World;
use crate::topology::{Service, Shape};
use crate::units::{Millicores, PerSecond};
use crate::validation::reference::experiment::{Experiment, only};
use crate::validation::reference::lab::{Setup, station, whole};
use crate::validation::reference::measure::Measured;
use crate::validation::reference::meter::Meter;
use crate::validation::reference::row::Row;
use crate::validation::reference::steady::{Steady, Sums};

/// Distributions that stand for all: none, the usual and a heavy-tailed variability.
const SHAPES: [(&str, Shape); 3] =
    [("constant", Shape::Constant), ("exponential", Shape::Exponential), ("lognormal 1.0", Shape::Lognormal(1.0))];
/// Upper edges of the size buckets, in mean service times.
const SIZES: [f64; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];
const BY_SIZE: [Sums; 5] = [bucket::<0>, bucket::<1>, bucket::<2>, bucket::<3>, bucket::<4>];

fn bucket<const I: usize>(meter: &Meter, _: &World) -> (f64, f64) {
    (meter.sizes[I].slowdown, meter.sizes[I].served)
}

fn shared(cores: u32, mean_s: f64, shape: Shape) -> Service {
    Service { workers: u32::MAX, cpu_limit: Millicores(cores * 1_000), ..station("station", cores, mean_s, shape) }
}

/// One core.
pub(in crate::validation::reference) fn mg1_ps(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let rho = stable(params.need("rho={n}")?)?;
    let mean_s = params.find("S={t}").unwrap_or(MEAN_S);
    let by_size = params.has("job of demand x");
    let named = shape(&mut params)?;
    params.finish()?;
    let rate = rho / mean_s;
    if by_size {
        return by_sizes(row, rho, mean_s, named.unwrap_or(Shape::Exponential));
    }
    if let Some(shape) = named {
        return measure(shared(1, mean_s, shape), rate, variance(rho) * (1.0 + scv(shape)) / 2.0, &row.metric);
    }
    let runs = SHAPES.map(|(name, shape)| (name, loaded(shared(1, mean_s, shape), rate, variance(rho))));
    let (finding, setup) = (row.metric.clone(), runs[1].1.setup.clone());
    if !runs[0].1.metrics.iter().any(|metric| metric.name == finding) {
        return Err(format!("no such metric of a shared processor: '{finding}'"));
    }
    let cost = runs.iter().map(|(_, run)| run.requests).sum();
    let key = ("any distribution", rate.to_bits(), mean_s.to_bits(), finding.clone());
    let run = move |wants: &crate::validation::reference::experiment::Wants| {
        let mut each = Vec::new();
        for (name, run) in &runs {
            let found = run.run(wants)?.into_iter().find(|(name, _)| *name == finding);
            each.extend(found.map(|(_, measured)| ((*name).to_owned(), measured.numbers()[0])));
        }
        Ok(only(&finding, Measured::Each(each)))
    };
    Ok(Experiment::new(key, &row.metric, cost, run).with_setup(setup))
}

fn loaded(service: Service, rate: f64, variance: f64) -> Steady {
    with_metrics(Steady::new(Setup::single(Service { entry_rate: PerSecond(rate), ..service }), rate, variance))
}

fn by_sizes(row: &Row, rho: f64, mean_s: f64, shape: Shape) -> Result<Experiment, String> {
    if !row.metric.starts_with("mean slowdown") {
        return Err(format!("no such metric by size: '{}'", row.metric));
    }
    let service = Service { entry_rate: PerSecond(rho / mean_s), ..shared(1, mean_s, shape) };
    // Small jobs are few and see what big ones do: four times the usual length.
    let mut steady = Steady::new(Setup::single(service), rho / mean_s, 4.0 * variance(rho));
    steady.meter = steady.meter.sizes(&SIZES.map(|size| size * mean_s * 1e3));
    for (size, sums) in SIZES.iter().zip(BY_SIZE) {
        steady = steady.metric(&format!("up to {size} S"), sums);
    }
    let (finding, setup, cost) = (row.metric.clone(), steady.setup.clone(), steady.requests);
    let parts: Vec<String> = steady.metrics.iter().map(|metric| metric.name.clone()).collect();
    let run = move |wants: &crate::validation::reference::experiment::Wants| {
        let found = steady.run(&wants.for_parts(&parts))?;
        let each = found.into_iter().map(|(name, measured)| (name, measured.numbers()[0])).collect();
        Ok(only(&finding, Measured::Each(each)))
    };
    Ok(Experiment::new(("by size", rho.to_bits(), mean_s.to_bits(), shape), &row.metric, cost, run).with_setup(setup))
}

/// Several cores, exponential service: as many as first come, first served would take.
pub(in crate::validation::reference) fn mmc_ps(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let cores = params.find("c={n} cores").or_else(|| params.find("c={n}")).ok_or("needs 'c={n} cores'")?;
    let cores = whole("c", cores, 1, 1_000)?;
    let rho = stable(params.need("rho={n}")?)?;
    let mean_s = params.find("S={t}").unwrap_or(MEAN_S);
    params.finish()?;
    let rate = rho * f64::from(cores) / mean_s;
    measure(shared(cores, mean_s, Shape::Exponential), rate, variance(rho), &row.metric)
}
