//! The scenario file: a whole scenario and how to run it, as people write it. See `docs/scenario-file.md`.
//!
//! YAML, of which JSON is a subset: names instead of ids, quantities with units, everything optional. The format is its own
//! thing, apart from the types it fills: each type is *described* once (`form`), for reading and for writing, so that a
//! renamed field of a type does not rename anything in anybody's files, and a new field does not compile until the file
//! knows it. The number behind `sickbay:` is the format's version.
//!
//! Reading never panics and never hangs: text, nesting, aliases, services, pods, load, time and planned items are bounded,
//! and everything that is wrong is collected, each with a stable code, a place and a line of help. A file with a problem is
//! not run at all. [`read`] of [`write()`] is the same scenario.

mod actions;
mod calls;
mod edges;
mod edits;
mod faults;
mod form;
mod machines;
mod names;
mod out;
mod policy;
mod problems;
mod quantity;
mod reader;
mod run;
mod scalars;
mod server;
mod service;
mod system;
mod work;
mod writer;

pub use run::{HealDial, PolicyChoice, RunDefaults};
pub use system::{LOAD_MAX, PODS_MAX};

use super::Scenario;
use super::import::Problem;
use super::import::source::Sources;
use super::import::yaml::Node;

/// The version that is written, and the newest that is read.
pub const VERSION: u64 = 1;
/// Most bytes of a file: a thousand services with their comments fit.
pub const TEXT_BYTES_MAX: usize = 4 << 20;
/// Most planned faults, edits and actions together.
pub const PLANNED_MAX: usize = 10_000;
/// Longest name of a scenario, in characters.
const NAME_CHARS_MAX: usize = 100;
/// Longest `about`, in characters.
const ABOUT_CHARS_MAX: usize = 1_000;

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// What there is to run.
    pub scenario: Scenario,
    /// How to run it.
    pub run: RunDefaults,
}

/// Reads a scenario file.
///
/// # Errors
/// Everything that is wrong with it, in the order found: at least one problem, at most 200.
pub fn read(text: &str) -> Result<Loaded, Vec<Problem>> {
    read_named("scenario.yaml", text)
}

/// Reads a scenario file whose places are to begin with `name`.
///
/// # Errors
/// As [`read`].
pub fn read_named(name: &str, text: &str) -> Result<Loaded, Vec<Problem>> {
    reader::read(&[(name.to_owned(), text.to_owned())])
}

/// Writes a scenario file, without what is usual.
pub fn write(scenario: &Scenario, run: &RunDefaults) -> String {
    writer::write(scenario, run)
}

/// Top-level keys that scenario files have and neither Compose nor Kubernetes knows.
const OWN_KEYS: [&str; 9] = ["about:", "seed:", "until:", "policy:", "heal:", "cluster:", "faults:", "edits:", "actions:"];

/// Whether a text means to be a scenario file: it has the key `sickbay` at its top, or others that only scenario files have,
/// so that a forgotten version is told and nothing is passed over.
pub fn is_scenario_file(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    let is_key = |line: &str| line.starts_with("sickbay:") || line.starts_with("\"sickbay\":");
    let is_flow = text.trim_start().starts_with('{');
    text.lines().any(is_key)
        || is_flow && (text.contains("\"sickbay\":") || text.contains("{sickbay:") || text.contains("{ sickbay:"))
        || has_own_keys(text)
}

fn has_own_keys(text: &str) -> bool {
    let begins = |line: &str, key: &str| line.starts_with(key);
    let foreign = ["apiVersion:", "image:", "build:"];
    let is_foreign = text.lines().any(|line| foreign.iter().any(|key| begins(line.trim_start().trim_start_matches("- "), key)));
    let is_own = |line: &str| {
        let inner = line.trim_start();
        OWN_KEYS.iter().any(|key| begins(line, key))
            || inner.starts_with("demand:")
            || line != inner && inner.starts_with("calls:")
    };
    !is_foreign && text.lines().any(|line| line == "services:") && text.lines().any(is_own)
}

/// For what has no text behind it.
fn no_sources() -> Sources<'static> {
    Sources::new(&[])
}

/// Names of a service's further endpoints, from its settings.
fn endpoint_names(settings: Option<&Node>) -> Vec<String> {
    let endpoints = settings.and_then(|node| node.get("endpoints")).map_or(&[][..], Node::items);
    endpoints.iter().map(|e| e.text_at(&["name"]).unwrap_or_default().to_owned()).collect()
}
