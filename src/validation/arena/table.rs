//! Outcomes as text: a line a policy, paired differences, a line a kind of fault.

use super::measure::Outcome;
use super::stats::{Estimate, estimate, mean, relative};
use crate::pipeline::FailureClass;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A quantity that policies are compared by: name, and its value in an outcome.
type Quantity = (&'static str, fn(&Outcome) -> f64);

/// What policies are compared by, less is better.
const COMPARED: [Quantity; 3] =
    [("time to repair", |o| o.repair_s), ("SLO-violation min", |o| o.violation_min), ("cost (instance-s)", |o| o.instance_s)];

/// All tables for `outcomes` of `policies`.
pub fn table(outcomes: &[Outcome], policies: &[String]) -> String {
    let of = |policy: &str| outcomes.iter().filter(|o| o.policy == policy).collect::<Vec<_>>();
    let runs: Vec<Vec<&Outcome>> = policies.iter().map(|policy| of(policy)).collect();
    let mut text = String::new();
    policies_table(&mut text, policies, &runs);
    diagnosis_table(&mut text, policies, &runs);
    differences(&mut text, policies, &runs);
    kinds(&mut text, policies, &runs);
    text
}

/// The diagnosis alone, of runs that nobody heals: altogether and by kind of fault.
pub fn diagnosis_text(outcomes: &[Outcome]) -> String {
    let (nobody, runs) = ([super::NOBODY.to_owned()], [outcomes.iter().collect::<Vec<_>>()]);
    let mut text = String::new();
    diagnosis_table(&mut text, &nobody, &runs);
    kinds(&mut text, &nobody, &runs);
    text
}

/// A line an outcome, and what was done in it.
pub fn lines(outcomes: &[Outcome]) -> String {
    let seconds = |value: Option<f64>| value.map_or("-".to_owned(), |s| format!("{s:.0}"));
    let mut text = String::new();
    for o in outcomes {
        let said = o.said.as_deref().unwrap_or("-");
        let rank = o.rank.map_or("-".to_owned(), |rank| rank.to_string());
        let _ = writeln!(
            text,
            "{} {} {:<10} {} at {}{}{}: {} detected {} located {} mitigated {} s, {:.1} min off, \
             {} actions ({} off path, {} calm); said {said} ({}), cause ranked {rank}",
            o.suite,
            o.seed,
            o.policy,
            o.kind,
            o.target,
            if o.passes { ", passing" } else { "" },
            if o.felt { "" } else { ", not felt" },
            o.class.map_or("-", FailureClass::name),
            seconds(o.detect_s),
            seconds(o.locate_s),
            seconds(o.mitigate_s),
            o.violation_min,
            o.actions,
            o.off_path,
            o.calm_actions,
            if o.class_right { "right" } else { "wrong" },
        );
        for (run, taken) in [("", &o.taken), ("calm: ", &o.calm_taken)] {
            if !taken.is_empty() {
                let _ = writeln!(text, "    {run}{}", taken.join("; "));
            }
        }
    }
    text
}

fn share(runs: &[&Outcome], of: impl Fn(&Outcome) -> bool) -> f64 {
    runs.iter().filter(|o| of(o)).count() as f64 / runs.len().max(1) as f64
}

fn values(runs: &[&Outcome], of: impl Fn(&Outcome) -> f64) -> Vec<f64> {
    runs.iter().map(|o| of(o)).collect()
}

fn felt<'a>(runs: &[&'a Outcome]) -> Vec<&'a Outcome> {
    runs.iter().copied().filter(|o| o.felt).collect()
}

fn some_mean(runs: &[&Outcome], of: impl Fn(&Outcome) -> Option<f64>) -> String {
    let found: Vec<f64> = runs.iter().filter_map(|o| of(o)).collect();
    if found.is_empty() { "-".to_owned() } else { format!("{:.1}", mean(&found)) }
}

fn policies_table(text: &mut String, policies: &[String], runs: &[Vec<&Outcome>]) {
    let count = runs.first().map_or(0, Vec::len);
    let count_felt = runs.first().map_or(0, |runs| felt(runs).len());
    let _ = writeln!(text, "{count} episodes, {count_felt} felt by users when nobody heals; times in s from the onset, means");
    let _ = writeln!(
        text,
        "{:<12} {:>7} {:>7} {:>7} {:>9} {:>8} {:>8} {:>8} {:>8} {:>7} {:>7} {:>6} {:>9} {:>9}",
        "policy",
        "detect",
        "locate",
        "repair",
        "mitigated",
        "lasting",
        "viol min",
        "err min",
        "inst-s",
        "actions",
        "offpath",
        "pages",
        "calm act%",
        "calm inc%"
    );
    for (policy, runs) in policies.iter().zip(runs) {
        let felt = felt(runs);
        let lasting: Vec<&Outcome> = felt.iter().copied().filter(|o| !o.passes).collect();
        let _ = writeln!(
            text,
            "{policy:<12} {:>7} {:>7} {:>7.1} {:>9.3} {:>8.3} {:>8.3} {:>8.3} {:>8.0} {:>7.2} {:>7.2} {:>6.2} {:>9.2} {:>9.2}",
            some_mean(&felt, |o| o.detect_s),
            some_mean(&felt, |o| o.locate_s),
            mean(&values(&felt, |o| o.repair_s)),
            share(&felt, Outcome::is_mitigated),
            share(&lasting, Outcome::is_mitigated),
            mean(&values(runs, |o| o.violation_min)),
            mean(&values(runs, |o| o.error_min)),
            mean(&values(runs, |o| o.instance_s)),
            mean(&values(runs, |o| o.actions as f64)),
            mean(&values(runs, |o| o.off_path as f64)),
            mean(&values(runs, |o| f64::from(o.pages))),
            100.0 * share(runs, |o| o.calm_actions > 0),
            100.0 * share(runs, |o| o.calm_incidents > 0),
        );
    }
    let _ = writeln!(
        text,
        "repair: mean time to mitigation, the episode's end where there is none; lasting: mitigated share of faults that do \
         not pass by themselves; calm act%, inc%: episodes without a fault in which it acted or opened an incident"
    );
}

/// How good the diagnosis was, over felt episodes with one fault; one that was not noticed is wrong.
fn diagnosis_table(text: &mut String, policies: &[String], runs: &[Vec<&Outcome>]) {
    let _ = writeln!(text, "\ndiagnosis (felt episodes, 30 s after detection)");
    let _ = writeln!(
        text,
        "{:<12} {:>5} {:>9} {:>22} {:>22} {:>22} {:>7} {:>7} {:>7} {:>7}",
        "policy", "n", "detected", "class", "AC@1", "AC@3", "Brier", "ECE", "Brier c", "ECE c"
    );
    for (policy, runs) in policies.iter().zip(runs) {
        let judged: Vec<&Outcome> = felt(runs).into_iter().filter(|o| o.class.is_some()).collect();
        let of = |is: &dyn Fn(&Outcome) -> bool| {
            let found = estimate(&values(&judged, |o| f64::from(u8::from(is(o)))));
            found.map_or("-".to_owned(), |e| format!("{:.3} [{:.3}, {:.3}]", e.mean, e.low, e.high))
        };
        let place: Vec<(f64, bool)> = judged.iter().filter_map(|o| Some((o.sure?.0, o.rank == Some(1)))).collect();
        let class: Vec<(f64, bool)> = judged.iter().filter_map(|o| Some((o.sure?.1, o.class_right))).collect();
        let _ = writeln!(
            text,
            "{policy:<12} {:>5} {:>9.3} {:>22} {:>22} {:>22} {:>7.3} {:>7.3} {:>7.3} {:>7.3}",
            judged.len(),
            share(&judged, |o| o.detect_s.is_some()),
            of(&|o| o.class_right),
            of(&|o| o.rank == Some(1)),
            of(&|o| o.rank.is_some_and(|rank| rank <= 3)),
            brier(&place),
            calibration(&place),
            brier(&class),
            calibration(&class),
        );
    }
}

/// Mean squared difference of probability and outcome.
fn brier(said: &[(f64, bool)]) -> f64 {
    let off = |(p, right): &(f64, bool)| p - f64::from(u8::from(*right));
    mean(&said.iter().map(|one| off(one) * off(one)).collect::<Vec<_>>())
}

/// Expected calibration error over ten bins of probability.
fn calibration(said: &[(f64, bool)]) -> f64 {
    let mut bins = [(0.0_f64, 0.0_f64); 10];
    for (p, right) in said {
        let bin = &mut bins[((p * 10.0) as usize).min(9)];
        *bin = (bin.0 + p, bin.1 + f64::from(u8::from(*right)));
    }
    bins.iter().map(|(p, right)| (p - right).abs()).sum::<f64>() / said.len().max(1) as f64
}

fn interval(found: Option<Estimate>, percent: bool) -> String {
    let unit = if percent { 100.0 } else { 1.0 };
    let sign = if percent { " %" } else { "" };
    found.map_or("-".to_owned(), |e| format!("{:+.1}{sign} [{:+.1}, {:+.1}]", unit * e.mean, unit * e.low, unit * e.high))
}

fn differences(text: &mut String, policies: &[String], runs: &[Vec<&Outcome>]) {
    let _ =
        writeln!(text, "\npaired differences with 95 % intervals (felt episodes for time to repair, all others for the rest)");
    for (a, first) in policies.iter().zip(runs) {
        for (b, second) in policies.iter().zip(runs).filter(|(b, _)| *b != a) {
            for (name, of) in COMPARED {
                let is_counted = |o: &Outcome| o.felt || name != COMPARED[0].0;
                let pairs = || first.iter().zip(second).filter(|(a, _)| is_counted(a));
                let (x, y): (Vec<f64>, Vec<f64>) = pairs().map(|(a, b)| (of(a), of(b))).unzip();
                let by: Vec<f64> = x.iter().zip(&y).map(|(x, y)| x - y).collect();
                let label = format!("{a} - {b}");
                let absolute = interval(estimate(&by), false);
                let _ = writeln!(text, "{label:<26} {name:<18} {absolute:<28} {}", interval(relative(&x, &y), true));
            }
        }
    }
}

fn kinds(text: &mut String, policies: &[String], runs: &[Vec<&Outcome>]) {
    let mut by_kind: BTreeMap<&str, Vec<Vec<&Outcome>>> = BTreeMap::new();
    for (at, runs) in runs.iter().enumerate() {
        for outcome in runs {
            let key = if outcome.kind == "trigger" { outcome.suite.as_str() } else { outcome.kind.as_str() };
            by_kind.entry(key).or_insert_with(|| vec![Vec::new(); policies.len()])[at].push(outcome);
        }
    }
    let _ =
        writeln!(text, "\nby kind of fault: felt of all; class, AC@1, AC@3 and then mitigated/repair s/violation min by policy");
    let names: String = policies.iter().map(|policy| format!("{policy:>22}")).collect();
    let _ = writeln!(text, "{:<20} {:>9} {:>6} {:>6} {:>6} {names}", "kind", "felt", "class", "AC@1", "AC@3");
    for (kind, runs) in by_kind {
        // What nobody's healing has changed is the cleanest: the policy that never acts, if it is there.
        let at = policies.iter().position(|policy| policy == super::NOBODY).unwrap_or(0);
        let judged = felt(&runs[at]);
        let columns: String = runs
            .iter()
            .map(|runs| {
                let felt = felt(runs);
                let repair = mean(&values(&felt, |o| o.repair_s));
                let minutes = mean(&values(runs, |o| o.violation_min));
                format!("{:>22}", format!("{:.2}/{repair:.0}/{minutes:.2}", share(&felt, Outcome::is_mitigated)))
            })
            .collect();
        let _ = writeln!(
            text,
            "{kind:<20} {:>9} {:>6.2} {:>6.2} {:>6.2} {columns}",
            format!("{}/{}", judged.len(), runs[at].len()),
            share(&judged, |o| o.class_right),
            share(&judged, |o| o.rank == Some(1)),
            share(&judged, |o| o.rank.is_some_and(|rank| rank <= 3)),
        );
    }
}
