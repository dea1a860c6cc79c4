//! What is done about it, and what comes of it.

use super::*;
use crate::ids::DecisionId;

fn cure(bench: &mut Bench, seconds: u64) {
    bench.run_with(seconds, |bench, _| {
        let is_done = bench.decisions_on(PAYMENT).iter().any(|d| d.state == DecisionState::Verifying);
        if is_done {
            bench.fail(PAYMENT, 0.001);
        }
    });
}

#[test]
fn own_errors_are_restarted_and_the_outcome_has_the_numbers() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    bench.fail(PAYMENT, 0.62);
    cure(&mut bench, 40);
    assert_eq!(bench.actions(), [Action::Restart { service: PAYMENT }]);
    let decision = bench.last(PAYMENT);
    assert_eq!(decision.state, DecisionState::Succeeded);
    assert_eq!(decision.outcome, "errors 62.0 -> 0.1 %, 12 s after it began");
    assert!(!decision.rejected.is_empty() && decision.rejected.iter().all(|c| !c.reason.is_empty()));
    let report = bench.pipeline.report();
    assert_eq!(report.actions.get("RESTART_SERVICE"), Some(&1));
    assert!(report.incidents[0].resolved_s.is_some());
}

#[test]
fn an_action_without_effect_is_not_repeated_and_in_the_end_a_person_is_paged() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    bench.fail(PAYMENT, 0.62);
    bench.run(200);
    let actions = bench.actions();
    assert_eq!(
        actions,
        [
            Action::Restart { service: PAYMENT },
            Action::RerouteService { service: PAYMENT },
            Action::ScaleUp { service: PAYMENT, by: 1 }
        ]
    );
    assert!(bench.decisions_on(PAYMENT)[..3].iter().all(|d| d.state == DecisionState::NoEffect));
    assert_eq!(bench.last(PAYMENT).chosen.choice, Choice::Page);
    assert_eq!(bench.pipeline.report().pages, 1, "once, not each second");
}

#[test]
fn more_errors_after_than_before_is_made_worse() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    bench.fail(PAYMENT, 0.3);
    bench.run_with(35, |bench, _| {
        if bench.pipeline.is_healing(PAYMENT) {
            bench.fail(PAYMENT, 0.9);
        }
    });
    assert_eq!(bench.decisions_on(PAYMENT)[0].state, DecisionState::MadeWorse);
}

#[test]
fn a_refused_action_is_failed_and_the_next_best_is_tried_after_the_cool_down() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    bench.answer = Err(ActionError::NoRoom(500, 100));
    bench.fail(PAYMENT, 0.62);
    bench.run(40);
    assert_eq!(bench.decisions_on(PAYMENT)[0].state, DecisionState::Failed);
    assert_eq!(bench.decisions_on(PAYMENT)[0].outcome, "no node has room: 500m CPU wanted, 100m free");
    let starts: Vec<u64> = bench.requests.iter().map(|(second, _)| *second).collect();
    assert!(starts.windows(2).all(|pair| pair[1] - pair[0] >= Policy::default().cooldown_s), "{starts:?}");
    assert_eq!(bench.actions()[1], Action::RerouteService { service: PAYMENT });
}

#[test]
fn ask_waits_for_approval_and_then_does_it_anyway() {
    let mut bench = Bench::new("rules", Autonomy::Ask);
    bench.fail(PAYMENT, 0.62);
    bench.run(7);
    let decision = bench.last(PAYMENT).clone();
    assert_eq!(decision.state, DecisionState::AwaitingApproval);
    let expires = decision.expires_at.expect("it times out").as_nanos() / 1_000_000_000;
    bench.run(20);
    assert_eq!(bench.requests.first().map(|(second, _)| *second), Some(expires));
    assert_eq!(expires, decision.at.as_nanos() / 1_000_000_000 + Policy::default().approval_s);
}

#[test]
fn approval_starts_it_in_the_next_step() {
    let mut bench = Bench::new("rules", Autonomy::Ask);
    bench.fail(PAYMENT, 0.62);
    bench.run(7);
    let id = bench.last(PAYMENT).id;
    assert_eq!(bench.pipeline.approve(SimTime::from_secs(bench.second), id), Ok(()));
    bench.run(1);
    assert_eq!(bench.requests.len(), 1);
    let again = bench.pipeline.approve(SimTime::from_secs(bench.second), id);
    assert_eq!(again, Err(DecisionError::NotWaiting(id)));
    let unknown = DecisionId(999);
    assert_eq!(bench.pipeline.reject(SimTime::ZERO, unknown), Err(DecisionError::NoDecision(unknown)));
}

#[test]
fn a_rejected_action_is_not_proposed_again() {
    let mut bench = Bench::new("rules", Autonomy::Ask);
    bench.fail(PAYMENT, 0.62);
    bench.run(7);
    let id = bench.last(PAYMENT).id;
    bench.pipeline.reject(SimTime::from_secs(bench.second), id).expect("it waits");
    bench.run(60);
    assert_eq!(bench.decisions_on(PAYMENT)[0].state, DecisionState::Rejected);
    assert!(!bench.actions().contains(&Action::Restart { service: PAYMENT }));
}

#[test]
fn what_comes_to_the_same_as_a_rejected_action_is_not_proposed_either() {
    for (instances, is_offered) in [(1.0, false), (3.0, true)] {
        let mut bench = Bench::new("rules", Autonomy::Ask);
        for metric in [Metric::ReplicasReady, Metric::ReplicasDesired] {
            bench.set(PAYMENT, metric, instances);
        }
        bench.run(5);
        bench.fail(PAYMENT, 0.62);
        bench.run(7);
        let first = bench.last(PAYMENT);
        assert_eq!(first.chosen.choice, Choice::Act(Action::Restart { service: PAYMENT }));
        bench.pipeline.reject(SimTime::from_secs(bench.second), first.id).expect("it waits");
        bench.run(60);
        let slowest = Choice::Act(Action::RerouteService { service: PAYMENT });
        let decisions = bench.decisions_on(PAYMENT);
        assert_eq!(decisions.iter().any(|d| d.chosen.choice == slowest), is_offered, "{instances} instances");
        let why = "a person said no to RESTART_SERVICE at";
        let is_refused = |d: &&Decision| d.rejected.iter().any(|c| c.choice == slowest && c.reason.starts_with(why));
        assert_eq!(decisions.iter().any(is_refused), !is_offered, "{instances} instances");
    }
}

#[test]
fn what_recovers_while_it_waits_expires() {
    let mut bench = Bench::new("rules", Autonomy::Ask);
    bench.pipeline.set_policy(Policy { approval_s: 60, ..Policy::default() });
    bench.fail(PAYMENT, 0.62);
    bench.run(7);
    bench.fail(PAYMENT, 0.0);
    bench.run(10);
    assert_eq!(bench.decisions_on(PAYMENT)[0].state, DecisionState::Expired);
    assert!(bench.requests.is_empty());
}

#[test]
fn advise_records_and_never_acts_and_off_does_not_decide() {
    for (autonomy, decisions) in [(Autonomy::Advise, true), (Autonomy::Off, false)] {
        let mut bench = Bench::new("rules", autonomy);
        bench.fail(PAYMENT, 0.62);
        bench.run(60);
        assert!(bench.requests.is_empty());
        assert_eq!(bench.pipeline.decisions().next().is_some(), decisions);
        let is_said = |d: &Decision| match d.chosen.choice {
            Choice::Act(_) => d.state == DecisionState::Advised,
            Choice::Hold => d.state == DecisionState::Held,
            Choice::Page => d.state == DecisionState::Paged,
        };
        assert!(bench.pipeline.decisions().all(is_said));
        assert_eq!(bench.decisions_on(PAYMENT).len(), usize::from(decisions), "said once, not each second");
        assert!(bench.pipeline.alerts().next().is_some());
    }
}

#[test]
fn the_policy_none_alerts_and_never_decides() {
    let mut bench = Bench::new("none", Autonomy::Auto);
    bench.fail(PAYMENT, 0.62);
    bench.run(30);
    assert!(bench.pipeline.decisions().next().is_none() && bench.pipeline.alerts().next().is_some());
}

#[test]
fn a_memory_ramp_is_restarted_before_it_breaches() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    bench.run_with(60, |bench, t| bench.set(PAYMENT, Metric::MemoryUtilisation, 0.4 + 0.008 * t as f64));
    let (second, request) = bench.requests[0];
    assert_eq!(request.action, Action::Restart { service: PAYMENT });
    assert!(second - 60 < 50, "at {second} s, and 80 % is reached 50 s after the start of the ramp");
    assert!(bench.decisions_on(PAYMENT)[0].forecast.is_some_and(|f| f.breach_in_s.is_some()));
}

#[test]
fn high_cpu_is_scaled_when_the_load_rose_and_restarted_when_it_did_not() {
    for (load, wanted) in [(2.5, "SCALE_UP"), (1.0, "RESTART_SERVICE")] {
        let mut bench = Bench::new("rules", Autonomy::Auto);
        bench.set(USERS, Metric::RequestRate, 50.0 * load);
        for from in [FRONTEND, CHECKOUT] {
            bench.set_edge(from, CATALOG, Metric::RequestRate, 50.0 * load);
        }
        bench.set(CATALOG, Metric::CpuUtilisation, 0.97);
        bench.run(10);
        assert_eq!(bench.actions().first().map(|a| a.name()), Some(wanted));
    }
}

#[test]
fn a_service_at_its_limit_is_not_scaled() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    bench.set(USERS, Metric::RequestRate, 125.0);
    for from in [FRONTEND, CHECKOUT] {
        bench.set_edge(from, CATALOG, Metric::RequestRate, 500.0);
    }
    bench.set(CATALOG, Metric::CpuUtilisation, 0.97);
    bench.set(CATALOG, Metric::ReplicasDesired, 10.0);
    bench.set(CATALOG, Metric::ReplicasReady, 10.0);
    bench.run(10);
    let decision = bench.last(CATALOG);
    let scale = decision.rejected.iter().find(|c| matches!(c.choice, Choice::Act(Action::ScaleUp { .. })));
    assert!(scale.is_some_and(|c| c.vetoed && c.reason.contains("at most 10 instances")), "{decision:?}");
}

#[test]
fn a_crash_loop_is_left_to_the_platform_then_restarted_past_its_back_off_and_then_paged() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    bench.run_with(100, |bench, t| {
        bench.set(PAYMENT, Metric::ReplicasReady, f64::from(u8::from(t % 10 == 0)));
        bench.set(PAYMENT, Metric::Restarts, (t / 10) as f64);
        bench.write(PAYMENT, "exited with code 1");
    });
    let mut choices: Vec<Choice> = bench.decisions_on(PAYMENT).iter().map(|d| d.chosen.choice).collect();
    choices.dedup();
    assert_eq!(choices, [Choice::Hold, Choice::Act(Action::Restart { service: PAYMENT }), Choice::Page]);
    let states: Vec<DecisionState> = bench.decisions_on(PAYMENT).iter().map(|d| d.state).collect();
    assert!(states.contains(&DecisionState::NoEffect), "ready for a second is not up: {states:?}");
    bench.run_with(400, |bench, t| {
        bench.set(PAYMENT, Metric::ReplicasReady, f64::from(u8::from(t % 10 == 0)));
        bench.set(PAYMENT, Metric::Restarts, (10 + t / 10) as f64);
        bench.write(PAYMENT, "exited with code 1");
    });
    let restarts = bench.actions().len();
    assert!((3..=6).contains(&restarts), "{restarts}: again from time to time, and bounded");
}

/// Eight instances of payment, killed one after the other every ten seconds until second `end`: what came of the restart.
fn restarted_while_killed(end: u64) -> (DecisionState, String) {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    bench.set(PAYMENT, Metric::ReplicasDesired, 8.0);
    bench.set(PAYMENT, Metric::ReplicasReady, 8.0);
    bench.run(5);
    bench.run_with(80, |bench, t| {
        let (kills, is_away) = (t.min(end) / 10, t <= end && t % 10 < 5);
        bench.set(PAYMENT, Metric::ReplicasReady, if is_away { 7.0 } else { 8.0 });
        bench.set(PAYMENT, Metric::Restarts, kills as f64);
        if t <= end && t % 10 == 0 {
            bench.write(PAYMENT, "instance was killed: exit code 137");
        }
    });
    let restart = |d: &&&Decision| d.chosen.choice == Choice::Act(Action::Restart { service: PAYMENT });
    let decisions = bench.decisions_on(PAYMENT);
    let first = decisions.iter().find(restart).unwrap_or_else(|| panic!("no restart: {:?}", bench.events));
    (first.state, first.outcome.clone())
}

#[test]
fn a_restart_has_not_helped_while_instances_go_on_being_killed_and_has_once_all_stay() {
    let (state, outcome) = restarted_while_killed(80);
    assert_eq!(state, DecisionState::NoEffect, "{outcome}");
    assert!(outcome.contains(" of 8, ") && outcome.contains("since"), "{outcome}");
    let (state, outcome) = restarted_while_killed(42);
    assert_eq!(state, DecisionState::Succeeded, "{outcome}");
    assert!(outcome.contains("-> 8 of 8, ") && !outcome.contains("since"), "{outcome}");
}

#[test]
fn fewer_instances_than_were_wanted_are_no_success() {
    for (after, wanted) in [(2.0, DecisionState::NoEffect), (3.0, DecisionState::Succeeded)] {
        let mut bench = Bench::new("rules", Autonomy::Auto);
        bench.set(PAYMENT, Metric::ReplicasDesired, 3.0);
        bench.set(PAYMENT, Metric::ReplicasReady, 3.0);
        bench.run(5);
        bench.set(PAYMENT, Metric::ReplicasReady, 0.0);
        bench.run_with(60, |bench, _| {
            if !bench.requests.is_empty() {
                bench.set(PAYMENT, Metric::ReplicasReady, after);
            }
        });
        let first = bench.decisions_on(PAYMENT).into_iter().find(|d| d.action.is_some()).expect("something is done");
        assert_eq!(first.state, wanted, "{}", first.outcome);
    }
}

#[test]
fn no_more_than_the_budget_of_actions_is_started() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    bench.pipeline.set_policy(Policy { actions_max: 1, ..Policy::default() });
    bench.set(CATALOG, Metric::CpuUtilisation, 0.97);
    bench.set(PAYMENT, Metric::CpuUtilisation, 0.97);
    bench.run(30);
    assert_eq!(bench.requests.len(), 1);
}
