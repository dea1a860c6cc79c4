//! The loop closes on the boutique: what breaks is noticed, decided on, healed by mechanism and verified, against the
//! same run unhealed.

use sickbay::pipeline::{Autonomy, DecisionState};
use sickbay::scenario::presets::preset;
use sickbay::scenario::{PlannedFault, Scenario};
use sickbay::session::{Command, RunReport, Session};
use sickbay::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use sickbay::units::SimTime;

fn boutique(kind: FaultKind, at: &str, magnitude: f64) -> Scenario {
    let mut scenario = preset("boutique").expect("a preset");
    let id = |name: &str| scenario.topology.by_name(name).expect("there");
    let target = match at.split_once('>') {
        Some((from, to)) => FaultTarget::Edge { from: id(from), to: id(to) },
        None => FaultTarget::Service(id(at)),
    };
    let spec = FaultSpec { target, kind, magnitude, duration: None };
    scenario.faults.push(PlannedFault { at: SimTime::from_secs(30), spec });
    scenario
}

fn play(scenario: &Scenario, seed: u64, policy: &str) -> RunReport {
    let mut session = Session::new(scenario.clone(), seed);
    for command in [Command::SetAutonomy(Autonomy::Auto), Command::SetPolicy(policy.into())] {
        session.execute(command).expect("accepted");
    }
    session.advance(SimTime::from_secs(240), u64::MAX);
    session.world().check().expect("conserved");
    session.report()
}

/// Faults that the catalogue of actions can heal, without taking the fault away.
const CURABLE: [(FaultKind, &str, f64); 6] = [
    (FaultKind::ErrorBurst, "paymentservice", 0.8),
    (FaultKind::CpuHog, "productcatalogservice", 0.9),
    (FaultKind::MemoryLeak, "cartservice", 1.0),
    (FaultKind::Latency, "currencyservice", 200.0),
    (FaultKind::Latency, "frontend>cartservice", 200.0),
    (FaultKind::Partition, "cartservice>redis-cart", 1.0),
];

#[test]
fn each_curable_fault_is_detected_healed_and_verified_and_users_fare_better_than_without() {
    for (kind, at, magnitude) in CURABLE {
        let scenario = boutique(kind, at, magnitude);
        let (healed, unhealed) = (play(&scenario, 5, "rules"), play(&scenario, 5, "none"));
        let what = format!("{} on {at}:\n{:#?}", kind.name(), healed.decisions);
        assert_eq!(healed.requests.arrived, unhealed.requests.arrived, "{what}: not a paired comparison");
        assert!(healed.faults[0].detect_s.is_some_and(|s| s < 60.0), "not detected: {what}");
        let succeeded = healed.decisions.iter().any(|d| d.state == DecisionState::Succeeded);
        assert!(succeeded, "nothing verified as helpful: {what}");
        assert!(healed.success_ratio >= unhealed.success_ratio, "{what}");
        assert!(healed.error_minutes <= unhealed.error_minutes, "{what}");
        assert_eq!(unhealed.decisions.len(), 0);
    }
}

#[test]
fn a_crash_loop_cannot_be_healed_and_ends_in_a_page() {
    let report = play(&boutique(FaultKind::CrashLoop, "emailservice", 2.0), 5, "rules");
    assert!(report.pipeline.pages >= 1, "{:#?}", report.decisions);
}

#[test]
fn advice_is_recorded_and_never_carried_out() {
    let scenario = boutique(FaultKind::ErrorBurst, "paymentservice", 0.8);
    let mut session = Session::new(scenario, 5);
    session.execute(Command::SetAutonomy(Autonomy::Advise)).expect("accepted");
    session.advance(SimTime::from_secs(120), u64::MAX);
    let report = session.report();
    assert!(!report.decisions.is_empty());
    assert_eq!(report.pipeline.actions.values().sum::<u32>(), 0);
}

#[test]
fn the_seed_policy_runs_its_own_rules_on_the_same_run() {
    let scenario = boutique(FaultKind::ErrorBurst, "paymentservice", 0.8);
    let (seed, rules) = (play(&scenario, 5, "seed"), play(&scenario, 5, "rules"));
    assert_eq!(seed.requests.arrived, rules.requests.arrived);
    assert_eq!(seed.pipeline.policy, "seed");
    assert!(!seed.decisions.is_empty());
}
