//! Brooker's collapse: a service without queues that slows down with the number of requests inside, and clients that give
//! up and try again (`simple_collapse_sim` of mbrooker/simulator_example). Near the tipping point only a probability means
//! anything, so it is measured over many seeds.

use crate::topology::{CallPolicy, Jitter, RateChange, Service, Shape, Workload};
use crate::units::SimDuration;
use crate::validation::reference::experiment::{Experiment, Wants, only};
use crate::validation::reference::lab::{Setup, at, call, delay, retrying, users, whole};
use crate::validation::reference::measure::Measured;
use crate::validation::reference::meter::Meter;
use crate::validation::reference::phrase;
use crate::validation::reference::row::Row;

/// Mean delay of a message each way in the original (exponential there; half of it constant here).
const NETWORK: SimDuration = SimDuration::from_millis(100);
/// Below this share of good answers the system has collapsed.
const COLLAPSED: f64 = 0.2;

/// The share of seeds that end in collapse.
pub(in crate::validation::reference) fn collapse_after_spike(row: &Row) -> Result<Experiment, String> {
    let group = row.group.split_once('(').map_or("", |(_, law)| law);
    let law = phrase::fit("infinite server, latency {n}+{n}n s)", group).ok_or("the group names no law of latency")?;
    let asked = row.metric.split_once("P(collapsed: successes/new < 0.2 in ").map_or("", |(_, when)| when);
    let window = phrase::fit("t={n}..{n}), {n} seeds", asked).ok_or("the metric names no window and number of seeds")?;
    let setup = spiked(row, law[0], law[1])?;
    let (metric, system, window) = (row.metric.clone(), setup.clone(), (window[0], window[1], window[2] as u64));
    let run = move |wants: &Wants| {
        let seeds = wants.choose(window.2, window.2.min(30));
        let mut collapsed = 0;
        for seed in 1..=seeds {
            let (mut world, mut meter) = (setup.world(wants.seed(seed)), Meter::new(2));
            world.run(at(window.0), u64::MAX, &mut meter);
            meter.reset(at(window.0));
            let before = world.account().arrived;
            world.run(at(window.1), u64::MAX, &mut meter);
            let new = world.account().arrived - before;
            collapsed += usize::from(meter.users_well < COLLAPSED * new as f64);
        }
        Ok(only(&metric, Measured::share(collapsed, seeds as usize)))
    };
    Ok(Experiment::new((&system, window), &row.metric, 2e6, run).with_setup(system))
}

fn spiked(row: &Row, base_s: f64, per_request_s: f64) -> Result<Setup, String> {
    let mut params = row.settings.clone();
    let rate = params.need("{n}/s")?;
    let spike = params.take("{n}/s for {t} from t={t}").ok_or("needs a spike")?;
    let timeout_s = params.need("timeout {t}")?;
    let tries = whole("tries", params.need("{n} tries")?, 1, 10)? as u8;
    let backoff = if params.has("no backoff") { None } else { params.take("backoff x{n} from {t}") };
    let jitter = if params.has("full jitter") { Jitter::Full } else { Jitter::None };
    params.finish()?;
    let timeout = SimDuration::from_secs_f64(timeout_s);
    let mut policy = CallPolicy { timeout, ..retrying(tries) };
    if let Some(backoff) = backoff {
        // The original multiplies before the first use.
        let base = SimDuration::from_secs_f64(backoff[0] * backoff[1]);
        let backoff_max = SimDuration::from_secs_f64(backoff[1] * 1e3);
        policy = CallPolicy { backoff_base: base, backoff_factor: backoff[0], backoff_max, jitter, ..policy };
    }
    let change = |at_s: f64, factor: f64| RateChange { at: at(at_s), ramp: SimDuration::ZERO, factor };
    let changes = vec![change(spike[2], spike[0] / rate), change(spike[2] + spike[1], 1.0)];
    let people = Service { workload: Workload { changes, ..Workload::default() }, ..users(rate, vec![vec![call(1, policy)]]) };
    // The engine counts the others inside, the original the request itself too.
    let alone_s = base_s + per_request_s;
    let service = Service { contention_us: per_request_s * 1e6, ..delay("service", alone_s, Shape::Constant) };
    Ok(Setup::of(vec![people, service]).with_delay(NETWORK))
}
