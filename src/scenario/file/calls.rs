//! Calls, steps and endpoints: what a request does at a service.

use super::form::{Case, Fields, Side, Slot, items_of};
use super::out::Out;
use super::policy::policy;
use super::problems::{Code, Wrong, quoted, suggestion};
use super::work::demand;
use crate::ids::ServiceId;
use crate::topology::{CacheLookup, Call, CallMode, Demand, Distribution, Endpoint, Step};

/// Most calls of one list, and most stages or steps. A service of a thousand callees is not one service.
pub(super) const CALLS_MAX: usize = 256;
/// Most further endpoints of one service.
pub(super) const ENDPOINTS_MAX: usize = 256;
/// Longest name of an endpoint, in characters.
const ENDPOINT_CHARS_MAX: usize = 200;
/// Stands for the callee until it is read.
const NOBODY: ServiceId = ServiceId(u32::MAX);

/// `calls`: stages one after the other; a stage is a call or a list of calls in parallel.
pub(super) fn stages(slot: Slot<'_, '_>, stages: &mut Vec<Vec<Call>>) {
    let (what, context) = (slot.what, slot.context);
    match slot.side {
        Side::Write(out) => {
            let stage = |stage: &mut Vec<Call>| {
                let mut out = Out::Absent;
                calls(Slot { what, side: Side::Write(&mut out), context }, stage);
                match out {
                    Out::List(mut one) if one.len() == 1 => one.swap_remove(0),
                    several => several,
                }
            };
            *out = Out::List(stages.iter_mut().map(stage).collect());
        }
        Side::Read(None) => {}
        Side::Read(Some(node)) => {
            let Some(items) = items_of(context, what, node, CALLS_MAX) else { return };
            stages.clear();
            for item in items {
                let mut stage = Vec::new();
                if item.text().is_some() || !item.entries().is_empty() {
                    let mut one = Call::to(NOBODY);
                    call(Slot { what, side: Side::Read(Some(item)), context }, &mut one);
                    stage.push(one);
                } else {
                    calls(Slot { what, side: Side::Read(Some(item)), context }, &mut stage);
                }
                stages.push(stage);
            }
        }
    }
}

/// A list of calls in parallel.
fn calls(slot: Slot<'_, '_>, calls: &mut Vec<Call>) {
    slot.list(calls, CALLS_MAX, &Call::to(NOBODY), call);
}

/// One call: the callee's name, or a mapping with `to`.
pub(super) fn call(slot: Slot<'_, '_>, own: &mut Call) {
    match slot.node() {
        Some(node) if node.text().is_some() => slot.service(&mut own.to),
        _ => slot.group(own, call_fields),
    }
}

/// The fields of a call.
pub(super) fn call_fields(f: &mut Fields<'_, '_>, call: &mut Call) {
    let Call { to, endpoint: callee_endpoint, probability, count, optional, mode, policy: guarded } = call;
    let problems = f.context.problems.count();
    f.at("to").service(to);
    if *to == NOBODY && f.context.problems.count() == problems {
        f.complain(Code::Missing, "a call without 'to'", "write the name of the service that is called");
    }
    endpoint(f.at("endpoint"), *to, callee_endpoint);
    f.at("probability").ratio(probability);
    f.at("count").count(count, 1..=1_000);
    f.at("optional").flag(optional);
    f.at("mode").cases(mode, &MODES);
    policy(f, guarded);
}

const MODES: [Case<CallMode>; 3] =
    [Case::word("wait", CallMode::Wait), Case::word("async", CallMode::Async), Case::word("hand_off", CallMode::HandOff)];

/// The callee's endpoint: its name, or its number (0 is the main one).
fn endpoint(slot: Slot<'_, '_>, to: ServiceId, endpoint: &mut u16) {
    let named = match slot.node().map(|n| n.text()) {
        Some(Some(name)) if name.parse::<u16>().is_err() => name,
        Some(_) => return slot.count(endpoint, 0..=u64::from(u16::MAX)),
        None => return write_endpoint(slot, to, *endpoint),
    };
    match slot.context.names.endpoint(to, named) {
        Some(number) => *endpoint = number,
        // If the callee itself is unknown, that has been said.
        None if to == NOBODY => {}
        None => {
            let message = format!("{} has no endpoint {}", quoted(slot.context.names.name(to)), quoted(named));
            let help = suggestion(named, slot.context.names.endpoints(to));
            if let Some(node) = slot.node() {
                slot.context.problems.add_wrong(node.spot, slot.what, Wrong::new(Code::NoTarget, message, help));
            }
        }
    }
}

fn write_endpoint(slot: Slot<'_, '_>, to: ServiceId, endpoint: u16) {
    if let Side::Write(out) = slot.side {
        let names = &slot.context.names;
        let name = names.endpoint_name(to, endpoint).filter(|name| name.parse::<u16>().is_err());
        // Of two endpoints with one name the first is meant, so the second goes by number.
        let name = name.filter(|name| names.endpoint(to, name) == Some(endpoint));
        *out = Out::Text(name.map_or_else(|| endpoint.to_string(), str::to_owned));
    }
}

/// A further endpoint.
pub(super) fn endpoint_fields(f: &mut Fields<'_, '_>, endpoint: &mut Endpoint) {
    let Endpoint { name, share, demand: cost, steps: work } = endpoint;
    f.at("name").text(name, 1, ENDPOINT_CHARS_MAX);
    f.at("share").number(share, 0.0..=1e6);
    f.at("demand").group(cost, demand);
    f.at("steps").list(work, CALLS_MAX, &Step::Cpu(Distribution::default()), |slot, step| slot.cases(step, &steps()));
}

/// A new endpoint before anything is said about it.
pub(super) fn usual_endpoint() -> Endpoint {
    Endpoint { name: String::new(), share: 0.0, demand: Demand::default(), steps: Vec::new() }
}

fn steps() -> [Case<Step>; 5] {
    let lookup = CacheLookup { cache: Call::to(NOBODY), keys: 100_000, zipf: 1.0, origin: Vec::new(), coalesce: false };
    [
        Case::of("cpu", Step::Cpu(Distribution::default()), step_body),
        Case::of("wait", Step::Wait(Distribution::default()), step_body),
        Case::of("calls", Step::Calls { calls: Vec::new(), need: 0 }, step_body),
        Case::of("cached", Step::Cached(Box::new(lookup)), step_body),
        Case::of("lock", Step::Lock { lock: 0, hold: Distribution::default() }, step_body),
    ]
}

fn step_body(slot: Slot<'_, '_>, step: &mut Step) {
    match step {
        Step::Cpu(time) | Step::Wait(time) => slot.distribution(time),
        Step::Calls { calls: list, need } => {
            let is_list = slot.node().map_or(*need == 0, |node| node.entries().is_empty());
            if is_list { calls(slot, list) } else { slot.group(step, some_of) }
        }
        Step::Cached(lookup) => slot.group(lookup.as_mut(), cached),
        Step::Lock { .. } => slot.group(step, lock),
    }
}

/// `calls: { of: [a, b, c], need: 2 }`
fn some_of(f: &mut Fields<'_, '_>, step: &mut Step) {
    if let Step::Calls { calls: list, need } = step {
        calls(f.at("of"), list);
        f.at("need").count(need, 0..=u64::from(u16::MAX));
        let made: usize = list.iter().map(|call| usize::from(call.count)).sum();
        if usize::from(*need) > made {
            f.complain(Code::Contradiction, format!("need: {need} of {made} calls"), "need at most as many as are made");
        }
    }
}

fn cached(f: &mut Fields<'_, '_>, lookup: &mut CacheLookup) {
    let CacheLookup { cache, keys, zipf, origin, coalesce } = lookup;
    call(f.at("cache"), cache);
    if !f.has("cache") {
        f.complain(Code::Missing, "a look-up without 'cache'", "write the name of the service that is the cache");
    }
    f.at("keys").count(keys, 1..=1_000_000_000);
    f.at("zipf").number(zipf, 0.0..=3.0);
    calls(f.at("origin"), origin);
    f.at("coalesce").flag(coalesce);
}

fn lock(f: &mut Fields<'_, '_>, step: &mut Step) {
    if let Step::Lock { lock, hold } = step {
        f.at("lock").count(lock, 0..=15);
        f.at("hold").distribution(hold);
    }
}
