//! The table of `cargo xtask bench`, and what it says about the targets.

use crate::bench::Results;
use crate::figures::Figures;
use std::fmt::Write as _;

/// A target: a case, what is looked at, the limit, and whether less is better.
struct Target {
    case: &'static str,
    what: &'static str,
    limit: f64,
    is_maximum: bool,
    value: fn(&Results, &str) -> Option<f64>,
}

const fn least(case: &'static str, what: &'static str, limit: f64, value: fn(&Results, &str) -> Option<f64>) -> Target {
    Target { case, what, limit, is_maximum: false, value }
}

const fn most(case: &'static str, what: &'static str, limit: f64, value: fn(&Results, &str) -> Option<f64>) -> Target {
    Target { case, what, limit, is_maximum: true, value }
}

const TARGETS: [Target; 14] = [
    least("services_4", "million RPC/s native", 1.5, |r, case| speed(&r.native, case)),
    least("services_4", "million RPC/s wasm", 0.9, |r, case| speed(&r.wasm, case)),
    least("services_100", "x real time in wasm", 60.0, |r, case| real_time(&r.wasm, case)),
    least("services_1000", "x real time in wasm", 12.0, |r, case| real_time(&r.wasm, case)),
    least("services_4", "wasm / native", 0.5, ratio),
    least("services_100", "wasm / native", 0.5, ratio),
    least("services_1000", "wasm / native", 0.5, ratio),
    most("plain_1000", "instructions per RPC", 3_500.0, |r, case| r.native.median(case, "instructions")),
    most("clone_services_1000", "ms native", 0.5, |r, case| milliseconds(&r.native, case)),
    most("clone_services_1000", "ms wasm", 1.0, |r, case| milliseconds(&r.wasm, case)),
    most("detect_10000", "% of a core at 1 Hz, native", 10.0, |r, case| share_of_core(&r.native, case)),
    most("detect_10000", "% of a core at 1 Hz, wasm", 10.0, |r, case| share_of_core(&r.wasm, case)),
    most("detect_10000", "bytes a series, wasm", 1_500.0, |r, case| r.wasm.median(case, "series_bytes")),
    most("services_100", "memory of the last minute / minute 5", 1.05, |r, case| growth(&r.native, case)),
];

/// Million RPCs per second.
fn speed(figures: &Figures, case: &str) -> Option<f64> {
    Some(figures.median(case, "rpcs")? / figures.median(case, "ns")? * 1e3)
}

/// The same in the fastest repetition: what a busy machine spoils least.
fn fastest(figures: &Figures, case: &str) -> Option<f64> {
    Some(figures.median(case, "rpcs")? / figures.least(case, "ns")? * 1e3)
}

/// Simulated seconds per second.
fn real_time(figures: &Figures, case: &str) -> Option<f64> {
    Some(figures.median(case, "simulated_s")? / figures.median(case, "ns")? * 1e9)
}

/// Native time over wasm time.
fn ratio(results: &Results, case: &str) -> Option<f64> {
    Some(results.native.median(case, "ns")? / results.wasm.median(case, "ns")?)
}

fn milliseconds(figures: &Figures, case: &str) -> Option<f64> {
    Some(figures.median(case, "ns")? / 1e6)
}

/// Million happenings per second.
fn happenings(figures: &Figures, case: &str) -> Option<f64> {
    Some(figures.median(case, "happenings")? / figures.median(case, "ns")? * 1e3)
}

/// Per cent of a core that 10,000 series take at a sample a second: a repetition's samples are so many of each.
fn share_of_core(figures: &Figures, case: &str) -> Option<f64> {
    let seconds = figures.median(case, "happenings")? / 10_000.0;
    Some(figures.median(case, "ns")? / 1e9 / seconds * 100.0)
}

/// Peak memory of the last minute over that of the first one looked at.
fn growth(figures: &Figures, case: &str) -> Option<f64> {
    let minutes = memory(figures, case);
    Some(minutes.last()?.1 / minutes.first()?.1)
}

/// Minutes and the MiB resident at most in each.
fn memory(figures: &Figures, case: &str) -> Vec<(u32, f64)> {
    let peaks = figures.with_prefix(case, "resident_kib_in_minute_");
    let mut minutes: Vec<(u32, f64)> = peaks.filter_map(|(m, kib)| Some((m.parse().ok()?, kib / 1024.0))).collect();
    minutes.sort_by_key(|(minute, _)| *minute);
    minutes
}

/// The whole text, as Markdown.
pub fn render(results: &Results) -> String {
    let mut text = runs(results);
    text += &single(results);
    for case in results.native.cases() {
        let minutes = memory(&results.native, case);
        let shown: Vec<String> = minutes.iter().map(|(minute, mib)| format!("{mib:.1} MiB in minute {minute}")).collect();
        if !shown.is_empty() {
            let _ = writeln!(text, "Peak of resident memory, {case}, native: {}.\n", shown.join(", "));
        }
    }
    text + &targets(results)
}

fn runs(results: &Results) -> String {
    let mut text = String::from(
        "| run | RPC/s simulated | native M RPC/s | x real time | wasm M RPC/s | fastest | x real time | wasm/native \
         | happenings per RPC | instructions per RPC |\n|---|---|---|---|---|---|---|---|---|---|\n",
    );
    let Results { native, wasm } = results;
    for case in native.cases().into_iter().filter(|case| native.median(case, "simulated_s").is_some_and(|s| s > 0.0)) {
        let simulated = divided(native, case, "rpcs", "simulated_s");
        let cells = [
            shown(simulated, 0),
            shown(speed(native, case), 2),
            shown(real_time(native, case), 1),
            shown(speed(wasm, case), 2),
            shown(fastest(wasm, case), 2),
            shown(real_time(wasm, case), 1),
            shown(ratio(results, case), 2),
            shown(divided(native, case, "happenings", "rpcs"), 2),
            shown(native.median(case, "instructions"), 0),
        ];
        let _ = writeln!(text, "| {case} | {} |", cells.join(" | "));
    }
    text + "\n"
}

fn single(results: &Results) -> String {
    let mut text = String::from(
        "| once | native ms | wasm ms | wasm/native | native M happenings/s | wasm M happenings/s |\n|---|---|---|---|---|---|\n",
    );
    let Results { native, wasm } = results;
    for case in native.cases().into_iter().filter(|case| native.median(case, "simulated_s") == Some(0.0)) {
        let floor = case.starts_with("calendar");
        let cells = [
            shown(milliseconds(native, case), 3),
            shown(milliseconds(wasm, case), 3),
            shown(ratio(results, case), 2),
            shown(happenings(native, case).filter(|_| floor), 1),
            shown(happenings(wasm, case).filter(|_| floor), 1),
        ];
        let _ = writeln!(text, "| {case} | {} |", cells.join(" | "));
    }
    text + "\n"
}

fn targets(results: &Results) -> String {
    let mut text = String::from("| target | wanted | measured | |\n|---|---|---|---|\n");
    for Target { case, what, limit, is_maximum, value } in TARGETS {
        let measured = value(results, case);
        let verdict = match measured {
            None => "not measured",
            Some(value) if (value <= limit) == is_maximum || value == limit => "met",
            Some(_) => "MISSED",
        };
        let sign = if is_maximum { "<=" } else { ">=" };
        let _ = writeln!(text, "| {case}: {what} | {sign} {limit} | {} | {verdict} |", shown(measured, 2));
    }
    text
}

fn divided(figures: &Figures, case: &str, what: &str, by: &str) -> Option<f64> {
    let (what, by) = (figures.median(case, what)?, figures.median(case, by)?);
    (by > 0.0).then(|| what / by)
}

fn shown(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}"))
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::bench::Results;

    fn results() -> Results {
        let mut results = Results::default();
        for (figures, ns) in [(&mut results.native, 100_000_000.0), (&mut results.wasm, 160_000_000.0)] {
            for (quantity, value) in [("rpcs", 200_000.0), ("simulated_s", 4.0), ("happenings", 900_000.0), ("ns", ns)] {
                figures.add("services_1000", quantity, value);
            }
        }
        for (minute, kib) in [(60, 20_480.0), (5, 10_240.0)] {
            results.native.add("services_100", &format!("resident_kib_in_minute_{minute}"), kib);
        }
        results
    }

    #[test]
    fn the_table_shows_speeds_ratios_and_memory() {
        let text = render(&results());
        assert!(text.contains("| services_1000 | 50000 | 2.00 | 40.0 | 1.25 | 1.25 | 25.0 | 0.62 | 4.50 | - |"), "{text}");
        assert!(text.contains("10.0 MiB in minute 5, 20.0 MiB in minute 60"), "{text}");
    }

    #[test]
    fn targets_are_met_missed_or_not_measured() {
        let text = render(&results());
        assert!(text.contains("| services_1000: x real time in wasm | >= 12 | 25.00 | met |"), "{text}");
        assert!(text.contains("| services_100: memory of the last minute / minute 5 | <= 1.05 | 2.00 | MISSED |"), "{text}");
        assert!(text.contains("| detect_10000: % of a core at 1 Hz, wasm | <= 10 | - | not measured |"), "{text}");
        assert!(text.contains("| services_4: wasm / native | >= 0.5 | - | not measured |"), "{text}");
    }
}
