//! `headless breach --simulated`: the running pipeline's odds on the arena's episodes.

use crate::arena::{episodes, part, seeds};
use crate::arguments::{Arguments, Usage};
use crate::{Failure, print};
use sickbay::pipeline::predict::signs::Sign;
use sickbay::validation::forecast::judge::Marks;
use sickbay::validation::forecast::simulated::{self, Decision, Score};
use std::fmt::Write;

/// Judges the odds; with `--fit` also tells what the signs should be worth.
pub fn run(words: &[String]) -> Result<(), Failure> {
    let with_value = ["--seeds", "--scenarios", "--threads", "--out"];
    let arguments = Arguments::parse(words, &with_value, &["--simulated", "--fit"]).map_err(Failure::Usage)?;
    if let Some(word) = arguments.words.first() {
        return Err(Failure::Usage(Usage(format!("breach takes no '{word}'"))));
    }
    let seeds = seeds(arguments.values("--seeds").last())?;
    let episodes = episodes(arguments.values("--scenarios").last().unwrap_or("generated"), &seeds)?;
    let threads = arguments.value("--threads", 1_usize).map_err(Failure::Usage)?;
    let decisions =
        simulated::decide(&episodes, threads.clamp(1, 64)).map_err(|error| Failure::Input(format!("E0001 {error}")))?;
    print(&format!("seeds {}..{}: {}; {} episodes, nobody heals", seeds.start, seeds.end, part(&seeds), episodes.len()));
    print(text(&simulated::score(&decisions)).trim_end());
    if let Some(file) = arguments.values("--out").last() {
        crate::write_text(file, &csv(&decisions))?;
    }
    if arguments.has("--fit") {
        let fitted = simulated::fit(&decisions);
        let (before, after) = fitted.likelihood;
        print(&format!("mean log-likelihood {before:.5} before, {after:.5} after\n{}", fitted.text));
    }
    Ok(())
}

fn text(score: &Score) -> String {
    let ours = &score.ours;
    let mut text = format!("{} decisions, {:.2} % followed by a breach\n", ours.decisions, 100.0 * ours.base);
    let _ = writeln!(text, "{:<30}{:>7}{:>7}{:>9}{:>13}", "method", "AP", "F1", "Brier", "calibration");
    let mut row = |name: &str, marks: &Marks, is_probability: bool| {
        let odds = if is_probability {
            [marks.brier, marks.calibration_error].map(|x| format!("{x:.4}"))
        } else {
            ["-".into(), "-".into()]
        };
        let _ = writeln!(text, "{name:<30}{:>7.3}{:>7.3}{:>9}{:>13}", marks.average_precision, marks.f1, odds[0], odds[1]);
    };
    for (name, marks) in &score.rivals {
        row(name, marks, name.starts_with("Holt"));
    }
    row("robust line alone", &score.by_line, true);
    row("signs times weights", ours, true);
    let _ = writeln!(text, "climatology's Brier {:.4}", ours.climatology);
    let _ = writeln!(
        text,
        "{:<16}{:>10}{:>8}{:>7}{:>7}{:>9}{:>15}{:>13}",
        "metric", "decisions", "base %", "AP", "F1", "Brier", "climatology's", "level's AP"
    );
    for (metric, ours, level) in &score.metrics {
        let _ = writeln!(
            text,
            "{:<16}{:>10}{:>8.2}{:>7.3}{:>7.3}{:>9.4}{:>15.4}{:>13.3}",
            format!("{metric:?}").trim_end_matches("Utilisation"),
            ours.decisions,
            100.0 * ours.base,
            ours.average_precision,
            ours.f1,
            ours.brier,
            ours.climatology,
            level.average_precision
        );
    }
    let _ = writeln!(text, "{:<10}{:>8}{:>8}{:>10}", "said", "mean", "came", "decisions");
    for (tenth, bin) in score.bins.iter().enumerate() {
        let from = tenth as f64 / 10.0;
        let _ = writeln!(text, "{from:.1}-{:.1}   {:>8.3}{:>8.3}{:>10}", from + 0.1, bin.said, bin.came, bin.decisions);
    }
    for (warned, name) in score.warned.iter().zip(["best F1", "a policy acts"]) {
        let _ = writeln!(
            text,
            "at P >= {:.3} ({name}): {} of {} breaches warned of, median lead {} s, {:.1} % of warnings without a breach",
            warned.from,
            warned.warned,
            warned.breaches,
            warned.lead_s,
            100.0 * warned.false_share
        );
    }
    for (times, name) in score.times.iter().zip(["memory", "other metrics"]) {
        let _ = writeln!(
            text,
            "time to breach, {name}: told {}, came {}; of these {:.1} % within the 90 % interval (median width {:.0} s), \
             {:.1} % before expected",
            times.told,
            times.came,
            100.0 * times.within,
            times.width_s,
            100.0 * times.before
        );
    }
    text
}

/// A line a decision.
fn csv(decisions: &[Decision]) -> String {
    let mut text = String::from("episode,service,metric,time_s,p_breach,by_line,reached_s,left_s,eta_s,eta_lower_s,eta_upper_s");
    Sign::ALL.iter().for_each(|sign| text += &format!(",{sign:?}"));
    text.push('\n');
    for d in decisions {
        let reached = d.reached_s.map_or(String::new(), |s| s.to_string());
        let told = d.told_s.map_or(",,".to_owned(), |(a, b, c)| format!("{a:.2},{b:.2},{c:.2}"));
        let _ = write!(
            text,
            "{},{},{:?},{},{:.5},{:.5},{reached},{},{told}",
            d.episode,
            d.service.index(),
            d.metric,
            d.at_s,
            d.said,
            d.by_line,
            d.left_s
        );
        d.signs.iter().for_each(|s| text += &format!(",{s:.4}"));
        text.push('\n');
    }
    text
}
