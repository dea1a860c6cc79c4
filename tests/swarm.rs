//! The laws on random systems. A failure prints the command that shows it again.
#![cfg(not(target_arch = "wasm32"))]

use sickbay::validation::swarm::{LAWS, law, replay};

/// Seeds per law: a few seconds in a debug build. `headless swarm` tries as many as one likes.
const SEEDS: u64 = 25;

fn holds(name: &str) {
    let law = law(name).expect("in the table");
    for seed in 0..SEEDS {
        let outcome = std::panic::catch_unwind(|| law.check(seed));
        let broken = match outcome {
            Ok(Ok(())) => continue,
            Ok(Err(why)) => why,
            Err(_) => "it panicked (see above)".to_owned(),
        };
        panic!("{}\n  broken by seed {seed}: {broken}\n  replay: {}", law.says, replay(name, seed));
    }
}

#[test]
fn requests_are_conserved_whatever_befalls_a_system() {
    holds("conserved");
}

#[test]
fn little_s_law_is_exact_from_empty_to_empty() {
    holds("little");
}

#[test]
fn cpu_used_is_the_sum_of_the_demands() {
    holds("utilisation");
}

#[test]
fn doubled_times_and_halved_rates_give_the_same_run_in_twice_the_time() {
    holds("time_scaling");
}

#[test]
fn healing_the_wrong_service_changes_nothing() {
    holds("wrong_service");
}

#[test]
fn nothing_changes_without_an_event() {
    holds("no_change_without_event");
}

#[test]
fn watching_slicing_and_forking_change_nothing() {
    holds("watching_changes_nothing");
}

#[test]
fn a_system_whose_faults_are_lifted_returns_or_says_why() {
    holds("returns_or_says_why");
}

#[test]
fn every_law_is_tried_here() {
    let source = include_str!("swarm.rs");
    for law in LAWS {
        assert!(source.contains(&format!("holds(\"{}\")", law.name)), "{}", law.name);
    }
}
