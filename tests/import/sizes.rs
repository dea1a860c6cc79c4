//! Load, demand and reports.

use super::{many, one};
use sickbay::scenario::import::report;

#[test]
fn demand_is_a_share_of_the_limit_at_the_expected_load() {
    let topology = one("services:\n  a: {image: x, cpus: 1}\n").scenario.unwrap().topology;
    let (_, a) = topology.services().next().unwrap();
    let used = a.entry_rate.0 * a.demand.cpu_us_mean / 1e6 / a.cpu_limit.cores();
    assert!((used - 0.3).abs() < 1e-9, "{used}");
}

#[test]
fn long_chains_get_less_demand_so_that_latency_stays_healthy() {
    let chain: String = (0..12)
        .map(|i| {
            if i == 11 { format!("  s{i}: {{image: x}}\n") } else { format!("  s{i}: {{image: x, depends_on: [s{}]}}\n", i + 1) }
        })
        .collect();
    let topology = one(&format!("services:\n{chain}")).scenario.unwrap().topology;
    let service_ms: f64 = topology.services().map(|(_, s)| s.demand.cpu_us_mean / 1_000.0 / s.cpu_limit.cores()).sum();
    assert!(service_ms < 22.0, "{service_ms}");
    assert!(topology.services().all(|(_, s)| s.demand.cpu_us_mean >= 200.0));
}

#[test]
fn more_than_three_calls_run_in_stages_of_three() {
    let read = one("services:\n  a: {image: x, depends_on: [b, c, d, e]}\n  b: {image: x}\n  c: {image: x}\n  d: {image: x}\n  \
            e: {image: x}\n");
    let topology = read.scenario.unwrap().topology;
    let stages: Vec<usize> = topology.services().next().unwrap().1.stages.iter().map(Vec::len).collect();
    assert_eq!(stages, [3, 1]);
}

#[test]
fn when_edges_reach_little_of_a_system_every_uncalled_service_gets_load() {
    let read = one(
        "services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x}\n  c: {image: x}\n  d: {image: x}\n  e: {image: x}\n  \
        f: {image: x}\n",
    );
    let rates: Vec<f64> = read.scenario.unwrap().topology.services().map(|(_, s)| s.entry_rate.0).collect();
    assert_eq!(rates, [5.0, 0.0, 5.0, 5.0, 5.0, 5.0]);
}

#[test]
fn reports_list_services_edges_ignored_and_problems() {
    let read = many(&[("compose.yml", "services:\n  a: {image: x, depends_on: [b, c]}\n  b: {image: x}\nvolumes: {}\n")]);
    let json = report::to_json(&read.preview);
    assert_eq!(json["services"][0]["name"], "a");
    assert_eq!(json["edges"][0]["from"], "a");
    assert_eq!(json["edges"][0]["evidence"], "compose.yml:2 depends_on b");
    assert_eq!(json["ignored"][0]["what"], "volumes");
    assert_eq!((&json["problems"][0]["code"], &json["problems"][0]["place"]), (&"E0003".into(), &"compose.yml:2:33".into()));
    let text = report::to_text(&read.preview);
    assert!(text.starts_with("error[E0003] compose.yml:2:33: unknown dependency 'c' of 'a'\n"), "{text}");
    assert!(text.ends_with("cannot be run\n"));
}
