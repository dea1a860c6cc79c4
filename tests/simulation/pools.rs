//! Connection pools that leak: what is taken is never given back, until the process ends or the program is mended.

use crate::world::{chain, run, users, world};
use sickbay::ids::{ActionId, ServiceId};
use sickbay::platform::{Action, ActionStatus, Platform, Simulated};
use sickbay::sim::fault::{FaultError, FaultKind, FaultSpec, FaultTarget};
use sickbay::sim::{Event, PoolGauges, Rejection, World};
use sickbay::telemetry::PoolFacts;
use sickbay::topology::{Pool, Topology};
use sickbay::units::{SimDuration, SimTime};

const MIDDLE: ServiceId = ServiceId(1);
const BACK: ServiceId = ServiceId(2);
const EDGE: FaultTarget = FaultTarget::Edge { from: MIDDLE, to: BACK };

/// The chain of the other tests, the two instances of `middle` with pools of this size.
fn pooled(rate: f64, size: u32) -> Topology {
    let mut topology = chain(rate);
    for call in topology.get_mut(MIDDLE).expect("the middle one").calls_mut() {
        call.policy.pool = Some(Pool { size, wait_max: SimDuration::from_millis(500) });
    }
    topology
}

fn leak(target: FaultTarget, share: f64) -> FaultSpec {
    FaultSpec { target, kind: FaultKind::PoolLeak, magnitude: share, duration: None }
}

fn gauges(world: &World) -> PoolGauges {
    world.pool_gauges().next().expect("one edge has pools")
}

fn success(events: &[Event]) -> f64 {
    let (good, all) = users(events);
    good as f64 / all as f64
}

#[test]
fn a_leak_empties_the_pool_in_the_time_it_must() {
    let mut world = world(pooled(50.0, 10), 1);
    run(&mut world, 10);
    assert_eq!(gauges(&world).size, 20);
    world.inject(leak(EDGE, 0.04)).expect("fits");
    run(&mut world, 15);
    let early = gauges(&world).in_use;
    assert!((4..=18).contains(&early), "50 a second x 0.04 x 5 s = 10 of 20, not {early}");
    run(&mut world, 40);
    assert!(gauges(&world).in_use >= 19, "empty after about 10 s: {:?}", gauges(&world));
    let events = run(&mut world, 60);
    let starved = events.iter().filter(|e| matches!(e, Event::Held { reason: Rejection::PoolTimeout, .. })).count();
    assert!(starved > 500 && success(&events) < 0.1, "{starved}");
    assert!(gauges(&world).waiting < 200, "who gave up leaves the line: {:?}", gauges(&world));
}

#[test]
fn a_restart_of_the_caller_frees_what_leaked_and_a_larger_pool_only_lasts_longer() {
    let empty = || {
        let mut world = world(pooled(50.0, 10), 2);
        world.inject(leak(EDGE, 0.02)).expect("fits");
        run(&mut world, 60);
        assert!(success(&run(&mut world, 70)) < 0.1);
        world
    };
    let mut restarted = empty();
    assert_eq!(restarted.apply(ActionId(1), Action::Restart { service: MIDDLE }).status, ActionStatus::Accepted);
    run(&mut restarted, 82);
    assert!(success(&run(&mut restarted, 87)) > 0.95, "new processes have whole pools");
    assert!(success(&run(&mut restarted, 150)) < 0.9, "and leak as the old ones did");
    let mut larger = empty();
    larger.apply(ActionId(1), Action::SetPool { from: MIDDLE, to: BACK, size: 20 });
    run(&mut larger, 73);
    assert!(success(&run(&mut larger, 78)) > 0.95, "there are connections again");
    run(&mut larger, 120);
    assert!(success(&run(&mut larger, 130)) < 0.1, "until these have leaked, too");
}

#[test]
fn a_mended_program_closes_what_leaked_and_those_who_wait_get_it() {
    let mut world = world(pooled(50.0, 10), 3);
    let first = world.inject(leak(EDGE, 0.05)).expect("fits");
    let second = world.inject(leak(FaultTarget::Service(MIDDLE), 0.05)).expect("fits");
    run(&mut world, 40);
    world.remove_fault(first);
    assert!(success(&run(&mut world, 50)) < 0.1, "the other leak is still there");
    world.remove_fault(second);
    run(&mut world, 52);
    assert!(success(&run(&mut world, 70)) > 0.999);
    assert!(gauges(&world).in_use < 5, "{:?}", gauges(&world));
}

#[test]
fn without_a_pool_nothing_can_leak_and_the_refusal_says_so() {
    let mut world = world(pooled(20.0, 10), 4);
    let refusal = |world: &mut World, target| world.inject(leak(target, 0.1)).expect_err("has no pool");
    let error = refusal(&mut world, FaultTarget::Edge { from: ServiceId(0), to: MIDDLE });
    assert_eq!(error, FaultError::NoPool("front -> middle".to_owned()));
    assert!(error.to_string().starts_with("E0209"), "{error}");
    assert_eq!(refusal(&mut world, FaultTarget::Service(BACK)), FaultError::NoPool("back".to_owned()));
    assert!(matches!(refusal(&mut world, FaultTarget::Node(0)), FaultError::WrongTarget(..)));
}

/// What the caller's exporters tell of its pool after `seconds`.
fn told(world: World, seconds: u64) -> PoolFacts {
    let mut platform = Simulated::new(world);
    let mut facts = None;
    for second in 1..=seconds {
        let at = SimTime::from_secs(second);
        platform.run(at, u64::MAX);
        let scrape = platform.observe(at);
        let edge = scrape.inventory.edges.into_iter().find(|e| (e.from, e.to) == (MIDDLE, BACK)).expect("called");
        facts = edge.pool;
        assert!(scrape.inventory.services.len() == 3);
    }
    facts.expect("has a pool")
}

#[test]
fn exporters_tell_a_leak_from_a_slow_callee() {
    let calm = told(world(pooled(50.0, 10), 5), 40);
    assert!(calm.in_use < 0.3 && calm.wait_ms < 1.0 && calm.gave_up == 0.0, "{calm:?}");
    let mut leaking = world(pooled(50.0, 10), 5);
    leaking.inject(leak(EDGE, 0.1)).expect("fits");
    let leaking = told(leaking, 40);
    assert!(leaking.in_use > 0.9 && leaking.busy < 0.2, "taken, and by no call at work: {leaking:?}");
    assert!(leaking.gave_up > 0.9 && leaking.wait_ms > 450.0 && leaking.waiting > 5.0, "{leaking:?}");
    let mut slow = world(pooled(50.0, 10), 5);
    let spec = FaultSpec { target: FaultTarget::Service(BACK), kind: FaultKind::SlowResponses, magnitude: 600.0, duration: None };
    slow.inject(spec).expect("fits");
    let slow = told(slow, 40);
    assert!(slow.in_use > 0.9 && slow.busy > 0.8, "taken by calls at work: {slow:?}");
    assert!(slow.wait_ms > 100.0 && slow.gave_up > 0.02, "{slow:?}");
}

#[test]
fn time_at_work_is_calls_a_second_times_the_time_that_each_takes() {
    let mut world = world(pooled(50.0, 10), 6);
    run(&mut world, 10);
    let before = gauges(&world).counts;
    let events = run(&mut world, 110);
    let took = |e: &Event| match e {
        Event::Attempted { from, to, latency, .. } if (*from, *to) == (MIDDLE, BACK) => Some(latency.as_nanos()),
        _ => None,
    };
    let (taken, used) = (events.iter().filter_map(took).count() as u64, events.iter().filter_map(took).sum::<u64>());
    let counts = gauges(&world).counts;
    assert!((counts.taken - before.taken).abs_diff(taken) < 10);
    assert_eq!(counts.used_ns - before.used_ns, used, "each attempt holds its connection for as long as it takes");
    assert_eq!(counts.gave_up, 0);
}
