//! Several metrics of one service: `DIR/<name>_test.csv`, with `<name>_train.csv` before it if there is one, and labels in
//! `<name>_test_label.csv`; no header, a row a sample.

use super::files::{below, number, problem, text, write};
use super::table::table;
use crate::{Failure, print};
use sickbay::pipeline::detect::{METRICS_MAX, ServiceDetector, ServiceReading};
use sickbay::validation::detection::events::{Labelled, average_precision, best};
use sickbay::validation::detection::seed_rule;
use sickbay::validation::table::{Record, records};
use std::path::Path;

/// How the files of a service end.
const TEST: &str = "_test.csv";
const TRAIN: &str = "_train.csv";
const LABELS: &str = "_test_label.csv";

/// A service's scores, those of the floor, and labels.
struct Scored {
    name: String,
    ours: Labelled,
    seed: Labelled,
}

/// Writes `OUT/<name>.csv` (index, score, top metrics) for each service, or tells how good the scores are, or both.
pub fn run(directory: &str, out: Option<&str>, is_scored: bool) -> Result<(), Failure> {
    let paths = below(Path::new(directory), TEST)?;
    let mut scored = Vec::new();
    for path in &paths {
        let whole = path.to_string_lossy();
        let stem = whole.strip_suffix(TEST).unwrap_or(&whole);
        let name = Path::new(stem).file_name().map_or(stem.into(), |n| n.to_string_lossy());
        let test = read(path)?;
        let train = Path::new(stem.to_string().as_str()).with_file_name(format!("{name}{TRAIN}"));
        let train = if train.exists() { read(&train)? } else { Vec::new() };
        if let Some(odd) = train.first().filter(|row| row.len() != test[0].len()) {
            let message = format!("{} columns, and {} in its {TRAIN}", test[0].len(), odd.len());
            return Err(problem("E0632", path, 1, &message));
        }
        let readings = readings(&train, &test);
        if let Some(out) = out {
            write(&Path::new(out).join(format!("{name}.csv")), &csv(&readings))?;
        }
        if is_scored {
            let labels = labels(&path.with_file_name(format!("{name}{LABELS}")), test.len())?;
            let seed = Labelled { scores: alarming(&test), labels: labels.clone() };
            let ours = Labelled { scores: readings.iter().map(|r| r.score).collect(), labels };
            scored.push(Scored { name: name.into_owned(), ours, seed });
        }
    }
    print(&if is_scored { summary(&scored) } else { format!("{} services scored", paths.len()) });
    Ok(())
}

/// Rows of numbers, all as wide as the first.
fn read(path: &Path) -> Result<Vec<Vec<f64>>, Failure> {
    let text = text(path)?;
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for Record { line, cells } in records(&path.display().to_string(), &text).map_err(|e| Failure::Input(e.to_string()))? {
        let row = cells.iter().map(|cell| number(cell, path, line)).collect::<Result<Vec<_>, _>>()?;
        let width = rows.first().map_or(row.len(), Vec::len);
        if row.len() != width || width > METRICS_MAX {
            let message = format!("{} columns; help: as many as in the first row ({width}), at most {METRICS_MAX}", row.len());
            return Err(problem("E0632", path, line, &message));
        }
        rows.push(row);
    }
    if rows.is_empty() {
        return Err(problem("E0631", path, 1, "the file holds no samples"));
    }
    Ok(rows)
}

fn readings(train: &[Vec<f64>], test: &[Vec<f64>]) -> Vec<ServiceReading> {
    let mut detector = ServiceDetector::new(test[0].len());
    train.iter().for_each(|row| {
        detector.update(row);
    });
    test.iter().map(|row| detector.update(row)).collect()
}

/// `metric:off` of the metrics that add most, separated by `;`, metrics counted from 0.
fn csv(readings: &[ServiceReading]) -> String {
    let top = |r: &ServiceReading| r.top.map(|t| format!("{}:{:.2}", t.metric, t.off)).join(";");
    let line = |(i, r): (usize, &ServiceReading)| format!("{i},{:.6},{}\n", r.score, top(r));
    let body: String = readings.iter().enumerate().map(line).collect();
    format!("index,score,top metrics\n{body}")
}

fn labels(path: &Path, samples: usize) -> Result<Vec<bool>, Failure> {
    let labels: Vec<bool> = read(path)?.iter().map(|row| row[0] > 0.5).collect();
    if labels.len() == samples {
        return Ok(labels);
    }
    Err(problem("E0635", path, labels.len(), &format!("{} labels for {samples} samples", labels.len())))
}

/// The floor: how many metrics the seed's rule alarms on.
fn alarming(test: &[Vec<f64>]) -> Vec<f64> {
    let mut counts = vec![0.0; test.len()];
    for metric in 0..test[0].len() {
        let values: Vec<f64> = test.iter().map(|row| row[metric]).collect();
        counts.iter_mut().zip(seed_rule::scores(&values)).for_each(|(count, alarm)| *count += alarm);
    }
    counts
}

fn summary(scored: &[Scored]) -> String {
    let header = ["", "event-F1", "precision", "recall", "composite F1", "AUC-PR"].map(String::from).to_vec();
    let row = |name: &str, files: &[Labelled]| {
        let events = best(files, |s| s.f1);
        let numbers = [events.f1, events.precision, events.recall, best(files, |s| s.composite).composite];
        let numbers = numbers.into_iter().chain([average_precision(files)]).map(|n| format!("{n:.3}"));
        [name.to_owned()].into_iter().chain(numbers).collect::<Vec<_>>()
    };
    let all = |of: fn(&Scored) -> &Labelled| scored.iter().map(|s| of(s).clone()).collect::<Vec<_>>();
    let pooled = vec![header.clone(), row("three views", &all(|s| &s.ours)), row("seed rule", &all(|s| &s.seed))];
    let each = scored.iter().map(|s| row(&s.name, std::slice::from_ref(&s.ours)));
    let each: Vec<Vec<String>> = [header].into_iter().chain(each).collect();
    format!(
        "{} services; events within 3 points, one threshold for all, the best\n\n{}\n\n\
         by service, a threshold each\n\n{}",
        scored.len(),
        table(&pooled),
        table(&each)
    )
}
