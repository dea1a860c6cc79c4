//! All cases as wasm, in a worker of headless Chromium, as the page runs its engine. Run by `cargo xtask bench`.
//!
//! A browser tells no CPU time, so this is wall time: `cargo xtask bench` repeats it and takes medians. Results are lines
//! `measured CASE QUANTITY VALUE`, one `ns` for each repetition.
#![cfg(target_arch = "wasm32")]

use benches::{Case, Ready};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_test::{console_log, wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// Repetitions of each case, in rounds over all of them, so that a slow moment of the machine hits all alike.
const ROUNDS: usize = 5;
/// What is shorter than this is repeated within a round, because browsers blur their clocks (0.1 ms in Chromium).
const ROUND_MS_MIN: f64 = 50.0;

#[wasm_bindgen]
extern "C" {
    /// Milliseconds of wall time.
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
}

#[wasm_bindgen_test]
fn all_cases_run_in_a_worker() {
    let cases: Vec<(String, Ready)> = Case::all().into_iter().map(|case| (case.name(), case.ready())).collect();
    for (name, ready) in &cases {
        let (work, _) = ready.run(ready.input());
        benches::report(name, &work).iter().for_each(|line| console_log!("{line}"));
    }
    for _ in 0..ROUNDS {
        for (name, ready) in &cases {
            console_log!("measured {name} ns {}", repetition_ns(ready));
        }
    }
}

/// Nanoseconds of one repetition.
fn repetition_ns(ready: &Ready) -> f64 {
    let (mut spent_ms, mut repetitions) = (0.0, 0.0);
    while spent_ms < ROUND_MS_MIN {
        let input = ready.input();
        let start = now();
        let output = ready.run(input);
        spent_ms += now() - start;
        repetitions += 1.0;
        drop(output);
    }
    spent_ms * 1e6 / repetitions
}
