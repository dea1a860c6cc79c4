use super::case::{Case, Texts};
use super::play::play;
use super::report::{csv, scores};

/// Two services of which `b` runs hot from row 30 on, `a` did from row 15 to 17; one row a minute.
fn texts() -> Texts {
    let mut metrics = String::from("time_s,a|cpu(%),a|latency_s,b|cpu(%),b|latency_s\n");
    for row in 0..36 {
        let noise = f64::from(row * 7 % 5);
        let of = |from: i32, to: i32| if (from..to).contains(&row) { 70.0 } else { 0.0 };
        let (a, b) = (20.0 + noise + of(15, 18), 25.0 - noise + of(30, 36));
        metrics += &format!("{},{a},{},{b},\n", 1_000 + row * 60, 0.1 + noise / 100.0);
    }
    let truth = r#"{"service":"b","class":"resource_cpu","injected_at_s":2800,"earlier_faults":[[-900,"a"]]}"#;
    Texts { metrics, graph: Some("caller,callee\na,b\n".into()), truth: Some(truth.into()), ..Texts::default() }
}

fn refused(metrics: &str) -> String {
    Case::read("x", &Texts { metrics: metrics.into(), ..Texts::default() }).expect_err("must be refused").to_string()
}

#[test]
fn a_case_is_solved_with_the_injection_told_and_without() {
    let case = Case::read("one", &texts()).expect("right");
    for since_s in [Some(2_800.0), None] {
        let outcome = play(&case, since_s);
        assert_eq!(case.layout.services[outcome.verdict.suspects[0].service], "b");
        assert_eq!(outcome.noticed_s, Some(1_000.0 + 31.0 * 60.0));
        assert_eq!(outcome.begins_s.len(), 2, "{:?}", outcome.begins_s);
    }
}

#[test]
fn the_table_and_the_scores_can_be_read_by_people_and_programs() {
    let case = Case::read("one, two", &texts()).expect("right");
    let outcome = play(&case, None);
    let played = [(case, outcome)];
    let table = csv(&played);
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("case,rank1,confidence1,") && lines[0].ends_with("class,metric,detected_at_s,class_confidence"));
    assert!(lines[1].starts_with("\"one, two\",b,0.") && lines[1].contains(",resource_cpu,cpu(%),2860,"), "{}", lines[1]);
    let scores = scores("made up", &played);
    for part in ["ours         AC@1 1.000", "N-sigma", "BARO", "seed rule", "class        1.000 (1 of 1)", "false alarms 0 in 36"]
    {
        assert!(scores.contains(part), "{part}\n{scores}");
    }
}

#[test]
fn broken_tables_are_refused_with_their_place() {
    for (text, code, place) in [
        ("", "E0701", "x/metrics.csv"),
        ("time_s,a|cpu\n", "E0701", "x/metrics.csv"),
        ("a|cpu,time_s\n1,2\n", "E0702", "x/metrics.csv:1"),
        ("time_s,a|cpu\n1,2,3\n", "E0703", "x/metrics.csv:2"),
        ("time_s,a|cpu\n1,fast\n", "E0704", "x/metrics.csv:2"),
        ("time_s,a|cpu\nnoon,1\n", "E0704", "x/metrics.csv:2"),
        ("time_s,cpu\n1,2\n", "E0706", "x/metrics.csv:1"),
    ] {
        let problem = refused(text);
        assert!(problem.starts_with(code) && problem.contains(place) && problem.contains("help:"), "{problem}");
    }
    let edges = Texts { edges: Some("time_s,ab|p50_caller_ms\n1,2\n".into()), ..texts() };
    assert!(Case::read("x", &edges).is_err_and(|problem| problem.code == "E0706"));
    let truth = Texts { truth: Some("[]".into()), ..texts() };
    assert!(Case::read("x", &truth).is_err_and(|problem| problem.code == "E0705"));
}

#[test]
fn short_and_empty_histories_do_no_harm() {
    for rows in ["1,2", "1,", "1,2\n1,2\n1,2", "5,2\n4,3\n3,\n2,1"] {
        let case = Case::read("x", &Texts { metrics: format!("time_s,a|cpu\n{rows}\n"), ..Texts::default() }).expect("right");
        for since_s in [None, Some(0.0), Some(3.0), Some(1e9)] {
            play(&case, since_s);
        }
    }
}
