//! What is written is read back as the same scenario, and what people write means what they think.

use super::made::{self, Random};
use proptest::prelude::*;
use sickbay::scenario::Scenario;
use sickbay::scenario::file::{HealDial, Loaded, PolicyChoice, read, write};
use sickbay::scenario::presets::{PRESETS, preset};
use sickbay::topology::*;
use sickbay::units::{Mebibytes, Millicores, Ratio, SimDuration, SimTime};

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_written_scenario_is_read_back_as_it_was(seed in any::<u64>(), size in 1_usize..7) {
        let mut random = Random(seed);
        let scenario = made::scenario(&mut random, size);
        let run = made::run_defaults(&mut random);
        let text = write(&scenario, &run);
        let loaded = read(&text).map_err(|p| TestCaseError::fail(format!("{p:#?}\n{text}")))?;
        prop_assert_eq!(&loaded.run, &run, "{}", text);
        check_equal(&loaded.scenario, &scenario, &text)?;
    }
}

/// Part by part, so that a difference can be found.
fn check_equal(read: &Scenario, written: &Scenario, text: &str) -> Result<(), TestCaseError> {
    for ((_, a), (_, b)) in read.topology.services().zip(written.topology.services()) {
        prop_assert_eq!(a, b, "{}", text);
    }
    prop_assert_eq!(&read.topology, &written.topology, "{}", text);
    prop_assert_eq!(&read.cluster, &written.cluster, "{}", text);
    prop_assert_eq!(&read.faults, &written.faults, "{}", text);
    for (a, b) in read.edits.iter().zip(&written.edits) {
        prop_assert_eq!(a, b, "{}", text);
    }
    prop_assert_eq!(read, written, "{}", text);
    Ok(())
}

/// Reads what must be right.
pub fn right(text: &str) -> Loaded {
    read(text).unwrap_or_else(|problems| panic!("{problems:#?}\n{text}"))
}

#[test]
fn presets_survive_the_file() {
    for p in PRESETS {
        let scenario = preset(p.name).unwrap();
        let text = write(&scenario, &Default::default());
        assert_eq!(right(&text).scenario, scenario, "{text}");
    }
}

#[test]
fn a_short_file_has_the_usual_settings_everywhere_else() {
    let loaded = right("sickbay: 1\nservices:\n  users: {kind: client, rate: 5/s, calls: [api]}\n  api:\n");
    let topology = &loaded.scenario.topology;
    let api = topology.by_name("api").unwrap();
    assert_eq!(topology.get(api), Some(&Service::named("api")));
    let users =
        Service { entry_rate: sickbay::units::PerSecond(5.0), stages: vec![vec![Call::to(api)]], ..Service::client("users") };
    assert_eq!(topology.services().next().unwrap().1, &users);
    assert_eq!(loaded.scenario.cluster, Scenario::of("x", topology.clone()).cluster);
    assert_eq!(loaded.run, Default::default());
}

#[test]
fn quantities_options_and_kinds_are_understood() {
    let text = "sickbay: 1\nname: Storm\nseed: 42\nuntil: 400s\npolicy: none\nheal: off\nservices:\n  \
        a: {cpu: 40, workers: 40, queue: unbounded, demand: {cpu: 20ms, shape: exponential}, server: {order: lifo, codel: on, \
        concurrency: {static: 7}, \
        shedding: dagor}, calls: [[{to: b, timeout: 3s, attempts: 5, backoff: 0, breaker: {open_for: 5s}, \
        budget: ratio, \
        retry_on: [timeout]}, b], b], probes: {readiness: on}, autoscaler: {max: 4}, memory: 1Gi}\n  b: {}\n\
        cluster: {zones: 2, nodes_per_zone: 3, node: {cpu: 16, memory: 64Gi}, network: {same_zone: 0.3ms}, \
        node_autoscale: 90s}\n";
    let Loaded { scenario, run } = right(text);
    assert_eq!((run.seed, run.until), (Some(42), Some(SimTime::from_secs(400))));
    assert_eq!((run.policy, run.heal), (Some(PolicyChoice::None), Some(HealDial::Off)));
    let a = scenario.topology.services().next().unwrap().1;
    assert_eq!((a.cpu_limit, a.cpu_request, a.queue_len_max), (Millicores(40_000), Millicores(40_000), u32::MAX));
    assert_eq!((a.memory_request, a.memory_base), (Mebibytes(1_024.0), Mebibytes(96.0)));
    assert_eq!((a.demand.cpu_us_mean, a.demand.shape), (20_000.0, Shape::Exponential));
    assert_eq!((a.server.codel, a.server.shedding), (Some(CoDel::RFC_8289), Shedding::DAGOR));
    assert_eq!((a.stages.len(), a.stages[0].len(), a.stages[1].len()), (2, 2, 1));
    let policy = a.stages[0][0].policy;
    assert_eq!((policy.attempts_max, policy.backoff_base), (5, SimDuration::ZERO));
    assert_eq!(policy.breaker, Some(Breaker { open_for: SimDuration::from_secs(5), ..Breaker::RESILIENCE4J }));
    assert_eq!(policy.retry_on, RetryOn { error: false, timeout: true, rejected: false });
    let (ratio, window) = (Ratio::saturating(0.2), SimDuration::from_secs(10));
    assert_eq!(policy.budget, RetryBudget::Ratio { ratio, floor_per_s: 10.0, window });
    assert_eq!((a.probes.readiness, a.autoscaler.unwrap().max), (Some(Probe::default()), 4));
    assert_eq!(scenario.cluster.nodes, Cluster::zones(2, 3, Millicores(16_000), Mebibytes(65_536.0)).nodes);
    assert_eq!(scenario.cluster.network.same_zone, SimDuration::from_micros(300));
}

#[test]
fn edits_change_only_what_they_name_and_build_on_earlier_ones() {
    let text = "sickbay: 1\nservices: {a: {calls: [b]}, b: {cpu: 2}}\nedits:\n\
        - {at: 20s, service: a, set: {workers: 3}}\n- {at: 10s, service: a, set: {cpu: 7}}\n\
        - {at: 30s, edge: a -> b, set: {attempts: 1}}\n- {at: 40s, service: b, rename: c}\n- {at: 50s, remove: a -> c}\n\
        - {at: 60s, add: d, with: {calls: [c]}}\n- {at: 70s, remove: d}\n";
    let edits = right(text).scenario.edits;
    let configured = |index: usize| match &edits[index].edit {
        TopologyEdit::Configure(_, service) => {
            (service.cpu_limit.0, service.cpu_request.0, service.workers, service.stages[0][0].policy.attempts_max)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!((configured(1), configured(0), configured(2)), ((7_000, 250, 200, 2), (7_000, 250, 3, 2), (7_000, 250, 3, 1)));
    assert!(matches!(&edits[5].edit, TopologyEdit::AddService(d) if d.stages.len() == 1));
    assert_eq!(edits.len(), 7);
}

#[test]
fn json_is_a_scenario_file_too() {
    let text = r#"{"sickbay": 1, "services": {"a": {"demand": {"cpu": "5ms"}}}}"#;
    assert!(sickbay::scenario::file::is_scenario_file(text));
    assert_eq!(right(text).scenario.topology.len(), 1);
}

#[test]
fn the_example_of_the_documentation_is_right_and_round_trips() {
    let page = include_str!("../../docs/scenario-file.md");
    let example = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let loaded = right(example);
    assert_eq!((loaded.scenario.topology.len(), loaded.scenario.faults.len(), loaded.scenario.edits.len()), (6, 3, 2));
    assert_eq!(right(&write(&loaded.scenario, &loaded.run)), loaded);
}

#[test]
fn the_documentation_names_every_kind_verb_and_field() {
    let page = include_str!("../../docs/scenario-file.md");
    let complaint = |text: &str| read(text).unwrap_err().remove(0).help;
    let fields = complaint("sickbay: 1\nservices: {a: {qqqqqqqqqqqq: 1}}");
    let call = complaint("sickbay: 1\nservices: {a: {calls: [{to: b, qqqqqqqqqqqq: 1}]}, b: {}}");
    let verbs = complaint("sickbay: 1\nservices: {a: {}}\nactions: [{at: 1s, do: qqqqqqqqqqqq, service: a}]");
    let kinds = complaint("sickbay: 1\nservices: {a: {}}\nfaults: [{at: 1s, kind: qqqqqqqqqqqq, target: a}]");
    for list in [fields, call, verbs, kinds] {
        let words: Vec<&str> = list.trim_start_matches("known are ").split(", ").collect();
        assert!(words.len() > 10, "{list}");
        for word in words {
            assert!(page.contains(&format!("`{word}`")), "{word} is not documented");
        }
    }
}
