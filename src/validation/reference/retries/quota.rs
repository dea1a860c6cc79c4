//! Retry quotas of real clients, counted attempt by attempt while everything fails.

use super::amplify::failing;
use crate::ids::ServiceId;
use crate::sim::{Event, Observer};
use crate::topology::{Arrivals, CallPolicy, RetryBudget, Service, Shape, Workload};
use crate::units::{SimDuration, SimTime};
use crate::validation::reference::experiment::{Experiment, Wants, only};
use crate::validation::reference::lab::{Setup, at, call, delay, retrying, users};
use crate::validation::reference::measure::Measured;
use crate::validation::reference::row::Row;
use crate::validation::reference::tolerance::Expected;

/// Seconds between two users' requests: one call is over before the next begins.
const GAP_S: f64 = 10.0;
/// Requests to watch: several times what any quota of interest lasts for.
const REQUESTS: f64 = 400.0;

/// Attempts of a client, one by one.
#[derive(Default)]
struct Attempts {
    seen: Vec<u8>,
}

impl Observer for Attempts {
    fn see(&mut self, _: SimTime, event: &Event) {
        if let Event::Attempted { to: ServiceId(1), attempt, .. } = event {
            self.seen.push(*attempt);
        }
    }
}

fn setup(policy: CallPolicy, service: Service) -> Setup {
    let caller = Service {
        workload: Workload { arrivals: Arrivals::Regular, ..Workload::default() },
        ..users(1.0 / GAP_S, vec![vec![call(1, policy)]])
    };
    Setup::of(vec![caller, service])
}

fn watch(policy: CallPolicy, service: Service) -> Vec<u8> {
    let mut attempts = Attempts::default();
    setup(policy, service).world(1).run(at((REQUESTS + 0.9) * GAP_S), u64::MAX, &mut attempts);
    attempts.seen
}

/// gRPC: failures take a token each; no retries at or below half of them.
pub(in crate::validation::reference) fn grpc_throttling(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let (max, ratio) = (params.need("maxTokens={n}")?, params.need("tokenRatio={n}")?);
    if !params.has("all fail") {
        return Err("needs 'all fail'".to_owned());
    }
    params.finish()?;
    if row.metric != "failed RPCs until retries stop" {
        return Err(format!("no such metric of retry throttling: '{}'", row.metric));
    }
    let metric = row.metric.clone();
    let budget = RetryBudget::Throttle { max, ratio };
    let system = setup(CallPolicy { budget, ..retrying(10) }, failing(1.0)?);
    let run = move |_: &Wants| {
        // A call may end by itself just when the tokens do; with one of these limits it is in the middle.
        let mut stops = Vec::new();
        for limit in [10, 9, 7] {
            stops.push(stop(&watch(CallPolicy { budget, ..retrying(limit) }, failing(1.0)?), limit));
        }
        let (last, _) = stops.iter().find(|(last, denied)| last == denied).unwrap_or(&stops[0]);
        Ok(only(&metric, Measured::number(*last as f64)))
    };
    Ok(Experiment::new(("grpc", max.to_bits(), ratio.to_bits()), &row.metric, 1e3, run).with_setup(system))
}

/// Failures up to and with the last retry, and up to and with the first failure that was not tried again although it
/// might have been.
fn stop(attempts: &[u8], limit: u8) -> (usize, usize) {
    let last = attempts.iter().rposition(|attempt| *attempt > 1).map_or(0, |at| at + 1);
    let next = |i: usize| attempts.get(i + 1).copied().unwrap_or(1);
    let denied = (0..attempts.len()).find(|i| attempts[*i] < limit && next(*i) == 1).map_or(attempts.len(), |at| at + 1);
    (last, denied)
}

/// AWS SDK: a retry costs tokens, more after a time-out.
pub(in crate::validation::reference) fn aws_standard(row: &Row) -> Result<Experiment, String> {
    let mut params = row.settings.clone();
    let max = params.need("{n} tokens")?;
    let cost = params.need("cost {n}")?;
    let timeout_cost = params.find("(timeout {n})").unwrap_or(cost);
    let (all_fail, all_late) = (params.has("all fail"), params.has("all time out"));
    params.finish()?;
    if row.metric != "retries until quota empty" || !(all_fail || all_late) {
        return Err(format!("no such metric of a retry quota: '{}'", row.metric));
    }
    let both = matches!(Expected::parse(&row.value), Some(Expected::Cases(_)));
    let metric = row.metric.clone();
    let budget = RetryBudget::Tokens { max, cost, timeout_cost, per_success: 1.0 };
    let policy = CallPolicy { budget, ..retrying(3) };
    let late = CallPolicy { timeout: SimDuration::from_millis(100), ..policy };
    let slow = || delay("service", 3_600.0, Shape::Constant);
    let system = if all_late { setup(late, slow()) } else { setup(policy, failing(1.0)?) };
    let run = move |_: &Wants| {
        let retries = |seen: Vec<u8>| seen.iter().filter(|attempt| **attempt > 1).count() as f64;
        let errors = retries(watch(policy, failing(1.0)?));
        let timeouts = retries(watch(late, slow()));
        let measured = match (both, all_late) {
            (true, _) => Measured::List(vec![errors, timeouts]),
            (false, true) => Measured::number(timeouts),
            (false, false) => Measured::number(errors),
        };
        Ok(only(&metric, measured))
    };
    let key = ("aws", max.to_bits(), cost.to_bits(), timeout_cost.to_bits(), both, all_late);
    Ok(Experiment::new(key, &row.metric, 1e3, run).with_setup(system))
}
