//! The performance gate: instructions per RPC, counted by callgrind. A count does not depend on how busy the machine is,
//! so it can fail a test where a time cannot.
//!
//! The release build of `benches/one_run.rs` runs a scenario twice, for different lengths of simulated time; the difference
//! leaves out start and set-up. Compared with `benches/instructions.txt`, for the same kind of processor.

use crate::count::Count;
use crate::setup;
use crate::shell::{cargo, command, lines, root};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The scenarios of the gate: 1,000 services that use what the lab has to offer, each a part of it, and 1,000 that have
/// time-outs and retries only. The latter have a limit of their own.
const GATED: [(&str, f64); 2] = [("services_1000", f64::INFINITY), ("plain_1000", 3_500.0)];
/// How far above the committed figure a change may come.
const FACTOR_MAX: f64 = 1.15;
/// Below this share of the committed figure it is time to commit the lower one.
const FACTOR_STALE: f64 = 0.9;
/// The committed figures: lines of processor, scenario, instructions per RPC.
const FIGURES: &str = "benches/instructions.txt";

/// Simulated seconds of the two runs of each scenario.
pub const LENGTHS: [(&str, [u64; 2]); 4] =
    [("services_4", [20, 120]), ("services_100", [2, 10]), ("services_1000", [2, 5]), ("plain_1000", [2, 5])];

/// The gate as a step of the tests: one test a scenario. Without valgrind it is left out, and says so.
pub fn gate() -> Count {
    if let Err(error) = setup::valgrind() {
        eprintln!("SKIPPED: the instruction gate. {error}");
        return Count::default();
    }
    let mut count = Count::default();
    let program = build();
    for (name, limit) in GATED {
        let judged = program.clone().and_then(|program| measured(&program, name)).and_then(|f| verdict(name, f, limit));
        match judged {
            Ok(message) => {
                println!("{message}");
                count.passed += 1;
            }
            Err(message) => {
                eprintln!("FAILED: the instruction gate. {message}");
                count.failed += 1;
            }
        }
    }
    count
}

fn measured(program: &Path, gated: &str) -> Result<f64, String> {
    let lengths = LENGTHS.iter().find(|(name, _)| *name == gated).ok_or_else(|| format!("{gated} has no lengths"))?;
    per_rpc(program, gated, lengths.1)
}

fn verdict(name: &str, figure: f64, limit: f64) -> Result<String, String> {
    let text = std::fs::read_to_string(root().join(FIGURES)).map_err(|error| format!("{FIGURES}: {error}"))?;
    judge(name, figure, limit, committed(&text, std::env::consts::ARCH, name))
}

/// Whether `figure` is good enough; the message says what to do if not.
fn judge(name: &str, figure: f64, limit: f64, committed: Option<f64>) -> Result<String, String> {
    let said = format!("{name}: {figure:.0} instructions per RPC");
    if figure > limit {
        return Err(format!("{said}; the limit is {limit:.0}."));
    }
    let Some(old) = committed else {
        let arch = std::env::consts::ARCH;
        return Ok(format!("{said}; {FIGURES} has no figure for {arch} to compare with, only the limit was checked"));
    };
    if figure > FACTOR_MAX * old {
        return Err(format!(
            "{said}; committed are {old:.0}, and at most {FACTOR_MAX} times that is allowed. Find what costs so much with \
             callgrind (CONTRIBUTING.md); if it is worth its price, write the new figure to {FIGURES} and say why."
        ));
    }
    let stale = if figure < FACTOR_STALE * old { format!("; better: write it to {FIGURES}") } else { String::new() };
    Ok(format!("{said}, committed are {old:.0}{stale}"))
}

/// The committed figure.
fn committed(text: &str, arch: &str, scenario: &str) -> Option<f64> {
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    lines.into_iter().find_map(|words| match words[..] {
        [of, name, figure] if of == arch && name == scenario => figure.parse().ok(),
        _ => None,
    })
}

/// Builds the program that is measured, as the tests build for release, and finds it.
pub fn build() -> Result<PathBuf, String> {
    let mut command = cargo();
    command.args(["test", "--locked", "--release", "--package", "benches", "--bench", "one_run", "--no-run"]);
    command.arg("--message-format=json-render-diagnostics");
    let built = lines(&mut command, |_| false)?;
    let executable = built.iter().filter(|line| line.contains("\"name\":\"one_run\"")).find_map(|line| {
        let (_, rest) = line.split_once("\"executable\":\"")?;
        rest.split_once('"').map(|(path, _)| PathBuf::from(path))
    });
    executable.ok_or_else(|| "cargo did not say where it put one_run".to_owned())
}

/// Instructions per RPC of a scenario.
pub fn per_rpc(program: &Path, scenario: &str, lengths: [u64; 2]) -> Result<f64, String> {
    let [short, long] = lengths.map(|seconds| counted(program, scenario, seconds));
    let (short, long) = (short?, long?);
    Ok((long.0 - short.0) / (long.1 - short.1))
}

/// Instructions and RPCs of one run.
fn counted(program: &Path, scenario: &str, seconds: u64) -> Result<(f64, f64), String> {
    let mut valgrind: Command = command("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--log-fd=1"]);
    valgrind.arg(program).args(["run", scenario, &seconds.to_string()]);
    let output = lines(&mut valgrind, |_| false)?;
    let number = |mark: &str| {
        let found = output.iter().find_map(|line| line.split_once(mark));
        found.and_then(|(_, number)| number.trim().parse::<f64>().ok()).ok_or_else(|| format!("callgrind printed no `{mark}`"))
    };
    Ok((number("Collected :")?, number(&format!("measured {scenario} rpcs"))?))
}

#[cfg(test)]
mod tests {
    use super::{committed, judge};

    #[test]
    fn the_figure_of_this_processor_and_scenario_is_found() {
        let text = "# a comment\nx86_64 services_4 2000\nx86_64 services_1000 3000\naarch64 services_1000 2500\n";
        assert_eq!(committed(text, "x86_64", "services_1000"), Some(3000.0));
        assert_eq!(committed(text, "riscv64", "services_1000"), None);
    }

    #[test]
    fn the_gate_opens_to_a_factor_of_the_committed_figure_and_never_beyond_the_limit() {
        assert!(judge("a", 2_200.0, 3_500.0, Some(2_000.0)).is_ok());
        assert!(judge("a", 2_301.0, 3_500.0, Some(2_000.0)).is_err());
        assert!(judge("a", 3_501.0, 3_500.0, Some(3_400.0)).is_err());
        assert!(judge("a", 3_400.0, 3_500.0, None).is_ok_and(|message| message.contains("no figure")));
        assert!(judge("a", 1_000.0, 3_500.0, Some(2_000.0)).is_ok_and(|message| message.contains("better")));
    }
}
