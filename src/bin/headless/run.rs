//! `headless run`: one run, or a pair with the healer on and off, and its report.

use crate::arguments::{self, Arguments, Usage};
use crate::{Failure, print, read_files, read_text, write_text};
use sickbay::pipeline::bandit::{Bandit, weights};
use sickbay::pipeline::{Autonomy, Choice, SloStatus};
use sickbay::scenario::file::{self, HealDial, Loaded, PolicyChoice, RunDefaults};
use sickbay::scenario::presets::{PRESETS, load};
use sickbay::scenario::{PlannedFault, Scenario, import};
use sickbay::session::{Command, FaultReport, RunReport, Session, admit_telemetry_fault};
use sickbay::sim::World;
use sickbay::topology::SCALE_MAX;
use sickbay::units::{SimDuration, SimTime};
use sickbay::view::postmortem;
use std::fmt::Write;

/// Where the draft of a post-mortem goes with its charts.
const POST_MORTEM_DIR: &str = "--post-mortem-dir";
/// When the kill switch goes on and is released.
const KILL_SWITCH: &str = "--kill-switch";
const DRY_RUN: &str = "--dry-run";
/// Longest run: a simulated week.
const UNTIL_S_MAX: f64 = 7.0 * 86_400.0;

pub fn run(words: &[String]) -> Result<(), Failure> {
    let with_value = [
        "--seed",
        "--until",
        "--policy",
        "--heal",
        "--fault",
        "--scale",
        "--weights",
        "--post-mortem",
        POST_MORTEM_DIR,
        KILL_SWITCH,
    ];
    let arguments = Arguments::parse(words, &with_value, &["--json", "--paired", DRY_RUN]).map_err(Failure::Usage)?;
    let Loaded { mut scenario, run: defaults } = open(&arguments.words)?;
    let mut plan = Plan::of(&arguments, &defaults).map_err(Failure::Usage)?;
    let faults = arguments.values("--fault").map(|text| arguments::fault(text, &scenario));
    let faults: Vec<PlannedFault> = faults.collect::<Result<_, _>>().map_err(Failure::Usage)?;
    check_faults(&scenario, &faults, plan.until)?;
    scenario.faults.extend(faults);
    scenario.scale = arguments.value("--scale", scenario.scale).map_err(Failure::Usage)?;
    check_scale(&scenario)?;
    plan.weights = arguments.values("--weights").last().map(read_weights).transpose()?;
    let session = plan.play(&scenario, &plan.policy)?;
    let healed = session.report();
    let unhealed = if arguments.has("--paired") { Some(plan.play(&scenario, "none")?.report()) } else { None };
    if let Some(file) = arguments.values("--post-mortem").last() {
        write_text(file, &session.post_mortem())?;
    }
    if let Some(directory) = arguments.values(POST_MORTEM_DIR).last() {
        write_post_mortem(std::path::Path::new(directory), &session)?;
    }
    if arguments.has("--json") {
        print(&json(&healed, unhealed.as_ref()));
    } else {
        print(text(&healed, unhealed.as_ref(), &scenario.scale_notes()).trim_end());
        if unhealed.is_some() && (plan.heal < Autonomy::Ask || plan.policy == "none") {
            print("note: nobody heals in either run, so they differ in name only; --heal auto lets the healer act");
        }
    }
    Ok(())
}

/// The draft and, in a directory beside it, the charts that it shows.
fn write_post_mortem(directory: &std::path::Path, session: &Session) -> Result<(), Failure> {
    let (text, charts) = postmortem::draft(session).into_files();
    for (file, text) in charts.into_iter().chain([("post-mortem.md".to_owned(), text)]) {
        let path = directory.join(file);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)
                .map_err(|e| Failure::Input(format!("E0611 cannot make the directory '{}': {e}", parent.display())))?;
        }
        write_text(&path.to_string_lossy(), &text)?;
    }
    Ok(())
}

/// Reads what `headless train` has made.
pub fn read_weights(file: &str) -> Result<Bandit, Failure> {
    let text = read_text(file, "name a weights file")?;
    weights::read(&text).map_err(|error| Failure::Input(format!("{error} (in '{file}')")))
}

pub fn presets() {
    for preset in PRESETS {
        print(&format!("{:<27} {}: {}", preset.name, preset.title, preset.summary));
    }
}

/// A preset, a scenario file, or files to import.
fn open(words: &[String]) -> Result<Loaded, Failure> {
    let as_is = |scenario| Loaded { scenario, run: RunDefaults::default() };
    let Some(first) = words.first() else {
        return Err(Failure::Usage(Usage("run needs a preset or files".into())));
    };
    if let (1, Some(found)) = (words.len(), load(first)) {
        return Ok(found);
    }
    if words.len() == 1 && !std::path::Path::new(first).exists() {
        let names = PRESETS.iter().map(|p| p.name).collect::<Vec<_>>().join(", ");
        return Err(Failure::Input(format!("E0002 '{first}' is neither a preset ({names}) nor a file")));
    }
    let files = read_files(words)?;
    if let [(name, text)] = files.as_slice()
        && file::is_scenario_file(text)
    {
        return file::read_named(name, text).map_err(|problems| Failure::Input(import::report::problems_to_text(&problems)));
    }
    let imported = import::read(&files);
    imported.scenario.map(as_is).ok_or_else(|| Failure::Input(import::report::to_text(&imported.preview)))
}

/// A fault that would be refused, or come too late, would make a report of something else: better none. Those of a file
/// were checked when it was read.
fn check_faults(scenario: &Scenario, faults: &[PlannedFault], until: SimTime) -> Result<(), Failure> {
    let mut world = World::new(scenario.topology.clone(), scenario.cluster.clone(), 0);
    for fault in faults {
        let kind = fault.spec.kind.name();
        let admitted = match fault.spec.kind.is_of_telemetry() {
            true => admit_telemetry_fault(&fault.spec, &scenario.topology),
            false => world.inject(fault.spec).map(|_| ()),
        };
        if let Err(error) = admitted {
            return Err(Failure::Usage(Usage(format!("--fault {kind}: {error}"))));
        }
        if fault.at >= until {
            let message = format!("--fault {kind}: it begins at {}, but the run ends at {until}; give a later --until", fault.at);
            return Err(Failure::Usage(Usage(message)));
        }
    }
    Ok(())
}

/// A model that leaves out what is planned would make a report of something else, too.
fn check_scale(scenario: &Scenario) -> Result<(), Failure> {
    if !(1..=SCALE_MAX).contains(&scenario.scale) {
        return Err(Failure::Usage(Usage(format!("--scale takes 1 to {SCALE_MAX}, not {}", scenario.scale))));
    }
    match scenario.model().1.first() {
        Some(refused) => Err(Failure::Usage(Usage(format!("--scale {}: {}; {}", scenario.scale, refused.message, refused.help)))),
        None => Ok(()),
    }
}

/// What the call asks for besides the scenario.
struct Plan {
    seed: u64,
    until: SimTime,
    policy: String,
    heal: Autonomy,
    /// What the policy `bandit` has learned, if it is not to be what ships.
    weights: Option<Bandit>,
    is_dry_run: bool,
    /// Turns of the kill switch, in order.
    switched: Vec<(SimTime, bool)>,
}

impl Plan {
    /// What the call says, else what the file says, else the usual.
    fn of(arguments: &Arguments, defaults: &RunDefaults) -> Result<Self, Usage> {
        let until: f64 = arguments.value("--until", defaults.until.map_or(120.0, SimTime::as_secs_f64))?;
        if !(until > 0.0 && until <= UNTIL_S_MAX) {
            return Err(Usage(format!("--until takes more than 0 and at most {UNTIL_S_MAX} seconds")));
        }
        let dial: String = arguments.value("--heal", defaults.heal.map_or("auto", HealDial::name).to_owned())?;
        let switched = arguments.values(KILL_SWITCH).last().map_or(Ok(Vec::new()), switched)?;
        if let Some((at, is_on)) = switched.iter().find(|(at, _)| at.as_secs_f64() >= until) {
            let what = if *is_on { "would go on" } else { "would be released" };
            return Err(Usage(format!("{KILL_SWITCH}: it {what} at {at}, but the run ends at {until} s; give a later --until")));
        }
        let heal = Autonomy::ALL.into_iter().find(|a| a.name().eq_ignore_ascii_case(&dial));
        Ok(Self {
            seed: arguments.value("--seed", defaults.seed.unwrap_or(1))?,
            until: SimTime::ZERO + SimDuration::from_secs_f64(until),
            policy: arguments.value("--policy", defaults.policy.map_or("rules", PolicyChoice::name).to_owned())?,
            heal: heal.ok_or_else(|| Usage(format!("--heal takes off, advise, ask or auto, not '{dial}'")))?,
            weights: None,
            is_dry_run: arguments.has(DRY_RUN),
            switched,
        })
    }

    fn play(&self, scenario: &Scenario, policy: &str) -> Result<Session, Failure> {
        let mut session = Session::new(scenario.clone(), self.seed);
        if let Some(bandit) = &self.weights {
            session.set_bandit(bandit.clone());
        }
        // In the order in which a page opens a scenario, so that both give one digest.
        let set = |session: &mut Session, command| session.execute(command).map_err(|e| Failure::Usage(Usage(e.to_string())));
        for command in [Command::SetPolicy(policy.to_owned()), Command::SetAutonomy(self.heal)] {
            set(&mut session, command)?;
        }
        if self.is_dry_run {
            set(&mut session, Command::SetDryRun(true))?;
        }
        for (at, is_on) in self.switched.iter().filter(|(at, _)| *at < self.until) {
            session.advance(*at, u64::MAX);
            set(&mut session, Command::SetKillSwitch(*is_on))?;
        }
        session.advance(self.until, u64::MAX);
        session.world().check().map_err(|e| Failure::Input(format!("E0900 {e} (seed {}); please report this", self.seed)))?;
        Ok(session)
    }
}

/// `60` or `60..120`: when the kill switch goes on, and when it is released.
fn switched(text: &str) -> Result<Vec<(SimTime, bool)>, Usage> {
    let (from, until) = text.split_once("..").map_or((text, None), |(from, until)| (from, Some(until)));
    let moment = |text: &str| text.parse::<f64>().ok().filter(|s| (0.0..=UNTIL_S_MAX).contains(s));
    let bad = || Usage(format!("{KILL_SWITCH} takes seconds, as in 60 or 60..120, not '{text}'"));
    let times = [(Some(from), true), (until, false)].into_iter().filter_map(|(text, is_on)| Some((text?, is_on)));
    let times: Vec<(f64, bool)> =
        times.map(|(text, is_on)| Ok((moment(text).ok_or_else(bad)?, is_on))).collect::<Result<_, Usage>>()?;
    if times.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
        return Err(bad());
    }
    Ok(times.into_iter().map(|(s, is_on)| (SimTime::ZERO + SimDuration::from_secs_f64(s), is_on)).collect())
}

pub fn json(healed: &RunReport, unhealed: Option<&RunReport>) -> String {
    let value = match unhealed {
        None => serde_json::to_value(healed),
        Some(unhealed) => serde_json::to_value([healed, unhealed]),
    };
    value.map_or_else(|e| format!("{{\"error\":\"{e}\"}}"), |v| v.to_string())
}

pub fn text(healed: &RunReport, unhealed: Option<&RunReport>, scale_notes: &[String]) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}, seed {}, {} s", healed.scenario, healed.seed, healed.until_s);
    if healed.scale > 1 {
        let scale = healed.scale;
        let _ = writeln!(out, "1:{scale} model: one replica stands for {scale}; rates and counts are the model's");
        for note in scale_notes {
            let _ = writeln!(out, "  {note}");
        }
    }
    let all: Vec<&RunReport> = std::iter::once(healed).chain(unhealed).collect();
    let mut row = |name: &str, value: &dyn Fn(&RunReport) -> String| {
        let cells: String = all.iter().map(|r| format!("{:>20}", value(r))).collect();
        let _ = writeln!(out, "{name:<26}{cells}");
    };
    let on_off = |is_on: bool| if is_on { "on" } else { "off" }.to_owned();
    row("policy", &|r| r.healing.policy.clone());
    row("heal dial", &|r| r.healing.dial.clone());
    row("dry run", &|r| on_off(r.healing.is_dry_run));
    row("kill switch at the end", &|r| on_off(r.healing.is_stopped));
    row("digest", &|r| r.digest.clone());
    row("users' requests", &|r| r.requests.arrived.to_string());
    row("  answered well", &|r| r.requests.completed.to_string());
    row("  failed or rejected", &|r| (r.requests.failed + r.requests.rejected).to_string());
    row("  in flight", &|r| r.requests.in_flight.to_string());
    row("success", &|r| format!("{:.2} %", r.success_ratio * 100.0));
    row("error-minutes", &|r| format!("{:.2}", r.error_minutes));
    row("incidents", &|r| r.pipeline.incidents_opened.to_string());
    row("decisions", &|r| r.pipeline.decisions.to_string());
    row("actions", &|r| r.pipeline.actions.values().sum::<u32>().to_string());
    row("pages", &|r| r.pipeline.pages.to_string());
    for (i, slo) in healed.slos.iter().enumerate() {
        let name = healed.services.get(slo.service.index()).map_or("?", String::as_str);
        let label = format!("good at {name}");
        row(&label, &|r| {
            r.slos.get(i).map_or(String::new(), |s| format!("{:.2} % of {:.2} %", s.good_ratio * 100.0, s.objective * 100.0))
        });
        row("  error budget left, of 30 d", &|r| {
            r.slos.get(i).map_or(String::new(), |s| format!("{:.1} %", s.budget_left * 100.0))
        });
        row("  burn rate alerts", &|r| r.slos.get(i).map_or(String::new(), burns));
    }
    for (i, fault) in healed.faults.iter().enumerate() {
        row(&format!("{} on {}", fault.kind, fault.target), &|r| r.faults.get(i).map_or(String::new(), times));
    }
    if !healed.faults.is_empty() {
        let _ = writeln!(
            out,
            "TTD: time from its beginning until it was noticed; TTM: until the incident was over, no service in trouble"
        );
    }
    for (at, what) in &healed.healing.turns {
        let _ = writeln!(out, "set on the way: {what} at {at:.0} s");
    }
    all.iter().for_each(|report| aftermath(&mut out, report));
    decisions(&mut out, healed);
    out
}

/// How often each burn rate began to alert: `14.4x 1, 6x 0, 1x 0`.
fn burns(slo: &SloStatus) -> String {
    slo.burn.iter().map(|b| format!("{}x {}", b.limit, b.alerts)).collect::<Vec<_>>().join(", ")
}

fn times(fault: &FaultReport) -> String {
    let seconds = |s: Option<f64>| s.map_or("never".to_owned(), |s| format!("{s:.0} s"));
    format!("TTD {} TTM {}", seconds(fault.detect_s), seconds(fault.mitigate_s))
}

/// How it ended, once everything was lifted.
fn aftermath(out: &mut String, report: &RunReport) {
    let Some(aftermath) = &report.aftermath else { return };
    let when = aftermath.lifted_s.map_or(String::new(), |s| format!(" (lifted at {s:.0} s)"));
    let _ = writeln!(out, "policy {}: {}{when}", report.pipeline.policy, aftermath.verdict.words());
    for reason in &aftermath.sustained_by {
        let _ = writeln!(out, "           {reason}");
    }
}

fn decisions(out: &mut String, report: &RunReport) {
    for decision in &report.decisions {
        let why = decision.diagnosis.evidence.first().map_or("", |e| e.text.as_str());
        let class = decision.diagnosis.class.name();
        let what = match decision.chosen.choice {
            Choice::Act(action) => action.name(),
            Choice::Hold => "hold",
            Choice::Page => "page",
        };
        let service = report.services.get(decision.service.index()).map_or("?", String::as_str);
        let outcome = decision.outcome.as_str();
        let _ = writeln!(out, "{} {} {service} {class}: {what}, {}", decision.at, decision.id, decision.chosen.reason);
        let end = if outcome.is_empty() { String::new() } else { format!(": {outcome}") };
        let _ = writeln!(out, "           {why}; {}{end}", decision.state.words());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sickbay::scenario::presets::preset;

    fn refused(faults: &[&str]) -> Option<String> {
        let mut scenario = preset("boutique")?;
        for text in faults {
            let fault = arguments::fault(text, &scenario).ok()?;
            scenario.faults.push(fault);
        }
        match check_faults(&scenario, &scenario.faults, SimTime::from_secs(60)) {
            Err(Failure::Usage(usage)) => Some(usage.0),
            _ => None,
        }
    }

    #[test]
    fn a_kill_switch_after_the_end_is_refused_with_the_end() {
        let plan = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            let arguments = Arguments::parse(&words, &[KILL_SWITCH, "--until"], &[]).expect("right");
            Plan::of(&arguments, &RunDefaults::default()).map(|plan| plan.switched.len()).map_err(|usage| usage.0)
        };
        assert_eq!(plan(&[KILL_SWITCH, "60..90", "--until", "100"]), Ok(2));
        for late in ["100", "60..200"] {
            let why = plan(&[KILL_SWITCH, late, "--until", "100"]).expect_err("too late");
            assert!(why.contains("the run ends at 100 s"), "{why}");
        }
    }

    #[test]
    fn faults_that_the_world_would_refuse_are_refused_before_the_run() {
        assert!(refused(&["cpu_hog:frontend:9"]).is_some_and(|why| why.contains("E0203")));
        assert!(refused(&["partition:frontend"]).is_some_and(|why| why.contains("E0202")));
        assert!(refused(&["partition:frontend->redis-cart"]).is_some_and(|why| why.contains("E0201")));
        assert!(refused(&["pool_leak:frontend"]).is_some_and(|why| why.contains("E0209")));
        assert!(refused(&["cpu_hog:frontend:0.5:60"]).is_some_and(|why| why.contains("--until")));
        assert_eq!(refused(&["cpu_hog:frontend:0.5", "partition:cartservice->redis-cart"]), None);
    }
}
