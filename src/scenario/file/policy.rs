//! How a caller guards a call.

use super::form::{Case, Fields};
use super::scalars::{COUNTS, SOME, SOME_TIME, TIMES};
use crate::topology::{AdaptiveThrottle, Balancing, Breaker, CallPolicy, Jitter, OutlierEjection, Pool, RetryBudget, RetryOn};
use crate::units::{Ratio, SimDuration};

/// Tokens of a retry budget, and what is taken from it or given to it.
const TOKENS: std::ops::RangeInclusive<f64> = 0.0..=1e6;

/// The fields of a call that say how it is guarded.
pub(super) fn policy(f: &mut Fields<'_, '_>, p: &mut CallPolicy) {
    let CallPolicy { timeout, deadline, propagate_deadline, cancel, attempts_max, retry_on, .. } = p;
    f.at("timeout").time(timeout, SOME_TIME);
    f.at("deadline").maybe(deadline, SimDuration::ZERO, |slot, time| slot.time(time, SOME_TIME));
    f.at("propagate_deadline").flag(propagate_deadline);
    f.at("cancel").flag(cancel);
    f.at("attempts").count(attempts_max, 1..=10);
    let RetryOn { error, timeout, rejected } = retry_on;
    f.at("retry_on").words(&mut [("error", error), ("timeout", timeout), ("rejected", rejected)]);
    // Named without `..`, so that a field that is added does not compile until it is written down here.
    let CallPolicy {
        backoff_base,
        backoff_factor,
        backoff_max,
        jitter,
        budget,
        hedge_after,
        breaker: breaking,
        outlier: ejection,
        throttle: throttling,
        pool: connections,
        in_flight_max,
        balancing,
        zone_aware,
        panic_below,
        timeout: _,
        deadline: _,
        propagate_deadline: _,
        cancel: _,
        attempts_max: _,
        retry_on: _,
    } = p;
    f.at("backoff").time(backoff_base, TIMES);
    f.at("backoff_factor").number(backoff_factor, 1.0..=10.0);
    f.at("backoff_max").time(backoff_max, TIMES);
    f.at("jitter").cases(jitter, &JITTERS);
    f.at("budget").cases(budget, &budgets());
    f.at("hedge_after").maybe(hedge_after, SimDuration::ZERO, |slot, time| slot.time(time, TIMES));
    f.at("breaker").option(breaking, Breaker::RESILIENCE4J, breaker);
    f.at("outlier").option(ejection, OutlierEjection::ENVOY, outlier);
    f.at("throttle").option(throttling, AdaptiveThrottle { k: 2.0, window: SimDuration::from_secs(120) }, throttle);
    f.at("pool").option(connections, Pool { size: 10, wait_max: SimDuration::from_secs(30) }, pool);
    f.at("in_flight_max").maybe(in_flight_max, 0, |slot, count| slot.count(count, COUNTS));
    f.at("balancing").cases(balancing, &balancings());
    f.at("zone_aware").flag(zone_aware);
    f.at("panic_below").ratio(panic_below);
}

const JITTERS: [Case<Jitter>; 4] = [
    Case::word("full", Jitter::Full),
    Case::word("equal", Jitter::Equal),
    Case::word("none", Jitter::None),
    Case::word("fifth", Jitter::Fifth),
];

/// How an instance is chosen.
pub(super) const fn balancings() -> [Case<Balancing>; 5] {
    [
        Case::word("round_robin", Balancing::RoundRobin),
        Case::word("random", Balancing::Random),
        Case::of("least_of", Balancing::LeastOf(2), |slot, balancing| {
            if let Balancing::LeastOf(drawn) = balancing {
                slot.count(drawn, 1..=255);
            }
        }),
        Case::word("least_busy", Balancing::LeastBusy),
        Case::word("ring_hash", Balancing::RingHash),
    ]
}

/// The usual settings are those of the systems that the kinds are named after in the topology.
fn budgets() -> [Case<RetryBudget>; 5] {
    let fifth = Ratio::saturating(0.2);
    let ratio = RetryBudget::Ratio { ratio: fifth, floor_per_s: 10.0, window: SimDuration::from_secs(10) };
    let tokens = RetryBudget::Tokens { max: 500.0, cost: 5.0, timeout_cost: 10.0, per_success: 1.0 };
    [
        Case::word("none", RetryBudget::None),
        Case::of("ratio", ratio, |slot, budget| slot.group(budget, budget_fields)),
        Case::of("in_flight", RetryBudget::InFlight { ratio: fifth, floor: 3 }, |slot, budget| slot.group(budget, budget_fields)),
        Case::of("tokens", tokens, |slot, budget| slot.group(budget, budget_fields)),
        Case::of("throttle", RetryBudget::Throttle { max: 10.0, ratio: 0.1 }, |slot, budget| slot.group(budget, budget_fields)),
    ]
}

fn budget_fields(f: &mut Fields<'_, '_>, budget: &mut RetryBudget) {
    match budget {
        RetryBudget::None => {}
        RetryBudget::Ratio { ratio, floor_per_s, window } => {
            f.at("ratio").ratio(ratio);
            f.at("floor").per_second(floor_per_s);
            f.at("window").time(window, SOME_TIME);
        }
        RetryBudget::InFlight { ratio, floor } => {
            f.at("ratio").ratio(ratio);
            f.at("floor").count(floor, COUNTS);
        }
        RetryBudget::Tokens { max, cost, timeout_cost, per_success } => {
            f.at("max").number(max, TOKENS);
            f.at("cost").number(cost, TOKENS);
            f.at("timeout_cost").number(timeout_cost, TOKENS);
            f.at("per_success").number(per_success, TOKENS);
        }
        RetryBudget::Throttle { max, ratio } => {
            f.at("max").number(max, TOKENS);
            f.at("ratio").number(ratio, TOKENS);
        }
    }
}

fn breaker(f: &mut Fields<'_, '_>, b: &mut Breaker) {
    let Breaker { failure_ratio, calls_min, calls_window, window, open_for, trials } = b;
    f.at("failure_ratio").ratio(failure_ratio);
    f.at("calls_min").count(calls_min, SOME);
    f.at("calls_window").count(calls_window, COUNTS);
    f.at("window").time(window, TIMES);
    f.at("open_for").time(open_for, TIMES);
    f.at("trials").count(trials, SOME);
}

fn outlier(f: &mut Fields<'_, '_>, o: &mut OutlierEjection) {
    let OutlierEjection { consecutive, interval, base, max, share_max } = o;
    f.at("consecutive").count(consecutive, SOME);
    f.at("interval").time(interval, SOME_TIME);
    f.at("base").time(base, TIMES);
    f.at("max").time(max, TIMES);
    f.at("share_max").ratio(share_max);
}

fn throttle(f: &mut Fields<'_, '_>, t: &mut AdaptiveThrottle) {
    let AdaptiveThrottle { k, window } = t;
    f.at("k").number(k, 1.0..=100.0);
    f.at("window").time(window, SOME_TIME);
}

fn pool(f: &mut Fields<'_, '_>, p: &mut Pool) {
    let Pool { size, wait_max } = p;
    f.at("size").count(size, SOME);
    f.at("wait_max").time(wait_max, TIMES);
}
