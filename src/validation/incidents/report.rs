//! Signatures and their sensitivity as text.

use super::row::short;
use super::{Pattern, Row, Sensitivity, Status};
use std::fmt::Write;

/// A pattern's signature: who says what, what was chosen, and row by row what came out.
pub fn signature_text(pattern: &Pattern, rows: &[Row]) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", pattern.title());
    let _ = writeln!(out, "source: {}", pattern.source);
    let _ = writeln!(out, "watch: {}", pattern.watch());
    let _ = match pattern.status {
        Status::Reproduced => writeln!(out, "status: reproduced"),
        Status::Partly(why) => writeln!(out, "status: partly reproduced; {why}"),
    };
    if !pattern.chosen.is_empty() {
        let _ = writeln!(out, "\nnot given by the source:");
        for chosen in pattern.chosen {
            let _ = writeln!(out, "  {}: {}", chosen.what, chosen.why);
        }
    }
    let _ = writeln!(out, "\n{:<4} {:>18} {:>10}  what [source]", "", "expected", "measured");
    for row in rows {
        let (expected, measured) = (row.expected.to_string(), short(row.measured));
        let _ = writeln!(out, "{:<4} {expected:>18} {measured:>10}  {} [{}]", row.verdict(), row.what, row.source);
    }
    out
}

/// How far each row moves when each chosen parameter is halved and doubled.
pub fn sensitivity_text(rows: &[Row], runs: &[Sensitivity]) -> String {
    let mut out = String::new();
    for pair in runs.chunks(2) {
        let Some(first) = pair.first() else { continue };
        let _ = writeln!(out, "{}", first.what);
        let _ = writeln!(out, "{:>18} {:>12} {:>12} {:>12}", "expected", "halved", "as chosen", "doubled");
        for (i, row) in rows.iter().enumerate() {
            let cell = |run: Option<&Sensitivity>| {
                let row = run.and_then(|r| r.rows.get(i));
                row.map_or_else(|| "-".to_owned(), |r| format!("{}{}", short(r.measured), if r.is_good() { "" } else { " !" }))
            };
            let (expected, chosen) = (row.expected.to_string(), short(row.measured));
            let _ =
                writeln!(out, "{expected:>18} {:>12} {chosen:>12} {:>12}  {}", cell(pair.first()), cell(pair.get(1)), row.what);
        }
    }
    out
}
