//! Runs scenarios and reads files without a page.
//!
//! ```text
//! headless run PRESET-OR-FILE... [--seed N] [--until SECONDS] [--policy NAME] [--weights FILE] [--heal DIAL] [--scale W]
//!                                [--fault KIND:TARGET[:MAGNITUDE[:AT[:DURATION]]]]... [--paired] [--json]
//!                                [--post-mortem FILE.md] [--post-mortem-dir DIR] [--dry-run] [--kill-switch FROM[..UNTIL]]
//! headless replay RUN.json|LINK [--json]
//! headless arena [--policies NAME,...] [--seeds FIRST..END] [--scenarios generated|all|PRESET,...] [--threads N] [--episodes]
//!                [--json | --diagnosis [--fit]]
//! headless diagnose --cases DIR [--out FILE.csv] [--injection-known] [--score]
//! headless import FILE... [--json]
//! headless detect --nab DIR [--out OUT] [--range-known] [--score]
//! headless detect --simulated [--seeds FIRST..END] [--scenarios PRESET,...] [--onsets]
//! headless incident [PNN|all] [--seed N] [--json] [--report] [--sensitivity]
//! headless forecast --m4 DIR [--out OUT.csv] [--score] [--period S[,L]|find|none]
//! headless breach (--series FILE.csv | --made SEED [--pods N] [--kinds K,...]) --threshold T --horizon N [--out OUT.csv]
//!                 [--every K] [--why] [--score]
//! headless breach --simulated [--seeds FIRST..END] [--scenarios generated|all|PRESET,...] [--threads N] [--out OUT.csv] [--fit]
//! headless presets
//! headless swarm [--law NAME] [--seed N | --seeds COUNT]
//! headless train --seeds FIRST..END --out FILE [--from FILE] [--explore WIDTHS]
//! headless validate --reference FILE.csv [--group G]... [--row ID]... [--quick] [--repetition N] [--threads N]
//!                   [--json] [--out FILE]
//! headless validate --groups
//! headless validate --scale-model [SYSTEM]... [--quick] [--json]
//! headless validation-page --reference FILE.csv --out FILE.html [--quick] [--runs N] [--systems N] [--threads N]
//! ```
//! The same arguments give the same bytes. Exit code 0: done; 1: the input could not be used; 2: the call's words are off.
#![cfg_attr(target_arch = "wasm32", allow(dead_code, unused_imports))]

mod arena;
mod arguments;
mod breach;
mod detect;
mod diagnose;
mod forecast;
mod import;
mod incident;
mod replay;
mod run;
mod scale_model;
mod swarm;
mod train;
mod validate;
mod validation_page;

use arguments::Usage;
use sickbay::sim::fault::FaultKind;
use std::process::ExitCode;

const USAGE: &str = "usage:
  headless run PRESET-OR-FILE... [--seed N] [--until SECONDS] [--policy rules|bandit|seed|kubernetes|none]
                                 [--weights FILE] [--heal off|advise|ask|auto] [--scale W]
                                 [--fault KIND:TARGET[:MAGNITUDE[:AT[:DURATION]]]]... [--paired] [--json]
                                 [--post-mortem FILE.md] [--post-mortem-dir DIR] [--dry-run]
                                 [--kill-switch FROM[..UNTIL]]
  headless replay RUN.json|LINK [--json]
  headless arena [--policies NAME,...] [--seeds FIRST..END] [--scenarios generated|all|PRESET,...] [--threads N] [--episodes]
                 [--json | --diagnosis [--fit]]
  headless diagnose --cases DIR [--out FILE.csv] [--injection-known] [--score]
  headless import FILE... [--json]
  headless detect --nab DIR [--out OUT] [--range-known] [--score]
  headless detect --multivariate DIR [--out OUT] [--score]
  headless detect --simulated [--seeds FIRST..END] [--scenarios PRESET,...] [--onsets]
  headless incident [PNN|all]... [--seed N] [--json] [--report] [--sensitivity]
  headless forecast --m4 DIR [--out OUT.csv] [--score] [--period S[,L]|find|none]
  headless breach (--series FILE.csv | --made SEED [--pods N] [--kinds K,...]) --threshold T --horizon N [--out OUT.csv]
                  [--every K] [--why] [--score]
  headless breach --simulated [--seeds FIRST..END] [--scenarios generated|all|PRESET,...] [--threads N] [--out OUT.csv] [--fit]
  headless presets
  headless swarm [--law NAME] [--seed N | --seeds COUNT]
  headless train --seeds FIRST..END --out FILE [--from FILE] [--explore WIDTHS]
  headless validate --reference FILE.csv [--group G]... [--row ID]... [--quick] [--repetition N] [--threads N]
                    [--json] [--out FILE]
  headless validate --groups
  headless validate --scale-model [SYSTEM]... [--quick] [--json]
  headless validation-page --reference FILE.csv --out FILE.html [--quick] [--runs N] [--systems N] [--threads N]

For run and import, FILE is a scenario file (docs/scenario-file.md), which says seed, end, policy and dial itself unless a flag
does, or a Kubernetes or Compose file.
TARGET is a service's name, or CALLER->CALLEE for a call edge (quote it); AT and DURATION are seconds (AT defaults to 30,
DURATION to 'until the end'). --scale W runs a model in which one replica stands for W. --paired runs the same seed once
more with the healer off and prints both.";

/// What the commands read and write.
const FORMATS: &str = "formats:
  scenario file      YAML that begins with 'sickbay: 1'; docs/scenario-file.md has every key
  Kubernetes         manifests as YAML, several documents or List objects; Compose: a compose.yaml
  weights            text, as 'headless train' writes it
  --reference        CSV with columns id, group, params, metric, value, tol, how, source
  --cases            a directory a case: metrics.csv with columns time_s, service|metric, ...; graph.csv, edges.csv and truth.json
                     as far as there are any
  --series           CSV with a header: time in s, then one column a series
  --nab, --multivariate, --m4   directories of the benchmarks as they are published; docs/benchmarks.md says where from
  --json             one JSON value on standard output
  --post-mortem      Markdown; with --post-mortem-dir also its charts as SVG

'headless COMMAND --help' tells of one command; 'headless run --help' lists the faults.";

/// Every kind of fault, with the unit and range of its magnitude.
fn faults() -> String {
    let line = |kind: FaultKind| {
        let scale = kind.scale();
        let range = format!("{} to {}, usually {}", scale.min, scale.max, scale.usual);
        format!("  {:<20} {}: {range} ({})", kind.name(), scale.label, scale.unit)
    };
    let lines: Vec<String> = FaultKind::ALL.into_iter().map(line).collect();
    format!("KIND, and its MAGNITUDE:\n{}", lines.join("\n"))
}

/// What to tell and with which exit code.
pub enum Failure {
    /// The call's words are off.
    Usage(Usage),
    /// The input could not be used; already said why.
    Input(String),
}

/// How the part of [`USAGE`] begins that says what words stand for.
const ABOUT_FILES: &str = "For run and import, FILE ";

/// The lines of [`USAGE`] on one command, or all if there is no such command.
fn usage_of(command: Option<&String>) -> String {
    let Some(command) = command else { return USAGE.to_owned() };
    let begins = format!("  headless {command} ");
    let (mut found, mut is_in) = (Vec::new(), false);
    for line in USAGE.lines() {
        is_in = line.starts_with(&begins) || is_in && line.starts_with("   ");
        if is_in {
            found.push(line);
        }
    }
    if command == "run" {
        found.extend(USAGE.lines().skip_while(|line| !line.starts_with(ABOUT_FILES)));
    }
    if found.is_empty() { USAGE.to_owned() } else { format!("usage:\n{}", found.join("\n")) }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().skip(1).any(|word| word == "--help" || word == "-h") {
        let is_run = words.first().is_some_and(|word| word == "run");
        let more = if is_run { format!("\n{}", faults()) } else { String::new() };
        print(&format!("{}{more}", usage_of(words.first())));
        return ExitCode::SUCCESS;
    }
    let result = match words.first().map(String::as_str) {
        Some("run") => run::run(&words[1..]),
        Some("replay") => replay::replay(&words[1..]),
        Some("arena") => arena::arena(&words[1..]),
        Some("diagnose") => diagnose::diagnose(&words[1..]),
        Some("import") => import::import(&words[1..]),
        Some("detect") => detect::detect(&words[1..]),
        Some("incident") => incident::incident(&words[1..]),
        Some("forecast") => forecast::forecast(&words[1..]),
        Some("breach") => breach::breach(&words[1..]),
        Some("swarm") => swarm::swarm(&words[1..]),
        Some("train") => train::train(&words[1..]),
        Some("validate") => validate::validate(&words[1..]),
        Some("validation-page") => validation_page::validation_page(&words[1..]),
        Some("presets") => {
            run::presets();
            Ok(())
        }
        Some("--help" | "-h" | "help") => {
            print(&format!("{USAGE}\n\n{FORMATS}"));
            Ok(())
        }
        Some(other) => Err(Failure::Usage(Usage(format!("there is no command '{other}'")))),
        None => Err(Failure::Usage(Usage("a command is missing".into()))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Input(text)) => {
            complain(&text);
            ExitCode::from(1)
        }
        Err(Failure::Usage(usage)) => {
            complain(&format!("headless: {}\n{}", usage.0, usage_of(words.first())));
            ExitCode::from(2)
        }
    }
}

/// Writes to standard output; a closed pipe ends the program quietly.
pub fn print(text: &str) {
    use std::io::Write;
    if writeln!(std::io::stdout(), "{text}").is_err() {
        std::process::exit(0);
    }
}

fn complain(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Reads one file of a measurement as text, or says what to name instead.
pub fn read_text(file: &str, help: &str) -> Result<String, Failure> {
    match std::fs::read(file) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(e) => Err(Failure::Input(format!("E0001 cannot read '{file}': {e}; help: {help}"))),
    }
}

/// Writes what was asked for with `--out`.
pub fn write_text(file: &str, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text)
        .map_err(|e| Failure::Input(format!("E0611 cannot write '{file}': {e}; help: name a file in a directory that exists")))
}

/// Reads files as text; bytes that are not UTF-8 become replacement characters, which the importer then reports.
pub fn read_files(names: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let read = |name: &String| {
        let bytes = std::fs::read(name).map_err(|e| Failure::Input(format!("E0001 cannot read '{name}': {e}")))?;
        let short = std::path::Path::new(name).file_name().map_or(name.clone(), |f| f.to_string_lossy().into_owned());
        Ok((short, String::from_utf8_lossy(&bytes).into_owned()))
    };
    names.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_names_every_fault_and_what_the_words_stand_for() {
        let told = faults();
        assert!(FaultKind::ALL.into_iter().all(|kind| told.contains(&format!("  {} ", kind.name()))), "{told}");
        assert!(usage_of(Some(&"run".to_owned())).contains(ABOUT_FILES));
    }
}
