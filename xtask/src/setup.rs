//! Sets up what is missing. Versions are looked at first, so a second run does nothing.
//!
//! trunk and wasm-bindgen are built from source with a cheap profile (no link-time optimisation: about 6 minutes on
//! 2 cores instead of 15; they are not what runs in the page). Trunk 0.22 needs a newer compiler than ours, hence 0.21.
//! wasm-bindgen's tool must have exactly the version of the crate in `Cargo.lock`.

use crate::shell::{cargo, command, first_line, run};
use std::path::PathBuf;

const WASM_TARGET: &str = "wasm32-unknown-unknown";
const TRUNK: &str = "0.21.14";
const WASM_BINDGEN: &str = "0.2.129";

/// All that any command needs.
pub fn everything() -> Result<(), String> {
    for_page()?;
    browser()?;
    if let Err(error) = valgrind() {
        eprintln!("{error}\nThe instruction gate is skipped without it.");
    }
    Ok(())
}

/// What building the page needs.
pub fn for_page() -> Result<(), String> {
    wasm_target()?;
    wasm_bindgen()?;
    trunk()
}

/// The compiler's wasm target.
pub fn wasm_target() -> Result<(), String> {
    let sysroot = first_line("rustc", &["--print", "sysroot"]).ok_or("missing: rustc. Install Rust with rustup.")?;
    if PathBuf::from(sysroot).join("lib/rustlib").join(WASM_TARGET).join("lib").is_dir() {
        return Ok(());
    }
    run(command("rustup").args(["target", "add", WASM_TARGET])).map_err(|error| {
        format!(
            "missing: Rust's {WASM_TARGET} target.\n{error}\nGet it with `rustup target add {WASM_TARGET}`, or as a package \
             of your system."
        )
    })
}

/// The tool that makes JavaScript bindings, and the runner of the browser tests.
pub fn wasm_bindgen() -> Result<(), String> {
    let there = first_line("wasm-bindgen-test-runner", &["--version"]).is_some();
    if there && has_version("wasm-bindgen", WASM_BINDGEN) {
        return Ok(());
    }
    install("wasm-bindgen-cli", WASM_BINDGEN, &[])
}

fn trunk() -> Result<(), String> {
    if has_version("trunk", TRUNK) {
        return Ok(());
    }
    install("trunk", TRUNK, &["--no-default-features", "--features", "rustls"])
}

fn has_version(program: &str, version: &str) -> bool {
    first_line(program, &["--version"]).is_some_and(|line| line.split_whitespace().nth(1) == Some(version))
}

fn install(package: &str, version: &str, features: &[&str]) -> Result<(), String> {
    println!("missing: {package} {version}; building it from source takes a few minutes, once");
    let mut build = cargo();
    build.args(["install", "--locked", "--force", package, "--version", version]).args(features);
    build.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    build.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1").env("CARGO_PROFILE_RELEASE_STRIP", "true");
    if let Some(cache) = cache() {
        build.env("CARGO_TARGET_DIR", cache.join("sickbay-tools"));
    }
    run(&mut build).map_err(|error| {
        format!(
            "missing: {package} {version}.\n{error}\nIt is built with cargo, which needs a C compiler and linker (Debian: \
             `apt-get install build-essential`) and access to your crates registry.\n\
             Or put a prebuilt {package} of exactly version {version} on your PATH."
        )
    })
}

/// The user's cache directory.
fn cache() -> Option<PathBuf> {
    let named = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    named.or_else(|| Some(std::env::home_dir()?.join(".cache")))
}

/// Chromium and its driver, for the tests in a browser.
pub fn browser() -> Result<(), String> {
    let missing = missing_browser();
    if missing.is_empty() {
        return Ok(());
    }
    let help = format!(
        "missing: {}, for the tests in a browser.\nOn Debian or Ubuntu: `apt-get install chromium chromium-driver` as root. \
         Elsewhere put `chromium` (or `google-chrome`) and a `chromedriver` of the same version on your PATH.",
        missing.join(" and ")
    );
    let root = first_line("id", &["-u"]).as_deref() == Some("0");
    if !root || first_line("apt-get", &["--version"]).is_none() {
        return Err(help);
    }
    println!("missing: {}; installing it as a system package", missing.join(" and "));
    let install = ["install", "--yes", "--no-install-recommends", "chromium", "chromium-driver", "fonts-dejavu-core"];
    run(apt().arg("update")).and_then(|()| run(apt().args(install))).map_err(|error| format!("{help}\n{error}"))?;
    if missing_browser().is_empty() { Ok(()) } else { Err(help) }
}

/// Valgrind, which counts instructions for the performance gate.
pub fn valgrind() -> Result<(), String> {
    let there = || first_line("valgrind", &["--version"]).is_some();
    if there() {
        return Ok(());
    }
    let help =
        "missing: valgrind, which counts instructions.\nOn Debian or Ubuntu: `apt-get install valgrind` as root.".to_owned();
    let root = first_line("id", &["-u"]).as_deref() == Some("0");
    if !root || first_line("apt-get", &["--version"]).is_none() {
        return Err(help);
    }
    println!("missing: valgrind; installing it as a system package");
    let install = ["install", "--yes", "--no-install-recommends", "valgrind"];
    run(apt().arg("update")).and_then(|()| run(apt().args(install))).map_err(|error| format!("{help}\n{error}"))?;
    if there() { Ok(()) } else { Err(help) }
}

fn apt() -> std::process::Command {
    let mut command = command("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn missing_browser() -> Vec<&'static str> {
    let browsers = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let mut missing = Vec::new();
    if !browsers.iter().any(|program| first_line(program, &["--version"]).is_some()) {
        missing.push("Chromium");
    }
    if first_line("chromedriver", &["--version"]).is_none() {
        missing.push("chromedriver");
    }
    missing
}
