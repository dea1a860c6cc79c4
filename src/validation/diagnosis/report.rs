//! The result as a table for programs and as one for people.

use super::case::Case;
use super::play::Outcome;
use super::score::{Accuracy, Score, score};
use std::fmt::Write as _;

/// Services listed for each case.
const LISTED: usize = 5;

/// A header and a line a case: `case`, `rank1`, `confidence1` ... `rank5`, `confidence5`, `class`, `metric`, `detected_at_s`,
/// `class_confidence`. Names with commas or quotes are quoted.
pub fn csv(cases: &[(Case, Outcome)]) -> String {
    let ranks: Vec<String> = (1..=LISTED).map(|rank| format!("rank{rank},confidence{rank}")).collect();
    let mut text = format!("case,{},class,metric,detected_at_s,class_confidence\n", ranks.join(","));
    for (case, outcome) in cases {
        let suspects = &outcome.verdict.suspects;
        let mut cells = vec![quoted(&case.name)];
        for rank in 0..LISTED {
            let suspect = suspects.get(rank);
            cells.push(suspect.map_or_else(String::new, |suspect| quoted(&case.layout.services[suspect.service])));
            cells.push(suspect.map_or_else(String::new, |suspect| format!("{:.4}", suspect.confidence)));
        }
        let first = suspects.first();
        cells.push(first.map_or("unknown", |suspect| suspect.class.name()).to_owned());
        cells.push(first.map_or_else(String::new, |suspect| quoted(&suspect.metric)));
        cells.push(outcome.noticed_s.map_or_else(String::new, |at_s| format!("{at_s}")));
        cells.push(first.map_or_else(String::new, |suspect| format!("{:.4}", suspect.class_confidence)));
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

fn quoted(name: &str) -> String {
    if name.contains([',', '"', '\n']) { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.to_owned() }
}

/// Scores of one kind of data, for people.
pub fn scores(kind: &str, cases: &[(Case, Outcome)]) -> String {
    let score = score(cases);
    if score.ours.cases == 0 {
        return format!("{kind}: no case says which service was to blame");
    }
    let mut text = format!("{kind}: {} cases\n", score.ours.cases);
    let mut line = |name: &str, accuracy: &Accuracy| {
        let [one, three, five] = accuracy.shares();
        let _ = writeln!(text, "  {name:<12} AC@1 {one:.3}  AC@3 {three:.3}  AC@5 {five:.3}");
    };
    line("ours", &score.ours);
    score.floors.iter().for_each(|(name, accuracy)| line(name, accuracy));
    classes(&mut text, &score);
    let _ = writeln!(text, "  confidence   mean {:.3}  calibration error {:.3}", score.confidence, score.calibration_error);
    let (noticed, delay_s) = score.noticed;
    let delay = if noticed == 0 { String::new() } else { format!(" after {:.0} s on average", delay_s / noticed as f64) };
    let _ = writeln!(text, "  noticed      {noticed} of {}{delay}", score.ours.cases);
    let _ = write!(text, "  false alarms {} in {} samples", score.false_alarms, score.samples);
    text
}

fn classes(text: &mut String, score: &Score) {
    let (known, right) = score.classes;
    if known == 0 {
        return;
    }
    let _ = writeln!(text, "  class        {:.3} ({right} of {known})", right as f64 / known as f64);
    for ((class, found), count) in &score.confusion {
        let _ = writeln!(text, "    {class} -> {found}: {count}");
    }
}
