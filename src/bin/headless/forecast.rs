//! `headless forecast`: the M4 hourly series, 48 samples ahead of each.

use crate::arguments::{Arguments, Usage};
use crate::{Failure, print};
use sickbay::pipeline::forecast::Season;
use sickbay::validation::forecast::m4::{Ahead, HORIZON, HOURLY, Score, ahead, score};
use sickbay::validation::forecast::table::{Row, wide};
use std::fmt::Write;

pub fn forecast(words: &[String]) -> Result<(), Failure> {
    let arguments = Arguments::parse(words, &["--m4", "--out", "--period"], &["--score"]).map_err(Failure::Usage)?;
    if let Some(word) = arguments.words.first() {
        return Err(Failure::Usage(Usage(format!("forecast takes no '{word}'"))));
    }
    let Some(directory) = arguments.values("--m4").last() else {
        return Err(Failure::Usage(Usage("forecast needs --m4 DIR (with Hourly-train.csv)".into())));
    };
    let out = arguments.values("--out").last();
    if out.is_none() && !arguments.has("--score") {
        return Err(Failure::Usage(Usage("forecast needs --out OUT.csv, --score or both".into())));
    }
    let season = season(arguments.values("--period").last())?;
    let train = rows(directory, "Hourly-train.csv")?;
    let forecasts: Vec<Ahead> = train.iter().map(|row| ahead(&row.values, season)).collect();
    if let Some(file) = out {
        crate::write_text(file, &csv(&train, &forecasts))?;
        print(&format!("{} series, {HORIZON} values each, in {file}", train.len()));
    }
    if arguments.has("--score") {
        let test = rows(directory, "Hourly-test.csv")?;
        print(&table(&score(&train, &test, &forecasts).map_err(|e| Failure::Input(e.to_string()))?));
    }
    Ok(())
}

/// `S` or `S,L` in samples, `find` or `none`; hours of a day and of a week if nothing is said.
fn season(word: Option<&str>) -> Result<Season, Failure> {
    let off =
        |word: &str| Failure::Usage(Usage(format!("--period cannot be '{word}': S, S,L with L at least 2 S, find or none")));
    let Some(word) = word else { return Ok(HOURLY) };
    let number = |text: &str| text.trim().parse::<usize>().ok().filter(|n| (2..=10_000).contains(n));
    match (word, word.split_once(',')) {
        ("find", _) => Ok(Season::Find),
        ("none", _) => Ok(Season::None),
        (_, None) => number(word).map(Season::One).ok_or_else(|| off(word)),
        (_, Some((short, long))) => match (number(short), number(long)) {
            (Some(short), Some(long)) if long >= 2 * short => Ok(Season::Two(short, long)),
            _ => Err(off(word)),
        },
    }
}

fn rows(directory: &str, name: &str) -> Result<Vec<Row>, Failure> {
    let path = std::path::Path::new(directory).join(name);
    let shown = path.display().to_string();
    wide(&shown, &crate::read_text(&shown, "name the directory that holds Hourly-train.csv and Hourly-test.csv")?)
        .map_err(|e| Failure::Input(e.to_string()))
}

/// As a submission to the competition: id, F1..F48.
fn csv(train: &[Row], forecasts: &[Ahead]) -> String {
    let mut text = String::from("id");
    (1..=HORIZON).for_each(|lead| text += &format!(",F{lead}"));
    text.push('\n');
    for (row, forecast) in train.iter().zip(forecasts) {
        text += &row.id;
        forecast.values.iter().for_each(|value| text += &format!(",{value:.6}"));
        text.push('\n');
    }
    text
}

fn table(score: &Score) -> String {
    let mut text = format!("{} series\n{:<18}{:>8}{:>8}{:>8}\n", score.series, "method", "sMAPE", "MASE", "OWA");
    for (name, errors) in [("Naive2", score.naive2), ("seasonal naive", score.seasonal_naive), ("bank", score.ours)] {
        let of = |value: f64| if value.is_finite() { format!("{value:.3}") } else { "-".to_owned() };
        let (smape, mase, owa) = (of(errors.smape), of(errors.mase), of(errors.owa(score.naive2)));
        let _ = writeln!(text, "{name:<18}{smape:>8}{mase:>8}{owa:>8}");
    }
    if score.unscaled > 0 {
        let _ =
            writeln!(text, "{} series repeat themselves exactly: MASE has no unit for them and leaves them out", score.unscaled);
    }
    let _ = write!(text, "90 % interval holds {:.1} % of the outcomes", 100.0 * score.coverage);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_numbers_of_samples() {
        let is = |word: &str, season: Season| super::season(Some(word)).is_ok_and(|s| s == season);
        assert!(is("24", Season::One(24)) && is("24,168", Season::Two(24, 168)) && is("find", Season::Find));
        for word in ["1", "24,30", "x", "24,", "-3"] {
            assert!(super::season(Some(word)).is_err(), "{word}");
        }
    }
}
