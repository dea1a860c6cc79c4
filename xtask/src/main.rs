//! `cargo xtask`: the project's commands. The only place that installs anything, and only what is missing.
//!
//! Plain `std`, so that it builds in seconds on a bare machine before anything else is there. The steps are ordinary
//! commands, printed before they run, so that each can be repeated by hand.

mod bench;
mod count;
mod figures;
mod instructions;
mod setup;
mod shell;
mod steps;
mod table;
mod validate;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>

  serve [TRUNK OPTIONS]  set up what is missing, then build and serve the page and rebuild it on changes
                         (for example --port 9000, --release, --open)
  test                   set up what is missing, then run all tests: native, in headless Chromium, end to end on dist/,
                         and the performance gate
  bench                  the engine's speed natively, in wasm and by the instruction, as a table (about 5 minutes)
  gate                   only the performance gate: instructions per RPC against benches/instructions.txt
  validate [OPTIONS]     run every reference value, incident and law and write www/validation.html (some minutes);
                         --reference FILE.csv or --data DIR (with a reference.csv) instead of docs/validation/reference.csv,
                         and options of `headless validation-page`, such as --quick
  dist                   write dist/: static files that any host serves from any path
  check                  formatting, lints for both targets, documentation
  setup                  only set up what is missing";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((command, rest)) => run(command, rest),
        None => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &str, rest: &[String]) -> Result<(), String> {
    if !["serve", "validate"].contains(&command) && !rest.is_empty() {
        return Err(format!("`{command}` takes no options\n\n{USAGE}"));
    }
    match command {
        "serve" => steps::serve(rest),
        "test" => steps::test(),
        "validate" => validate::run(rest),
        "bench" => bench::run(),
        "gate" => steps::gate(),
        "dist" => steps::dist(),
        "check" => steps::check(),
        "setup" => setup::everything(),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        other => Err(format!("no command `{other}`\n\n{USAGE}")),
    }
}
