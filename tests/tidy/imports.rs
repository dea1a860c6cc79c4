//! The import table: who may name whom. One-way, so that each layer can be read and tested without those above it.

use crate::source::{Problem, code, line_of};

/// An area of `src/` and the paths that it may name (besides itself). `sim::fault` allows that module only.
const TABLE: &[(&str, &[&str])] = &[
    ("units", &[]),
    ("ids", &[]),
    ("math", &[]),
    ("rng", &["math", "units"]),
    ("topology", &["units", "ids"]),
    ("telemetry", &["units", "ids", "math"]),
    ("action", &["units", "ids"]),
    ("sim", &["action", "topology", "telemetry", "rng", "units", "ids", "math"]),
    (
        "validation",
        &[
            "view::address",
            "session",
            "pipeline",
            "scenario",
            "sim",
            "topology",
            "action",
            "telemetry",
            "rng",
            "units",
            "ids",
            "math",
        ],
    ),
    ("platform", &["action", "topology", "telemetry", "rng", "units", "ids"]),
    ("pipeline", &["platform", "topology", "telemetry", "units", "ids", "math"]),
    ("scenario", &["action", "topology", "sim::fault", "units", "ids", "math"]),
    ("session", &["scenario", "pipeline", "platform", "sim", "topology", "telemetry", "rng", "units", "ids", "math"]),
    ("view", &["session", "scenario", "pipeline", "platform", "sim", "topology", "telemetry", "units", "ids", "math"]),
    ("protocol", &["view", "session", "scenario", "pipeline", "sim::fault", "topology", "telemetry", "units", "ids"]),
    ("host", &["protocol", "view", "session", "scenario", "sim::fault", "topology", "units", "ids"]),
    (
        "app",
        &[
            "protocol",
            "view",
            "session::Command",
            "web",
            "scenario",
            "pipeline",
            "sim::fault",
            "topology",
            "telemetry",
            "units",
            "ids",
            "math",
        ],
    ),
];

/// What test modules may name besides: made-up input needs random numbers.
const IN_TESTS: &str = "rng";

/// The one file of `platform` that may see the simulated world: the seam's other side.
const SEAM: &str = "src/platform/simulated.rs";

/// Words that only the page may name.
const BROWSER: &[&str] = &["web_sys", "js_sys", "wasm_bindgen", "wasm_bindgen_futures", "leptos", "plotters_canvas", "getrandom"];

/// Every `crate::...` path in `src/` is in the table.
pub fn check_areas(path: &str, text: &str) -> Vec<Problem> {
    let Some((area, allowed)) = area_of(path).and_then(|area| TABLE.iter().find(|row| row.0 == area)) else {
        return Vec::new();
    };
    let code = code(text);
    let named = crate_paths(&code).into_iter().chain(super_paths(&code));
    let excused = |named: &str| path == SEAM && within(named, "sim") || path.ends_with("/tests.rs") && within(named, IN_TESTS);
    let foreign = named.filter(|(_, named)| !(allows(area, allowed, named) || excused(named)));
    foreign
        .map(|(line, named)| Problem {
            line,
            message: format!(
                "`{area}` may not name `{named}` (it may name: {}). Move the type down to a layer that both may name, or \
                 pass what is needed as an argument.",
                allowed.join(", ")
            ),
        })
        .collect()
}

/// Nothing below the page names the browser.
pub fn check_browser(path: &str, text: &str) -> Vec<Problem> {
    let of_page = ["src/web/", "src/app/", "src/bin/app.rs", "src/bin/worker.rs"].iter().any(|page| path.starts_with(page));
    if !path.starts_with("src/") || of_page {
        return Vec::new();
    }
    let code = code(text);
    let words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
    let named = words.filter(|word| BROWSER.contains(word));
    named
        .map(|word| Problem {
            line: line_of(&code, word.as_ptr() as usize - code.as_ptr() as usize),
            message: format!("`{word}` belongs in src/web or src/app: the core runs without a browser"),
        })
        .collect()
}

/// `src/sim/world.rs` and `src/units.rs` are of the areas `sim` and `units`.
fn area_of(path: &str) -> Option<&str> {
    let inner = path.strip_prefix("src/")?.strip_suffix(".rs")?;
    Some(inner.split_once('/').map_or(inner, |(area, _)| area))
}

fn allows(area: &str, allowed: &[&str], named: &str) -> bool {
    within(named, area) || allowed.iter().any(|path| within(named, path))
}

fn within(named: &str, path: &str) -> bool {
    named.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// All paths after `crate::`, groups taken apart, with their lines.
fn crate_paths(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (offset, word) in code.match_indices("crate::") {
        let mut paths = Vec::new();
        use_tree(&code[offset + word.len()..], "", &mut paths);
        found.extend(paths.into_iter().map(|path| (line_of(code, offset), path)));
    }
    found
}

/// Reads one use tree, `a::{b, c::d}` or `a::b`, into full paths; returns what follows it.
fn use_tree<'a>(text: &'a str, prefix: &str, found: &mut Vec<String>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = use_tree(rest, prefix, found).trim_start();
            match rest.strip_prefix(',') {
                Some(next) => rest = next,
                None => return rest.strip_prefix('}').unwrap_or(""),
            }
        }
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}::{name}") };
    match rest.strip_prefix("::") {
        Some(inner) => use_tree(inner, &path, found),
        None if name.is_empty() => rest,
        None => {
            found.push(path);
            rest.find([',', '}', ';']).map_or("", |next| &rest[next..])
        }
    }
}

/// `super::super::sim` from a module of the first level is `crate::sim`: every area named after `super::` counts.
fn super_paths(code: &str) -> Vec<(usize, String)> {
    let after = code.match_indices("super::").map(|(offset, word)| (offset, &code[offset + word.len()..]));
    let named = after.map(|(offset, rest)| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        (line_of(code, offset), rest[..end].to_owned())
    });
    named.filter(|(_, name)| TABLE.iter().any(|row| row.0 == name)).collect()
}

#[cfg(test)]
mod tests {
    use super::{check_areas, check_browser};

    fn bad(path: &str, text: &str) -> bool {
        !check_areas(path, text).is_empty()
    }

    #[test]
    fn the_pipeline_cannot_name_the_simulation_in_any_spelling() {
        for text in [
            "use crate::sim::World;",
            "use crate::{units::SimTime, sim::fault::FaultKind};",
            "fn a() -> crate::sim::World {}",
            "use super::super::sim::World;",
            "use crate::session::Session;",
            "use crate::{\n    ids::ServiceId,\n    scenario,\n};",
        ] {
            assert!(bad("src/pipeline/decide.rs", text), "{text}");
        }
        assert!(!bad("src/pipeline/decide.rs", "use crate::{units::SimTime, telemetry::{Metric, Series}}; // crate::sim"));
    }

    #[test]
    fn only_the_seam_of_the_platform_sees_the_simulation() {
        assert!(bad("src/platform/mod.rs", "use crate::sim::World;"));
        assert!(!bad("src/platform/simulated.rs", "use crate::sim::World;"));
        assert!(bad("src/platform/simulated.rs", "use crate::session::Session;"));
    }

    #[test]
    fn a_scenario_knows_faults_but_not_the_world() {
        assert!(!bad("src/scenario/mod.rs", "use crate::sim::fault::FaultSpec;"));
        assert!(bad("src/scenario/mod.rs", "use crate::sim::{fault, World};"));
    }

    #[test]
    fn the_core_cannot_name_the_browser() {
        assert!(!check_browser("src/view/frame.rs", "fn a(x: web_sys::Window) {}").is_empty());
        assert!(check_browser("src/web/link.rs", "use web_sys::Window;").is_empty());
        assert!(check_browser("src/view/frame.rs", "// web_sys is not for here").is_empty());
    }
}
