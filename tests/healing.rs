//! The pipeline on the simulator: each kind of fault is seen, blamed on the right service and, where the catalogue has
//! a cure, healed; and nothing is done when nothing is wrong.

use sickbay::ids::ServiceId;
use sickbay::pipeline::bandit::{Bandit, weights};
use sickbay::pipeline::{Autonomy, DecisionState, FailureClass};
use sickbay::scenario::Scenario;
use sickbay::session::{Command, Session};
use sickbay::sim::Gauges;
use sickbay::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use sickbay::topology::{Call, Demand, Service, ServiceKind, Topology};
use sickbay::units::{PerSecond, SimTime};
use sickbay::validation::arena::Episode;

const USERS: ServiceId = ServiceId(0);
const FRONTEND: ServiceId = ServiceId(1);
const CHECKOUT: ServiceId = ServiceId(2);
const CATALOG: ServiceId = ServiceId(3);
const PAYMENT: ServiceId = ServiceId(4);
/// Seconds of calm before the fault: enough to learn what is usual.
const FAULT_AT_S: u64 = 40;

/// users -> frontend -> checkout -> payment; frontend and checkout -> catalog.
fn shop() -> Scenario {
    let mut topology = Topology::default();
    for name in ["users", "frontend", "checkout", "catalog", "payment"] {
        let demand = Demand { cpu_us_mean: 2_000.0, wait_us_mean: 5_000.0, ..Service::named(name).demand };
        topology.push(Service { demand, ..Service::named(name) });
    }
    let edges = [(USERS, FRONTEND), (FRONTEND, CHECKOUT), (FRONTEND, CATALOG), (CHECKOUT, CATALOG), (CHECKOUT, PAYMENT)];
    for (from, to) in edges {
        topology.get_mut(from).expect("pushed").stages.push(vec![Call::to(to)]);
    }
    let users = topology.get_mut(USERS).expect("pushed");
    users.kind = ServiceKind::Client;
    users.entry_rate = PerSecond(50.0);
    Scenario::of("shop", topology)
}

fn fault(target: FaultTarget, kind: FaultKind, magnitude: f64) -> FaultSpec {
    FaultSpec { target, kind, magnitude, duration: None }
}

fn run(autonomy: Autonomy, fault: Option<FaultSpec>, until_s: u64) -> Session {
    let mut session = Session::new(shop(), 42);
    session.execute(Command::SetAutonomy(autonomy)).expect("accepted");
    session.advance(SimTime::from_secs(FAULT_AT_S), u64::MAX);
    if let Some(fault) = fault {
        session.execute(Command::Inject(fault)).expect("accepted");
    }
    session.advance(SimTime::from_secs(until_s), u64::MAX);
    session
}

/// Users' requests that failed: with the healer off, and on.
fn errors(fault: FaultSpec) -> (u64, u64) {
    let (off, on) = (run(Autonomy::Off, Some(fault), 160), run(Autonomy::Auto, Some(fault), 160));
    (off.users().errors, on.users().errors)
}

/// Cause and class of the first incident of a healed run.
fn blamed(fault: FaultSpec) -> (Option<ServiceId>, Option<FailureClass>) {
    let session = run(Autonomy::Auto, Some(fault), 160);
    let incident = session.pipeline().incidents().next().expect("it was noticed");
    (incident.cause, incident.class)
}

#[test]
fn nothing_is_done_when_nothing_is_wrong() {
    for policy in ["rules", "none"] {
        let mut session = Session::new(shop(), 7);
        session.execute(Command::SetPolicy(policy.into())).expect("known");
        session.execute(Command::SetAutonomy(Autonomy::Auto)).expect("accepted");
        session.advance(SimTime::from_secs(300), u64::MAX);
        assert!(session.pipeline().decisions().next().is_none() && session.pipeline().incidents().next().is_none());
    }
}

#[test]
fn what_breaks_in_the_first_seconds_does_not_become_usual() {
    let mut session = Session::new(shop(), 42);
    session.execute(Command::SetAutonomy(Autonomy::Off)).expect("accepted");
    session.advance(SimTime::from_secs(4), u64::MAX);
    session.execute(Command::Inject(fault(FaultTarget::Service(PAYMENT), FaultKind::ErrorBurst, 0.6))).expect("accepted");
    session.advance(SimTime::from_secs(90), u64::MAX);
    let incidents: Vec<_> = session.pipeline().incidents().collect();
    assert_eq!(incidents.len(), 1, "{incidents:?}");
    assert_eq!((incidents[0].resolved_at, incidents[0].cause), (None, Some(PAYMENT)), "payment still fails 60 %");
}

#[test]
fn each_fault_is_blamed_on_the_right_service() {
    let payment = FaultTarget::Service(PAYMENT);
    let edge = FaultTarget::Edge { from: FRONTEND, to: CATALOG };
    let table = [
        (fault(payment, FaultKind::ErrorBurst, 0.6), PAYMENT, FailureClass::Application),
        (fault(payment, FaultKind::CpuHog, 0.95), PAYMENT, FailureClass::ResourceCpu),
        (fault(payment, FaultKind::MemoryLeak, 3.0), PAYMENT, FailureClass::ResourceMemory),
        (fault(payment, FaultKind::Latency, 200.0), PAYMENT, FailureClass::Network),
        (fault(FaultTarget::Service(CATALOG), FaultKind::Latency, 200.0), CATALOG, FailureClass::Network),
        (fault(edge, FaultKind::Latency, 300.0), CATALOG, FailureClass::Network),
        (fault(edge, FaultKind::Partition, 1.0), CATALOG, FailureClass::Network),
        (fault(edge, FaultKind::Partition, 0.3), CATALOG, FailureClass::Network),
        (fault(payment, FaultKind::InstanceKill, 1.0), PAYMENT, FailureClass::Application),
        (fault(payment, FaultKind::CrashLoop, 2.0), PAYMENT, FailureClass::Application),
    ];
    for (fault, cause, class) in table {
        assert_eq!(blamed(fault), (Some(cause), Some(class)), "{fault:?}");
    }
}

#[test]
fn healing_removes_most_of_the_users_errors_of_every_curable_fault() {
    let payment = FaultTarget::Service(PAYMENT);
    let edge = FaultTarget::Edge { from: FRONTEND, to: CATALOG };
    for fault in [
        fault(payment, FaultKind::ErrorBurst, 0.6),
        fault(payment, FaultKind::CpuHog, 0.95),
        fault(payment, FaultKind::MemoryLeak, 3.0),
        fault(edge, FaultKind::Partition, 1.0),
        fault(edge, FaultKind::Partition, 0.3),
    ] {
        let (off, on) = errors(fault);
        assert!(off > 0 && on * 4 <= off, "{fault:?}: {off} without, {on} with the healer");
    }
}

#[test]
fn a_leak_is_healed_before_users_notice() {
    let leak = fault(FaultTarget::Service(PAYMENT), FaultKind::MemoryLeak, 3.0);
    let session = run(Autonomy::Auto, Some(leak), 160);
    assert_eq!(session.users().errors, 0);
    assert!(session.pipeline().decisions().all(|d| d.forecast.is_some()), "each restart was foreseen");
}

#[test]
fn a_crash_loop_ends_with_a_page_and_not_with_actions_on_everybody_else() {
    let session = run(Autonomy::Auto, Some(fault(FaultTarget::Service(PAYMENT), FaultKind::CrashLoop, 2.0)), 200);
    let report = session.pipeline().report();
    assert!(report.pages >= 1, "{report:?}");
    let acted: Vec<ServiceId> = session.pipeline().decisions().filter(|d| d.action.is_some()).map(|d| d.service).collect();
    assert!(acted.len() <= 2 && acted.iter().all(|id| *id == PAYMENT), "{acted:?}");
}

#[test]
fn a_traffic_spike_is_answered_with_capacity() {
    let spike = fault(FaultTarget::Service(USERS), FaultKind::TrafficSpike, 4.0);
    let session = run(Autonomy::Auto, Some(spike), 160);
    let report = session.pipeline().report();
    assert!(report.actions.contains_key("SCALE_UP"), "{:?}", report.actions);
    let (off, on) = errors(spike);
    assert!(on < off, "{off} without, {on} with the healer");
}

/// The shop under the policy `kubernetes` with a hung instance or three times the users.
fn left_to_the_cluster(autonomy: Autonomy, kind: FaultKind, service: ServiceId, magnitude: f64) -> Session {
    let mut session = Session::new(shop(), 42);
    for command in [Command::SetPolicy("kubernetes".to_owned()), Command::SetAutonomy(autonomy)] {
        session.execute(command).expect("accepted");
    }
    session.advance(SimTime::from_secs(FAULT_AT_S), u64::MAX);
    session.execute(Command::Inject(fault(FaultTarget::Service(service), kind, magnitude))).expect("accepted");
    session.advance(SimTime::from_secs(160), u64::MAX);
    session
}

fn gauges(session: &Session, service: ServiceId) -> Gauges {
    session.world().gauges(service).expect("there")
}

#[test]
fn a_plain_cluster_restarts_a_hung_instance_and_scales_under_load_by_itself() {
    let hung = left_to_the_cluster(Autonomy::Auto, FaultKind::Hang, PAYMENT, 1.0);
    let (restarts, ready) = (gauges(&hung, PAYMENT).restarts, gauges(&hung, PAYMENT).ready);
    assert_eq!((restarts, ready), (1, 1), "the liveness probe has it restarted");
    assert!(hung.users().success_ratio > 0.99);
    let crowded = left_to_the_cluster(Autonomy::Auto, FaultKind::TrafficSpike, USERS, 4.0);
    assert!(gauges(&crowded, FRONTEND).desired > 1, "80 % of the request is passed");
    for session in [&hung, &crowded] {
        assert!(session.pipeline().decisions().next().is_none(), "the healer itself decides nothing");
    }
}

#[test]
fn a_plain_clusters_controllers_rest_while_the_dial_says_so() {
    for autonomy in [Autonomy::Off, Autonomy::Advise] {
        let hung = left_to_the_cluster(autonomy, FaultKind::Hang, PAYMENT, 1.0);
        assert_eq!(gauges(&hung, PAYMENT).restarts, 0);
        let crowded = left_to_the_cluster(autonomy, FaultKind::TrafficSpike, USERS, 4.0);
        assert_eq!(gauges(&crowded, FRONTEND).desired, 1);
    }
}

#[test]
fn the_draft_of_a_post_mortem_has_the_incidents_times_numbers_course_and_decisions() {
    let session = run(Autonomy::Auto, Some(fault(FaultTarget::Service(PAYMENT), FaultKind::ErrorBurst, 0.6)), 160);
    let draft = session.post_mortem();
    for part in [
        "## Incident n1: application at payment",
        "| began (a fault was injected) | 00:40.0 |",
        "| time to detect |",
        "| time to locate (first decision that names the cause) |",
        "| time to mitigate (until it was over, no service in trouble) |",
        "| error-minutes |",
        "users: share that fails",
        "RESTART_SERVICE",
        "Succeeded: errors",
    ] {
        assert!(draft.contains(part), "'{part}' is missing in\n{draft}");
    }
    assert_eq!(draft, session.clone().post_mortem(), "reading changes nothing");
    let times = &session.report().pipeline.incidents[0];
    assert!(times.located_s.is_some_and(|s| s >= times.detected_s) && times.actions >= 1 && times.useless == 0, "{times:?}");
    let calm = run(Autonomy::Auto, None, 60).post_mortem();
    assert!(calm.contains("Nothing happened that was noticed."), "{calm}");
}

#[test]
fn the_kill_switch_and_the_dry_run_are_journalled_and_leave_the_world_alone() {
    let broken = fault(FaultTarget::Service(PAYMENT), FaultKind::ErrorBurst, 0.6);
    let world = |session: &Session| session.world().digest();
    let with = |autonomy, commands: &[(u64, Command)]| {
        let mut session = run(autonomy, None, 0);
        let all = [(40, Command::Inject(broken))].into_iter().chain(commands.iter().cloned());
        let mut all: Vec<(u64, Command)> = all.collect();
        all.sort_by_key(|(at, _)| *at);
        for (at, command) in all {
            session.advance(SimTime::from_secs(at), u64::MAX);
            session.execute(command).expect("accepted");
        }
        session.advance(SimTime::from_secs(120), u64::MAX);
        session
    };
    let (left_alone, healed) = (with(Autonomy::Off, &[]), with(Autonomy::Auto, &[]));
    let stopped = with(Autonomy::Auto, &[(20, Command::SetKillSwitch(true))]);
    let rehearsed = with(Autonomy::Auto, &[(20, Command::SetDryRun(true))]);
    let released = with(Autonomy::Auto, &[(20, Command::SetKillSwitch(true)), (60, Command::SetKillSwitch(false))]);
    assert_ne!(world(&healed), world(&left_alone));
    assert_eq!((world(&stopped), world(&rehearsed)), (world(&left_alone), world(&left_alone)));
    assert_ne!(world(&released), world(&left_alone));
    let states: Vec<DecisionState> = rehearsed.pipeline().decisions().map(|d| d.state).collect();
    assert!(states.contains(&DecisionState::Rehearsed), "{states:?}");
    assert!(rehearsed.events().entries().any(|e| e.text.starts_with("dry run: ") && e.text.ends_with("would be accepted")));
    assert!(stopped.events().entries().any(|e| e.text.starts_with("kill switch on")));
    for session in [&stopped, &rehearsed, &released] {
        let again =
            Session::replay(session.scenario().clone(), session.seed(), session.journal(), session.now()).expect("accepted");
        assert_eq!(again.digest(), session.digest());
    }
}

#[test]
fn the_bandit_learns_the_same_from_the_same_episodes_and_keeps_to_the_envelope() {
    let learn = || {
        let mut bandit = Bandit::default();
        bandit.explore = 1.0;
        for seed in [0, 3, 7] {
            let episode = Episode::generated(seed);
            let mut session = Session::new(episode.scenario, seed);
            session.set_bandit(bandit);
            session.execute(Command::SetPolicy("bandit".to_owned())).expect("known");
            session.execute(Command::SetAutonomy(Autonomy::Auto)).expect("accepted");
            session.advance(episode.end, u64::MAX);
            bandit = session.pipeline().bandit().cloned().expect("chosen");
            let early = session.pipeline().decisions().filter(|d| d.action.is_some() && d.at < SimTime::from_secs(30)).count();
            assert_eq!(early, 0, "nothing before it is known what is usual");
        }
        weights::write(&bandit)
    };
    let (once, again) = (learn(), learn());
    assert_eq!(once, again);
    assert!(once.lines().count() > 3, "something was tried: {once}");
}
