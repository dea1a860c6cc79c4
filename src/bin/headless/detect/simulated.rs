//! The running pipeline's detectors on the simulator: on runs of five minutes without faults, and at the onset of faults.

use crate::arena::{episodes, part, seeds};
use crate::arguments::{Arguments, Usage};
use crate::{Failure, print};
use sickbay::units::SimTime;
use sickbay::validation::arena::Episode;
use sickbay::validation::detection::simulated::{Calm, Onsets, SOON, calm, names, onset};

/// Length of a run without faults, s.
const CALM_S: u64 = 300;

/// Tells how often they speak where nothing is wrong; with `--onsets` how many faults they notice soon.
pub fn run(words: &[String]) -> Result<(), Failure> {
    let arguments = Arguments::parse(words, &["--seeds", "--scenarios"], &["--simulated", "--onsets"]).map_err(Failure::Usage)?;
    if let Some(word) = arguments.words.first() {
        return Err(Failure::Usage(Usage(format!("detect takes no '{word}'"))));
    }
    let seeds = seeds(arguments.values("--seeds").last())?;
    let scenarios = arguments.values("--scenarios").last();
    if arguments.has("--onsets") {
        let mut all = Onsets::default();
        for episode in episodes(scenarios.unwrap_or("generated"), &seeds)? {
            all.add(&onset(&episode).map_err(wrong)?);
        }
        let soon_s = SOON.as_secs_f64();
        print(&format!("seeds {}..{}: {}; {} faults, nobody heals", seeds.start, seeds.end, part(&seeds), all.faults));
        print(&format!("{:<26}{:>22}{:>22}", "lane", format!("within {soon_s} s after"), format!("within {soon_s} s before")));
        let share = |n: u64| format!("{:.1} %", 100.0 * n as f64 / all.faults.max(1) as f64);
        for (name, (soon, before)) in names().iter().zip(all.soon.into_iter().zip(all.before)) {
            print(&format!("{name:<26}{:>22}{:>22}", share(soon), share(before)));
        }
        return Ok(());
    }
    for name in scenarios.unwrap_or("boutique,seed,mechanisms").split(',').map(str::trim) {
        let none = || Failure::Usage(Usage(format!("there is no preset '{name}'")));
        let mut all = Calm::default();
        for seed in seeds.clone() {
            let scenario = Episode::preset(name, seed).ok_or_else(none)?.calm;
            all.add(&calm(&scenario, seed, SimTime::from_secs(CALM_S)).map_err(wrong)?);
        }
        print(&text(name, &all));
    }
    Ok(())
}

fn wrong(error: sickbay::session::CommandError) -> Failure {
    Failure::Input(format!("E0001 {error}"))
}

fn text(name: &str, all: &Calm) -> String {
    let share = |n: u64| format!("{n} ({:.2} %)", 100.0 * n as f64 / all.service_s.max(1) as f64);
    let per_hour = |n: u64| format!("{:.2}", n as f64 / all.service_s.max(1) as f64 * 3_600.0);
    let lanes = names().iter().zip(all.alarms).map(|(lane, n)| format!("{lane} {}", per_hour(n))).collect::<Vec<_>>();
    format!(
        "{name}: {} service-seconds, with a note {}, of metrics out of step {}; alerts of burn rates {}, all alerts {}\n  \
         alarms per service and hour: {}",
        all.service_s,
        share(all.noted_s),
        share(all.together_s),
        all.burns,
        all.alerts,
        lanes.join(", ")
    )
}
