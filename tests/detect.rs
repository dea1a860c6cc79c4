//! `headless detect`, as somebody calls it, on small sets of its own.
#![cfg(not(target_arch = "wasm32"))]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// An empty directory for a test.
fn directory(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("sickbay-detect-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).expect("a place for temporary files");
    path
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("below the directory")).expect("may be made");
    std::fs::write(path, text).expect("may be written");
}

fn detect(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_headless")).arg("detect").args(words).output().expect("it runs")
}

fn said(output: &Output) -> (Option<i32>, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

/// Noise without a generator, 0 to 1.
fn noise(i: usize) -> f64 {
    (i as f64 * 0.618_033_988_749_894_9).fract()
}

fn stamp(i: usize) -> String {
    let minutes = i * 5;
    format!("2020-01-{:02} {:02}:{:02}:00", 1 + minutes / 1_440, minutes / 60 % 24, minutes % 60)
}

/// Five days of a quiet metric that jumps for an hour at sample 1,000.
fn jumping(until: usize) -> String {
    let value = |i: usize| 10.0 + noise(i) + if (1_000..1_012).contains(&i) { 30.0 } else { 0.0 };
    let rows: String = (0..until).map(|i| format!("{},{}\n", stamp(i), value(i))).collect();
    format!("timestamp,value\n{rows}")
}

/// A set of one series with a window around the jump.
fn set(name: &str) -> PathBuf {
    let set = directory(name);
    write(&set.join("data/made/jump.csv"), &jumping(1_440));
    let window = format!("[[\"{}.000000\", \"{}.000000\"]]", stamp(960), stamp(1_040));
    write(&set.join("labels/combined_windows.json"), &format!("{{\"made/jump.csv\": {window}}}"));
    set
}

#[test]
fn each_series_gets_a_file_of_scores_and_the_jump_stands_out() {
    let set = set("out");
    let out = set.join("out");
    let words = ["--nab", set.to_str().expect("plain"), "--out", out.to_str().expect("plain")];
    assert_eq!(said(&detect(&words)), (Some(0), "1 series scored\n".into()));
    let text = std::fs::read_to_string(out.join("made/jump.csv")).expect("written");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("timestamp,value,anomaly_score"));
    let scores: Vec<f64> = lines.map(|l| l.rsplit(',').next().expect("three columns").parse().expect("a number")).collect();
    assert_eq!(scores.len(), 1_440);
    let highest = (0..1_440).max_by(|a, b| scores[*a].total_cmp(&scores[*b])).expect("some");
    assert!((1_000..1_012).contains(&highest) && scores[highest] > 0.5 && scores[highest] <= 1.0, "{highest}");
    std::fs::remove_dir_all(set).expect("ours");
}

#[test]
fn scores_do_not_depend_on_what_comes_later() {
    let set = directory("causal");
    write(&set.join("data/made/long.csv"), &jumping(1_440));
    write(&set.join("data/made/short.csv"), &jumping(900));
    let out = set.join("out");
    detect(&["--nab", set.to_str().expect("plain"), "--out", out.to_str().expect("plain")]);
    let read = |name: &str| std::fs::read_to_string(out.join("made").join(name)).expect("written");
    assert!(read("long.csv").starts_with(&read("short.csv")));
    std::fs::remove_dir_all(set).expect("ours");
}

#[test]
fn the_score_is_printed_per_detector_with_the_floor() {
    let set = set("score");
    for flags in [&["--score"][..], &["--score", "--range-known"]] {
        let (code, text) = said(&detect(&[&["--nab", set.to_str().expect("plain")], flags].concat()));
        assert_eq!(code, Some(0), "{text}");
        for word in ["level", "shift", "spread", "shape", "entropy", "range", "all together", "seed rule", "made"] {
            assert!(text.contains(word), "{word} in {text}");
        }
        let all =
            text.lines().find(|l| l.starts_with("all together")).expect("a row").split_whitespace().nth(2).expect("a score");
        assert!(all.parse::<f64>().expect("a number") > 60.0, "{text}");
    }
    std::fs::remove_dir_all(set).expect("ours");
}

/// Samples of six metrics that follow two hidden loads; from 1,200 to 1,229 the fourth follows neither.
fn services(until: usize) -> String {
    let row = |i: usize| {
        let (load, cache) = (noise(i), noise(i * 13 + 5));
        let cell = |m: usize| {
            let (load, cache) = if m == 3 && (1_200..1_230).contains(&i) { (noise(i * 7), noise(i * 3)) } else { (load, cache) };
            format!("{:.5}", load * (m as f64 - 2.5) + cache * (m % 3) as f64 + 0.02 * noise(i * 31 + m))
        };
        (0..6).map(cell).collect::<Vec<_>>().join(",") + "\n"
    };
    (0..until).map(row).collect()
}

#[test]
fn a_metric_that_breaks_step_with_the_others_is_found_and_named() {
    let set = directory("multivariate");
    write(&set.join("made_train.csv"), &services(800));
    write(&set.join("made_test.csv"), &services(1_440));
    let labels: String = (0..1_440).map(|i| if (1_200..1_230).contains(&i) { "1\n" } else { "0\n" }).collect();
    write(&set.join("made_test_label.csv"), &labels);
    let out = set.join("out");
    let (place, to) = (set.to_str().expect("plain"), out.to_str().expect("plain"));
    assert_eq!(said(&detect(&["--multivariate", place, "--out", to])), (Some(0), "1 services scored\n".into()));
    let text = std::fs::read_to_string(out.join("made.csv")).expect("written");
    assert!(text.starts_with("index,score,top metrics\n0,"));
    let scores: Vec<f64> = text.lines().skip(1).map(|l| l.split(',').nth(1).expect("cells").parse().expect("a number")).collect();
    let highest = (0..1_440).max_by(|a, b| scores[*a].total_cmp(&scores[*b])).expect("some");
    assert!((1_200..1_235).contains(&highest), "{highest}");
    let named = text.lines().nth(highest + 1).expect("a row");
    assert!(named.split(',').nth(2).expect("metrics").starts_with("3:"), "{named}");

    let (code, told) = said(&detect(&["--multivariate", place, "--score"]));
    let row: Vec<&str> = told.lines().find(|l| l.starts_with("three views")).expect("a row").split_whitespace().collect();
    assert_eq!(code, Some(0));
    assert!(row[2].parse::<f64>().expect("event-F1") > 0.6, "{told}");

    for (file, text, code) in [
        ("made_test_label.csv", "0\n1\n", "E0635"),
        ("made_train.csv", "1,2\n", "E0632"),
        ("made_train.csv", "1,2,3,4,5,x\n", "E0633"),
        ("made_test.csv", "\n", "E0631"),
    ] {
        write(&set.join(file), text);
        let (exit, told) = said(&detect(&["--multivariate", place, "--score"]));
        assert!(exit == Some(1) && told.contains(code), "{code} in {told}");
    }
    assert_eq!(said(&detect(&["--multivariate", place, "--nab", place, "--score"])).0, Some(2));
    std::fs::remove_dir_all(set).expect("ours");
}

#[test]
fn what_cannot_be_read_is_told_with_code_and_place() {
    let set = directory("broken");
    let place = set.to_str().expect("plain").to_owned();
    let out = set.join("out");
    let run = || said(&detect(&["--nab", &place, "--out", out.to_str().expect("plain")]));
    assert!(run().1.contains("E0630"));
    for (text, code) in [
        ("timestamp,value\n", "E0631"),
        ("timestamp,value\n2020-01-01 00:00:00,1,2\n", "E0632"),
        ("timestamp,value\n2020-01-01 00:00:00,much\n", "E0633"),
        ("timestamp,value\n2020-01-01 00:00:00,NaN\n", "E0633"),
        ("timestamp,value\n2020-01-01 00:00:00,1\nnoon,1\n", "E0634"),
    ] {
        write(&set.join("data/made/x.csv"), text);
        let (exit, said) = run();
        assert_eq!(exit, Some(1), "{said}");
        assert!(said.contains(code), "{code} in {said}");
    }
    assert_eq!(said(&detect(&["--nab", &place])).0, Some(2));
    assert_eq!(said(&detect(&["--nab", &place, "--out", "x", "--labels"])).0, Some(2));
    std::fs::remove_dir_all(set).expect("ours");
}
