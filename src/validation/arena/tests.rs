use super::*;
use crate::pipeline::suspects::Place;
use crate::sim::fault::FaultKind;
use crate::topology::ServiceKind;
use std::collections::BTreeSet;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn nobody_takes_no_action_and_everybody_sees_the_same_arrivals() {
    for seed in 0..3 {
        let one = Episode::generated(seed);
        let nobody = one.play("none", true).expect("there is such a policy");
        assert!(nobody.actions.is_empty() && nobody.pages == 0, "seed {seed}");
        let healed = one.play("rules", true).expect("there is such a policy");
        assert_eq!(nobody.account.arrived, healed.account.arrived, "seed {seed}");
        assert!(nobody.account.arrived > 1_000, "seed {seed}");
    }
}

#[test]
fn an_outcome_does_not_depend_on_threads_or_on_who_else_plays() {
    let episodes: Vec<Episode> = (4..6).map(Episode::generated).collect();
    let both = run(&episodes, &names(&["rules", "none"]), 2, |_| {}).expect("policies exist");
    let alone = run(&episodes, &names(&["rules"]), 1, |_| {}).expect("policies exist");
    let rules: Vec<&Outcome> = both.iter().filter(|o| o.policy == "rules").collect();
    assert_eq!(rules, alone.iter().collect::<Vec<_>>());
    assert!(run(&episodes, &names(&["hope"]), 1, |_| {}).is_err());
}

#[test]
fn generated_episodes_cover_the_whole_catalogue_with_faults_that_can_be() {
    let mut kinds = BTreeSet::new();
    for seed in 0..2 * FaultKind::OF_SYSTEM.len() as u64 {
        let one = Episode::generated(seed);
        let spec = one.fault.expect("has one fault");
        kinds.insert(spec.kind);
        assert_eq!(one.scenario.topology.cycle(), None, "seed {seed}");
        let mut world = crate::sim::World::new(one.scenario.topology.clone(), one.scenario.cluster.clone(), seed);
        world.run(crate::units::SimTime::from_secs(8), u64::MAX, &mut ());
        assert!(world.inject(spec).is_ok(), "seed {seed}: {spec:?}");
    }
    assert_eq!(kinds.len(), FaultKind::OF_SYSTEM.len(), "{kinds:?}");
}

#[test]
fn a_generated_system_is_well_without_a_fault() {
    for seed in 10..14 {
        let one = Episode::generated(seed);
        let played = one.play("none", true).expect("there is such a policy");
        let settled = &played.seconds[20..];
        let failed = settled.iter().filter(|s| s.error > 0.03).count();
        assert!(failed < settled.len() / 50, "seed {seed}: {failed} of {} seconds with errors", settled.len());
        let share = played.account.completed as f64 / played.account.arrived as f64;
        assert!(share > 0.985, "seed {seed}: {share}");
    }
}

#[test]
fn truth_names_those_on_the_machine_and_a_whole_path() {
    let with = |wanted: FaultKind| (0..).map(Episode::generated).find(|e| e.fault.is_some_and(|f| f.kind == wanted));
    let outage = with(FaultKind::Outage).expect("drawn sooner or later");
    let truth = outage.play("none", false).expect("there is such a policy").truth.expect("a fault began");
    assert!(truth.path.is_superset(&truth.causes));
    let topology = &outage.scenario.topology;
    let is_client = |id: &crate::ids::ServiceId| topology.get(*id).is_some_and(|s| s.kind == ServiceKind::Client);
    assert!(!truth.causes.iter().any(is_client), "users are on no machine");
}

#[test]
fn a_right_place_is_the_target_and_nothing_less() {
    let with = |wanted: FaultKind| (0..).map(Episode::generated).find(|e| e.fault.is_some_and(|f| f.kind == wanted));
    let outage = with(FaultKind::Outage).expect("drawn sooner or later");
    let truth = diagnosis(&outage).2.expect("a fault began");
    let hosted = truth.causes.first().copied().expect("somebody runs there");
    assert!(!truth.is_right(Place::Service(hosted)), "a machine is lost, not a service");
    let mut found = 0;
    for place in (0..9).map(Place::Node).chain((0..3).map(Place::Zone)) {
        found += usize::from(truth.is_right(place));
    }
    assert_eq!(found, 1);
}

#[test]
fn plain_faults_are_diagnosed_with_reasons_and_honest_probabilities() {
    let kinds = [FaultKind::CrashLoop, FaultKind::BadConfig, FaultKind::ErrorBurst, FaultKind::NoNewConnections];
    let (mut right, mut told) = (0, 0);
    for episode in (0..34).map(Episode::generated).filter(|e| e.fault.is_some_and(|f| kinds.contains(&f.kind))) {
        let (outcome, samples, _) = diagnosis(&episode);
        assert!(outcome.sure.is_none_or(|(place, class)| place <= 1.0 && class <= 1.0));
        assert!(!outcome.felt || !samples.is_empty(), "a diagnosis has its evidence");
        told += usize::from(outcome.felt);
        right += usize::from(outcome.felt && outcome.class_right && outcome.rank == Some(1));
    }
    assert!(told >= 5 && right + 1 >= told, "{right} of {told}");
}

#[test]
fn fitting_makes_what_is_right_likelier() {
    let samples: Vec<(Sample, Truth)> = (0..8)
        .map(Episode::generated)
        .filter_map(|episode| {
            let (_, samples, truth) = diagnosis(&episode);
            Some((samples.into_iter().next()?, truth?))
        })
        .collect();
    let (table, before, after) = fit(&samples);
    assert!(after > before, "{before} {after}");
    assert_eq!(table.lines().filter(|line| line.contains("Prior")).count(), crate::pipeline::suspects::Row::COUNT);
}
