//! Runs scenarios and reads files without a page.
//!
//! ```text
//! headless run PRESET-OR-FILE... [--seed N] [--until SECONDS] [--policy NAME] [--weights FILE] [--heal DIAL] [--scale W]
//!                                [--fault KIND:TARGET[:MAGNITUDE[:AT[:DURATION]]]]... [--paired] [--json]
//!                                [--post-mortem FILE.md] [--post-mortem-dir DIR] [--dry-run] [--kill-switch FROM[..UNTIL]]
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
mod run;
mod scale_model;
mod swarm;
mod train;
mod validate;
mod validation_page;

use arguments::Usage;
use std::process::ExitCode;

const USAGE: &str = "usage:
  headless run PRESET-OR-FILE... [--seed N] [--until SECONDS] [--policy rules|bandit|seed|kubernetes|none]
                                 [--weights FILE] [--heal off|advise|ask|auto] [--scale W]
                                 [--fault KIND:TARGET[:MAGNITUDE[:AT[:DURATION]]]]... [--paired] [--json]
                                 [--post-mortem FILE.md] [--post-mortem-dir DIR] [--dry-run]
                                 [--kill-switch FROM[..UNTIL]]
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
  headless presets
  headless swarm [--law NAME] [--seed N | --seeds COUNT]
  headless train --seeds FIRST..END --out FILE [--from FILE] [--explore WIDTHS]
  headless validate --reference FILE.csv [--group G]... [--row ID]... [--quick] [--repetition N] [--threads N]
                    [--json] [--out FILE]
  headless validate --groups
  headless validate --scale-model [SYSTEM]... [--quick] [--json]
  headless validation-page --reference FILE.csv --out FILE.html [--quick] [--runs N] [--systems N] [--threads N]

FILE is a scenario file (docs/scenario-file.md), which says seed, end, policy and dial itself unless a flag does, or a
Kubernetes or Compose file.
TARGET is a service's name, or CALLER->CALLEE for a call edge (quote it); AT and DURATION are seconds (AT defaults to 30,
DURATION to 'until the end'). --scale W runs a model in which one replica stands for W. --paired runs the same seed once
more with the healer off and prints both.";

/// What to tell and with which exit code.
pub enum Failure {
    /// The call's words are off.
    Usage(Usage),
    /// The input could not be used; already said why.
    Input(String),
}

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
        found.extend(USAGE.lines().skip_while(|line| !line.starts_with("FILE ")));
    }
    if found.is_empty() { USAGE.to_owned() } else { format!("usage:\n{}", found.join("\n")) }
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().skip(1).any(|word| word == "--help" || word == "-h") {
        print(&usage_of(words.first()));
        return ExitCode::SUCCESS;
    }
    let result = match words.first().map(String::as_str) {
        Some("run") => run::run(&words[1..]),
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
            print(USAGE);
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
