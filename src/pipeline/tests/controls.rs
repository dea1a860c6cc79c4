//! The kill switch and the dry run.

use super::envelope::spike;
use super::*;

/// A bench with a decision on payment that waits for approval.
fn waiting() -> Bench {
    let mut bench = Bench::new("rules", Autonomy::Ask);
    bench.fail(PAYMENT, 0.62);
    bench.run(7);
    assert_eq!(bench.last(PAYMENT).state, DecisionState::AwaitingApproval);
    bench
}

#[test]
fn the_kill_switch_ends_what_waits_at_once_and_records_what_would_have_been_done() {
    let mut bench = waiting();
    bench.pipeline.set_kill_switch(true);
    let ended = bench.last(PAYMENT).clone();
    assert_eq!((ended.state, ended.outcome.as_str()), (DecisionState::Expired, "kill switch"), "without another scrape");
    assert!(bench.pipeline.approve(SimTime::from_secs(bench.second), ended.id).is_err());
    bench.pipeline.set_autonomy(Autonomy::Auto);
    bench.run(60);
    assert!(bench.requests.is_empty(), "{:?}", bench.requests);
    let stopped = bench.last(PAYMENT);
    assert_eq!(stopped.chosen.choice, Choice::Act(Action::Restart { service: PAYMENT }));
    assert_eq!((stopped.state, stopped.action), (DecisionState::Stopped, None));
    assert_eq!(stopped.outcome, "kill switch: nothing was asked of the platform");
    assert_eq!(bench.decisions_on(PAYMENT).len(), 2, "said once, not each second");
    let would = |e: &PipelineEvent| e.text.starts_with("Would have decided (kill switch) RESTART_SERVICE");
    assert!(bench.events.iter().any(would), "{:?}", bench.events);
    let report = bench.pipeline.report();
    assert_eq!((report.actions.len(), report.incidents[0].actions), (0, 0));
}

#[test]
fn under_the_kill_switch_nobody_is_paged_and_advice_stays_advice() {
    let stopped = |autonomy| {
        let mut bench = Bench::new("rules", autonomy);
        bench.pipeline.set_kill_switch(true);
        bench.run_with(90, |bench, t| {
            bench.set(PAYMENT, Metric::ReplicasReady, f64::from(u8::from(t % 10 == 0)));
            bench.set(PAYMENT, Metric::Restarts, (t / 10) as f64);
            bench.write(PAYMENT, "exited with code 1");
        });
        assert!(bench.requests.is_empty());
        (bench.pipeline.report().pages, bench.decisions_on(PAYMENT).iter().map(|d| d.state).collect::<Vec<_>>())
    };
    let (pages, states) = stopped(Autonomy::Auto);
    assert_eq!(pages, 0);
    assert!(states.contains(&DecisionState::Held) && states.contains(&DecisionState::Stopped), "{states:?}");
    assert!(states.iter().all(|s| s.is_only_said()), "{states:?}");
    let (_, states) = stopped(Autonomy::Advise);
    assert!(states.contains(&DecisionState::Advised), "{states:?}");
}

#[test]
fn while_the_kill_switch_is_on_watching_and_alerting_go_on_and_its_release_lets_the_healer_act() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    bench.pipeline.set_kill_switch(true);
    bench.fail(PAYMENT, 0.62);
    bench.run(30);
    assert_eq!(bench.health(PAYMENT), Health::Critical);
    assert!(bench.pipeline.alerts().any(|a| a.service == PAYMENT && a.resolved_at.is_none()));
    assert!(bench.requests.is_empty());
    bench.pipeline.set_kill_switch(false);
    bench.run(3);
    assert_eq!(bench.actions(), [Action::Restart { service: PAYMENT }]);
}

#[test]
fn nothing_is_taken_back_under_the_kill_switch_nor_in_a_dry_run_and_what_is_under_way_is_watched_to_its_end() {
    let run = |set: fn(&mut Pipeline)| {
        let mut bench = Bench::new("rules", Autonomy::Auto);
        spike(&mut bench, 2.5, 0.97);
        bench.run(12);
        let growth = |a: &Action| if let Action::ScaleUp { service: CATALOG, by } = a { Some(*by) } else { None };
        let by = bench.actions().iter().find_map(growth).expect("it is short of CPU");
        set(&mut bench.pipeline);
        for metric in [Metric::ReplicasDesired, Metric::ReplicasReady] {
            bench.set(CATALOG, metric, f64::from(1 + by));
        }
        spike(&mut bench, 1.0, 0.2);
        bench.run(120);
        let is_back = |a: &Action| matches!(a, Action::ScaleTo { service: CATALOG, .. });
        (bench.actions().iter().any(is_back), bench.decisions_on(CATALOG)[0].state)
    };
    assert_eq!(run(|_| {}), (true, DecisionState::Succeeded), "capacity that is no longer needed goes");
    assert_eq!(run(|pipeline| pipeline.set_kill_switch(true)), (false, DecisionState::Succeeded));
    assert_eq!(run(|pipeline| pipeline.set_dry_run(true)), (false, DecisionState::Succeeded));
}

#[test]
fn a_dry_run_goes_the_full_way_and_is_over_with_the_platforms_word() {
    let mut bench = Bench::new("rules", Autonomy::Ask);
    bench.pipeline.set_dry_run(true);
    bench.fail(PAYMENT, 0.62);
    bench.run(7);
    assert_eq!(bench.last(PAYMENT).state, DecisionState::AwaitingApproval, "approval is asked for as ever");
    let id = bench.last(PAYMENT).id;
    bench.pipeline.approve(SimTime::from_secs(bench.second), id).expect("it waits");
    bench.run(60);
    let decisions = bench.decisions_on(PAYMENT);
    assert_eq!(decisions.len(), 1, "one rehearsal tells it: {decisions:?}");
    let decision = decisions[0];
    assert!(decision.is_dry_run && decision.state == DecisionState::Rehearsed);
    assert_eq!(decision.outcome, "the platform would do it; not carried out");
    assert!(bench.requests.len() == 1 && bench.requests[0].1.is_dry_run);
    let report = bench.pipeline.report();
    assert_eq!((report.actions.len(), report.incidents[0].actions, report.incidents[0].decided_s), (0, 0, None));
}

#[test]
fn a_refusal_is_rehearsed_too_and_counts_against_nothing_once_it_is_in_earnest() {
    let mut bench = Bench::new("rules", Autonomy::Auto);
    bench.pipeline.set_dry_run(true);
    bench.answer = Err(ActionError::Busy);
    bench.fail(PAYMENT, 0.62);
    bench.run(20);
    let outcome = &bench.last(PAYMENT).outcome;
    assert!(
        outcome.starts_with("the platform would refuse: another change") && outcome.ends_with("; not carried out"),
        "{outcome}"
    );
    bench.answer = Ok(5);
    bench.pipeline.set_dry_run(false);
    bench.run(3);
    let last = bench.requests.last().expect("asked").1;
    assert_eq!((last.action, last.is_dry_run), (Action::Restart { service: PAYMENT }, false));
}

#[test]
fn what_was_proposed_in_earnest_is_rehearsed_if_the_dry_run_came_first_and_the_other_way_round() {
    for (first, then) in [(false, true), (true, false)] {
        let mut bench = Bench::new("rules", Autonomy::Ask);
        bench.pipeline.set_dry_run(first);
        bench.fail(PAYMENT, 0.62);
        bench.run(7);
        bench.pipeline.set_dry_run(then);
        bench.run(9);
        assert!(bench.requests[0].1.is_dry_run, "{first} {then}");
    }
}
