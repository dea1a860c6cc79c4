//! Queues that are too long, and clients that throttle themselves (Site Reliability Engineering, ch. 21 and 22).

use crate::sim::World;
use crate::topology::{AdaptiveThrottle, CallPolicy, Service, Shape};
use crate::units::{PerSecond, SimDuration};
use crate::validation::reference::experiment::Experiment;
use crate::validation::reference::lab::{Setup, call, delay, plain, station, users, whole};
use crate::validation::reference::meter::Meter;
use crate::validation::reference::row::Row;
use crate::validation::reference::steady::{Steady, elapsed_s};

/// A full queue in front of a fixed number of threads.
pub(in crate::validation::reference) fn queue_sizing(row: &Row) -> Result<Experiment, String> {
    /// Threads where the row leaves their number open.
    const THREADS: f64 = 20.0;
    /// Offered over capacity: a place in the queue is taken again at once.
    const OVERLOAD: f64 = 5.0;
    let mut params = row.settings.clone();
    let threads = if params.has("threads=T") { THREADS } else { params.need("threads={n}")? };
    let each_s = params.need("{t} each")?;
    let queue = match params.take_any(&["queue={n}T full", "queue={n}T"]) {
        Some((_, times)) => times[0] * threads,
        None => params.take_any(&["queue={n} full", "queue={n}"]).ok_or("needs 'queue={n}T full'")?.1[0],
    };
    params.finish()?;
    if row.metric != "sojourn s" {
        return Err(format!("no such metric of a full queue: '{}'", row.metric));
    }
    let workers = whole("threads", threads, 1, 10_000)?;
    let queue_len_max = whole("queue", queue, 0, 1_000_000)?;
    let rate = OVERLOAD * threads / each_s;
    let service = Service { workers, queue_len_max, entry_rate: PerSecond(rate), ..delay("service", each_s, Shape::Constant) };
    let mut steady = Steady::new(Setup::single(service), rate, 20.0);
    steady.settle_s = each_s * (2.0 + 2.0 * queue / threads);
    Ok(steady.metric("sojourn s", |m, _| (m.of(0).latency_ms / 1e3, m.of(0).served)).experiment("sojourn s"))
}

/// Servers of the throttled clients' backend.
const SERVERS: u32 = 4;
const MEAN_S: f64 = 0.01;
const CAPACITY: f64 = SERVERS as f64 / MEAN_S;

fn reaching(meter: &Meter, world: &World) -> (f64, f64) {
    (meter.of(1).attempted / CAPACITY, elapsed_s(meter, world.now()))
}

/// A client that sees rejections sends less by itself.
pub(in crate::validation::reference) fn adaptive_throttling(row: &Row) -> Result<Experiment, String> {
    /// Over how long a client counts (the book: two minutes).
    const WINDOW_S: u64 = 120;
    let mut params = row.settings.clone();
    let k = params.need("K={n}")?;
    let demand = params.need("demand/capacity={n}")?;
    params.finish()?;
    if !(1.0..=10.0).contains(&k) || !(0.1..=50.0).contains(&demand) {
        return Err("K must be 1 to 10 and the demand 0.1 to 50 times the capacity".to_owned());
    }
    let throttle = Some(AdaptiveThrottle { k, window: SimDuration::from_secs(WINDOW_S) });
    let policy = CallPolicy { throttle, ..plain() };
    let rate = demand * CAPACITY;
    let backend = Service { queue_len_max: 10 * SERVERS, ..station("backend", SERVERS, MEAN_S, Shape::Exponential) };
    let setup = Setup::of(vec![users(rate, vec![vec![call(1, policy)]]), backend]);
    let mut steady = Steady::new(setup, rate, 50.0);
    steady.settle_s = 3.0 * WINDOW_S as f64;
    steady.seconds_min = 2.0 * WINDOW_S as f64;
    let steady = steady
        .metric("local reject probability", |m, _| (m.of(1).throttled, m.of(1).throttled + m.of(1).attempted))
        .metric("load reaching backend / capacity", reaching);
    if !steady.metrics.iter().any(|metric| metric.name == row.metric) {
        return Err(format!("no such metric of adaptive throttling: '{}'", row.metric));
    }
    Ok(steady.experiment(&row.metric))
}
