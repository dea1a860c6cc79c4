//! What the commands do, step by step.

use crate::count::Count;
use crate::instructions;
use crate::setup;
use crate::shell::{cargo, command, count, run};
use std::process::Command;

/// Generous, for a loaded machine: seconds for all tests of one browser test binary.
const BROWSER_TEST_TIMEOUT_S: &str = "300";
/// Seconds for the browser's driver to start.
const BROWSER_DRIVER_TIMEOUT_S: &str = "60";
const WASM: [&str; 2] = ["--target", "wasm32-unknown-unknown"];

/// Builds and serves the page, rebuilding it on changes, until stopped.
pub fn serve(options: &[String]) -> Result<(), String> {
    setup::for_page()?;
    run(trunk("serve").args(options))
}

/// Writes `dist/`. Crates are fetched first, so that the build itself touches no network.
pub fn dist() -> Result<(), String> {
    setup::for_page()?;
    run(cargo().args(["fetch", "--locked"]))?;
    run(trunk("build").args(["--release", "--offline", "--locked"]))
}

/// Trunk: no look-up of newer versions; and it takes `NO_COLOR=1` for a bad option, so that is kept from it.
fn trunk(subcommand: &str) -> Command {
    let mut command = command("trunk");
    command.arg(subcommand).env("TRUNK_SKIP_VERSION_CHECK", "true").env_remove("NO_COLOR");
    command
}

/// Formatting, lints, documentation.
pub fn check() -> Result<(), String> {
    setup::wasm_target()?;
    run(cargo().args(["fmt", "--all", "--check"]))?;
    run(cargo().args([
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--features",
        "benches/criterion",
        "--",
        "-D",
        "warnings",
    ]))?;
    let page = ["--lib", "--bins", "--test", "browser_*", "--features", "page"];
    run(cargo().args(["clippy", "--locked"]).args(WASM).args(page).args(["--", "-D", "warnings"]))?;
    run(cargo().args(["doc", "--locked", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
}

/// All tests. Every step runs even if an earlier one failed; the last line printed is `N passed, N failed`.
pub fn test() -> Result<(), String> {
    setup::for_page()?;
    setup::browser()?;
    let mut total = Count::default();
    total.add(count(&mut native()));
    total.add(count(&mut native_release()));
    total.add(count(&mut browser()));
    total.add(instructions::gate());
    total.add(end_to_end());
    close(total)
}

/// Only the performance gate.
pub fn gate() -> Result<(), String> {
    close(instructions::gate())
}

fn close(total: Count) -> Result<(), String> {
    println!("{total}");
    if total.failed == 0 { Ok(()) } else { Err("some tests failed: see above".to_owned()) }
}

fn cargo_test() -> Command {
    let mut command = cargo();
    command.args(["test", "--locked", "--no-fail-fast"]);
    command
}

/// The core's tests, and xtask's own.
fn native() -> Command {
    let mut command = cargo_test();
    command.args(["--workspace", "--exclude", "e2e"]);
    command
}

/// One digest in every build: the release build's turn.
fn native_release() -> Command {
    let mut command = cargo_test();
    command.args(["--release", "--test", "determinism"]);
    command
}

/// The tests that run as wasm in headless Chromium.
fn browser() -> Command {
    let mut command = cargo_test();
    command.args(WASM).args(["--test", "browser_*"]);
    command.env("WASM_BINDGEN_TEST_TIMEOUT", BROWSER_TEST_TIMEOUT_S);
    command.env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", BROWSER_DRIVER_TIMEOUT_S);
    command
}

/// The built page, driven as a person would. One test at a time: each has a browser and an engine of its own.
fn end_to_end() -> Count {
    if let Err(error) = dist() {
        eprintln!("{error}");
        return Count { passed: 0, failed: 1 };
    }
    let mut command = cargo_test();
    command.args(["--package", "e2e", "--", "--test-threads=1"]);
    count(&mut command)
}
