//! `headless replay`: a run that was saved on the page, or the link to it, once more; and whether it is still the same run.

use crate::arguments::{Arguments, Usage};
use crate::run::{json, text};
use crate::{Failure, print, read_text};
use sickbay::session::Experiment;
use sickbay::view::address::Address;

/// What to name instead of what cannot be read.
const HELP: &str = "name a file that the page saved (Share, Save as file), or give the link in quotes";

pub fn replay(words: &[String]) -> Result<(), Failure> {
    let arguments = Arguments::parse(words, &[], &["--json"]).map_err(Failure::Usage)?;
    let [word] = arguments.words.as_slice() else {
        return Err(Failure::Usage(Usage("replay needs one saved run or link".to_owned())));
    };
    let experiment = match word.split_once('#').map(|(_, fragment)| Address::parse(fragment).run) {
        Some(Some(packed)) => Experiment::unpack(&packed),
        Some(None) => return Err(Failure::Input(format!("E0507 the link holds no shared run (no `#run=`); {HELP}"))),
        None => Experiment::read(&read_text(word, HELP)?),
    };
    let experiment = experiment.map_err(|error| Failure::Input(error.to_string()))?;
    let (end, expected) = (experiment.end, experiment.digest);
    let notes = experiment.scenario.scale_notes();
    let mut timeline = experiment.timeline();
    while !timeline.advance(end, u64::MAX) {}
    if let Some(error) = timeline.take_refused() {
        return Err(Failure::Input(format!("E0506 what was done then cannot be done again: {error}")));
    }
    let report = timeline.session().report();
    print(if arguments.has("--json") { json(&report, None) } else { text(&report, None, &notes) }.trim_end());
    let digest = timeline.session().digest();
    match expected {
        Some(expected) if expected != digest => Err(Failure::Input(format!(
            "E0505 this is another run than the one that was saved (digest {expected:016x} then, {digest:016x} now): if nobody \
             changed the file, another version of Sickbay saved it"
        ))),
        _ => Ok(()),
    }
}
