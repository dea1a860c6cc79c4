//! How fast the engine is. One set of [`Case`]s, run by three harnesses: criterion natively (`engine.rs`), a worker in
//! headless Chromium (`wasm.rs`), and callgrind, which counts instructions (`one_run.rs`). `cargo xtask bench` runs them
//! and prints one table.
//!
//! A package of its own, so that the core's tests build no benchmark framework. The unit of work is the RPC: one request
//! that one instance served, users' requests at the entries included.

mod case;
mod guards;
mod scenario;

pub use case::{Case, Input, Ready, Work, advance};
pub use scenario::{SCENARIOS, Scenario};

/// What a repetition of the case `name` does, as lines that `cargo xtask bench` reads.
pub fn report(name: &str, work: &Work) -> Vec<String> {
    let quantities = [
        ("rpcs", Some(work.rpcs)),
        ("happenings", Some(work.happenings)),
        ("simulated_s", Some(work.simulated_s)),
        ("series_bytes", Some(work.series_bytes).filter(|bytes| *bytes > 0)),
    ];
    let told = quantities.iter().filter_map(|(quantity, value)| Some((quantity, (*value)?)));
    told.map(|(quantity, value)| format!("measured {name} {quantity} {value}")).collect()
}
