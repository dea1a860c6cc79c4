//! The edges between recovery and collapse, found by bisection: the load below which every storm ends (hidden capacity),
//! and the queue bound below which none can last.

use super::storm::{Storm, TAIL_S, Waiting};
use crate::validation::reference::experiment::{Experiment, Wants, only};
use crate::validation::reference::lab::whole;
use crate::validation::reference::measure::Measured;
use crate::validation::reference::row::Row;

/// When the trigger comes: the station is in equilibrium long before.
const TRIGGER_AT_S: f64 = 20.0;
/// How long after the trigger the verdict falls.
const AFTER_S: f64 = 600.0;
/// Above this goodput the system has recovered.
const RECOVERED: f64 = 0.95;

/// The largest load that heals by itself.
pub(in crate::validation::reference) fn hidden_capacity(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let attempts = whole("attempts", params.need("attempts={n}")?, 1, 10)? as u8;
    let timeout_s = params.find("timeout={t}").unwrap_or(Storm::USUAL.timeout_s);
    let servers = whole("c", params.find("c={n}").unwrap_or(20.0), 1, 1_000)?;
    let mean_s = params.find("S={t}").unwrap_or(Storm::USUAL.mean_s);
    params.finish()?;
    if !row.metric.starts_with("hidden capacity") {
        return Err(format!("no such metric of a retry storm: '{}'", row.metric));
    }
    let horizon_s = TRIGGER_AT_S + Storm::USUAL.trigger_s + AFTER_S;
    let storm = Storm { attempts, timeout_s, servers, mean_s, trigger_at_s: TRIGGER_AT_S, horizon_s, ..Storm::USUAL };
    let metric = row.metric.clone();
    let run = move |wants: &Wants| {
        let (mut heals, mut fails) = (0.0, 1.0);
        for _ in 0..wants.choose(7, 5) {
            let load = (heals + fails) / 2.0;
            let healed = Storm { load, ..storm }.goodput(wants.seed(1))? > RECOVERED;
            *(if healed { &mut heals } else { &mut fails }) = load;
        }
        Ok(only(&metric, Measured::Number { value: (heals + fails) / 2.0, half_width: Some((fails - heals) / 2.0) }))
    };
    let example = Storm { load: 1.0 / f64::from(attempts) + 0.05, ..storm };
    Ok(Experiment::new(storm, &row.metric, 7.0 * storm.capacity() * horizon_s, run).with_setup(example.setup()))
}

/// The largest queue in which nobody waits beyond the time-out.
pub(in crate::validation::reference) fn critical_bound(row: &Row) -> Result<Experiment, String> {
    /// Requests offered over capacity. Nearly all of it: while the first time-outs are still to come, the queue is shorter
    /// than its bound by what the users leave free.
    const LOAD: f64 = 0.97;
    let mut params = row.settings.clone();
    let servers = whole("c", params.need("c={n}")?, 1, 1_000)?;
    let (mean_s, timeout_s) = (params.need("S={t}")?, params.need("timeout={t}")?);
    params.finish()?;
    if !row.metric.starts_with("critical queue bound") {
        return Err(format!("no such metric of a bounded queue: '{}'", row.metric));
    }
    let horizon_s = TRIGGER_AT_S + Storm::USUAL.trigger_s + TAIL_S * 2.0;
    let usual = Storm { servers, mean_s, timeout_s, load: LOAD, trigger_at_s: TRIGGER_AT_S, horizon_s, ..Storm::USUAL };
    // The trigger must be long enough to fill the largest queue that is tried.
    let storm = Storm { trigger_s: usual.trigger_s.max(10.0 * timeout_s), ..usual };
    let metric = row.metric.clone();
    let run = move |wants: &Wants| {
        let (mut good, mut bad) = (1.0_f64, storm.capacity() * storm.timeout_s * 5.0);
        for _ in 0..wants.choose(10, 7) {
            let bound = (good * bad).sqrt();
            let healed = Storm { waiting: Waiting::Bounded(bound as u32), ..storm }.goodput(wants.seed(1))? > RECOVERED;
            *(if healed { &mut good } else { &mut bad }) = bound;
            if bad / good < 1.02 {
                break;
            }
        }
        Ok(only(&metric, Measured::Number { value: (good * bad).sqrt(), half_width: Some((bad - good) / 2.0) }))
    };
    let example = Storm { waiting: Waiting::Bounded((storm.capacity() * timeout_s * 1.5) as u32), ..storm };
    Ok(Experiment::new(storm, &row.metric, 10.0 * storm.capacity() * horizon_s, run).with_setup(example.setup()))
}
