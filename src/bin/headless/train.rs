//! `headless train`: lets the policy `bandit` heal generated episodes one after the other, and writes down what it learned.

use crate::arguments::{Arguments, Usage};
use crate::run::read_weights;
use crate::{Failure, print, write_text};
use sickbay::pipeline::Autonomy;
use sickbay::pipeline::bandit::{Bandit, prior, weights};
use sickbay::session::{Command, Session};
use sickbay::validation::arena::{Episode, HELD_OUT};
use std::fmt::Write;
use std::ops::Range;

/// Widths of its estimate that an arm is given as a credit while it learns: an arm of chance 0.5 that was never tried is
/// held to be as good as one of 0.8.
const EXPLORE: f64 = 0.7;

pub fn train(words: &[String]) -> Result<(), Failure> {
    let arguments = Arguments::parse(words, &["--seeds", "--out", "--from", "--explore"], &[]).map_err(Failure::Usage)?;
    let (from, out) = (arguments.values("--from").last(), arguments.values("--out").last());
    let seeds = seeds(arguments.values("--seeds").last().unwrap_or_default())?;
    let out = out.ok_or_else(|| Failure::Usage(Usage("train needs --out FILE".into())))?;
    let mut bandit = from.map_or_else(|| Ok(Bandit::default()), read_weights)?;
    bandit.explore = arguments.value("--explore", EXPLORE).map_err(Failure::Usage)?;
    if !(0.0..=10.0).contains(&bandit.explore) {
        return Err(Failure::Usage(Usage("--explore takes 0 to 10".into())));
    }
    let earlier = from.map_or_else(String::new, |from| format!(" --from {from}"));
    bandit.made_by =
        format!("headless train --seeds {}..{}{earlier} --explore {} --out {out}", seeds.start, seeds.end, bandit.explore);
    for seed in seeds {
        bandit = heal(Episode::generated(seed), seed, bandit)?;
    }
    write_text(out, &weights::write(&bandit))?;
    print(table(&bandit).trim_end());
    Ok(())
}

fn heal(episode: Episode, seed: u64, bandit: Bandit) -> Result<Bandit, Failure> {
    let mut session = Session::new(episode.scenario, seed);
    session.set_bandit(bandit);
    for command in [Command::SetPolicy("bandit".to_owned()), Command::SetAutonomy(Autonomy::Auto)] {
        session.execute(command).map_err(|e| Failure::Usage(Usage(e.to_string())))?;
    }
    session.advance(episode.end, u64::MAX);
    Ok(session.pipeline().bandit().cloned().unwrap_or_default())
}

/// Only seeds that nothing is measured on.
fn seeds(text: &str) -> Result<Range<u64>, Failure> {
    let off = || Failure::Usage(Usage(format!("--seeds cannot be '{text}': write FIRST..END, such as 0..300")));
    let (first, end) = text.split_once("..").ok_or_else(off)?;
    let range = first.trim().parse().map_err(|_| off())?..end.trim().parse().map_err(|_| off())?;
    if range.is_empty() {
        return Err(off());
    }
    if range.start < HELD_OUT.end && HELD_OUT.start < range.end {
        let (from, to) = (HELD_OUT.start, HELD_OUT.end);
        return Err(Failure::Usage(Usage(format!(
            "--seeds: {from}..{to} are held out for measuring and must not be learned from"
        ))));
    }
    Ok(range)
}

/// What the rules said, and how it went.
fn table(bandit: &Bandit) -> String {
    let mut text = format!("{:<14} {:<14} {:>6} {:>7} {:>7}\n", "case", "action", "rules", "tries", "helped");
    for (case, kind, tries) in bandit.arms() {
        let (prior, share) = (prior(case, kind).unwrap_or(0.0), tries.helped / tries.count.max(1e-9));
        let (case, kind) = (case.name(), kind.entry().name);
        let _ = writeln!(text, "{case:<14} {kind:<14} {prior:>6.2} {:>7.1} {share:>7.2}", tries.count);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_out_is_not_learned_from() {
        for wrong in ["", "7", "9..3", "a..b", "900..1001", "1500..1600"] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
        assert_eq!(seeds("0..300").ok(), Some(0..300));
    }
}
