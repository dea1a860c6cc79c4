//! The Numenta Anomaly Benchmark: `DIR/data/<category>/<file>.csv` (timestamp,value), labels in `DIR/labels`.

use super::files::{below, number, problem, text, write};
use super::table::table;
use crate::{Failure, print};
use sickbay::pipeline::detect::{Kind, Range, Reading, Refractory, SeriesDetector};
use sickbay::validation::detection::nab::{Corpus, PROFILES, Scored};
use sickbay::validation::detection::seed_rule;
use sickbay::validation::detection::timestamp::{DAY_S, seconds};
use sickbay::validation::table::{Record, records};
use std::collections::BTreeMap;
use std::path::Path;

/// Where the windows of anomaly are.
const LABELS: &str = "labels/combined_windows.json";

/// Nats from which a detector alone is told: nobody else adds to it.
const ALONE_LEAST: f64 = 0.3;

/// A series as its file says it.
struct Series {
    /// `category/file.csv`.
    name: String,
    stamps: Vec<String>,
    times: Vec<i64>,
    values: Vec<f64>,
}

/// Writes the scores of all files below `directory`/data, or tells how good they are, or both.
pub fn run(directory: &str, out: Option<&str>, range_is_known: bool, is_scored: bool) -> Result<(), Failure> {
    let data = Path::new(directory).join("data");
    let paths = below(&data, ".csv")?;
    let labels = if is_scored { labels(&Path::new(directory).join(LABELS))? } else { BTreeMap::new() };
    let mut detectors: Vec<Vec<Scored>> = vec![Vec::new(); Kind::ALL.len() + 2];
    for path in &paths {
        let name = path.strip_prefix(&data).unwrap_or(path).to_string_lossy().replace('\\', "/");
        let series = read(path, name)?;
        let readings = readings(&series, range_is_known);
        if let Some(out) = out {
            write(&Path::new(out).join(&series.name), &csv(&series, &readings))?;
        }
        if is_scored {
            let windows = labels.get(&series.name).cloned().ok_or_else(|| {
                Failure::Input(format!("E0635 {LABELS} has no '{}'; help: run without --score, or add it", series.name))
            })?;
            score(&series, &windows, &readings, &mut detectors);
        }
    }
    if is_scored {
        print(&summary(&detectors, range_is_known));
    } else {
        print(&format!("{} series scored", paths.len()));
    }
    Ok(())
}

fn read(path: &Path, name: String) -> Result<Series, Failure> {
    let text = text(path)?;
    let mut series = Series { name, stamps: Vec::new(), times: Vec::new(), values: Vec::new() };
    for Record { line, cells } in records(&path.display().to_string(), &text).map_err(|e| Failure::Input(e.to_string()))? {
        let [stamp, value] = cells.as_slice() else {
            return Err(problem("E0632", path, line, "a line has two columns, timestamp,value"));
        };
        let is_header = line == 1 && seconds(stamp).is_none();
        if is_header {
            continue;
        }
        let time = seconds(stamp).ok_or_else(|| {
            problem("E0634", path, line, &format!("'{stamp}' is no timestamp; help: write it as 2014-04-01 00:05:00"))
        })?;
        series.values.push(number(value, path, line)?);
        series.times.push(time);
        series.stamps.push(stamp.clone());
    }
    if series.values.is_empty() {
        return Err(problem("E0631", path, 1, "the file holds no samples"));
    }
    Ok(series)
}

/// One pass, causal; only with `range_is_known` are the least and greatest value of the file read beforehand, as the
/// benchmark hands them to its detectors.
fn readings(series: &Series, range_is_known: bool) -> Vec<Reading> {
    let bound = |of: fn(f64, f64) -> f64| series.values.iter().copied().reduce(of);
    let range = bound(f64::min).zip(bound(f64::max)).map(|(low, high)| Range { low, high });
    let mut detector = SeriesDetector::new(range.filter(|_| range_is_known));
    let phase = |time: &i64| Some(time.rem_euclid(DAY_S) as f64 / DAY_S as f64);
    series.values.iter().zip(&series.times).filter_map(|(x, time)| detector.update(*x, phase(time))).collect()
}

fn csv(series: &Series, readings: &[Reading]) -> String {
    let line = |((stamp, value), reading): ((&String, &f64), &Reading)| format!("{stamp},{value},{:.6}\n", reading.score);
    let body: String = series.stamps.iter().zip(&series.values).zip(readings).map(line).collect();
    format!("timestamp,value,anomaly_score\n{body}")
}

fn labels(path: &Path) -> Result<BTreeMap<String, Vec<(i64, i64)>>, Failure> {
    let wrong =
        |what: String| problem("E0635", path, 1, &format!("{what}; help: {{\"category/file.csv\": [[first, last], ...]}}"));
    let windows: BTreeMap<String, Vec<[String; 2]>> = serde_json::from_str(&text(path)?).map_err(|e| wrong(e.to_string()))?;
    let bound = |stamp: &String| seconds(stamp).ok_or_else(|| wrong(format!("'{stamp}' is no timestamp")));
    let pairs = |list: &Vec<[String; 2]>| list.iter().map(|[a, b]| Ok((bound(a)?, bound(b)?))).collect::<Result<Vec<_>, _>>();
    windows.iter().map(|(name, list)| Ok((name.clone(), pairs(list)?))).collect()
}

/// Adds a file's scores: of each detector alone, of all together, of the seed's rule.
fn score(series: &Series, windows: &[(i64, i64)], readings: &[Reading], detectors: &mut [Vec<Scored>]) {
    let scored =
        |scores: Vec<f64>| Scored { name: series.name.clone(), times: series.times.clone(), scores, windows: windows.to_vec() };
    for (i, of_kind) in detectors.iter_mut().take(Kind::ALL.len()).enumerate() {
        let mut refractory = Refractory::telling_from(ALONE_LEAST);
        of_kind.push(scored(readings.iter().map(|r| refractory.score(r.evidence[i].nats)).collect()));
    }
    let last = Kind::ALL.len();
    detectors[last].push(scored(readings.iter().map(|r| r.score).collect()));
    detectors[last + 1].push(scored(seed_rule::scores(&series.values)));
}

fn summary(detectors: &[Vec<Scored>], range_is_known: bool) -> String {
    let names = Kind::ALL.iter().map(|kind| kind.name()).chain(["all together", "seed rule, as is"]);
    let header = ["detector", "Standard", "low FP", "low FN", "held out", "threshold", "found", "windows", "false"];
    let mut rows = vec![header.map(String::from).to_vec()];
    let mut categories = vec![["category", "windows", "Standard", "held out"].map(String::from).to_vec()];
    for (i, (name, files)) in names.zip(detectors).enumerate() {
        let corpus = Corpus::new(files);
        rows.push(row(name, &corpus, i > Kind::ALL.len()));
        if i == Kind::ALL.len() {
            categories.extend(by_category(&corpus));
        }
    }
    let range = if range_is_known { "known beforehand (as the benchmark does it)" } else { "learned (causal)" };
    format!(
        "{} series, range {range}; held out: the threshold of each category is the best of the others\n\n{}\n\n\
         all together by category (costs where there are no windows)\n\n{}",
        detectors[0].len(),
        table(&rows),
        table(&categories)
    )
}

fn row(name: &str, corpus: &Corpus, as_is: bool) -> Vec<String> {
    let standard = corpus.best(PROFILES[0]);
    let threshold = if as_is { 1.0 } else { standard.threshold };
    let (found, windows, false_alarms) = corpus.counts(threshold);
    let score = |i: usize| if as_is { corpus.fixed(PROFILES[i], threshold) } else { corpus.best(PROFILES[i]).score };
    let held_out = if as_is { score(0) } else { corpus.held_out(PROFILES[0]).1 };
    let numbers = [score(0), score(1), score(2), held_out].map(|s| format!("{s:.1}"));
    let counts = [found, windows, false_alarms].map(|n| n.to_string());
    [name.to_owned()].into_iter().chain(numbers).chain([format!("{threshold:.3}")]).chain(counts).collect()
}

fn by_category(corpus: &Corpus) -> Vec<Vec<String>> {
    let standard = corpus.best(PROFILES[0]);
    let (held_out, _) = corpus.held_out(PROFILES[0]);
    let line = |(i, name): (usize, &String)| {
        let score = corpus.category(PROFILES[0], standard.threshold, i);
        vec![name.clone(), corpus.windows_of(i).to_string(), format!("{score:.1}"), format!("{:.1}", held_out[i].score)]
    };
    corpus.categories().iter().enumerate().map(line).collect()
}
