//! The measuring commands for forecasts, from the outside: what they write, and what they say of input that is off.
#![cfg(not(target_arch = "wasm32"))]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A directory of this test's own, under cargo's for tests.
fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn headless(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_headless")).args(words).output().unwrap()
}

fn complaint(words: &[&str], code: i32) -> String {
    let output = headless(words);
    assert_eq!(output.status.code(), Some(code), "{words:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// An hourly series: a day's wave on a level.
fn hours(from: usize, to: usize, level: usize) -> String {
    let value = |t: usize| level + [0, 1, 3, 6, 9, 11, 12, 11, 9, 6, 3, 1][t % 24 / 2];
    (from..to).map(|t| format!(",{}", value(t))).collect()
}

#[test]
fn forecasts_are_written_as_a_line_a_series_and_scored() {
    let place = directory("m4");
    std::fs::write(place.join("Hourly-train.csv"), format!("id,V\nH1{}\nH2{}\n", hours(0, 400, 50), hours(7, 700, 90))).unwrap();
    std::fs::write(place.join("Hourly-test.csv"), format!("id,V\nH2{}\nH1{}\n", hours(700, 748, 90), hours(400, 448, 50)))
        .unwrap();
    let (m4, out) = (place.to_str().unwrap(), place.join("out.csv"));
    let output = headless(&["forecast", "--m4", m4, "--out", out.to_str().unwrap(), "--score"]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && told.contains("seasonal naive") && told.contains("OWA"), "{told}");
    let text = std::fs::read_to_string(out).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!((rows.len(), rows[0][0], rows[1][0], rows[2][0]), (3, "id", "H1", "H2"));
    for (row, truth) in [(&rows[1], hours(400, 448, 50)), (&rows[2], hours(700, 748, 90))] {
        assert_eq!(row.len(), 49);
        for (value, truth) in row[1..].iter().zip(truth[1..].split(',')) {
            let (value, truth): (f64, f64) = (value.parse().unwrap(), truth.parse().unwrap());
            assert!((value - truth).abs() < 0.5, "{value} for {truth}");
        }
    }
}

#[test]
fn decisions_are_written_for_samples_below_the_threshold() {
    let place = directory("breach");
    let file = place.join("series.csv");
    let saw = |t: usize| 0.3 + 0.65 * (t % 100) as f64 / 100.0;
    let rows: String = (0..1_000).map(|t| format!("a,{},{}\nb,{},0.2\n", 60 * t, saw(t), 60 * t)).collect();
    std::fs::write(&file, format!("series,time_s,value\n{rows}")).unwrap();
    let out = place.join("out.csv");
    let words = ["breach", "--series", file.to_str().unwrap(), "--threshold", "0.9", "--horizon", "16", "--out"];
    let output = headless(&[&words[..], &[out.to_str().unwrap(), "--score"]].concat());
    assert!(output.status.success());
    let text = std::fs::read_to_string(out).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("series,time_s,p_breach,eta_lower_s,eta_median_s,eta_upper_s"));
    let below = (0..1_000).filter(|t| saw(*t) < 0.9).count();
    let row = |line: &str| -> (bool, usize, Vec<f64>) {
        let cells: Vec<&str> = line.split(',').collect();
        let numbers = cells[2..].iter().filter_map(|cell| cell.parse().ok()).collect();
        (cells[0] == "a", cells[1].parse::<usize>().unwrap() / 60, numbers)
    };
    let rows: Vec<_> = lines.map(row).collect();
    assert_eq!(rows.len(), 1_000 + below);
    // After seven teeth it is known that from 10 samples below the threshold it is reached, and from the floor it is not.
    let late = rows.iter().filter(|(is_a, t, _)| *is_a && *t >= 700);
    for (_, t, numbers) in late {
        let [p, lower, median, upper] = numbers[..] else { panic!("{numbers:?}") };
        assert!(lower <= median && median <= upper);
        match t % 100 {
            84..=90 => assert!(p > 0.6, "{t}: {p}"),
            0..=60 => assert!(p < 0.1, "{t}: {p}"),
            _ => {}
        }
    }
    assert!(rows.iter().filter(|(is_a, t, _)| !is_a && *t > 300).all(|(_, _, numbers)| numbers[0] < 0.05));
}

#[test]
fn input_that_is_off_is_refused_with_code_place_and_help() {
    let place = directory("off");
    let (file, here) = (place.join("series.csv"), place.to_str().unwrap());
    let series = file.to_str().unwrap();
    let breach = ["breach", "--series", series, "--threshold", "1", "--horizon", "4", "--score"];
    for (text, wanted) in [
        ("", "E0731"),
        ("series,time_s,value\n", "E0731"),
        ("series,value\na,1\n", "E0734"),
        ("series,time_s,value\na,0,high\n", "E0732"),
        ("series,time_s,value\na,0\n", "E0735"),
    ] {
        std::fs::write(&file, text).unwrap();
        let said = complaint(&breach, 1);
        assert!(said.starts_with(wanted) && said.contains("help:"), "{text:?}: {said}");
    }
    assert!(complaint(&["breach", "--series", here, "--threshold", "1", "--horizon", "4", "--score"], 1).starts_with("E0001"));
    assert!(complaint(&["forecast", "--m4", here, "--score"], 1).contains("Hourly-train.csv"));
    assert!(complaint(&["forecast", "--m4", here], 2).contains("--out"));
    assert!(complaint(&["breach", "--made", "1", "--threshold", "1", "--score"], 2).contains("--horizon"));
    assert!(complaint(&["breach", "--made", "1", "--threshold", "nan", "--horizon", "3", "--score"], 2).contains("--threshold"));
}
