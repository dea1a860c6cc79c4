//! One run of one scenario, for callgrind and for looking at memory. Started by `cargo xtask`.
//!
//! `one_run run SCENARIO SECONDS` runs so many simulated seconds from the start; `one_run memory SCENARIO MINUTES` runs so
//! many simulated minutes and says how much memory was resident at most in minute 5 and in the last one (Linux only).
//! Results are lines `measured NAME QUANTITY VALUE`.

use benches::{Scenario, advance};
use std::process::ExitCode;

/// The first minute whose memory is looked at: all that is filled once has been.
const STEADY_MINUTE: u64 = 5;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, name, length, ..] = arguments.as_slice() else {
        return usage();
    };
    match (mode.as_str(), Scenario::by_name(name), length.parse()) {
        ("run", Some(scenario), Ok(seconds)) => run(&scenario, seconds),
        ("memory", Some(scenario), Ok(minutes)) => memory(&scenario, minutes),
        _ => return usage(),
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("usage: one_run run SCENARIO SECONDS | one_run memory SCENARIO MINUTES");
    ExitCode::FAILURE
}

fn run(scenario: &Scenario, seconds: u64) {
    let work = advance(&mut scenario.world(), seconds);
    println!("measured {} rpcs {}", scenario.name, work.rpcs);
    println!("measured {} happenings {}", scenario.name, work.happenings);
}

fn memory(scenario: &Scenario, minutes: u64) {
    let mut world = scenario.world();
    for minute in 1..=minutes {
        let mut peak_kib = 0;
        for _ in 0..60 {
            advance(&mut world, 1);
            peak_kib = peak_kib.max(resident_kib().unwrap_or(0));
        }
        if minute == STEADY_MINUTE || minute == minutes {
            println!("measured {} resident_kib_in_minute_{minute} {peak_kib}", scenario.name);
        }
    }
}

/// Memory that is resident now, in KiB.
fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}
