use super::*;
use crate::ids::ServiceId;
use crate::scenario::file::RunDefaults;
use crate::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use crate::topology::{Call, Service, Topology};
use crate::units::{PerSecond, SimTime};
use crate::view::Frame;
use std::cell::Cell;

/// A host on a clock that goes a tenth of a millisecond further at each look, and what it answered.
struct Bench {
    host: Host,
    wall_ms: Cell<f64>,
    answers: Vec<(FromWorker, usize)>,
}

impl Bench {
    fn new() -> Self {
        Self { host: Host::default(), wall_ms: Cell::new(0.0), answers: Vec::new() }
    }
    /// With a small system that runs.
    fn running() -> Self {
        let mut bench = Self::new();
        bench.host.open(scenario(), 1, &RunDefaults::default()).expect("opens");
        bench.host.gate.change();
        bench
    }
    fn tell(&mut self, message: ToWorker) {
        self.host.handle(message, &mut |answer, numbers| self.answers.push((answer, numbers.len())));
    }
    fn wait(&self, wall_ms: f64) {
        self.wall_ms.set(self.wall_ms.get() + wall_ms);
    }
    fn turn(&mut self) -> Option<f64> {
        let clock = || {
            self.wall_ms.set(self.wall_ms.get() + 0.1);
            self.wall_ms.get()
        };
        self.host.turn(&clock, &mut |answer, numbers| self.answers.push((answer, numbers.len())))
    }
    /// Turns for `wall_ms`, drawing each frame at once.
    fn run(&mut self, wall_ms: f64) {
        let end = self.wall_ms.get() + wall_ms;
        while self.wall_ms.get() < end {
            let rest = self.turn();
            self.tell(ToWorker::FrameDrawn);
            self.wait(rest.unwrap_or(10.0));
        }
    }
    fn frames(&self) -> Vec<&Frame> {
        let answers = self.answers.iter().map(|answer| &answer.0);
        answers.filter_map(|answer| if let FromWorker::Frame(frame) = answer { Some(&**frame) } else { None }).collect()
    }
    fn last_frame(&self) -> &Frame {
        self.frames().last().expect("a frame was sent")
    }
    fn refusals(&self) -> Vec<&str> {
        let answers = self.answers.iter().map(|answer| &answer.0);
        answers.filter_map(|answer| if let FromWorker::Refused(why) = answer { Some(&**why) } else { None }).collect()
    }
    fn now(&self) -> SimTime {
        self.host.timeline.as_ref().map_or(SimTime::ZERO, |timeline| timeline.session().now())
    }
}

fn scenario() -> Scenario {
    let mut topology = Topology::default();
    let back = topology.push(Service::named("back"));
    let stages = vec![vec![Call::to(back)]];
    topology.push(Service { entry_rate: PerSecond(20.0), stages, ..Service::named("front") });
    Scenario::of("two", topology)
}

#[test]
fn a_running_system_sends_at_most_ten_frames_a_second_and_keeps_its_speed() {
    let mut bench = Bench::running();
    bench.tell(ToWorker::SetSpeed(2.0));
    bench.run(5_000.0);
    let frames = bench.frames();
    assert!((40..=51).contains(&frames.len()), "{} frames", frames.len());
    assert!(frames.windows(2).all(|pair| pair[0].number + 1 == pair[1].number));
    let last = bench.last_frame();
    let opened_at = SCRAPE_PERIOD.as_secs_f64();
    assert!((9.0..=10.1).contains(&(last.now.as_secs_f64() - opened_at)), "{}", last.now);
    assert!(last.playing && last.speed == 2.0 && (last.speed_reached - 2.0).abs() < 0.2, "{}", last.speed_reached);
}

#[test]
fn no_frame_is_sent_while_the_page_draws_but_time_goes_on() {
    let mut bench = Bench::running();
    for _ in 0..200 {
        bench.turn();
        bench.wait(10.0);
    }
    assert_eq!(bench.frames().len(), 1);
    assert!(bench.now() > SimTime::from_secs(1));
}

#[test]
fn playing_until_a_moment_stops_exactly_there_and_shows_it() {
    let mut bench = Bench::running();
    bench.tell(ToWorker::PlayUntil(SimTime::from_secs(20)));
    bench.run(3_000.0);
    assert_eq!((bench.last_frame().now, bench.last_frame().playing), (SimTime::from_secs(20), false));
    assert_eq!(bench.turn(), None, "nothing is left to do");
}

#[test]
fn the_way_a_run_is_played_never_shows_in_it() {
    let digest = |speed: f64, draws: bool| {
        let mut bench = Bench::running();
        bench.tell(ToWorker::SetSpeed(speed));
        for _ in 0..60 {
            bench.turn();
            bench.wait(7.0);
            if draws {
                bench.tell(ToWorker::FrameDrawn);
            }
        }
        bench.tell(ToWorker::PlayUntil(SimTime::from_secs(30)));
        bench.run(5_000.0);
        assert_eq!(bench.now(), SimTime::from_secs(30));
        bench.host.timeline.map(|timeline| timeline.session().digest())
    };
    let mut headless = Session::new(scenario(), 1);
    headless.advance(SimTime::from_secs(30), u64::MAX);
    assert_eq!(digest(1.0, true), Some(headless.digest()));
    assert_eq!(digest(7.5, false), Some(headless.digest()));
}

#[test]
fn a_step_advances_a_paused_run_by_one_scrape_and_a_playing_one_not_at_all() {
    let mut bench = Bench::running();
    bench.tell(ToWorker::Pause);
    bench.tell(ToWorker::Step);
    bench.run(300.0);
    assert_eq!(bench.now(), SimTime::ZERO + SCRAPE_PERIOD + STEP);
    assert!(!bench.host.pacer.is_playing());
    bench.tell(ToWorker::Play);
    bench.tell(ToWorker::Step);
    assert!(bench.host.pacer.has_limit(), "it still plays at its speed");
}

#[test]
fn what_is_refused_is_answered_and_the_run_is_as_it_was() {
    let mut bench = Bench::new();
    bench.tell(ToWorker::Do(Command::Undo));
    bench.tell(ToWorker::Step);
    bench.tell(ToWorker::AcceptImport { seed: 1 });
    bench.tell(ToWorker::OpenPreset { name: "no such".into(), seed: 1 });
    assert_eq!(bench.refusals().len(), 4, "{:?}", bench.refusals());
    assert_eq!(bench.turn(), None, "without a system nothing happens");

    let mut bench = Bench::running();
    let target = FaultTarget::Service(ServiceId(99));
    bench.tell(ToWorker::Do(Command::Inject(FaultSpec { target, kind: FaultKind::CpuHog, magnitude: 0.5, duration: None })));
    assert!(bench.refusals()[0].contains("E0201"), "{:?}", bench.refusals());
}

#[test]
fn a_changed_view_is_shown_even_when_paused_and_senseless_sizes_are_bounded() {
    let mut bench = Bench::running();
    bench.run(1_000.0);
    bench.tell(ToWorker::Pause);
    bench.run(300.0);
    let before = bench.frames().len();
    bench.tell(ToWorker::View { selection: Some(ServiceId(0)), columns: usize::MAX, window_s: f64::NAN });
    bench.run(300.0);
    assert_eq!(bench.frames().len(), before + 1);
    assert!(bench.last_frame().charts[0].title.contains("back"));
}

#[test]
fn a_broken_import_leaves_the_running_system_alone() {
    let mut bench = Bench::running();
    bench.tell(ToWorker::PreviewImport(vec![SourceFile { name: "a.yaml".into(), text: "{ not: [yaml".into() }]));
    let Some((FromWorker::Preview(preview), _)) = bench.answers.pop() else { panic!("a preview was expected") };
    assert!(!preview.runnable && !preview.problems.is_empty());
    bench.tell(ToWorker::AcceptImport { seed: 3 });
    assert_eq!(bench.refusals().len(), 1);
    bench.run(300.0);
    assert_eq!(bench.last_frame().scenario, "two");
}

const LINKED: &str = "sickbay: 1\nname: Linked\nseed: 9\nheal: off\nservices:\n  web: { rate: 5/s, calls: [back] }\n  back: {}\n";

fn linked(text: &str, seed: Option<u64>) -> ToWorker {
    ToWorker::OpenFile { file: SourceFile { name: "the link".into(), text: text.into() }, seed }
}

#[test]
fn a_scenario_file_from_a_link_runs_at_once_as_it_wants_to_be_run() {
    let mut bench = Bench::running();
    bench.tell(linked(LINKED, None));
    bench.run(500.0);
    let frame = bench.last_frame();
    assert_eq!((frame.scenario.as_str(), frame.seed, frame.autonomy.name()), ("Linked", 9, "Off"));
    bench.tell(linked(LINKED, Some(3)));
    bench.run(500.0);
    assert_eq!(bench.last_frame().seed, 3, "the link's own seed goes before the file's");
}

#[test]
fn a_broken_file_from_a_link_is_explained_and_the_running_system_stays() {
    let mut bench = Bench::running();
    bench.tell(linked("sickbay: 1\nservices:\n  web: { calls: [nobody] }\n", None));
    let broken =
        bench.answers.iter().find_map(|(answer, _)| if let FromWorker::Broken(found) = answer { Some(found) } else { None });
    let broken = broken.expect("it is answered");
    assert!(!broken.runnable && broken.problems[0].place.starts_with("the link:3"), "{:?}", broken.problems);
    bench.run(200.0);
    assert_eq!(bench.last_frame().scenario, "two");
}

#[test]
fn a_scenario_file_can_be_previewed_and_accepted_like_an_import() {
    let mut bench = Bench::running();
    bench.tell(ToWorker::PreviewImport(vec![SourceFile { name: "linked.yaml".into(), text: LINKED.into() }]));
    bench.tell(ToWorker::AcceptImport { seed: 1 });
    bench.run(200.0);
    assert_eq!((bench.last_frame().scenario.as_str(), bench.last_frame().seed), ("Linked", 9));
}

#[test]
fn the_past_is_shown_as_it_was_once_it_is_found_and_the_present_goes_on_from_where_it_was() {
    let mut bench = Bench::running();
    bench.tell(ToWorker::PlayUntil(SimTime::from_secs(90)));
    bench.run(3_000.0);
    assert_eq!(bench.now(), SimTime::from_secs(90));
    let before = bench.last_frame().clone();
    bench.tell(ToWorker::Seek(SimTime::from_secs(33)));
    let frames = bench.frames().len();
    bench.run(2_000.0);
    let past = bench.last_frame().clone();
    assert!(past.is_past && !past.playing && past.now == SimTime::from_secs(33) && past.end == before.now);
    assert!(bench.frames()[frames..].iter().all(|frame| frame.now == past.now), "what lies on the way is not shown");
    bench.tell(ToWorker::Do(Command::StopAllFaults));
    assert!(bench.refusals()[0].starts_with("E0405"), "{:?}", bench.refusals());
    bench.tell(ToWorker::Step);
    bench.run(500.0);
    assert_eq!(bench.now(), SimTime::from_secs(34));
    bench.tell(ToWorker::Live);
    bench.tell(ToWorker::Pause);
    bench.run(500.0);
    let live = bench.last_frame();
    assert!(!live.is_past && live.digest == before.digest);
}

#[test]
fn who_goes_on_from_the_past_can_return() {
    let mut bench = Bench::running();
    bench.tell(ToWorker::PlayUntil(SimTime::from_secs(60)));
    bench.run(2_000.0);
    bench.tell(ToWorker::Seek(SimTime::from_secs(20)));
    bench.run(1_000.0);
    bench.tell(ToWorker::GoOnFromHere);
    bench.run(500.0);
    let frame = bench.last_frame();
    assert!(!frame.is_past && frame.has_other && frame.end == SimTime::from_secs(20));
    bench.tell(ToWorker::ReturnToOther);
    bench.run(500.0);
    assert_eq!(bench.last_frame().end, SimTime::from_secs(60));
    assert_eq!(bench.refusals(), Vec::<&str>::new());
}

#[test]
fn an_overview_comes_when_something_happened_and_not_with_each_frame() {
    let mut bench = Bench::running();
    bench.tell(ToWorker::PlayUntil(SimTime::from_secs(40)));
    bench.run(4_000.0);
    let overviews = |bench: &Bench| bench.answers.iter().filter(|a| matches!(a.0, FromWorker::Overview(_))).count();
    let quiet = overviews(&bench);
    assert!((1..=4).contains(&quiet), "{quiet}");
    bench.tell(ToWorker::Do(Command::SetKillSwitch(true)));
    bench.run(300.0);
    assert_eq!(overviews(&bench), quiet + 1);
    let FromWorker::Overview(overview) = &bench.answers.iter().rfind(|a| matches!(a.0, FromWorker::Overview(_))).expect("one").0
    else {
        unreachable!("filtered")
    };
    assert!(overview.markers.last().is_some_and(|m| m.text.contains("kill switch")));
    assert!(!overview.ribbon.is_empty());
}

#[test]
fn a_shared_run_is_played_again_to_its_end_and_one_that_became_another_is_told() {
    let mut bench = Bench::running();
    bench.tell(ToWorker::PlayUntil(SimTime::from_secs(30)));
    bench.run(1_000.0);
    bench.tell(ToWorker::Do(Command::SetKillSwitch(true)));
    bench.tell(ToWorker::PlayUntil(SimTime::from_secs(40)));
    bench.run(1_000.0);
    let digest = bench.last_frame().digest.clone();
    bench.tell(ToWorker::Share);
    let Some((FromWorker::Shared { packed, text }, _)) = bench.answers.last().cloned() else { panic!("shared") };
    let mut other = Bench::new();
    other.tell(ToWorker::OpenRun { packed });
    other.run(2_000.0);
    let frame = other.last_frame();
    assert!(!frame.is_past && !frame.playing && frame.end == SimTime::from_secs(40) && frame.digest == digest);
    assert_eq!(other.refusals(), Vec::<&str>::new());
    let file = |text: String| vec![SourceFile { name: "run.json".to_owned(), text }];
    other.tell(ToWorker::PreviewImport(file(text.replace(&digest, "0123456789abcdef"))));
    other.run(2_000.0);
    assert!(other.answers.iter().any(|answer| answer.0 == FromWorker::RunOpened));
    assert!(other.refusals()[0].starts_with("E0505"), "{:?}", other.refusals());
    other.tell(ToWorker::PreviewImport(file(text.replace("until_ns", "until"))));
    assert!(other.refusals()[1].starts_with("E0501"), "{:?}", other.refusals());
}

#[test]
fn what_the_browser_keeps_is_the_whole_run_and_only_told_when_something_was_done() {
    let mut bench = Bench::running();
    let kept = |bench: &mut Bench| {
        bench.tell(ToWorker::Keep);
        match bench.answers.last() {
            Some((FromWorker::Kept { text, end }, _)) => (text.clone(), *end),
            other => panic!("{other:?}"),
        }
    };
    let text = kept(&mut bench).0.expect("it is new");
    bench.tell(ToWorker::PlayUntil(SimTime::from_secs(30)));
    bench.run(1_000.0);
    assert_eq!(kept(&mut bench), (None, SimTime::from_secs(30)), "only time has passed");
    let mut other = Bench::new();
    other.tell(ToWorker::OpenKept { text, end: SimTime::from_secs(30), is_playing: true });
    other.run(3_000.0);
    assert!(other.refusals().is_empty() && other.last_frame().playing && !other.last_frame().is_past);
    assert!(other.now() > SimTime::from_secs(31));
    other.tell(ToWorker::Seek(SimTime::from_secs(30)));
    other.run(500.0);
    assert_eq!(other.last_frame().digest, bench.last_frame().digest);
    bench.tell(ToWorker::Do(Command::SetDryRun(true)));
    assert!(kept(&mut bench).0.is_some_and(|text| text.contains("set_dry_run")));
}

#[test]
fn a_run_shared_between_two_samples_with_a_fault_and_a_decision_on_its_way_is_the_same_run() {
    let mut bench = Bench::running();
    bench.tell(ToWorker::SetSpeed(10.0));
    bench.run(3_500.0);
    let target = FaultTarget::Service(ServiceId(1));
    let burst = FaultSpec { target, kind: FaultKind::ErrorBurst, magnitude: 0.7, duration: None };
    bench.tell(ToWorker::Do(Command::Inject(burst)));
    for wall_ms in [777.0, 1_013.0, 1_291.0] {
        bench.run(wall_ms);
        bench.tell(ToWorker::Share);
        let Some((FromWorker::Shared { packed, .. }, _)) = bench.answers.last().cloned() else { panic!("shared") };
        let at = bench.now();
        assert_ne!(at.as_nanos() % 1_000_000_000, 0, "between two samples");
        let mut other = Bench::new();
        other.tell(ToWorker::OpenRun { packed });
        other.run(3_000.0);
        assert_eq!(other.refusals(), Vec::<&str>::new());
        assert_eq!(other.now(), at);
    }
    assert!(!bench.last_frame().decisions.is_empty(), "the healer was at work");
}
