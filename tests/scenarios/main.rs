//! The incident patterns, each a golden directory: `scenario.yaml` (what is run), `signature.txt` (what is expected, what comes
//! out, from which source) and `report.txt` (the run's story as a table with fixed columns, so that a difference can be read).
//!
//! Runs are deterministic, so both texts are compared word for word; `SICKBAY_BLESS=1 cargo test --test scenarios` writes them
//! anew. A row of a signature that is off, with this or another seed, fails the test even then, unless the pattern is said to
//! be reproduced only partly.

use sickbay::scenario::presets::incidents::INCIDENTS;
use sickbay::validation::incidents::{PATTERNS, Pattern, Row, SEED, Status, measure, signature_text, trace};
use std::path::PathBuf;

/// Seeds besides the written one: one, to keep the tests quick. `headless incident all --seed N` tries any.
const OTHER_SEEDS: [u64; 1] = [1];

fn directory(pattern: &Pattern) -> PathBuf {
    let name = pattern.name().replace('-', "_");
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios").join(name)
}

/// Compares with the file, or writes it.
fn hold(pattern: &Pattern, file: &str, text: &str) {
    let path = directory(pattern).join(file);
    if std::env::var_os("SICKBAY_BLESS").is_some() {
        std::fs::write(&path, text).expect("the golden directory can be written");
        return;
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    let differs = golden.lines().zip(text.lines()).find(|(a, b)| a != b);
    assert!(
        golden == text,
        "{} differs from {file}, first in (golden, now): {differs:#?}\nIf right: SICKBAY_BLESS=1 cargo test --test scenarios",
        pattern.name()
    );
}

fn hold_signature(pattern: &Pattern, seed: u64, rows: &[Row]) {
    let off: Vec<_> = rows.iter().filter(|row| !row.is_good()).collect();
    assert!(off.is_empty(), "{}, seed {seed}: {off:#?}", pattern.name());
}

fn check(number: u8) {
    let pattern = PATTERNS.iter().find(|p| p.number == number).expect("a pattern of this number");
    let rows = measure(pattern, SEED);
    assert!(!rows.is_empty());
    // Written down is one seed; what is asserted must hold for others too.
    for seed in OTHER_SEEDS.into_iter().filter(|_| pattern.status == Status::Reproduced) {
        hold_signature(pattern, seed, &measure(pattern, seed));
    }
    if pattern.status == Status::Reproduced {
        hold_signature(pattern, SEED, &rows);
    }
    hold(pattern, "signature.txt", &signature_text(pattern, &rows));
    hold(pattern, "report.txt", &trace(pattern, SEED));
}

macro_rules! patterns {
    ($($name:ident $number:literal)*) => {
        $(#[test] fn $name() { check($number); })*
        const NUMBERS: &[u8] = &[$($number),*];
    };
}

patterns! {
    a_retry_storm_outlives_its_trigger 1
    retries_at_every_layer_multiply 2
    a_flushed_cache_cannot_fill_again_by_itself 3
    a_pool_runs_out_while_the_database_idles 4
    one_slow_dependency_takes_all_threads 5
    a_hidden_limit_is_crossed_by_adding_servers 6
    garbage_collection_feeds_on_the_queue_it_makes 7
    pods_that_leak_by_load_die_together_and_wait_longer_each_time 8
    a_fleet_gets_up_only_at_a_tenth_of_the_load_at_which_it_fell 9
    a_queue_longer_than_patience_is_all_throughput_and_no_goodput 10
    a_bad_push_fails_everywhere_until_it_is_rolled_back 11
    two_zones_carry_what_three_did_if_they_can 12
    a_gray_failure_is_green_on_every_probe 13
    without_names_callers_drop_out_as_they_renew_their_connections 14
    a_victim_is_as_slow_as_its_neighbour_is_noisy 15
    a_backlog_drains_by_its_headroom 16
    a_hot_shard_is_full_while_the_others_idle 17
    an_expired_certificate_fails_all_new_connections_at_one_instant 18
    an_autoscaler_without_a_window_goes_to_and_fro 19
    balancers_checks_and_automation_make_it_worse 20
}

#[test]
fn every_pattern_has_a_test_a_preset_and_a_golden_directory_and_none_is_left_over() {
    assert!(PATTERNS.iter().map(|p| p.number).eq(NUMBERS.iter().copied()));
    assert!(PATTERNS.iter().map(Pattern::name).eq(INCIDENTS.iter().map(|i| i.preset.name)));
    let mut expected: Vec<PathBuf> = PATTERNS.iter().map(directory).collect();
    let entries = std::fs::read_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")).expect("it is there");
    let mut found: Vec<PathBuf> = entries.filter_map(Result::ok).map(|e| e.path()).filter(|p| p.is_dir()).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

#[test]
fn every_scenario_file_can_be_read_and_says_what_the_preset_says() {
    for incident in INCIDENTS {
        let loaded = sickbay::scenario::file::read(incident.text).unwrap_or_else(|e| panic!("{}: {e:#?}", incident.preset.name));
        assert!(incident.preset.title.ends_with(&loaded.scenario.name), "{}: {}", incident.preset.title, loaded.scenario.name);
        assert!(!loaded.scenario.about.is_empty() && loaded.run.until.is_some(), "{}", incident.preset.name);
    }
}
