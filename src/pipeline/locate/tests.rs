//! A small made-up shop, broken in one way at a time.

use super::{Clue, Layout, Locator, Verdict};
use crate::pipeline::FailureClass;

/// front calls cart and pay, pay calls bank; nobody measures bank but pay.
const SERVICES: [&str; 3] = ["front", "cart", "pay"];
const METRICS: [&str; 4] = ["cpu_percent", "memory_mb", "latency_p95_ms", "requests"];
const CALLS: [(&str, &str); 3] = [("front", "cart"), ("front", "pay"), ("pay", "bank")];
const BEGINS: usize = 40;
const ENDS: usize = 46;

/// What is wrong at a time: changes to the usual values, by service and metric or by edge and end.
type Change<'a> = &'a dyn Fn(&str, &str, f64) -> f64;

/// Noise of a tenth, the same each time.
fn wobble(seed: usize) -> f64 {
    1.0 + 0.1 * ((seed * 7_919 % 1_009) as f64 / 1_009.0 - 0.5)
}

fn usual(service: &str, metric: &str) -> f64 {
    let of = |front, cart, pay| match service {
        "front" => front,
        "cart" => cart,
        _ => pay,
    };
    match metric {
        "cpu_percent" => of(30.0, 20.0, 15.0),
        "memory_mb" => of(200.0, 100.0, 150.0),
        "latency_p95_ms" => of(80.0, 20.0, 40.0),
        _ => of(600.0, 600.0, 300.0),
    }
}

fn layout() -> Layout {
    let mut layout = Layout::default();
    for service in SERVICES {
        METRICS.iter().for_each(|metric| layout.own(service, metric));
    }
    for (from, to) in CALLS {
        layout.edge(from, to, "p50_caller_ms");
        layout.edge(from, to, "p50_callee_ms");
    }
    layout
}

fn watched(layout: Layout, change: Change, until: usize) -> (Locator, Vec<f64>) {
    let mut locator = Locator::new(layout);
    let mut begun = Vec::new();
    for row in 0..until {
        let is_bad = (BEGINS..ENDS).contains(&row);
        let value = |who: &str, what: &str, usual: f64, seed: usize| {
            let usual = usual * wobble(row * 31 + seed * 17);
            if is_bad { change(who, what, usual) } else { usual }
        };
        let own: Vec<f64> = (0..SERVICES.len() * METRICS.len())
            .map(|i| (SERVICES[i / METRICS.len()], METRICS[i % METRICS.len()], i))
            .map(|(service, metric, i)| value(service, metric, usual(service, metric), i))
            .collect();
        let edges: Vec<f64> = (0..2 * CALLS.len())
            .map(|i| value(CALLS[i / 2].1, ["caller", "callee"][i % 2], [12.0, 10.0][i % 2], i + 50))
            .collect();
        begun.extend(locator.observe(row as f64 * 60.0, &own, &edges).map(|incident| incident.began_s));
    }
    (locator, begun)
}

fn verdict(change: Change) -> Verdict {
    let (locator, _) = watched(layout(), change, ENDS);
    locator.diagnose(BEGINS as f64 * 60.0).expect("there is a history")
}

fn blamed(verdict: &Verdict) -> (&'static str, FailureClass) {
    let first = &verdict.suspects[0];
    (["front", "cart", "pay", "bank"][first.service], first.class)
}

#[test]
fn a_busy_processor_is_blamed_and_not_those_who_wait_for_it() {
    let found = verdict(&|service, metric, usual| match (service, metric) {
        ("pay", "cpu_percent") => 98.0,
        ("pay", "latency_p95_ms") | ("front", "latency_p95_ms") => usual + 300.0,
        _ => usual,
    });
    assert_eq!(blamed(&found), ("pay", FailureClass::ResourceCpu), "{found:?}");
    assert!(found.suspects[0].confidence > 0.5 && found.suspects[0].metric == "cpu_percent");
}

#[test]
fn memory_that_grows_is_told_from_a_processor_that_queues() {
    let leak = verdict(&|service, metric, usual| if (service, metric) == ("cart", "memory_mb") { 4.0 * usual } else { usual });
    assert_eq!(blamed(&leak), ("cart", FailureClass::ResourceMemory));
    let queue = verdict(&|service, metric, usual| match (service, metric) {
        ("cart", "memory_mb") => 2.0 * usual,
        ("cart", "cpu_percent") => 100.0,
        _ => usual,
    });
    assert_eq!(blamed(&queue), ("cart", FailureClass::ResourceCpu));
}

#[test]
fn a_slow_network_is_seen_by_callers_only() {
    let found = verdict(&|to, end, usual| if (to, end) == ("pay", "caller") { usual + 400.0 } else { usual });
    assert_eq!(blamed(&found), ("pay", FailureClass::Network), "{found:?}");
    assert_eq!(found.suspects[0].metric, "front>pay gap");
    assert_eq!(found.suspects[0].contributions[0].clue, Some(Clue::Gap));
}

#[test]
fn a_program_that_stops_calling_is_at_fault_itself() {
    let found = verdict(&|service, metric, usual| match (service, metric) {
        ("cart" | "pay", "requests") => 0.1 * usual,
        _ => usual,
    });
    assert_eq!(blamed(&found), ("front", FailureClass::Application), "{found:?}");
}

#[test]
fn where_nothing_tells_the_one_that_nobody_sees_into_is_suspected_with_little_confidence() {
    let found = verdict(&|_, _, usual| usual);
    assert_eq!(blamed(&found).0, "bank");
    assert!(found.suspects[0].confidence < 0.5, "{found:?}");
}

#[test]
fn confidences_add_up_to_less_than_one() {
    let found = verdict(&|_, _, usual| usual * 1.3);
    let sum: f64 = found.suspects.iter().map(|suspect| suspect.confidence).sum();
    assert!(sum < 1.0 && found.suspects.len() == 4, "{sum}");
    assert!(found.suspects.windows(2).all(|pair| pair[0].confidence >= pair[1].confidence));
}

#[test]
fn an_incident_is_noticed_within_two_samples_and_calm_is_not() {
    let busy = |service: &str, metric: &str, usual: f64| if (service, metric) == ("pay", "cpu_percent") { 98.0 } else { usual };
    let (locator, begun) = watched(layout(), &busy, BEGINS + 2);
    assert_eq!(begun, [(BEGINS - 1) as f64 * 60.0], "the first of the three samples, of which two are bad");
    assert_eq!(locator.incident().map(|incident| incident.noticed_s), Some((BEGINS + 1) as f64 * 60.0));
    let (calm, begun) = watched(layout(), &|_, _, usual| usual, 120);
    assert!(begun.is_empty() && calm.incident().is_none());
}

#[test]
fn a_service_level_that_suffers_points_at_the_callee_that_fails_along() {
    let mut layout = Layout::default();
    for service in ["front", "cart", "pay"] {
        layout.own(service, "availability_Average");
        layout.own(service, "requests_Sum");
    }
    CALLS.iter().for_each(|(from, to)| layout.call(from, to));
    layout.set_target("front", &["availability", "Average"]);
    let mut locator = Locator::new(layout);
    let mut noticed = false;
    for row in 0..45 {
        let failing = if row >= 42 { 4.0 } else { 0.0 };
        // cart is broken all the time since a change of what is measured; it is hardly ever called.
        let cart = if row >= 40 { 0.0 } else { 100.0 };
        let own = [100.0 - failing, 700.0, cart, 3.0, 100.0 - failing, 900.0];
        noticed |= locator.observe(f64::from(row) * 300.0, &own, &[]).is_some();
    }
    let found = locator.diagnose(40.0 * 300.0).expect("there is a history");
    assert_eq!(blamed(&found), ("pay", FailureClass::Application), "{found:?}");
    assert!(noticed);
}

#[test]
fn ten_samples_a_second_are_averaged() {
    let mut layout = Layout::default();
    METRICS.iter().for_each(|metric| layout.own("front", metric));
    let mut locator = Locator::new(layout);
    for tick in 0..4_000 {
        let cpu = if tick >= 3_000 { 95.0 } else { 20.0 + f64::from(tick % 7) };
        locator.observe(f64::from(tick) * 0.1, &[cpu, 100.0, 50.0, 10.0], &[]);
    }
    let found = locator.diagnose(300.0).expect("there is a history");
    assert_eq!(blamed(&found), ("front", FailureClass::ResourceCpu));
}

#[test]
fn who_was_conspicuous_first_is_told() {
    let mut layout = Layout::default();
    for service in ["late", "early"] {
        layout.own(service, "cpu");
    }
    let mut locator = Locator::new(layout);
    for tick in 0..900 {
        let busy = |from: i32| if tick >= from { 60.0 } else { 10.0 + f64::from(tick % 3) };
        locator.observe(f64::from(tick), &[busy(680), busy(610)], &[]);
    }
    let found = locator.diagnose(600.0).expect("there is a history");
    assert_eq!(locator.layout().services[found.suspects[0].service], "early");
    assert!(found.suspects[0].contributions.iter().any(|contribution| contribution.clue == Some(Clue::Order)));
}

#[test]
fn without_measured_edges_callers_vote_for_the_callee_that_they_have_in_common() {
    let mut layout = Layout::default();
    for service in ["front", "pay", "cart", "bank"] {
        ["client_latency_ms", "server_latency_ms", "requests"].iter().for_each(|metric| layout.own(service, metric));
    }
    for (from, to) in [("front", "cart"), ("front", "bank"), ("pay", "bank")] {
        layout.call(from, to);
    }
    let mut locator = Locator::new(layout);
    for row in 0..45_usize {
        let delay = if row >= 40 { 300.0 } else { 0.0 };
        let own = |i: usize, service: usize| match i {
            0 if service < 2 => 20.0 * wobble(row * 3 + service) + delay,
            0 => f64::NAN,
            1 if service < 2 => 50.0 * wobble(row * 5 + service) + delay,
            1 => 10.0 * wobble(row * 7 + service),
            _ => 100.0 * wobble(row * 11 + service),
        };
        let values: Vec<f64> = (0..12).map(|i| own(i % 3, i / 3)).collect();
        locator.observe(row as f64 * 60.0, &values, &[]);
    }
    let found = locator.diagnose(2_400.0).expect("there is a history");
    let first = &found.suspects[0];
    assert_eq!((locator.layout().services[first.service].as_str(), first.class), ("bank", FailureClass::Network), "{found:?}");
}
