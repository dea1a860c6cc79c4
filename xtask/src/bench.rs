//! `cargo xtask bench`: the engine's speed natively, in wasm and by the instruction, in one table.
//!
//! Native times are CPU times by criterion, wasm times wall times in a worker of headless Chromium (a browser tells no
//! CPU time), so run it on an idle machine. The two take turns, so that a slow moment hits both; medians are shown.

use crate::figures::Figures;
use crate::shell::{cargo, command, lines, root};
use crate::{instructions, setup, table};
use std::path::Path;

/// Turns of native and wasm: 10 samples a turn natively, 5 in wasm.
const TURNS: usize = 2;
/// Seconds for the wasm cases.
const BROWSER_TIMEOUT_S: &str = "600";
/// The scenario whose memory is watched, and for how many simulated minutes.
const MEMORY: [&str; 3] = ["memory", "services_100", "60"];

/// What was measured, by where it ran.
#[derive(Debug, Default)]
pub struct Results {
    /// Natively.
    pub native: Figures,
    /// In the browser.
    pub wasm: Figures,
}

/// Measures everything and prints the table.
pub fn run() -> Result<(), String> {
    setup::wasm_target()?;
    setup::wasm_bindgen()?;
    setup::browser()?;
    let mut results = Results::default();
    let home = root().join("artifacts").join("criterion");
    if home.exists() {
        std::fs::remove_dir_all(&home).map_err(|error| format!("{}: {error}", home.display()))?;
    }
    for turn in 1..=TURNS {
        println!("turn {turn} of {TURNS}");
        native(&home, &mut results.native)?;
        wasm(&mut results.wasm)?;
    }
    let program = instructions::build()?;
    for line in lines(command(&program.to_string_lossy()).args(MEMORY), |_| true)? {
        results.native.line(&line);
    }
    count(&program, &mut results.native);
    println!("\n{}", table::render(&results));
    if let Some(load) = load() {
        println!(
            "Load of this machine over the last 15 minutes: {load}. Above 1 somebody else was at work: wasm was faster than this."
        );
    }
    Ok(())
}

/// Runnable processes on average over the last 15 minutes (Linux only).
fn load() -> Option<String> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().nth(2).map(str::to_owned)
}

fn native(home: &Path, figures: &mut Figures) -> Result<(), String> {
    let mut bench = cargo();
    bench.args(["test", "--locked", "--release", "--package", "benches", "--features", "criterion", "--bench", "engine"]);
    bench.args(["--", "--bench"]).env("CRITERION_HOME", home);
    for line in lines(&mut bench, |line| line.contains("time:"))? {
        figures.line(&line);
    }
    figures.criterion(home)
}

fn wasm(figures: &mut Figures) -> Result<(), String> {
    let mut bench = cargo();
    bench.args(["test", "--locked", "--release", "--package", "benches", "--test", "wasm"]);
    bench.args(["--target", "wasm32-unknown-unknown", "--", "--nocapture"]);
    bench.env("WASM_BINDGEN_TEST_TIMEOUT", BROWSER_TIMEOUT_S);
    for line in lines(&mut bench, |line| line.starts_with("test "))? {
        figures.line(&line);
    }
    Ok(())
}

/// Instructions per RPC of every scenario, where valgrind is there.
fn count(program: &Path, figures: &mut Figures) {
    if let Err(error) = setup::valgrind() {
        eprintln!("SKIPPED: counting instructions. {error}");
        return;
    }
    for (scenario, lengths) in instructions::LENGTHS {
        match instructions::per_rpc(program, scenario, lengths) {
            Ok(figure) => figures.add(scenario, "instructions", figure),
            Err(error) => eprintln!("{error}"),
        }
    }
}
