//! The weights file: what the bandit has learned, as text, with the command that made it.
//!
//! ```text
//! sickbay-bandit 1
//! made by: headless train --seeds 0..300 --out weights.txt
//! features: one load cpu single errors
//! errors restart 12.0 10.0 gram 12.0 ... sum 10.0 ...
//! ```
//!
//! A line an arm: case, kind, tries, helped, then the upper triangle of the moments' products row by row, then the sum of
//! those that helped. Lines that are empty or begin with `#` say nothing. Whatever is wrong is told with its line.

use super::{Bandit, FEATURE_NAMES, FEATURES, Tries, prior};
use crate::pipeline::catalogue::CATALOGUE;
use crate::pipeline::situation::Case;
use std::fmt::Write;
use thiserror::Error;

/// First line of a file of this version.
const HEAD: &str = "sickbay-bandit 1";
const MADE_BY: &str = "made by: ";
const FEATURES_ARE: &str = "features: ";
/// Numbers of the upper triangle.
const TRIANGLE: usize = FEATURES * (FEATURES + 1) / 2;

/// What is wrong with a weights file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WeightsError {
    /// It is something else, or of another version.
    #[error(
        "E0741 this is no weights file of this version; help: its first line must be '{HEAD}': make one with 'headless train'"
    )]
    NotWeights,
    /// It was made for other features.
    #[error("E0742 line {0}: it was made for other features ('{1}'); help: make it anew with 'headless train'")]
    Features(usize, String),
    /// A line that is no arm.
    #[error("E0743 line {0}: {1}; help: a line is 'CASE KIND TRIES HELPED gram NUMBERS sum NUMBERS'")]
    Line(usize, String),
    /// An arm that the rules do not have.
    #[error("E0744 line {0}: the rules have no arm '{1}'; help: make the file anew with 'headless train'")]
    NoArm(usize, String),
}

/// Reads a weights file.
///
/// # Errors
/// [`WeightsError`] with the line.
pub fn read(text: &str) -> Result<Bandit, WeightsError> {
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
    if lines.next().map(|(_, line)| line) != Some(HEAD) {
        return Err(WeightsError::NotWeights);
    }
    let mut bandit = Bandit::default();
    for (at, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
        if let Some(command) = line.strip_prefix(MADE_BY) {
            command.clone_into(&mut bandit.made_by);
        } else if let Some(features) = line.strip_prefix(FEATURES_ARE) {
            if features != FEATURE_NAMES.join(" ") {
                return Err(WeightsError::Features(at, features.to_owned()));
            }
        } else {
            arm(&mut bandit, at, line)?;
        }
    }
    Ok(bandit)
}

fn arm(bandit: &mut Bandit, at: usize, line: &str) -> Result<(), WeightsError> {
    let mut words = line.split_whitespace();
    let name = [words.next().unwrap_or_default(), words.next().unwrap_or_default()];
    let kind = CATALOGUE.iter().find(|entry| entry.name == name[1]).map(|entry| entry.kind);
    let known = Case::named(name[0]).zip(kind).filter(|(case, kind)| prior(*case, *kind).is_some());
    let (case, kind) = known.ok_or_else(|| WeightsError::NoArm(at, name.join(" ")))?;
    let [count, helped] = numbers(&mut words, at)?;
    word(&mut words, "gram", at)?;
    let triangle: [f64; TRIANGLE] = numbers(&mut words, at)?;
    word(&mut words, "sum", at)?;
    let sum = numbers(&mut words, at)?;
    if let Some(more) = words.next() {
        return Err(WeightsError::Line(at, format!("'{more}' is too much")));
    }
    let mut tries = Tries { count, helped, sum, ..Tries::default() };
    for ((i, j), value) in places().zip(triangle) {
        (tries.gram[i][j], tries.gram[j][i]) = (value, value);
    }
    if count < 0.0 || helped < 0.0 || helped > count || (0..FEATURES).any(|i| tries.gram[i][i] < 0.0) {
        return Err(WeightsError::Line(at, "counts and squares cannot be so".to_owned()));
    }
    if bandit.arms.insert((case, kind), tries).is_some() {
        return Err(WeightsError::Line(at, format!("'{}' stands there twice", name.join(" "))));
    }
    Ok(())
}

/// Places of the upper triangle, row by row.
fn places() -> impl Iterator<Item = (usize, usize)> {
    (0..FEATURES).flat_map(|i| (i..FEATURES).map(move |j| (i, j)))
}

fn word<'a>(words: &mut impl Iterator<Item = &'a str>, wanted: &str, at: usize) -> Result<(), WeightsError> {
    let found = words.next().unwrap_or("the end");
    if found == wanted { Ok(()) } else { Err(WeightsError::Line(at, format!("'{wanted}' is missing before '{found}'"))) }
}

fn numbers<'a, const N: usize>(words: &mut impl Iterator<Item = &'a str>, at: usize) -> Result<[f64; N], WeightsError> {
    let mut found = [0.0; N];
    for slot in &mut found {
        let word = words.next().unwrap_or("the end");
        let value = word.parse().ok().filter(|value: &f64| value.is_finite() && value.abs() < 1e12);
        *slot = value.ok_or_else(|| WeightsError::Line(at, format!("'{word}' is no number")))?;
    }
    Ok(found)
}

/// Writes a weights file.
pub fn write(bandit: &Bandit) -> String {
    let mut text = format!("{HEAD}\n{MADE_BY}{}\n{FEATURES_ARE}{}\n", bandit.made_by, FEATURE_NAMES.join(" "));
    for (case, kind, tries) in bandit.arms() {
        let _ = write!(text, "{} {} {:.4} {:.4} gram", case.name(), kind.entry().name, tries.count, tries.helped);
        for (i, j) in places() {
            let _ = write!(text, " {:.4}", tries.gram[i][j]);
        }
        text.push_str(" sum");
        for value in tries.sum {
            let _ = write!(text, " {value:.4}");
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::Arm;
    use super::*;
    use crate::pipeline::catalogue::Kind;

    fn some() -> Bandit {
        let mut bandit = Bandit { made_by: "headless train --seeds 0..3 --out x".to_owned(), ..Bandit::default() };
        for (case, kind) in [(Case::Errors, Kind::Restart), (Case::CpuLoad, Kind::ScaleOut)] {
            bandit.learn(&Arm { case, kind, moment: [1.0, 0.25, -0.5, 0.5, 0.0] }, true);
            bandit.learn(&Arm { case, kind, moment: [1.0, 0.5, 0.0, -0.5, 0.0] }, false);
        }
        bandit
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text = write(&some());
        let read = read(&text).expect("right");
        assert_eq!(write(&read), text);
        assert_eq!(read.made_by, some().made_by);
    }

    #[test]
    fn the_shipped_weights_are_read_and_say_how_they_were_made() {
        let shipped = read(include_str!("weights.txt")).expect("right");
        assert!(shipped.made_by.starts_with("headless train --seeds "), "{}", shipped.made_by);
        assert_eq!(shipped.explore, 0.0, "what ships does not experiment");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let good = write(&some());
        let spoilt = |from: &str, to: &str| read(&good.replacen(from, to, 1)).expect_err("spoilt").to_string();
        assert!(read("").expect_err("empty").to_string().starts_with("E0741"));
        assert!(spoilt("sickbay-bandit 1", "sickbay-bandit 9").starts_with("E0741"));
        assert!(spoilt("one load", "two load").starts_with("E0742 line 3"));
        assert!(spoilt("cpu_load scale_out", "cpu_load pray").starts_with("E0744 line 4"));
        assert!(spoilt("gram", "grim").starts_with("E0743 line 4"));
        assert!(spoilt("gram", "gram NaN").starts_with("E0743 line 4"));
        let half: String = good.lines().take(4).map(|line| &line[..line.len() / 2]).collect::<Vec<_>>().join("\n");
        assert!(read(&half).is_err());
    }
}
