//! The safety envelope, rule by rule, and what follows it: escalation, undo, and the dial.

use super::*;
use crate::pipeline::envelope::{FLAPS_MAX, REPEATS_MAX};

fn reasons_against(decision: &Decision, action: Action) -> Vec<&str> {
    let same = decision.rejected.iter().filter(|c| c.choice == Choice::Act(action) && c.vetoed);
    same.map(|c| c.reason.as_str()).collect()
}

/// The path from frontend to catalog is slow, and only the caller sees it.
fn slow_path(bench: &mut Bench, ms: f64) {
    for metric in [Metric::LatencyP50, Metric::LatencyP95] {
        bench.set_edge(FRONTEND, CATALOG, metric, ms);
    }
    bench.slow(FRONTEND, ms + 50.0);
}

#[test]
fn what_made_it_worse_is_taken_back_and_so_recorded() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    slow_path(&mut bench, 400.0);
    bench.run_with(40, |bench, _| {
        if bench.pipeline.is_healing(CATALOG) {
            slow_path(bench, 900.0);
        }
    });
    let back = Action::RestoreEdge { from: FRONTEND, to: CATALOG };
    assert_eq!(bench.actions()[..2], [Action::RerouteEdge { from: FRONTEND, to: CATALOG }, back]);
    let decision = bench.decisions_on(FRONTEND)[0];
    assert_eq!(decision.state, DecisionState::Undone);
    assert!(decision.outcome.contains("taken back at"), "{}", decision.outcome);
    assert_eq!(bench.requests[1].1.decision, decision.id, "under the decision that it takes back");
    bench.run(40);
    let again = bench.actions().iter().filter(|a| matches!(a, Action::RerouteEdge { .. })).count();
    assert_eq!(again, 1, "and it is not tried again");
}

#[test]
fn an_undo_that_the_platform_refuses_is_told_and_not_repeated() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    slow_path(&mut bench, 400.0);
    bench.run_with(60, |bench, _| {
        if bench.pipeline.is_healing(CATALOG) {
            slow_path(bench, 900.0);
        }
        if bench.requests.len() == 1 {
            bench.answer = Err(ActionError::Already("the edge takes the direct path".to_owned()));
        }
    });
    let decision = bench.decisions_on(FRONTEND)[0];
    assert_eq!(decision.state, DecisionState::MadeWorse);
    assert!(decision.outcome.contains("could not be taken back"), "{}", decision.outcome);
    assert_eq!(bench.actions().iter().filter(|a| matches!(a, Action::RestoreEdge { .. })).count(), 1);
}

#[test]
fn the_dial_on_off_stops_everything_at_once() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    slow_path(&mut bench, 400.0);
    bench.run_with(14, |bench, _| {
        if bench.pipeline.is_healing(CATALOG) {
            slow_path(bench, 900.0);
        }
    });
    assert_eq!(bench.requests.len(), 1, "under way or watched");
    bench.pipeline.set_autonomy(Autonomy::Off);
    bench.fail(PAYMENT, 0.6);
    bench.run(60);
    assert_eq!(bench.requests.len(), 1, "no undo, no cure: {:?}", bench.actions());
    let mut waiting = Bench::new("rules", Autonomy::Ask);
    waiting.fail(PAYMENT, 0.62);
    waiting.run(7);
    assert_eq!(waiting.last(PAYMENT).state, DecisionState::AwaitingApproval);
    waiting.pipeline.set_autonomy(Autonomy::Off);
    waiting.run(30);
    assert_eq!(waiting.decisions_on(PAYMENT)[0].state, DecisionState::Expired);
    assert!(waiting.requests.is_empty());
}

#[test]
fn advice_says_what_would_be_done_and_asks_nothing() {
    let mut bench = Bench::new("rules", Autonomy::Advise);
    bench.fail(PAYMENT, 0.62);
    bench.run(60);
    let decision = bench.last(PAYMENT);
    assert_eq!(decision.chosen.choice, Choice::Act(Action::Restart { service: PAYMENT }));
    assert!(decision.outcome.starts_with("advice only"), "{}", decision.outcome);
    assert!(bench.requests.is_empty());
}

#[test]
fn a_caller_waits_while_its_callee_is_being_healed() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    bench.answer = Ok(20);
    bench.set(PAYMENT, Metric::CpuUtilisation, 0.97);
    bench.run(8);
    assert_eq!(bench.requests.len(), 1);
    bench.set(CHECKOUT, Metric::CpuUtilisation, 0.97);
    bench.set(CATALOG, Metric::CpuUtilisation, 0.97);
    bench.run(12);
    let at: Vec<ServiceId> = bench.actions().iter().map(|a| a.service()).collect();
    assert_eq!(at, [PAYMENT, CATALOG], "catalog depends on nobody who is ill, checkout does");
    for service in [PAYMENT, CATALOG] {
        bench.set(service, Metric::CpuUtilisation, 0.3);
    }
    bench.run(60);
    assert!(bench.actions().iter().any(|a| a.service() == CHECKOUT), "afterwards it is its turn: {:?}", bench.actions());
}

#[test]
fn what_had_nothing_to_change_costs_no_cool_down() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    bench.answer = Err(ActionError::Already("there is nothing".to_owned()));
    bench.fail(PAYMENT, 0.62);
    bench.run(12);
    assert!(bench.requests.len() >= 2, "{:?}", bench.requests);
    assert!(bench.requests[1].0 - bench.requests[0].0 <= 2, "{:?}", bench.requests);
}

#[test]
fn a_change_that_somebody_made_is_rolled_back_first() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    bench.write(PAYMENT, "roll-out of revision 1 began");
    bench.fail(PAYMENT, 0.62);
    bench.run(10);
    assert_eq!(bench.actions(), [Action::RollBack { service: PAYMENT }]);
    let mut restarted = Bench::new("rules", Autonomy::Auto);
    restarted.write(PAYMENT, "roll-out of revision 0 began");
    restarted.fail(PAYMENT, 0.62);
    restarted.run(10);
    assert_eq!(restarted.actions(), [Action::Restart { service: PAYMENT }], "the revision that was there is no change");
}

/// CATALOG gets more load, is scaled out, and the load goes again.
pub(super) fn spike(bench: &mut Bench, load: f64, cpu: f64) {
    bench.set(USERS, Metric::RequestRate, 50.0 * load);
    for from in [FRONTEND, CHECKOUT] {
        bench.set_edge(from, CATALOG, Metric::RequestRate, 50.0 * load);
    }
    bench.set(CATALOG, Metric::CpuUtilisation, cpu);
}

#[test]
fn capacity_is_given_back_when_all_has_been_calm_and_the_cpu_allows_it() {
    for (cpu, is_given_back) in [(0.2, true), (0.5, false)] {
        let mut bench = Bench::new("rules", Autonomy::Auto);
        spike(&mut bench, 2.5, 0.97);
        bench.run(12);
        let of_catalog = |bench: &Bench| bench.actions().into_iter().filter(|a| a.service() == CATALOG).collect::<Vec<_>>();
        let Some(Action::ScaleUp { by, .. }) = of_catalog(&bench).first().copied() else { panic!("{:?}", bench.actions()) };
        for metric in [Metric::ReplicasDesired, Metric::ReplicasReady] {
            bench.set(CATALOG, metric, f64::from(1 + by));
        }
        spike(&mut bench, 1.0, cpu);
        bench.run(40);
        assert_eq!(of_catalog(&bench).len(), 1, "not at once");
        bench.run(80);
        let back = Action::ScaleTo { service: CATALOG, replicas: 1 };
        assert_eq!(bench.actions().contains(&back), is_given_back, "{:?}", bench.actions());
        assert_eq!(bench.decisions_on(CATALOG)[0].state, DecisionState::Succeeded, "it was right at the time");
    }
}

#[test]
fn what_comes_back_again_and_again_is_left_to_a_person() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    bench.answer = Ok(2);
    for _ in 0..12 {
        bench.fail(PAYMENT, 0.62);
        bench.run_with(20, |bench, _| {
            if bench.decisions_on(PAYMENT).last().is_some_and(|d| d.state == DecisionState::Verifying) {
                bench.fail(PAYMENT, 0.0);
            }
        });
        bench.fail(PAYMENT, 0.0);
        bench.run(20);
    }
    let restarts = bench.actions().iter().filter(|a| matches!(a, Action::Restart { .. })).count();
    assert!(restarts <= REPEATS_MAX + 1, "{restarts} restarts in eight minutes");
    assert!(bench.actions().len() <= FLAPS_MAX + 1, "{:?}", bench.actions());
    let objections: Vec<&str> =
        bench.decisions_on(PAYMENT).iter().flat_map(|d| reasons_against(d, Action::Restart { service: PAYMENT })).collect();
    assert!(objections.iter().any(|why| why.contains("came back each time")), "{objections:?}");
}

#[test]
fn every_candidate_is_in_the_ledger_with_what_it_is_worth_and_why() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    bench.fail(PAYMENT, 0.62);
    bench.run(8);
    let decision = bench.last(PAYMENT);
    let all = std::iter::once(&decision.chosen).chain(&decision.rejected);
    for candidate in all {
        assert!(!candidate.reason.is_empty());
        assert!((candidate.score - candidate.worth.score()).abs() < 1e-12, "{candidate:?}");
    }
    assert!(decision.rejected.len() >= 4, "holding and paging were weighed too: {:?}", decision.rejected);
}
