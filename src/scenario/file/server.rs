//! How an instance guards itself, and what makes it slow.

use super::form::{Case, Fields};
use super::problems::Code;
use super::scalars::{COUNTS, RATES, SOME, SOME_TIME, TIMES};
use crate::topology::{CoDel, ConcurrencyLimit, Heap, QueueOrder, RateLimit, ServerPolicy, Shedding, WarmUp};
use crate::units::{Mebibytes, Ratio, SimDuration};

/// `server: { order, drop_expired, deadline_margin, codel, concurrency, rate_limit, shedding, ... }`
pub(super) fn server(f: &mut Fields<'_, '_>, s: &mut ServerPolicy) {
    let ServerPolicy {
        order,
        drop_expired,
        deadline_margin,
        codel: controlled,
        concurrency,
        rate_limit: limited,
        shedding,
        rejection_cost,
        connections_max,
    } = s;
    f.at("order").cases(order, &ORDERS);
    f.at("drop_expired").flag(drop_expired);
    f.at("deadline_margin").time(deadline_margin, TIMES);
    f.at("codel").option(controlled, CoDel::RFC_8289, codel);
    f.at("concurrency").cases(concurrency, &limits());
    f.at("rate_limit").option(limited, RateLimit { per_s: 100.0, burst: 10.0 }, rate_limit);
    f.at("shedding").cases(shedding, &sheddings());
    f.at("rejection_cost").ratio(rejection_cost);
    f.at("connections_max").maybe(connections_max, 0, |slot, count| slot.count(count, COUNTS));
}

const ORDERS: [Case<QueueOrder>; 3] = [
    Case::word("fifo", QueueOrder::Fifo),
    Case::word("lifo", QueueOrder::Lifo),
    Case::word("adaptive_lifo", QueueOrder::AdaptiveLifo),
];

fn codel(f: &mut Fields<'_, '_>, c: &mut CoDel) {
    let CoDel { target, interval } = c;
    f.at("target").time(target, SOME_TIME);
    f.at("interval").time(interval, SOME_TIME);
}

fn rate_limit(f: &mut Fields<'_, '_>, limit: &mut RateLimit) {
    let RateLimit { per_s, burst } = limit;
    f.at("rate").per_second(per_s);
    f.at("burst").number(burst, 1.0..=1e6);
}

fn limits() -> [Case<ConcurrencyLimit>; 4] {
    // A tenth less at a time and 100 ms are Netflix concurrency-limits' defaults, as is the range of Gradient2.
    let aimd = ConcurrencyLimit::Aimd { latency_max: SimDuration::from_millis(100), backoff: 0.9, min: 20, max: 200 };
    [
        Case::word("none", ConcurrencyLimit::None),
        Case::of("static", ConcurrencyLimit::Static(100), |slot, limit| {
            if let ConcurrencyLimit::Static(most) = limit {
                slot.count(most, SOME);
            }
        }),
        Case::of("aimd", aimd, |slot, limit| slot.group(limit, adaptive)),
        Case::of("gradient", ConcurrencyLimit::Gradient { min: 20, max: 200 }, |slot, limit| slot.group(limit, adaptive)),
    ]
}

fn adaptive(f: &mut Fields<'_, '_>, limit: &mut ConcurrencyLimit) {
    if let ConcurrencyLimit::Aimd { latency_max, backoff, .. } = limit {
        f.at("latency_max").time(latency_max, SOME_TIME);
        f.at("backoff").number(backoff, 0.5..=1.0);
    }
    if let ConcurrencyLimit::Aimd { min, max, .. } | ConcurrencyLimit::Gradient { min, max } = limit {
        f.at("min").count(min, SOME);
        f.at("max").count(max, SOME);
        check_order(f, *min, *max);
    }
}

/// Complains if the least is more than the most.
pub(super) fn check_order(f: &mut Fields<'_, '_>, min: u32, max: u32) {
    if min > max {
        f.complain(Code::Contradiction, format!("min {min} is more than max {max}"), "write the smaller one as min");
    }
}

fn sheddings() -> [Case<Shedding>; 3] {
    [
        Case::word("none", Shedding::None),
        Case::of("share", Shedding::Share(Ratio::TENTH), |slot, shedding| {
            if let Shedding::Share(share) = shedding {
                slot.ratio(share);
            }
        }),
        Case::of("dagor", Shedding::DAGOR, |slot, shedding| slot.group(shedding, dagor)),
    ]
}

fn dagor(f: &mut Fields<'_, '_>, shedding: &mut Shedding) {
    if let Shedding::Dagor { queue_max, window, window_requests, alpha, beta } = shedding {
        f.at("queue_max").time(queue_max, SOME_TIME);
        f.at("window").time(window, SOME_TIME);
        f.at("window_requests").count(window_requests, SOME);
        f.at("alpha").share(alpha, 0.0..=1.0);
        f.at("beta").share(beta, 0.0..=1.0);
    }
}

/// `heap: { size: 512Mi, live: 100Mi, per_request: 1Mi, trace: 1000 }`
pub(super) fn heap(f: &mut Fields<'_, '_>, h: &mut Heap) {
    let Heap { size, live_base, allocated_per_request, trace_mib_per_s } = h;
    f.at("size").memory(size);
    f.at("live").memory(live_base);
    f.at("per_request").memory(allocated_per_request);
    f.at("trace").number(trace_mib_per_s, 1.0..=*RATES.end());
}

/// A heap before anything is said about it: half of the usual memory limit, mostly free.
pub(super) const USUAL_HEAP: Heap =
    Heap { size: Mebibytes(128.0), live_base: Mebibytes(48.0), allocated_per_request: Mebibytes(0.5), trace_mib_per_s: 1_000.0 };

/// `warm_up: { factor: 3, tau: 30s }`
pub(super) fn warm_up(f: &mut Fields<'_, '_>, w: &mut WarmUp) {
    let WarmUp { factor, tau } = w;
    f.at("factor").number(factor, 1.0..=100.0);
    f.at("tau").time(tau, SOME_TIME);
}

/// A warm-up before anything is said about it: the topology's assumption.
pub(super) const USUAL_WARM_UP: WarmUp = WarmUp { factor: 3.0, tau: SimDuration::from_secs(30) };
