//! The past is the run itself: sought from anywhere, played at any pace, gone on from and returned to.

use sickbay::pipeline::Autonomy;
use sickbay::scenario::presets;
use sickbay::session::{Command, CommandError, Experiment, ExperimentError, Session, Timeline};
use sickbay::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use sickbay::units::{SimDuration, SimTime};
use std::collections::BTreeMap;

fn at(seconds: f64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs_f64(seconds)
}

fn boutique() -> Session {
    let preset = presets::load("boutique").expect("there is one");
    Session::open(&preset, 7).expect("it opens")
}

fn fault(session: &Session, kind: FaultKind, magnitude: f64) -> Command {
    let id = session.world().topology().by_name("paymentservice").expect("it is there");
    Command::Inject(FaultSpec { kind, target: FaultTarget::Service(id), magnitude, duration: None })
}

/// A run with deeds between scrapes and at one, and the digest of every moment that was looked at on the way.
fn lived() -> (Timeline, BTreeMap<SimTime, u64>) {
    let mut timeline = Timeline::new(boutique());
    let mut digests = BTreeMap::new();
    let deeds = [
        (31.25, fault(timeline.session(), FaultKind::ErrorBurst, 0.6)),
        (40.0, Command::SetAutonomy(Autonomy::Auto)),
        (70.5, Command::StopAllFaults),
        (90.75, fault(timeline.session(), FaultKind::SlowResponses, 300.0)),
    ];
    let mut deeds = deeds.into_iter().peekable();
    for tick in 1..=480 {
        let now = at(f64::from(tick) * 0.25);
        timeline.advance(now, u64::MAX);
        if let Some((_, command)) = deeds.next_if(|(due, _)| at(*due) == now) {
            timeline.execute(command).expect("it may be done");
        }
        digests.insert(now, timeline.session().digest());
    }
    assert!(deeds.next().is_none() && timeline.is_live());
    (timeline, digests)
}

/// Goes to a moment in slices of a few hundred happenings, as a page does.
fn go(timeline: &mut Timeline, moment: SimTime) {
    timeline.seek(moment);
    while !timeline.advance(moment, 333) {}
}

#[test]
fn every_moment_sought_is_the_one_that_was_lived() {
    let (mut timeline, digests) = lived();
    let end = timeline.end();
    for seconds in [5.0, 31.0, 31.25, 31.5, 119.75, 70.25, 70.5, 0.25, 90.75, 91.0, 118.0, 40.0] {
        go(&mut timeline, at(seconds));
        assert!(!timeline.is_live() && timeline.end() == end);
        assert_eq!(timeline.session().now(), at(seconds));
        assert_eq!(timeline.session().digest(), digests[&at(seconds)], "at {seconds}");
        assert_eq!(timeline.journal().len(), 4 + boutique().journal().len(), "what was done later is not forgotten");
    }
    timeline.seek(end);
    assert!(timeline.is_live());
    assert_eq!(timeline.session().digest(), digests[&end]);
}

#[test]
fn the_past_can_be_played_until_it_joins_the_present_and_beyond() {
    let (mut timeline, digests) = lived();
    let mut straight = timeline.session().clone();
    straight.advance(at(150.0), u64::MAX);
    timeline.seek(at(20.0));
    while !timeline.advance(at(120.0), 1_000) {}
    assert!(timeline.is_live());
    assert_eq!(timeline.session().digest(), digests[&at(120.0)]);
    timeline.seek(at(100.0));
    while !timeline.advance(at(150.0), 1_000) {}
    assert!(timeline.is_live() && timeline.end() == at(150.0));
    assert_eq!(timeline.session().digest(), straight.digest());
}

#[test]
fn the_past_is_not_changed_but_gone_on_from_and_the_other_run_is_kept() {
    let (mut timeline, digests) = lived();
    assert_eq!(timeline.go_on_from_here(), Err(CommandError::NotPast));
    assert_eq!(timeline.return_to_other(), Err(CommandError::NoOtherRun));
    go(&mut timeline, at(60.0));
    let refused = timeline.execute(Command::StopAllFaults);
    assert_eq!(refused, Err(CommandError::Past { at: at(60.0), end: at(120.0) }));
    timeline.go_on_from_here().expect("it is the past");
    assert!(timeline.is_live() && timeline.end() == at(60.0) && timeline.has_other());
    timeline.execute(Command::StopAllFaults).expect("it is the present now");
    timeline.advance(at(120.0), u64::MAX);
    let other = timeline.session().digest();
    assert_ne!(other, digests[&at(120.0)], "another deed, another run");
    timeline.return_to_other().expect("it was kept");
    assert_eq!(timeline.session().digest(), digests[&at(120.0)]);
    go(&mut timeline, at(80.0));
    assert_eq!(timeline.session().digest(), digests[&at(80.0)]);
    timeline.return_to_other().expect("and so was the other");
    assert_eq!(timeline.session().digest(), other);
}

#[test]
fn a_run_is_played_again_from_its_journal_alone() {
    let (timeline, digests) = lived();
    let run = timeline.session();
    let mut again = Timeline::replay(run.scenario().clone(), run.seed(), run.journal().clone(), timeline.end());
    assert!(!again.is_live());
    while !again.advance(at(120.0), 5_000) {}
    assert!(again.is_live() && again.take_refused().is_none());
    assert_eq!(again.session().digest(), digests[&at(120.0)]);
    go(&mut again, at(31.25));
    assert_eq!(again.session().digest(), digests[&at(31.25)]);
}

#[test]
fn what_cannot_be_done_again_is_told_and_ends_the_script() {
    let (timeline, _) = lived();
    let run = timeline.session();
    let mut journal = run.journal().clone();
    journal.insert(3, (at(50.0), Command::SetPolicy("nobody's".to_owned())));
    let mut again = Timeline::replay(run.scenario().clone(), run.seed(), journal, timeline.end());
    while !again.advance(at(120.0), u64::MAX) {}
    let refused = again.take_refused().expect("it is told");
    assert_eq!(refused, CommandError::UnknownPolicy("nobody's".to_owned()));
    assert_eq!(again.take_refused(), None, "once");
    assert!(again.is_live() && again.session().journal().len() == 3);
}

#[test]
fn an_hour_keeps_few_checkpoints_and_they_lead_everywhere() {
    let preset = presets::load("seed").expect("there is one");
    let mut timeline = Timeline::new(Session::open(&preset, 1).expect("it opens"));
    let mut digests = BTreeMap::new();
    for minute in 1..=20_u64 {
        timeline.advance(SimTime::from_secs(minute * 60), u64::MAX);
        digests.insert(minute, timeline.session().digest());
    }
    for minute in [19, 1, 10] {
        go(&mut timeline, SimTime::from_secs(minute * 60));
        assert_eq!(timeline.session().digest(), digests[&minute], "minute {minute}");
    }
}

/// Plays an experiment to its end.
fn played(run: Experiment) -> Session {
    let end = run.end;
    let mut timeline = run.timeline();
    while !timeline.advance(end, u64::MAX) {}
    assert!(timeline.take_refused().is_none() && timeline.is_live());
    timeline.session().clone()
}

#[test]
fn a_link_and_a_file_hold_the_whole_run() {
    let (mut timeline, digests) = lived();
    let run = Experiment::of(&timeline);
    let (packed, text) = (run.packed(), run.to_text());
    assert!(packed.len() < 8_000, "a run of a dozen services fits a link: {}", packed.len());
    assert!(packed.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
    assert!(Experiment::is_one(&text) && !Experiment::is_one("sickbay: 1\nname: x\n"));
    for again in [Experiment::unpack(&packed).expect("a link"), Experiment::read(&text).expect("a file")] {
        assert_eq!(again, run);
        assert_eq!(again.digest, Some(digests[&at(120.0)]));
        assert_eq!(played(again).digest(), digests[&at(120.0)]);
    }
    go(&mut timeline, at(60.0));
    assert_eq!(Experiment::of(&timeline), run, "wherever it is looked at");
}

#[test]
fn every_preset_is_the_same_run_after_a_round_trip() {
    for preset in presets::PRESETS {
        let loaded = presets::load(preset.name).expect("it is listed");
        let mut session = Session::open(&loaded, 3).expect("it opens");
        session.advance(at(20.5), u64::MAX);
        let run = Experiment::of(&Timeline::new(session.clone()));
        let again = Experiment::unpack(&run.packed()).unwrap_or_else(|error| panic!("{}: {error}", preset.name));
        assert_eq!(played(again).digest(), session.digest(), "{}", preset.name);
    }
}

#[test]
fn what_is_no_run_is_refused_with_a_reason() {
    let (timeline, _) = lived();
    let run = Experiment::of(&timeline);
    let (packed, text) = (run.packed(), run.to_text());
    for cut in (0..packed.len()).step_by(97) {
        let error = Experiment::unpack(&packed[..cut]).expect_err("it was cut");
        assert!(matches!(error, ExperimentError::Unreadable(_)), "{cut}: {error}");
    }
    let newer = text.replace("\"sickbay_run\": 1", "\"sickbay_run\": 9");
    assert_eq!(Experiment::read(&newer), Err(ExperimentError::Newer(9)));
    let late = text.replace("\"until_ns\": 120000000000", "\"until_ns\": 60000000000");
    assert_ne!(late, text);
    assert_eq!(Experiment::read(&late), Err(ExperimentError::Disorder));
    let broken = text.replace("sickbay: 1", "sickbay: 1\\nservices: 7");
    let error = Experiment::read(&broken).expect_err("no such system");
    assert!(error.to_string().starts_with("E0503"), "{error}");
    let nobody = text.replace("\"error_burst\"", "\"no_such_fault\"");
    assert_ne!(nobody, text);
    assert!(Experiment::read(&nobody).expect_err("no such fault").to_string().contains("no_such_fault"));
}
