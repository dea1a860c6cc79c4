//! The README's figures are this build's figures.

use sickbay::pipeline::Autonomy;
use sickbay::scenario::PlannedFault;
use sickbay::scenario::presets::preset;
use sickbay::session::{Command, RunReport, Session};
use sickbay::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use sickbay::units::SimTime;

const README: &str = include_str!("../README.md");

/// `headless run boutique --seed 42 --until 300 --fault KIND:SERVICE:MAGNITUDE --policy POLICY`.
fn run(kind: FaultKind, service: &str, magnitude: f64, policy: &str) -> RunReport {
    let mut scenario = preset("boutique").expect("a preset");
    let target = FaultTarget::Service(scenario.topology.by_name(service).expect("there"));
    let spec = FaultSpec { target, kind, magnitude, duration: None };
    scenario.faults.push(PlannedFault { at: SimTime::from_secs(30), spec });
    let mut session = Session::new(scenario, 42);
    for command in [Command::SetAutonomy(Autonomy::Auto), Command::SetPolicy(policy.into())] {
        session.execute(command).expect("accepted");
    }
    session.advance(SimTime::from_secs(300), u64::MAX);
    session.report()
}

fn thousands(n: u64) -> String {
    if n < 1_000 { n.to_string() } else { format!("{},{:03}", thousands(n / 1_000), n % 1_000) }
}

fn assert_row(name: &str, cell: impl Fn(&RunReport) -> String, off: &RunReport, on: &RunReport) {
    let row = format!("| {name} | {} | {} |", cell(off), cell(on));
    assert!(README.contains(&row), "the README's paired run should say:\n{row}");
}

#[test]
fn the_paired_run_of_the_readme_says_what_this_build_measures() {
    let of = |policy| run(FaultKind::CpuHog, "productcatalogservice", 0.9, policy);
    let (off, on) = (of("none"), of("rules"));
    let seconds = |s: Option<f64>| s.map_or("never".to_owned(), |s| format!("{s:.0} s"));
    assert_row("users' requests", |r| thousands(r.requests.arrived), &off, &on);
    let well = |r: &RunReport| format!("{} ({:.1} %)", thousands(r.requests.completed), r.success_ratio * 100.0);
    assert_row("answered well", well, &off, &on);
    assert_row("minutes in which at least 1 % of them failed", |r| format!("{:.2}", r.error_minutes), &off, &on);
    assert_row("noticed after", |r| seconds(r.faults[0].detect_s), &off, &on);
    assert_row("all healthy again after", |r| seconds(r.faults[0].mitigate_s), &off, &on);
    let failed = |policy| {
        let requests = run(FaultKind::ErrorBurst, "paymentservice", 0.6, policy).requests;
        requests.failed + requests.rejected
    };
    let sentence = format!("it is {} against {} failed requests", failed("none"), failed("rules"));
    assert!(README.contains(&sentence), "the README's second pair should say: {sentence}");
}

#[test]
fn the_readme_names_every_fault() {
    let missing: Vec<&str> =
        FaultKind::ALL.into_iter().map(FaultKind::name).filter(|name| !README.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "the README does not name {missing:?}");
}
