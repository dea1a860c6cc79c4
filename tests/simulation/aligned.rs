//! Common random numbers: a change of policy changes neither when users come nor what their requests cost, so that two runs
//! of one seed are a paired comparison (engine draws are keyed by what they are for, never by the order of drawing).
//!
//! The users' requests are known by the instant at which they come, those behind the entry by their cost, which no two share.

use crate::world::service;
use sickbay::ids::{ActionId, ServiceId};
use sickbay::pipeline::Autonomy;
use sickbay::platform::Action;
use sickbay::scenario::presets::preset;
use sickbay::session::{Command, Session};
use sickbay::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use sickbay::sim::{Event, Observer, World};
use sickbay::topology::{
    AdaptiveThrottle, Balancing, Breaker, Call, CallPolicy, Cluster, CoDel, ConcurrencyLimit, Network, OutlierEjection, Pool,
    QueueOrder, RetryBudget, Service, Shedding, Topology, TopologyEdit,
};
use sickbay::units::{Mebibytes, Millicores, PerSecond, Ratio, SimDuration, SimTime};
use std::collections::{BTreeMap, BTreeSet};

/// Users who come after this are not compared: their requests may be unfinished.
const COMPARED_S: u64 = 25;
const UNTIL_S: u64 = 40;

/// A change of a run: what it is, and how it is made.
type Change<'a, T> = (&'static str, &'a dyn Fn(&mut T));

/// What each user's request cost at the entry, by the instant of arrival in ns, and which costs occurred further in.
#[derive(Default, PartialEq)]
struct Seen {
    arrivals: BTreeSet<u64>,
    entry: BTreeMap<u64, u64>,
    behind: BTreeMap<u32, BTreeSet<u64>>,
}

impl Observer for Seen {
    fn see(&mut self, at: SimTime, event: &Event) {
        match event {
            Event::UserServed { latency, .. } => {
                let came = at.as_nanos() - latency.as_nanos();
                if came < COMPARED_S * 1_000_000_000 {
                    self.arrivals.insert(came);
                }
            }
            Event::Served { service, latency, work, .. } if service.0 == 0 => {
                self.entry.insert(at.as_nanos() - latency.as_nanos(), work.as_nanos());
            }
            Event::Served { service, work, .. } => {
                self.behind.entry(service.0).or_default().insert(work.as_nanos());
            }
            _ => {}
        }
    }
}

/// `front`, where users enter, calls `middle` calls `back`; no network, so that a user's instant is the instance's.
fn chain() -> Topology {
    let mut topology = Topology::default();
    let calls = |to| vec![vec![Call::to(ServiceId(to))]];
    topology.push(Service { entry_rate: PerSecond(120.0), stages: calls(1), replicas: 2, ..service("front", 2.0) });
    topology.push(Service { stages: calls(2), replicas: 2, workers: 8, queue_len_max: 40, ..service("middle", 2.0) });
    topology.push(Service { workers: 4, replicas: 2, ..service("back", 6.0) });
    topology
}

/// A run in which `back` fails and slows down for a while, so that all guards have something to do.
fn seen(change: impl Fn(&mut Topology), during: impl Fn(&mut World)) -> Seen {
    let mut topology = chain();
    change(&mut topology);
    let cluster = Cluster { network: Network::NONE, ..Cluster::zones(2, 1, Millicores(50_000), Mebibytes(50_000.0)) };
    let (mut world, mut seen) = (World::new(topology, cluster, 42), Seen::default());
    for (at, kind, magnitude) in [(6, FaultKind::ErrorBurst, 0.5), (10, FaultKind::CpuHog, 0.8)] {
        world.run(SimTime::from_secs(at), u64::MAX, &mut seen);
        let (target, duration) = (FaultTarget::Service(ServiceId(2)), Some(SimDuration::from_secs(6)));
        world.inject(FaultSpec { target, kind, magnitude, duration }).expect("it fits");
    }
    during(&mut world);
    world.run(SimTime::from_secs(UNTIL_S), u64::MAX, &mut seen);
    world.check().expect("conserved");
    seen
}

/// The run with another policy on both calls.
fn with_policy(change: impl Fn(&mut CallPolicy)) -> Seen {
    let on_calls = |topology: &mut Topology| {
        for id in [ServiceId(0), ServiceId(1)] {
            topology.get_mut(id).expect("there").calls_mut().for_each(|call| change(&mut call.policy));
        }
    };
    seen(on_calls, |_| {})
}

/// The run with other settings of the services behind the entry.
fn with_servers(change: impl Fn(&mut Service)) -> Seen {
    let on_services =
        |topology: &mut Topology| [1, 2].map(ServiceId).into_iter().for_each(|id| change(topology.get_mut(id).expect("there")));
    seen(on_services, |_| {})
}

fn usual() -> Seen {
    seen(|_| {}, |_| {})
}

/// Users come at the same instants, their requests cost the same at the entry, and most costs further in are known, too:
/// all but those of attempts that only one of the runs made.
fn assert_aligned(what: &str, usual: &Seen, other: &Seen) {
    assert!(usual.arrivals.len() > 2_500, "{} users", usual.arrivals.len());
    assert_eq!(usual.arrivals, other.arrivals, "{what}: users came at other instants");
    let both = usual.entry.iter().filter_map(|(came, work)| Some((work, other.entry.get(came)?)));
    let (mut compared, mut differing) = (0, 0);
    for (mine, theirs) in both {
        compared += 1;
        differing += usize::from(mine != theirs);
    }
    assert!(compared > 2_000, "{what}: only {compared} requests ended well or ill in both runs");
    assert_eq!(differing, 0, "{what}: of {compared} requests some cost something else");
    for (service, costs) in &usual.behind {
        let common = other.behind.get(service).map_or(0, |others| costs.intersection(others).count());
        let fewest = costs.len().min(other.behind.get(service).map_or(0, BTreeSet::len));
        assert!(fewest > 1_000 && common * 10 > fewest * 6, "{what}: service {service} has {common} of {fewest} costs in common");
    }
}

#[test]
fn no_policy_of_a_call_moves_a_user_or_a_cost() {
    let usual = usual();
    let ms = SimDuration::from_millis;
    let changes: [Change<CallPolicy>; 14] = [
        ("one attempt", &|p| p.attempts_max = 1),
        ("five attempts", &|p| p.attempts_max = 5),
        ("a short time-out", &|p| p.timeout = ms(60)),
        ("a deadline that is handed on", &|p| (p.deadline, p.propagate_deadline) = (Some(ms(400)), true)),
        ("cancelling", &|p| (p.cancel, p.timeout) = (true, ms(80))),
        ("in turn", &|p| p.balancing = Balancing::RoundRobin),
        ("a hash ring", &|p| p.balancing = Balancing::RingHash),
        ("the least busy", &|p| p.balancing = Balancing::LeastBusy),
        ("a breaker", &|p| p.breaker = Some(Breaker { open_for: ms(500), ..Breaker::HYSTRIX })),
        ("outlier ejection", &|p| {
            p.outlier = Some(OutlierEjection { share_max: Ratio::HALF, base: ms(2_000), ..OutlierEjection::ENVOY })
        }),
        ("throttling", &|p| p.throttle = Some(AdaptiveThrottle { k: 2.0, window: ms(10_000) })),
        ("hedges", &|p| p.hedge_after = Some(ms(30))),
        ("a retry budget", &|p| p.budget = RetryBudget::InFlight { ratio: Ratio::TENTH, floor: 1 }),
        ("a pool", &|p| p.pool = Some(Pool { size: 6, wait_max: ms(300) })),
    ];
    for (what, change) in changes {
        assert_aligned(what, &usual, &with_policy(change));
    }
}

#[test]
fn no_policy_of_a_server_and_no_number_of_replicas_moves_a_user_or_a_cost() {
    let usual = usual();
    let changes: [Change<Service>; 7] = [
        ("more replicas", &|s| s.replicas = 5),
        ("last come, first served", &|s| s.server.order = QueueOrder::Lifo),
        ("CoDel", &|s| s.server.codel = Some(CoDel::RFC_8289)),
        ("a concurrency limit", &|s| s.server.concurrency = ConcurrencyLimit::Gradient { min: 4, max: 50 }),
        ("shedding", &|s| s.server.shedding = Shedding::DAGOR),
        ("a CFS quota", &|s| s.cfs_quota = true),
        ("probes", &|s| s.probes.readiness = Some(sickbay::topology::Probe::default())),
    ];
    for (what, change) in changes {
        assert_aligned(what, &usual, &with_servers(change));
    }
}

#[test]
fn what_is_done_during_a_run_moves_no_user_and_no_cost() {
    let usual = usual();
    let (front, middle, back) = (ServiceId(0), ServiceId(1), ServiceId(2));
    let edit = |world: &mut World, id: ServiceId, change: &dyn Fn(&mut Service)| {
        let mut service = world.topology().get(id).expect("there").clone();
        change(&mut service);
        world.edit(&TopologyEdit::Configure(id, Box::new(service))).expect("accepted");
    };
    let changes: [Change<World>; 7] = [
        ("scaling out", &|w| drop(w.apply(ActionId(1), Action::ScaleUp { service: back, by: 2 }))),
        ("a restart", &|w| drop(w.apply(ActionId(1), Action::Restart { service: middle }))),
        ("fewer attempts", &|w| drop(w.apply(ActionId(1), Action::SetAttempts { from: front, to: middle, attempts: 1 }))),
        ("shedding", &|w| drop(w.apply(ActionId(1), Action::Shed { service: back, percent: 30 }))),
        ("an edited entry", &|w| edit(w, front, &|s| s.calls_mut().for_each(|c| c.policy.attempts_max = 4))),
        ("a smaller queue", &|w| edit(w, middle, &|s| s.queue_len_max = 10)),
        ("a new service", &|w| drop(w.edit(&TopologyEdit::AddService(Box::new(Service::named("new")))))),
    ];
    for (what, change) in changes {
        assert_aligned(what, &usual, &seen(|_| {}, change));
    }
}

#[test]
fn users_come_at_the_same_instants_whoever_heals() {
    let arrived = |preset_name: &str, autonomy, policy: &str| {
        let mut session = Session::new(preset(preset_name).expect("a preset"), 7);
        for command in [Command::SetAutonomy(autonomy), Command::SetPolicy(policy.to_owned())] {
            session.execute(command).expect("accepted");
        }
        // Of all entries, each tenth of a second; closed loops and sessions answer to the system and are left out.
        (1..=600_u64)
            .map(|tenth| {
                session.advance(SimTime::from_nanos(tenth * 100_000_000), u64::MAX);
                session.world().account().arrived
            })
            .collect::<Vec<u64>>()
    };
    for name in ["boutique", "p12-zone-outage", "p01-retry-storm"] {
        let off = arrived(name, Autonomy::Off, "none");
        assert_eq!(off, arrived(name, Autonomy::Auto, "rules"), "{name}");
        assert_eq!(off, arrived(name, Autonomy::Auto, "seed"), "{name}");
        assert_eq!(off, arrived(name, Autonomy::Auto, "kubernetes"), "{name}");
    }
}
