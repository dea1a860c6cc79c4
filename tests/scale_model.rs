//! The scale model: what it keeps of the full run, and that a run says so when it is one.

use sickbay::scenario::file::read;
use sickbay::scenario::{Scenario, presets};
use sickbay::session::Session;
use sickbay::units::SimTime;
use sickbay::validation::scale::{Agreement, Care, SYSTEMS, compare};
use sickbay::view::{Playback, Viewport, capture, words};

#[test]
fn models_keep_what_they_promise_to_keep() {
    for system in SYSTEMS {
        let rows = compare(system, Care::Quick);
        assert!(rows.iter().all(|row| row.full.is_finite() && row.model.is_finite()), "{rows:#?}");
        let lines: Vec<String> = rows.iter().filter(|row| row.agreement == Agreement::Differs).map(|row| row.line()).collect();
        assert!(lines.is_empty(), "{}", lines.join("\n"));
        assert!(rows.iter().any(|row| row.agreement == Agreement::Agrees) || system.name == "storm-tipping");
    }
}

/// A shop of twenty instances, and a person who adds ten and then one.
const SHOP: &str = "\
sickbay: 1
scale: 10
services:
  users: { kind: client, rate: 400/s, calls: [web] }
  web: { replicas: 20, replicas_max: 40, cpu: 1 }
actions:
  - { at: 5s, do: scale, service: web, by: 10 }
";

fn shop() -> Scenario {
    read(SHOP).unwrap_or_else(|problems| panic!("{problems:#?}")).scenario
}

#[test]
fn a_run_of_a_model_says_so_and_its_plans_are_the_model_s() {
    let mut session = Session::new(shop(), 42);
    assert_eq!(session.scenario(), &shop(), "the session still knows the system itself");
    session.advance(SimTime::from_secs(20), u64::MAX);
    let (frame, _) = capture(&session, &Viewport::default(), &Playback::default());
    assert_eq!((frame.scale, frame.services[1].desired), (10, 3), "twenty and ten are two and one");
    assert!((session.users().rate - 40.0).abs() < 12.0, "{}", session.users().rate);
    assert_eq!(session.report().scale, 10);
    assert!(words::scale(frame.scale, &frame.scale_notes).contains("10 times as large"));
    let again = Session::replay(session.scenario().clone(), 42, session.journal(), session.now()).expect("accepted");
    assert_eq!(again.digest(), session.digest(), "and it is scaled once");
}

#[test]
fn what_a_model_leaves_out_is_told_in_the_log() {
    let mut scenario = shop();
    scenario.scale = 4;
    let session = Session::new(scenario, 42);
    assert!(session.events().entries().any(|entry| entry.text.starts_with("left out of the scale model")));
    let boutique = presets::preset("boutique").expect("a preset");
    assert!(!Scenario { scale: 2, ..boutique }.scale_notes().is_empty(), "one replica cannot be two halves at full speed");
}
