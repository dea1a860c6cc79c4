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
    digests::check_boutique();
}

#[test]
fn faults_and_healing_are_the_same_in_every_build() {
    digests::check_broken_boutique();
}
