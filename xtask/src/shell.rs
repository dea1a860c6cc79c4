//! Runs commands: printed before they start, with no standard input, their output shown as it comes.

use crate::count::Count;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// The repository's root: the parent of this package.
pub fn root() -> PathBuf {
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    package.parent().map_or_else(|| package.clone(), Path::to_path_buf)
}

/// A command in the repository's root; it finds what `cargo install` installed, even if the user's PATH does not.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).stdin(Stdio::null()).env("PATH", path());
    command
}

/// The cargo that started us.
pub fn cargo() -> Command {
    command(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
}

/// PATH with cargo's bin directory at its end.
fn path() -> std::ffi::OsString {
    let old = std::env::var_os("PATH").unwrap_or_default();
    let with_cargo = std::env::split_paths(&old).chain(cargo_bin());
    std::env::join_paths(with_cargo).unwrap_or(old)
}

fn cargo_bin() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    Some(home.or_else(|| Some(std::env::home_dir()?.join(".cargo")))?.join("bin"))
}

/// The command as a person would type it.
fn shown(command: &Command) -> String {
    let environment = command.get_envs().filter(|(name, _)| *name != "PATH").filter_map(|(name, value)| {
        let value = value?.to_string_lossy().into_owned();
        Some(format!("{}={value}", name.to_string_lossy()))
    });
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args()).map(|word| word.to_string_lossy().into_owned());
    environment.chain(words).collect::<Vec<_>>().join(" ")
}

/// Runs it; an error says which command failed.
pub fn run(command: &mut Command) -> Result<(), String> {
    println!("$ {}", shown(command));
    let status = command.status().map_err(|error| format!("`{}` did not start: {error}", shown(command)))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` failed ({status})", shown(command))) }
}

/// The first line it prints, or nothing if it is not there or fails.
pub fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output = command(program).args(arguments).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    output.status.success().then(|| text.lines().next().unwrap_or_default().trim().to_owned())
}

/// Runs it and returns the lines it prints; those that `show` likes are shown as they come. An error shows them all.
pub fn lines(command: &mut Command, show: impl Fn(&str) -> bool) -> Result<Vec<String>, String> {
    println!("$ {}", shown(command));
    let mut printed = Vec::new();
    let status = stream(command, |line| {
        if show(&line) {
            println!("{line}");
        }
        printed.push(line);
    });
    match status {
        Ok(status) if status.success() => Ok(printed),
        Ok(status) => Err(format!("{}\n`{}` failed ({status})", printed.join("\n"), shown(command))),
        Err(error) => Err(format!("`{}`: {error}", shown(command))),
    }
}

/// Runs a test command, showing its output as it comes, and counts its tests. A command that fails without having
/// counted a failed test (it did not build, or died) counts as one failure.
pub fn count(command: &mut Command) -> Count {
    println!("$ {}", shown(command));
    let mut total = Count::default();
    let status = stream(command, |line| {
        println!("{line}");
        if let Some(count) = Count::of_line(&line) {
            total.add(count);
        }
    });
    let succeeded = status.map(|status| status.success()).unwrap_or_else(|error| {
        eprintln!("`{}`: {error}", shown(command));
        false
    });
    if !succeeded && total.failed == 0 {
        eprintln!("`{}` failed before it could count its tests", shown(command));
        total.failed = 1;
    }
    total
}

/// Runs it and hands on each line it prints as it comes.
fn stream(command: &mut Command, mut each: impl FnMut(String)) -> std::io::Result<ExitStatus> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n') {
            each(String::from_utf8_lossy(&line?).into_owned());
        }
    }
    child.wait()
}
