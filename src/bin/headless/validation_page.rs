//! `headless validation-page`: runs all that the validation page tells, and writes it.

use crate::arguments::{Arguments, Usage};
use crate::validate::table;
use crate::{Failure, print};
use sickbay::validation::page::{Evidence, Plan, gather, render};
use sickbay::validation::reference::Effort;

/// Runs of each incident: an interval of a tenth of what one run varies by.
const RUNS: u64 = 20;
/// Random systems for each law: nothing broken says at most 0.3 %, with 95 %.
const SYSTEMS: u64 = 1_000;
/// Both in a hurry.
const RUNS_QUICK: u64 = 3;
const SYSTEMS_QUICK: u64 = 25;

/// Writes the page; the exit code says whether everything came out as expected.
pub fn validation_page(words: &[String]) -> Result<(), Failure> {
    let with_value = ["--reference", "--out", "--runs", "--systems", "--threads"];
    let arguments = Arguments::parse(words, &with_value, &["--quick"]).map_err(Failure::Usage)?;
    if let Some(word) = arguments.words.first() {
        return Err(Failure::Usage(Usage(format!("validation-page takes no '{word}'"))));
    }
    let Some(file) = arguments.values("--out").last() else {
        return Err(Failure::Usage(Usage("validation-page needs --out FILE.html".into())));
    };
    let evidence = gather(plan(&arguments)?, &mut |text| print(text));
    std::fs::write(file, render(&evidence)).map_err(|e| Failure::Input(format!("E0611 cannot write '{file}': {e}")))?;
    print(&format!("{}\n{}\nwritten: {file}", evidence.reference.summary().trim_end(), rest(&evidence)));
    if evidence.is_good() { Ok(()) } else { Err(Failure::Input("not everything is as expected".into())) }
}

fn plan(arguments: &Arguments) -> Result<Plan, Failure> {
    let quick = arguments.has("--quick");
    let (runs, systems) = if quick { (RUNS_QUICK, SYSTEMS_QUICK) } else { (RUNS, SYSTEMS) };
    let number = |flag: &str, default: u64| arguments.value(flag, default).map_err(Failure::Usage);
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    Ok(Plan {
        rows: table(arguments)?,
        effort: if quick { Effort::Quick } else { Effort::Full },
        replications: number("--runs", runs)?.clamp(1, 1_000),
        systems: number("--systems", systems)?.clamp(1, 1_000_000),
        scale: true,
        threads: number("--threads", cores)?.clamp(1, 64) as usize,
    })
}

/// What the table's summary does not say.
fn rest(evidence: &Evidence) -> String {
    let lines = || evidence.incidents.iter().flat_map(|incident| &incident.rows);
    let good = lines().filter(|row| row.row.is_good()).count();
    let kept = evidence.laws.iter().filter(|law| law.broken.is_empty()).count();
    let (all, laws) = (lines().count(), evidence.laws.len());
    format!("incidents: {good} of {all} lines as expected; laws: {kept} of {laws} kept; results {:016x}", evidence.digest())
}
