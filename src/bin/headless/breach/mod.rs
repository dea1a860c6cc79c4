//! `headless breach`: will series reach a threshold within a horizon, and when?

mod simulated;

use crate::arguments::{Arguments, Usage};
use crate::{Failure, print};
use sickbay::pipeline::forecast::HORIZON_MAX;
use sickbay::pipeline::forecast::breach::Target;
use sickbay::validation::forecast::breach::{Decision, Score, decide, made, score};
use sickbay::validation::forecast::judge::Marks;
use sickbay::validation::forecast::pods::Kind;
use sickbay::validation::forecast::table::{Samples, long};
use std::fmt::Write;

/// Made-up pods if the call does not say how many.
const PODS: usize = 150;

pub fn breach(words: &[String]) -> Result<(), Failure> {
    if words.iter().any(|word| word == "--simulated") {
        return simulated::run(words);
    }
    let with_value = ["--series", "--made", "--pods", "--kinds", "--threshold", "--horizon", "--out", "--every"];
    let arguments = Arguments::parse(words, &with_value, &["--score", "--why"]).map_err(Failure::Usage)?;
    if let Some(word) = arguments.words.first() {
        return Err(Failure::Usage(Usage(format!("breach takes no '{word}'"))));
    }
    let out = arguments.values("--out").last();
    if out.is_none() && !arguments.has("--score") {
        return Err(Failure::Usage(Usage("breach needs --out OUT.csv, --score or both".into())));
    }
    let target = target(&arguments)?;
    let every = arguments.value("--every", 1_usize).map_err(Failure::Usage)?.max(1);
    let samples = samples(&arguments)?;
    let decisions = decide(&samples, target);
    if let Some(file) = out {
        let (text, rows) = csv(&samples, &decisions, every, arguments.has("--why"));
        crate::write_text(file, &text)?;
        print(&format!("{rows} decisions on {} series in {file}", samples.names.len()));
    }
    if samples.missing > 0 {
        print(&format!("{} rows without a value were left out", samples.missing));
    }
    if arguments.has("--score") {
        print(&table(&score(&samples, target, &decisions)));
    }
    Ok(())
}

fn target(arguments: &Arguments) -> Result<Target, Failure> {
    let off = |text: String| Failure::Usage(Usage(text));
    for flag in ["--threshold", "--horizon"] {
        if arguments.values(flag).next().is_none() {
            return Err(off(format!("breach needs {flag}")));
        }
    }
    let threshold = arguments.value("--threshold", 0.0).map_err(Failure::Usage)?;
    let horizon = arguments.value("--horizon", 0_usize).map_err(Failure::Usage)?;
    if !f64::is_finite(threshold) {
        return Err(off(format!("--threshold cannot be '{threshold}'")));
    }
    if !(1..=HORIZON_MAX).contains(&horizon) {
        return Err(off(format!("--horizon is a number of samples from 1 to {HORIZON_MAX}, not {horizon}")));
    }
    Ok(Target { threshold, horizon })
}

fn samples(arguments: &Arguments) -> Result<Samples, Failure> {
    match (arguments.values("--series").last(), arguments.values("--made").last()) {
        (Some(file), None) => {
            let text = crate::read_text(file, "name a file with the columns series,time_s,value")?;
            long(file, &text).map_err(|e| Failure::Input(e.to_string()))
        }
        (None, Some(_)) => {
            let seed = arguments.value("--made", 0).map_err(Failure::Usage)?;
            let pods = arguments.value("--pods", PODS).map_err(Failure::Usage)?;
            Ok(made(seed, pods.clamp(1, 10_000), &kinds(arguments)?))
        }
        _ => Err(Failure::Usage(Usage("breach needs either --series FILE.csv or --made SEED".into()))),
    }
}

/// The kinds of made-up pods asked for; all if nothing is said.
fn kinds(arguments: &Arguments) -> Result<Vec<Kind>, Failure> {
    let Some(words) = arguments.values("--kinds").last() else { return Ok(Kind::ALL.to_vec()) };
    let kind = |word: &str| {
        let names = Kind::ALL.map(Kind::name).join(", ");
        let found = Kind::ALL.into_iter().find(|kind| kind.name() == word.trim());
        found.ok_or_else(|| Failure::Usage(Usage(format!("there is no kind of pod '{word}'; choose some of {names}"))))
    };
    words.split(',').map(kind).collect()
}

/// The table of decisions and how many rows it has.
fn csv(samples: &Samples, decisions: &[Decision], every: usize, with_reason: bool) -> (String, usize) {
    let mut text = String::from("series,time_s,p_breach,eta_lower_s,eta_median_s,eta_upper_s");
    text += if with_reason { ",because,log_odds\n" } else { "\n" };
    let mut rows = 0;
    for d in decisions.iter().filter(|d| d.sample.is_multiple_of(every)) {
        let _ = write!(text, "{},{},{:.8}", samples.names[d.series], d.time_s, d.probability);
        match d.spacing_s {
            Some(spacing_s) => d.eta.iter().for_each(|n| text += &format!(",{:.1}", n * spacing_s)),
            None => text += ",,,",
        }
        if with_reason {
            let _ = write!(text, ",{},{:.3}", d.reason.0, d.reason.1);
        }
        text.push('\n');
        rows += 1;
    }
    (text, rows)
}

fn table(score: &Score) -> String {
    let ours = &score.ours;
    let mut text = format!("{} decisions, {:.2} % followed by a breach\n", ours.decisions, 100.0 * ours.base);
    let _ = writeln!(text, "{:<30}{:>7}{:>7}{:>9}", "method", "AP", "F1", "Brier");
    let mut row = |name: &str, marks: &Marks, is_probability: bool| {
        let brier = if is_probability { format!("{:.5}", marks.brier) } else { "-".into() };
        let _ = writeln!(text, "{name:<30}{:>7.3}{:>7.3}{brier:>9}", marks.average_precision, marks.f1);
    };
    for (name, marks) in &score.rivals {
        row(name, marks, name.starts_with("Holt"));
    }
    row("learned odds", ours, true);
    let _ = writeln!(text, "climatology's Brier {:.5}; calibration error {:.4}", ours.climatology, ours.calibration_error);
    let _ = writeln!(
        text,
        "at P >= {:.3} (best F1): {} of {} breaches warned of, median lead {} samples",
        ours.f1_at, score.warned, score.breaches, score.lead
    );
    let _ = write!(
        text,
        "time to breach: {:.1} % within the 90 % interval, {:.1} % at most the median",
        100.0 * score.eta_within,
        100.0 * score.eta_before_median
    );
    text
}
