//! `CoDel`: while the wait stays above the target, drops come at shrinking intervals (RFC 8289).

use super::unknown;
use crate::sim::{Event, Observer, Rejection};
use crate::topology::{Arrivals, CoDel, ServerPolicy, Service, Shape, Workload};
use crate::units::{PerSecond, SimDuration, SimTime};
use crate::validation::reference::experiment::{Experiment, Wants, only};
use crate::validation::reference::lab::{Setup, at, station};
use crate::validation::reference::measure::Measured;
use crate::validation::reference::row::Row;
use crate::validation::reference::tolerance::Expected;

/// Drops are only decided when a request is taken from the queue: often, against a tolerance of 1 %.
const MEAN_S: f64 = 0.000_05;
/// Far more comes than can be served, at equal gaps: the wait never falls below the target again.
const OVERLOAD: f64 = 2.0;

#[derive(Default)]
struct Drops(Vec<SimTime>);

impl Observer for Drops {
    fn see(&mut self, at: SimTime, event: &Event) {
        if let Event::Rejected { reason: Rejection::CoDel, .. } = event {
            self.0.push(at);
        }
    }
}

/// `target 5 ms;interval 100 ms;persistently above`.
pub(in crate::validation::reference) fn codel(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let (target_s, interval_s) = (params.need("target {t}")?, params.need("interval {t}")?);
    if !params.has("persistently above") {
        return Err("needs 'persistently above'".to_owned());
    }
    params.finish()?;
    if row.metric != "drop times after first drop ms" {
        return Err(unknown(&row.metric, "CoDel"));
    }
    let count = match Expected::parse(&row.value) {
        Some(Expected::List(times)) => times.len(),
        _ => 1,
    };
    let codel = CoDel { target: SimDuration::from_secs_f64(target_s), interval: SimDuration::from_secs_f64(interval_s) };
    let plain = station("service", 1, MEAN_S, Shape::Constant);
    let service = Service {
        entry_rate: PerSecond(OVERLOAD / MEAN_S),
        workload: Workload { arrivals: Arrivals::Regular, ..Workload::default() },
        server: ServerPolicy { codel: Some(codel), ..plain.server },
        ..plain
    };
    let setup = Setup::single(service);
    let (metric, system) = (row.metric.clone(), setup.clone());
    let until_s = 1.0 + 4.0 * target_s + interval_s * (2.0 + 2.0 * count as f64);
    let run = move |wants: &Wants| {
        let mut drops = Drops::default();
        setup.world(wants.seed(1)).run(at(until_s), u64::MAX, &mut drops);
        let first = *drops.0.first().ok_or("nothing was dropped")?;
        let after = drops.0.iter().skip(1).take(count).map(|at| at.since(first).as_millis_f64()).collect();
        Ok(only(&metric, Measured::List(after)))
    };
    Ok(Experiment::new(("codel", &system, count), &row.metric, until_s * OVERLOAD / MEAN_S, run).with_setup(system))
}
