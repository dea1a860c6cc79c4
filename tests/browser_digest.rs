//! One digest in every build: as wasm, in a browser.
#![cfg(target_arch = "wasm32")]

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

#[path = "shared/digests.rs"]
mod digests;

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn the_maths_give_the_same_bits_in_every_build() {
    digests::check_maths();
}

#[wasm_bindgen_test]
fn sixty_seconds_of_the_boutique_are_the_same_run_in_every_build() {
    digests::check_preset("boutique", 60);
}

#[wasm_bindgen_test]
fn a_retry_storm_is_the_same_run_in_every_build() {
    digests::check_preset("p01-retry-storm", 160);
}

#[wasm_bindgen_test]
fn a_zone_outage_is_the_same_run_in_every_build() {
    digests::check_preset("p12-zone-outage", 90);
}

#[wasm_bindgen_test]
fn an_autoscaler_is_the_same_run_in_every_build() {
    digests::check_preset("p19-autoscaler-flapping", 300);
}

#[wasm_bindgen_test]
fn every_mechanism_is_the_same_run_in_every_build() {
    digests::check_preset("mechanisms", 120);
}

#[wasm_bindgen_test]
fn faults_and_healing_are_the_same_in_every_build() {
    digests::check_broken_boutique();
}
