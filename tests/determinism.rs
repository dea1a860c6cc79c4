//! One digest in every build: natively, in debug and in release.
#![cfg(not(target_arch = "wasm32"))]

#[path = "shared/digests.rs"]
mod digests;

#[test]
fn the_maths_give_the_same_bits_in_every_build() {
    digests::check_maths();
}

#[test]
fn sixty_seconds_of_the_boutique_are_the_same_run_in_every_build() {
    digests::check_preset("boutique", 60);
}

#[test]
fn a_retry_storm_is_the_same_run_in_every_build() {
    digests::check_preset("p01-retry-storm", 160);
}

#[test]
fn a_zone_outage_is_the_same_run_in_every_build() {
    digests::check_preset("p12-zone-outage", 90);
}

#[test]
fn an_autoscaler_is_the_same_run_in_every_build() {
    digests::check_preset("p19-autoscaler-flapping", 300);
}

#[test]
fn every_mechanism_is_the_same_run_in_every_build() {
    digests::check_preset("mechanisms", 120);
}

#[test]
fn faults_and_healing_are_the_same_in_every_build() {
    digests::check_broken_boutique();
}
