//! `headless validate --scale-model`: models of larger systems against their full runs.

use crate::arguments::{Arguments, Usage};
use crate::{Failure, print};
use sickbay::validation::scale::{Agreement, Care, SYSTEMS, ScaleRow, System, compare};

/// Compares the systems named as words, or all.
pub fn scale_model(arguments: &Arguments) -> Result<(), Failure> {
    let care = if arguments.has("--quick") { Care::Quick } else { Care::Full };
    let mut rows: Vec<ScaleRow> = Vec::new();
    for system in chosen(&arguments.words)? {
        let compared = compare(system, care);
        if !arguments.has("--json") {
            print(&format!("{}: {}", system.name, system.about));
            compared.iter().for_each(|row| print(&format!("  {}", row.line())));
        }
        rows.extend(compared);
    }
    if arguments.has("--json") {
        let text = serde_json::to_string_pretty(&rows).map_err(|e| Failure::Input(format!("E0613 {e}")))?;
        print(&text);
    }
    let differ = rows.iter().filter(|row| row.agreement == Agreement::Differs).count();
    if differ == 0 { Ok(()) } else { Err(Failure::Input(format!("{differ} of {} rows differ", rows.len()))) }
}

fn chosen(words: &[String]) -> Result<Vec<&'static System>, Failure> {
    if words.is_empty() {
        return Ok(SYSTEMS.iter().collect());
    }
    let find = |word: &String| {
        let names = || SYSTEMS.iter().map(|s| s.name).collect::<Vec<_>>().join(", ");
        let found = SYSTEMS.iter().find(|s| s.name == word.as_str());
        found.ok_or_else(|| Failure::Usage(Usage(format!("there is no system '{word}'; there are {}", names()))))
    };
    words.iter().map(find).collect()
}
