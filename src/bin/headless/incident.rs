//! `headless incident`: the incident patterns, measured.

use crate::arguments::{Arguments, Usage};
use crate::{Failure, print};
use sickbay::validation::incidents::{self, PATTERNS, Pattern, Row, Status, pattern};

pub fn incident(words: &[String]) -> Result<(), Failure> {
    let flags = ["--json", "--report", "--sensitivity"];
    let arguments = Arguments::parse(words, &["--seed"], &flags).map_err(Failure::Usage)?;
    let seed = arguments.value("--seed", incidents::SEED).map_err(Failure::Usage)?;
    let mut all_good = true;
    let mut values = Vec::new();
    for pattern in chosen(&arguments.words)? {
        if arguments.has("--report") {
            print(incidents::trace(pattern, seed).trim_end());
            continue;
        }
        let rows = incidents::measure(pattern, seed);
        // A pattern that is said to come out only partly says itself which rows are off.
        all_good &= pattern.status != Status::Reproduced || rows.iter().all(Row::is_good);
        if arguments.has("--json") {
            values.push(json(pattern, &rows));
            continue;
        }
        print(&incidents::signature_text(pattern, &rows));
        if arguments.has("--sensitivity") {
            print(&incidents::sensitivity_text(&rows, &incidents::sensitivity(pattern, seed)));
        }
    }
    if arguments.has("--json") {
        print(&serde_json::Value::Array(values).to_string());
    }
    if all_good { Ok(()) } else { Err(Failure::Input("a pattern that is said to be reproduced is not".into())) }
}

/// The patterns asked for, or all.
fn chosen(words: &[String]) -> Result<Vec<&'static Pattern>, Failure> {
    if words.is_empty() || words.iter().any(|word| word == "all") {
        return Ok(PATTERNS.iter().collect());
    }
    let find = |word: &String| {
        let names = || PATTERNS.iter().map(Pattern::id).collect::<Vec<_>>().join(", ");
        pattern(word).ok_or_else(|| Failure::Usage(Usage(format!("there is no pattern '{word}'; there are {}", names()))))
    };
    words.iter().map(find).collect()
}

fn json(pattern: &Pattern, rows: &[Row]) -> serde_json::Value {
    let status = match pattern.status {
        Status::Reproduced => serde_json::json!({"status": "reproduced"}),
        Status::Partly(why) => serde_json::json!({"status": "partly", "why": why}),
    };
    let chosen = pattern.chosen.iter().map(|c| serde_json::json!({"what": c.what, "why": c.why})).collect::<Vec<_>>();
    let row = |r: &Row| {
        let expected = r.expected.to_string();
        serde_json::json!({"what": r.what, "expected": expected, "measured": r.measured, "good": r.is_good(), "source": r.source})
    };
    serde_json::json!({
        "id": pattern.id(), "name": pattern.name(), "title": pattern.title(), "watch": pattern.watch(),
        "source": pattern.source, "status": status, "chosen": chosen, "rows": rows.iter().map(row).collect::<Vec<_>>(),
    })
}
