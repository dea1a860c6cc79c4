//! Subsequent overload (Zhou et al., Overload Control for Scaling `WeChat` Microservices, SoCC 2018): a task that needs an
//! overloaded service several times succeeds only if none of its calls is shed. Random shedding wastes the work of tasks
//! that fail in the end; shedding by the task's priority does not.

use crate::topology::{CallPolicy, ServerPolicy, Service, Shape, Shedding};
use crate::units::{PerSecond, SimDuration};
use crate::validation::reference::experiment::Experiment;
use crate::validation::reference::lab::{Setup, bare, call, plain, station, whole};
use crate::validation::reference::row::Row;
use crate::validation::reference::steady::Steady;

/// The overloaded service M: 20 servers of 10 ms.
const SERVERS: u32 = 20;
const MEAN_S: f64 = 0.01;
/// Tasks wait this long for one call (the paper's task time-out).
const TIMEOUT: SimDuration = SimDuration::from_millis(500);
/// Mean delay of a message. Without any, a task's second call would come just when its first has left a place free.
const NETWORK: SimDuration = SimDuration::from_millis(5);
/// Seconds until the threshold has found its place: it moves once a second.
const SETTLE_S: f64 = 120.0;
/// Seconds to watch it there.
const WATCH_S: f64 = 300.0;

/// Task success under random shedding (a short queue) or under DAGOR.
pub(in crate::validation::reference) fn dagor(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let calls = whole("M^k", params.need("task=M^{n}")?, 1, 20)?;
    let load = params.need("tasks/capacity={n}")?;
    params.finish()?;
    if !(0.05..=20.0).contains(&load) {
        return Err(format!("tasks/capacity must be 0.05 to 20, not {load}"));
    }
    let (queue_len_max, shedding) = match row.metric.as_str() {
        "task success, random shedding" => (SERVERS, Shedding::None),
        "task success, optimum (DAGOR target)" => (u32::MAX, Shedding::DAGOR),
        other => return Err(format!("no such metric of subsequent overload: '{other}'")),
    };
    let plain_m = station("M", SERVERS, MEAN_S, Shape::Exponential);
    let m = Service { queue_len_max, server: ServerPolicy { shedding, ..plain_m.server }, ..plain_m };
    let rate = load * f64::from(SERVERS) / MEAN_S;
    let policy = CallPolicy { timeout: TIMEOUT, ..plain() };
    let tasks = Service { entry_rate: PerSecond(rate), stages: (0..calls).map(|_| vec![call(1, policy)]).collect(), ..bare("A") };
    let mut steady = Steady::new(Setup::of(vec![tasks, m]).with_delay(NETWORK), rate, 50.0);
    if shedding != Shedding::None {
        (steady.settle_s, steady.seconds_min) = (SETTLE_S, WATCH_S);
    }
    Ok(steady.metric(&row.metric, |m, _| (m.users_well, m.users)).experiment(&row.metric))
}
