//! Long runs in equilibrium: warm up, then batch after batch until every wanted mean is known well enough.

use super::experiment::{Effort, Experiment, Findings, Wants};
use super::lab::{Setup, at, play};
use super::measure::Measured;
use super::meter::Meter;
use super::stats::RatioBatches;
use crate::sim::World;
use crate::units::SimTime;

/// Batches of the shortest run: enough for an interval, each long against the system's memory.
const BATCHES: f64 = 40.0;
/// Requests that a run may simulate at most: some 30 s of computing.
const REQUESTS_MAX: f64 = 6e7;
/// The same in a hurry.
const REQUESTS_QUICK: f64 = 3e4;
/// Seed of all steady runs: any would do, but the same each time.
const SEED: u64 = 20_240_601;

/// Reads two sums off the meter and the world.
pub(super) type Sums = fn(&Meter, &World) -> (f64, f64);

/// A mean over a run: a ratio of two sums.
#[derive(Clone, Debug)]
pub(super) struct Metric {
    /// Its name in the reference table.
    pub name: String,
    /// Numerator and denominator so far.
    pub sums: Sums,
}

/// The finding of a metric.
pub(super) fn metric(name: &str, sums: Sums) -> Metric {
    Metric { name: name.to_owned(), sums }
}

/// A run in equilibrium.
#[derive(Clone, Debug)]
pub(super) struct Steady {
    /// The system.
    pub setup: Setup,
    /// Requests (attempts, hops) a second, roughly.
    pub rate: f64,
    /// Requests to wait before measuring: the memory of queues.
    pub warm_up: f64,
    /// Seconds to wait before that: the memory of mechanisms with windows of their own. Not cut short.
    pub settle_s: f64,
    /// Requests to measure at least.
    pub requests: f64,
    /// Simulated seconds to measure at least.
    pub seconds_min: f64,
    /// Counts.
    pub meter: Meter,
    /// Names of the meter's distributions.
    pub spreads: Vec<String>,
    /// Means.
    pub metrics: Vec<Metric>,
}

impl Steady {
    /// A run of `setup`, whose load is `rate` requests a second. `variance` is the relative variance of the dearest mean
    /// per request (1 if requests are independent of each other).
    pub fn new(setup: Setup, rate: f64, variance: f64) -> Self {
        let meter = Meter::new(setup.topology.slots());
        // A standard error of 1 % of the mean; batches follow until the wanted precision is there.
        let requests = (variance * 1e4).clamp(2e5, REQUESTS_MAX);
        let warm_up = (requests / 20.0).max(1e4);
        let (spreads, metrics) = (Vec::new(), Vec::new());
        Self { setup, rate, warm_up, settle_s: 0.0, requests, seconds_min: 0.0, meter, spreads, metrics }
    }
    /// Adds a mean.
    pub fn metric(mut self, name: &str, sums: Sums) -> Self {
        self.metrics.push(metric(name, sums));
        self
    }
    /// Adds a quantile in ms.
    pub fn quantile(mut self, name: &str, times: super::meter::Times, q: f64) -> Self {
        self.meter = self.meter.spread(times, q);
        self.spreads.push(name.to_owned());
        self
    }
    /// As the experiment of a row that wants `finding`.
    pub fn experiment(self, finding: &str) -> Experiment {
        let key = format!("{:?} {} {} {:?}", self.setup, self.seconds_min, self.meter.slow_above_ms, self.spreads);
        let (cost, setup) = (self.requests, self.setup.clone());
        Experiment::new(key, finding, cost, move |wants| self.run(wants)).with_setup(setup)
    }
    /// Plays it.
    pub fn run(&self, wants: &Wants) -> Result<Findings, String> {
        let hurry = if wants.effort == Effort::Quick { (REQUESTS_QUICK / self.requests).min(1.0) } else { 1.0 };
        let batch_s = (self.requests / self.rate).max(self.seconds_min) * hurry / BATCHES;
        let mut world = self.setup.world(wants.seed(SEED));
        let mut meter = self.meter.clone();
        let mut now_s = self.settle_s + self.warm_up * hurry / self.rate;
        play(&mut world, &self.setup, at(now_s), &mut meter)?;
        meter.reset(at(now_s));
        let mut means = vec![RatioBatches::default(); self.metrics.len()];
        for (mean, metric) in means.iter_mut().zip(&self.metrics) {
            mean.begin((metric.sums)(&meter, &world));
        }
        let batches_max = BATCHES * (wants.choose(REQUESTS_MAX, 4.0 * REQUESTS_QUICK) / (self.requests * hurry)).max(1.0);
        for batch in 1.. {
            now_s += batch_s;
            play(&mut world, &self.setup, at(now_s), &mut meter)?;
            self.end_batch(&mut means, &mut meter, &world);
            if f64::from(batch) >= BATCHES {
                let findings = self.findings(&means, &meter);
                if f64::from(batch) >= batches_max || is_precise(&findings, wants) {
                    return Ok(findings);
                }
            }
        }
        Err("no batch was long enough".to_owned())
    }
    fn end_batch(&self, means: &mut [RatioBatches], meter: &mut Meter, world: &World) {
        for (mean, metric) in means.iter_mut().zip(&self.metrics) {
            mean.end((metric.sums)(meter, world));
        }
        for spread in &mut meter.spreads {
            spread.quantiles.end(spread.q);
        }
    }
    fn findings(&self, means: &[RatioBatches], meter: &Meter) -> Findings {
        let number = |(value, half_width)| Measured::Number { value, half_width };
        let means = means.iter().zip(&self.metrics).map(|(mean, metric)| (metric.name.clone(), number(mean.estimate())));
        let spreads = meter.spreads.iter().zip(&self.spreads);
        means.chain(spreads.map(|(spread, name)| (name.clone(), number(spread.quantiles.estimate(spread.q))))).collect()
    }
}

/// Whether every wanted finding's 95 % interval is at most half of what it may be off (a standard error of a quarter).
fn is_precise(findings: &Findings, wants: &Wants) -> bool {
    let share = wants.choose(0.5, 0.9);
    findings.iter().all(|(name, measured)| match (wants.allowance(name), measured.half_width()) {
        (Some(allowance), Some(half)) => half <= share * allowance,
        _ => true,
    })
}

/// Simulated seconds since the meter was reset.
pub(super) fn elapsed_s(meter: &Meter, now: SimTime) -> f64 {
    now.since(meter.since).as_secs_f64()
}
