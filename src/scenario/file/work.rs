//! How users come, and what their requests cost.

use super::form::{Case, Fields, Slot};
use super::policy::balancings;
use super::scalars::{COUNTS, SOME, TIMES};
use crate::topology::{Arrivals, Demand, Distribution, RateChange, Shape, Workload};
use crate::units::{SimDuration, SimTime};

/// Most planned changes of one entry's rate.
const CHANGES_MAX: usize = 10_000;
/// Largest multiple of the base rate that a change may reach.
const FACTOR_MAX: f64 = 1_000.0;
/// Squared coefficients of variation.
const SCV: std::ops::RangeInclusive<f64> = 0.01..=100.0;

/// `demand: { cpu: 5ms, wait: 0s, shape: { lognormal: 0.5 }, errors: 0% }`
pub(super) fn demand(f: &mut Fields<'_, '_>, d: &mut Demand) {
    let Demand { cpu_us_mean, wait_us_mean, shape, error_ratio } = d;
    f.at("cpu").micros(cpu_us_mean);
    f.at("wait").micros(wait_us_mean);
    f.at("shape").cases(shape, &shapes());
    f.at("errors").ratio(error_ratio);
}

/// The shapes of random amounts.
pub(super) const fn shapes() -> [Case<Shape>; 7] {
    [
        Case::word("constant", Shape::Constant),
        Case::word("exponential", Shape::Exponential),
        Case::of("lognormal", Shape::Lognormal(0.5), |slot, shape| {
            if let Shape::Lognormal(sigma) = shape {
                slot.number(sigma, 0.0..=3.0);
            }
        }),
        Case::word("uniform", Shape::Uniform),
        Case::of("bimodal", Shape::Bimodal { slow: 0.1, factor: 10.0 }, |slot, shape| slot.group(shape, bimodal)),
        Case::of("pareto", Shape::Pareto { alpha: 1.5, cap: 100.0 }, |slot, shape| slot.group(shape, pareto)),
        Case::of("scv", Shape::Scv(1.0), |slot, shape| {
            if let Shape::Scv(scv) = shape {
                slot.number(scv, SCV);
            }
        }),
    ]
}

fn bimodal(f: &mut Fields<'_, '_>, shape: &mut Shape) {
    if let Shape::Bimodal { slow, factor } = shape {
        f.at("slow").share(slow, 0.0..=1.0);
        f.at("factor").number(factor, 1.0..=10_000.0);
    }
}

fn pareto(f: &mut Fields<'_, '_>, shape: &mut Shape) {
    if let Shape::Pareto { alpha, cap } = shape {
        f.at("alpha").number(alpha, 1.01..=100.0);
        f.at("cap").number(cap, 1.0..=1e6);
    }
}

/// `workload: { arrivals: poisson, swing: 0%, swing_period: 24h, changes: [...], patience: none }`
pub(super) fn workload(f: &mut Fields<'_, '_>, w: &mut Workload) {
    let Workload { arrivals: kind, swing, swing_period, changes, patience, balancing } = w;
    f.at("arrivals").cases(kind, &arrivals());
    f.at("swing").share(swing, 0.0..=1.0);
    f.at("swing_period").time(swing_period, TIMES);
    let usual = RateChange { at: SimTime::ZERO, ramp: SimDuration::ZERO, factor: 1.0 };
    f.at("changes").list(changes, CHANGES_MAX, &usual, |slot, change| slot.group(change, rate_change));
    f.at("patience").maybe(patience, Distribution::default(), |slot, patience| slot.distribution(patience));
    f.at("balancing").cases(balancing, &balancings());
    if changes.windows(2).any(|pair| pair[0].at > pair[1].at) {
        f.complain(super::problems::Code::Contradiction, "changes: not in the order of time", "write the earlier ones first");
    }
}

fn rate_change(f: &mut Fields<'_, '_>, change: &mut RateChange) {
    let RateChange { at, ramp, factor } = change;
    f.at("at").instant(at);
    f.at("ramp").time(ramp, TIMES);
    f.at("factor").number(factor, 0.0..=FACTOR_MAX);
}

fn arrivals() -> [Case<Arrivals>; 6] {
    let think = Distribution::exponential(7e6);
    [
        Case::word("poisson", Arrivals::Poisson),
        Case::word("regular", Arrivals::Regular),
        Case::of("renewal", Arrivals::Renewal(4.0), |slot, arrivals| {
            if let Arrivals::Renewal(scv) = arrivals {
                slot.number(scv, SCV);
            }
        }),
        Case::of("mmpp", Arrivals::Mmpp { rates: [0.5, 3.0], leave: [0.1, 0.4] }, |slot, arrivals| slot.group(arrivals, mmpp)),
        Case::of("closed", Arrivals::Closed { users: 100, think }, |slot, arrivals| slot.group(arrivals, closed)),
        Case::of("sessions", Arrivals::Sessions { requests: 10, think, failures_max: 3 }, |slot: Slot<'_, '_>, arrivals| {
            slot.group(arrivals, sessions);
        }),
    ]
}

fn mmpp(f: &mut Fields<'_, '_>, arrivals: &mut Arrivals) {
    if let Arrivals::Mmpp { rates, leave } = arrivals {
        f.at("rates").pair(rates, 0.0..=FACTOR_MAX);
        f.at("leave").pair(leave, 1e-6..=1e6);
    }
}

fn closed(f: &mut Fields<'_, '_>, arrivals: &mut Arrivals) {
    if let Arrivals::Closed { users, think } = arrivals {
        f.at("users").count(users, COUNTS);
        f.at("think").distribution(think);
    }
}

fn sessions(f: &mut Fields<'_, '_>, arrivals: &mut Arrivals) {
    if let Arrivals::Sessions { requests, think, failures_max } = arrivals {
        f.at("requests").count(requests, 1..=10_000);
        f.at("think").distribution(think);
        f.at("failures_max").count(failures_max, SOME);
    }
}
