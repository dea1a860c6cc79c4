//! With everything lifted, a run's report says whether the system returned, and if not, what keeps it down.
#![cfg(not(target_arch = "wasm32"))]

use sickbay::scenario::file::{Loaded, read};
use sickbay::scenario::presets::incidents::INCIDENTS;
use sickbay::session::{Aftermath, Session, Verdict};
use sickbay::units::SimTime;

/// A station of 100 requests a second, users who wait for a second and try three times; its CPU is taken away for a while.
fn station(rate: u32) -> Loaded {
    let text = format!(
        "sickbay: 1\nname: storm\nheal: off\nuntil: 140s\nservices:\n  users:\n    kind: client\n    rate: {rate}/s\n    \
         calls: [{{ to: station, timeout: 1s, attempts: 3, backoff: 0s }}]\n  station:\n    cpu: 2\n    workers: 2\n    \
         queue: unbounded\n    memory: 8Gi\n    memory_per_request: 0\n    demand: {{ cpu: 20ms, shape: exponential }}\n\
         faults:\n  - {{ at: 30s, kind: cpu_hog, target: station, magnitude: 0.9, for: 20s }}\n"
    );
    read(&text).expect("a scenario")
}

fn preset(name: &str) -> Loaded {
    let incident = INCIDENTS.iter().find(|i| i.preset.name.starts_with(name)).expect("a pattern");
    read(incident.text).expect("a scenario")
}

fn aftermath(loaded: &Loaded, seed: u64, until_s: u64) -> Option<Aftermath> {
    let mut session = Session::open(loaded, seed).expect("a healing policy");
    session.advance(SimTime::from_secs(until_s), u64::MAX);
    session.report().aftermath
}

fn tells(aftermath: &Aftermath, what: &str) -> bool {
    aftermath.sustained_by.iter().any(|reason| reason.starts_with(what))
}

#[test]
fn a_storm_that_outlives_its_fault_is_metastable_and_the_report_says_by_what() {
    for seed in 1..=3 {
        let found = aftermath(&station(60), seed, 140).expect("something was done");
        assert_eq!(found.verdict, Verdict::Metastable, "{found:?}");
        assert!(found.verdict.words().ends_with("the system did not return: metastable"));
        assert!(
            tells(&found, "attempts above capacity: station gets 3.")
                || tells(&found, "attempts above capacity: station gets 2.")
        );
        assert!(tells(&found, "queue: "), "{found:?}");
        assert!(found.success_before > Some(0.95) && found.success_now < Some(0.2), "{found:?}");
        assert!(found.lifted_s.is_some_and(|s| (49.0..=50.0).contains(&s)), "{found:?}");
    }
}

#[test]
fn below_the_hidden_capacity_the_same_fault_leaves_no_trace() {
    for seed in 1..=3 {
        let found = aftermath(&station(20), seed, 140).expect("something was done");
        assert!(found.verdict == Verdict::Returned && found.sustained_by.is_empty(), "{found:?}");
    }
}

#[test]
fn nothing_is_judged_while_something_goes_on_or_too_early_or_if_nothing_was_done() {
    assert_eq!(aftermath(&station(60), 1, 20), None);
    assert_eq!(aftermath(&station(60), 1, 40).map(|a| (a.verdict, a.lifted_s)), Some((Verdict::NotLifted, None)));
    assert_eq!(aftermath(&station(60), 1, 60).map(|a| a.verdict), Some(Verdict::TooEarly));
}

#[test]
fn a_burst_of_users_is_something_done_too() {
    let mut storm = preset("p01");
    storm.scenario.edits.clear();
    let found = aftermath(&storm, 42, 130).expect("the burst");
    assert_eq!((found.verdict, found.lifted_s), (Verdict::Metastable, Some(50.0)), "{found:?}");
    assert!(tells(&found, "attempts above capacity: rate"), "{found:?}");
    assert_eq!(aftermath(&storm, 42, 45).map(|a| a.verdict), Some(Verdict::NotLifted));
    let repaired = aftermath(&preset("p01"), 42, 180).expect("the burst, twice, and the repair between");
    assert_eq!(repaired.verdict, Verdict::TooEarly, "{repaired:?}");
}

#[test]
fn a_fleet_that_keeps_dying_is_kept_down_by_its_restarts() {
    let found = aftermath(&preset("p09"), 42, 770).expect("the overload");
    assert_eq!(found.verdict, Verdict::Metastable, "{found:?}");
    assert!(tells(&found, "restarts: server"), "{found:?}");
}
