//! `headless arena`: healing policies on the same episodes, judged by what the users felt.

use crate::arguments::{Arguments, Usage};
use crate::{Failure, print};
use sickbay::pipeline::Policy;
use sickbay::scenario::presets::PRESETS;
use sickbay::validation::arena::{self, Episode, HELD_OUT, TUNING};
use std::ops::Range;

/// Seeds that are played if none are asked for: the first of the tuning range.
const SEEDS: Range<u64> = 0..20;

pub fn arena(words: &[String]) -> Result<(), Failure> {
    let with_value = ["--policies", "--seeds", "--scenarios", "--threads"];
    let arguments =
        Arguments::parse(words, &with_value, &["--json", "--episodes", "--diagnosis", "--fit"]).map_err(Failure::Usage)?;
    let policies = policies(arguments.values("--policies").last().unwrap_or("rules,kubernetes,seed,none"))?;
    let seeds = seeds(arguments.values("--seeds").last())?;
    let episodes = episodes(arguments.values("--scenarios").last().unwrap_or("generated"), &seeds)?;
    if arguments.has("--diagnosis") || arguments.has("--fit") {
        diagnosis(&episodes, &arguments, &seeds);
        return Ok(());
    }
    let threads = arguments.value("--threads", 1_usize).map_err(Failure::Usage)?;
    let outcomes = arena::run(&episodes, &policies, threads.clamp(1, 64), |_| {})
        .map_err(|error| Failure::Input(format!("E0001 {error}; help: there are {}", Policy::NAMES.join(", "))))?;
    if arguments.has("--json") {
        let value = serde_json::json!({"seeds": [seeds.start, seeds.end], "part": part(&seeds), "outcomes": outcomes});
        print(&value.to_string());
    } else {
        print(&headed(&seeds, episodes.len()));
        if arguments.has("--episodes") {
            print(arena::lines(&outcomes).trim_end());
        }
        print(arena::table(&outcomes, &policies).trim_end());
        print(COLUMNS);
    }
    Ok(())
}

/// Episodes below which shares and intervals say little.
const FEW: usize = 30;
/// What the columns of the tables are.
const COLUMNS: &str = "
detect, locate: first symptom noticed, and the first decision that names the cause
viol min, err min: minutes in which the users' objective was missed, in which requests failed, beyond the calm run
inst-s: instances times seconds; offpath: actions on services that neither are the cause nor lead to it
AC@k: the cause is among the first k suspects; felt n/m: n of m episodes are felt by users when nobody heals
Brier, ECE: error and miscalibration of the probabilities, of the place and (c) of the class; 0 is best";

/// What is played, and how much it can say.
fn headed(seeds: &Range<u64>, episodes: usize) -> String {
    let few = format!(
        "\nnote: {episodes} episodes are few: a share moves in steps of 1/{episodes}, and intervals say little; try --seeds 0..68"
    );
    let few = if episodes < FEW { few.as_str() } else { "" };
    format!("seeds {}..{}, {}{few}", seeds.start, seeds.end, part(seeds))
}

/// What the brain says when nobody heals; with `--fit` what its evidence should be worth.
fn diagnosis(episodes: &[Episode], arguments: &Arguments, seeds: &Range<u64>) {
    let (mut outcomes, mut samples) = (Vec::new(), Vec::new());
    for episode in episodes {
        let (outcome, found, truth) = arena::diagnosis(episode);
        if let Some(truth) = truth.filter(|_| outcome.felt) {
            samples.extend(found.into_iter().map(|sample| (sample, truth.clone())));
        }
        outcomes.push(outcome);
    }
    print(&headed(seeds, episodes.len()));
    if arguments.has("--episodes") {
        print(arena::lines(&outcomes).trim_end());
    }
    print(arena::diagnosis_text(&outcomes).trim_end());
    if arguments.has("--fit") {
        let (table, before, after) = arena::fit(&samples);
        print(&format!("{} samples, mean log-likelihood {before:.3} before, {after:.3} after\n{table}", samples.len()));
    }
}

/// What the seeds may be used for.
pub fn part(seeds: &Range<u64>) -> &'static str {
    let within = |range: &Range<u64>| range.start <= seeds.start && seeds.end <= range.end;
    if within(&TUNING) {
        "tuning seeds: rules and weights were set on them, so figures on them flatter"
    } else if within(&HELD_OUT) {
        "held-out seeds: nothing was set on them"
    } else {
        "neither the tuning nor the held-out seeds"
    }
}

fn policies(text: &str) -> Result<Vec<String>, Failure> {
    let names: Vec<String> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if let Some(unknown) = names.iter().find(|name| Policy::named(name).is_none()) {
        let there = Policy::NAMES.join(", ");
        return Err(Failure::Usage(Usage(format!("there is no policy '{unknown}'; there are {there}"))));
    }
    if names.is_empty() { Err(Failure::Usage(Usage("--policies needs a name".into()))) } else { Ok(names) }
}

/// `A..B` is A to B - 1; a single number is that many from 0.
pub fn seeds(text: Option<&str>) -> Result<Range<u64>, Failure> {
    let Some(text) = text else { return Ok(SEEDS) };
    let off = || Failure::Usage(Usage(format!("--seeds cannot be '{text}': write FIRST..END, such as 1000..1100")));
    let number = |word: &str| word.trim().parse::<u64>().map_err(|_| off());
    let range = match text.split_once("..") {
        Some((first, end)) => number(first)?..number(end)?,
        None => 0..number(text)?,
    };
    if range.is_empty() { Err(off()) } else { Ok(range) }
}

/// The episodes of `text`, which are scenarios with commas between, for each seed.
pub fn episodes(text: &str, seeds: &Range<u64>) -> Result<Vec<Episode>, Failure> {
    let mut episodes = Vec::new();
    for name in text.split(',').map(str::trim) {
        if name == "generated" || name == "all" {
            episodes.extend(seeds.clone().map(Episode::generated));
        }
        let presets: Vec<&str> = match name {
            "generated" => Vec::new(),
            "all" => PRESETS.iter().map(|p| p.name).collect(),
            one => vec![one],
        };
        for preset in presets {
            for seed in seeds.clone() {
                let there = || PRESETS.iter().map(|p| p.name).collect::<Vec<_>>().join(", ");
                let none = || Usage(format!("there is no scenario '{preset}'; there are all, generated, {}", there()));
                episodes.push(Episode::preset(preset, seed).ok_or_else(none).map_err(Failure::Usage)?);
            }
        }
    }
    Ok(episodes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_refused_with_what_is() {
        let wrong = |result: Result<(), Failure>| match result {
            Err(Failure::Usage(usage)) => usage.0,
            _ => String::new(),
        };
        assert!(wrong(policies("rules,hope").map(drop)).contains("seed"));
        assert!(wrong(episodes("nowhere", &(0..1)).map(drop)).contains("boutique"));
        assert!(wrong(seeds(Some("9..3")).map(drop)).contains("FIRST..END"));
        assert_eq!(seeds(Some("4..6")).ok(), Some(4..6));
    }
}
