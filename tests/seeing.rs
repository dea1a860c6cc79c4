//! Objectives and detectors on the simulator.

use sickbay::ids::ServiceId;
use sickbay::pipeline::{Autonomy, LANES, SeriesAlarm, WATCHED};
use sickbay::scenario::Scenario;
use sickbay::scenario::presets::load;
use sickbay::session::{Command, Session};
use sickbay::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use sickbay::telemetry::{Metric, Subject};
use sickbay::topology::{Call, CallPolicy, RetryOn, Service, Topology};
use sickbay::units::{PerSecond, SimDuration, SimTime};
use sickbay::view::{Playback, Viewport, capture};

const FAULT_AT_S: u64 = 150;

fn boutique(seed: u64) -> Session {
    let mut session = Session::open(&load("boutique").expect("a preset"), seed).expect("it opens");
    session.execute(Command::SetAutonomy(Autonomy::Off)).expect("the dial turns");
    session
}

fn broken(seed: u64, name: &str, kind: FaultKind, magnitude: f64) -> (Session, ServiceId) {
    let mut session = boutique(seed);
    session.advance(SimTime::from_secs(FAULT_AT_S), u64::MAX);
    let id = session.world().topology().by_name(name).expect("Online Boutique has it");
    let duration = Some(SimDuration::from_secs(60));
    session.execute(Command::Inject(FaultSpec { target: FaultTarget::Service(id), kind, magnitude, duration })).expect("it fits");
    session.advance(SimTime::from_secs(FAULT_AT_S + 120), u64::MAX);
    (session, id)
}

#[test]
fn an_outage_of_the_entry_spends_its_budget_and_pages_by_its_burn_rate() {
    let (session, _) = broken(5, "frontend", FaultKind::ErrorBurst, 0.8);
    let slo = session.pipeline().slos().next().expect("there is an entry");
    assert!(slo.budget_left < 0.95 && slo.good_ratio < 0.95, "{slo:?}");
    assert!(slo.burn[0].alerts == 1 && slo.burn[0].since.is_none(), "it began and it ended: {slo:?}");
    let alert = session.pipeline().alerts().find(|a| a.is_about_slo()).expect("it alerted");
    let after_s = alert.at.as_secs_f64() - FAULT_AT_S as f64;
    assert!((1.0..=20.0).contains(&after_s), "{alert:?}");
    let told = session.report().slos;
    assert_eq!(told, std::slice::from_ref(slo));
}

#[test]
fn a_calm_system_keeps_its_budget_and_is_called_neither_wrong_nor_retried() {
    for seed in 1..=5 {
        let mut session = boutique(seed);
        session.advance(SimTime::from_secs(300), u64::MAX);
        let slo = session.pipeline().slos().next().expect("there is an entry");
        assert!(slo.budget_left > 0.9 && slo.burn.iter().all(|b| b.alerts == 0), "seed {seed}: {slo:?}");
        assert!(session.pipeline().observed_edges().all(|e| e.is_declared && !e.is_missing()), "seed {seed}");
        assert_eq!(session.report().retry_amplification, []);
    }
}

#[test]
fn the_graph_is_learned_from_spans_with_how_often_each_call_is_made() {
    let mut session = boutique(5);
    session.advance(SimTime::from_secs(120), u64::MAX);
    let counts = session.pipeline().trace_counts();
    assert!(counts.traces > 1_000 && counts.dropped == 0, "{counts:?}");
    let topology = session.world().topology();
    let declared: Vec<_> = topology.edges().map(|e| (e.from, e.to)).collect();
    for edge in session.pipeline().observed_edges() {
        assert!(edge.spans > 0 && declared.contains(&(edge.from, edge.to)), "{edge:?}");
        // The edge's counter counts all requests, the spans those that were sampled: they agree on the calls per request.
        let of = |subject| session.pipeline().latest(subject, Metric::RequestRate).unwrap_or(0.0);
        let (served, attempts) = (of(Subject::Service(edge.from)), of(Subject::Edge { from: edge.from, to: edge.to }));
        let (counted, seen) = (attempts / served, edge.spans_per_request().expect("it is called"));
        let off = (counted - seen).abs() / (counted / (5.0 * served)).max(counted / f64::from(edge.requests)).sqrt();
        assert!(served < 5.0 || off < 5.0, "{edge:?}: {counted} {seen}, {off} standard deviations");
    }
}

/// What is said about spans of a run, second by second: service and spans for each one due.
fn span_shifts(session: &mut Session, until_s: u64) -> Vec<(u64, String, f64)> {
    let mut told = Vec::new();
    while session.now() < SimTime::from_secs(until_s) {
        session.advance(session.now() + SimDuration::from_secs(1), u64::MAX);
        let second = session.now().as_nanos() / 1_000_000_000;
        for (id, service) in session.world().topology().services() {
            let Some(signal) = session.pipeline().signal(id) else { continue };
            let texts = signal.notes.iter().chain(&signal.reasons).filter(|n| n.text.contains("spans for each"));
            told.extend(texts.map(|note| (second, service.name.clone(), note.value)));
        }
    }
    told
}

/// users -> shop -> payment -> bank; the shop tries a payment three times.
fn retrying() -> Session {
    let mut topology = Topology::default();
    let services = ["users", "shop", "payment", "bank"].map(|name| topology.push(Service::named(name)));
    let retry_on = RetryOn { error: true, timeout: false, rejected: false };
    for (pair, attempts_max) in services.windows(2).zip([1, 3, 1]) {
        let policy = CallPolicy { attempts_max, retry_on, ..CallPolicy::default() };
        topology.get_mut(pair[0]).expect("pushed").stages = vec![vec![Call { policy, ..Call::to(pair[1]) }]];
    }
    topology.get_mut(services[0]).expect("pushed").entry_rate = PerSecond(40.0);
    let mut session = Session::new(Scenario::of("retries", topology), 5);
    session.execute(Command::SetAutonomy(Autonomy::Off)).expect("the dial turns");
    session.advance(SimTime::from_secs(FAULT_AT_S), u64::MAX);
    let (target, kind) = (FaultTarget::Service(services[2]), FaultKind::ErrorBurst);
    session.execute(Command::Inject(FaultSpec { target, kind, magnitude: 0.8, duration: None })).expect("it fits");
    session
}

#[test]
fn retries_show_as_more_spans_than_due_where_they_arrive_and_calm_does_not() {
    let told = span_shifts(&mut retrying(), FAULT_AT_S + 30);
    let at_payment = told.iter().filter(|(_, name, _)| name == "payment");
    // One, four fifths and sixteen twenty-fifths of a try.
    assert!(at_payment.clone().any(|(_, _, ratio)| (ratio - 2.44).abs() < 0.3), "{told:?}");
    assert!(at_payment.clone().next().is_some_and(|(second, ..)| *second <= FAULT_AT_S + 10), "{told:?}");
    assert!(told.iter().all(|(_, name, ratio)| name == "payment" || *ratio < 1.0), "a failed try asks nobody further: {told:?}");
    for seed in 1..=3 {
        assert_eq!(span_shifts(&mut boutique(seed), 300), [], "seed {seed}");
    }
}

#[test]
fn services_whose_spans_get_lost_are_called_all_the_same_and_are_no_shift() {
    let (session, id) = broken(5, "productcatalogservice", FaultKind::TelemetryMissing, 1.0);
    assert!(session.pipeline().observed_edges().all(|e| e.is_declared && !e.is_missing()));
    let others = session.world().topology().services().filter(|(other, _)| *other != id);
    for signal in others.filter_map(|(other, _)| session.pipeline().signal(other)) {
        assert!(!signal.notes.iter().chain(&signal.reasons).any(|n| n.text.contains("spans for each")), "{signal:?}");
    }
}

#[test]
fn at_least_three_detectors_alarm_on_a_broken_series_within_the_truth_and_the_frame_shows_them() {
    let (session, id) = broken(5, "productcatalogservice", FaultKind::CpuHog, 0.95);
    let within = |a: &&SeriesAlarm| (FAULT_AT_S..=FAULT_AT_S + 60).contains(&(a.at.as_nanos() / 1_000_000_000));
    let lanes = WATCHED.iter().flat_map(|m| session.pipeline().alarms(id, *m)).filter(within).fold(0, |all, a| all | a.lanes);
    assert!(lanes.count_ones() >= 3, "{lanes:b}");
    let viewport = Viewport { selection: Some(id), ..Viewport::default() };
    let (frame, _) = capture(&session, &viewport, &Playback::default());
    let chart = &frame.charts[0];
    assert_eq!(chart.lanes.len(), LANES.len() + 2, "each detector, the service's metrics together, and all of a series combined");
    let together = &chart.lanes[LANES.len()];
    assert_eq!(together.label, "several metrics together");
    let soon = |at: &&f64| (FAULT_AT_S as f64..FAULT_AT_S as f64 + 15.0).contains(*at);
    assert!(together.at_s.iter().any(|at| soon(&at)), "{together:?}");
    let has_alarms = |lane: usize| frame.charts.iter().any(|c| c.lanes.get(lane).is_some_and(|l| !l.at_s.is_empty()));
    assert!((0..LANES.len()).filter(|lane| has_alarms(*lane)).count() >= 3, "{:?}", frame.charts[2].lanes);
    assert_eq!(chart.truth, [(FAULT_AT_S as f64, FAULT_AT_S as f64 + 60.0)]);
    assert_eq!(frame.insight.edges.0, frame.insight.edges.1, "all declared calls were observed");
}
