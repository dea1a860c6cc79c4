//! Which systems stay down after the trigger is gone: the map over queue policy and load, and the four cases of Huang et
//! al. (Metastable Failures in the Wild, OSDI 2022).

use super::storm::{Storm, Waiting};
use crate::validation::reference::experiment::{Experiment, Wants, only};
use crate::validation::reference::lab::whole;
use crate::validation::reference::measure::Measured;
use crate::validation::reference::params::Params;
use crate::validation::reference::row::Row;

/// Runs with different seeds; their median is the verdict.
const SEEDS: u64 = 5;
const GOODPUT: &str = "goodput/offered in last 100 s";

/// The station under each queue policy.
pub(in crate::validation::reference) fn region_map(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let mut storm = station(&mut params)?;
    storm.attempts = attempts(params.need("{n} attempts")?)?;
    storm.jitter_s = params.need("full jitter {t}")?;
    let trigger = params.take("trigger: {p} capacity loss {t} at t={t}").ok_or("needs a trigger")?;
    (storm.loss, storm.trigger_s, storm.trigger_at_s) = (trigger[0], trigger[1], trigger[2]);
    storm.horizon_s = params.find("horizon {t}").unwrap_or(storm.horizon_s);
    storm.waiting = waiting(&mut params)?;
    finish(row, &params, storm)
}

/// Time-outs and immediate retries; the trigger is a loss of CPU.
pub(in crate::validation::reference) fn osdi_pattern(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let mut storm = station(&mut params)?;
    storm.attempts = attempts(params.need("{n} attempts")?)?;
    storm.jitter_s = match params.has("no backoff") {
        true => 0.0,
        false => params.need("full jitter {t}")?,
    };
    let trigger = params.take("trigger at t={t}: {t}").ok_or("needs a trigger")?;
    (storm.trigger_at_s, storm.trigger_s) = (trigger[0], trigger[1]);
    storm.loss = params.need("-{p} CPU")?;
    // Said for the reader: the offered load of such rows is already the lower one.
    params.take("-{p} RPS");
    storm.horizon_s = params.find("horizon {t}").unwrap_or(storm.horizon_s);
    storm.waiting = waiting(&mut params)?;
    finish(row, &params, storm)
}

fn station(params: &mut Params) -> Result<Storm, String> {
    Ok(Storm {
        servers: whole("c", params.need("c={n}")?, 1, 1_000)?,
        mean_s: params.need("S=Exp {t}")?,
        timeout_s: params.need("timeout {t}")?,
        load: params.need("offered/capacity={n}")?,
        ..Storm::USUAL
    })
}

fn attempts(count: f64) -> Result<u8, String> {
    Ok(whole("attempts", count, 1, 10)? as u8)
}

fn waiting(params: &mut Params) -> Result<Waiting, String> {
    if let Some(bound) = params.find("FIFO bounded {n}") {
        return Ok(Waiting::Bounded(whole("the bound", bound, 1, 10_000_000)?));
    }
    let expired = params.has("expired dropped at dequeue") || params.has("expired dropped");
    if params.has("LIFO") && expired {
        return Ok(Waiting::LastFirst);
    }
    let unbounded = params.take_any(&["unbounded FIFO", "FIFO unbounded"]).is_some();
    params.take_any(&["work not cancelled"]);
    match (unbounded, expired) {
        (true, true) => Ok(Waiting::DropExpired),
        (true, false) => Ok(Waiting::Unbounded),
        (false, _) => Err("names no queue policy that is known here".to_owned()),
    }
}

fn finish(row: &Row, params: &Params, storm: Storm) -> Result<Experiment, String> {
    params.finish()?;
    if row.metric != GOODPUT {
        return Err(format!("no such metric of a storm: '{}'", row.metric));
    }
    if !(0.01..=2.0).contains(&storm.load) || storm.horizon_s > 3_600.0 {
        return Err("an offered load of 0.01 to 2 and a horizon of at most an hour are measured".to_owned());
    }
    if storm.horizon_s < storm.trigger_at_s + storm.trigger_s + super::storm::TAIL_S {
        return Err("the last 100 s must come after the trigger".to_owned());
    }
    let run = move |wants: &Wants| {
        let mut goodputs = Vec::new();
        for seed in 1..=wants.choose(SEEDS, 1) {
            goodputs.push(storm.goodput(wants.seed(seed))?);
        }
        goodputs.sort_by(f64::total_cmp);
        let (low, high) = (goodputs[0], goodputs[goodputs.len() - 1]);
        let half_width = (goodputs.len() > 1).then_some((high - low) / 2.0);
        Ok(only(GOODPUT, Measured::Number { value: goodputs[goodputs.len() / 2], half_width }))
    };
    Ok(Experiment::new(storm, GOODPUT, storm.cost() * SEEDS as f64, run).with_setup(storm.setup()))
}
