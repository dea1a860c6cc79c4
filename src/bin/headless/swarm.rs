//! `headless swarm`: the laws on random systems, as many as one likes; one seed again when it broke something.

use crate::arguments::{Arguments, Usage};
use crate::{Failure, print};
use sickbay::validation::swarm::{LAWS, Law, law, replay};

/// Seeds tried if none is asked for.
const SEEDS: u64 = 200;

/// Tries the laws and says which seeds broke them.
pub fn swarm(words: &[String]) -> Result<(), Failure> {
    let arguments = Arguments::parse(words, &["--law", "--seed", "--seeds"], &[]).map_err(Failure::Usage)?;
    let number = |flag: &str, default: u64| arguments.value(flag, default).map_err(Failure::Usage);
    let laws: Vec<&Law> = match arguments.values("--law").last() {
        None => LAWS.iter().collect(),
        Some(name) => {
            let names = || LAWS.iter().map(|l| l.name).collect::<Vec<_>>().join(", ");
            vec![law(name).ok_or_else(|| Failure::Usage(Usage(format!("there is no law '{name}'; there are {}", names()))))?]
        }
    };
    let one = arguments.values("--seed").next().is_some();
    let seeds = if one {
        let seed = number("--seed", 0)?;
        seed..=seed
    } else {
        0..=number("--seeds", SEEDS)?.max(1) - 1
    };
    let mut broken = 0;
    for law in laws {
        let found: Vec<(u64, String)> = seeds.clone().filter_map(|seed| Some((seed, law.check(seed).err()?))).collect();
        let tried = seeds.clone().count();
        print(&format!("{:<24} {} of {tried} systems keep it: {}", law.name, tried - found.len(), law.says));
        for (seed, why) in &found {
            print(&format!("  seed {seed}: {why}\n  replay: {}", replay(law.name, *seed)));
        }
        broken += found.len();
    }
    if broken == 0 { Ok(()) } else { Err(Failure::Input(format!("{broken} broken"))) }
}
