//! What is seen beside symptoms: objectives, calls as observed, retries, log templates, detectors.

use super::*;

/// Edges of which `test` is true.
fn edges(bench: &Bench, test: fn(&ObservedEdge) -> bool) -> Vec<(ServiceId, ServiceId)> {
    bench.pipeline.observed_edges().filter(|e| test(e)).map(|e| (e.from, e.to)).collect()
}

/// Takes a call out of what sampled requests do, and out of what its caller's proxy counts if `counted` is false.
fn stop(bench: &mut Bench, (from, to): (ServiceId, ServiceId), counted: bool) {
    bench.routes.retain(|edge| *edge != (from, to));
    for metric in Metric::ALL.into_iter().filter(|_| !counted) {
        bench.values.remove(&(Subject::Edge { from, to }, metric));
    }
}

#[test]
fn the_graph_is_learned_from_spans_and_shown_against_the_declared_one() {
    let mut bench = Bench::fresh("rules", Autonomy::Auto);
    bench.routes.push((FRONTEND, PAYMENT));
    stop(&mut bench, (CHECKOUT, CATALOG), false);
    bench.run(45);
    assert_eq!(edges(&bench, ObservedEdge::is_unexpected), [(FRONTEND, PAYMENT)]);
    assert_eq!(edges(&bench, ObservedEdge::is_missing), [], "450 requests without one are not enough to tell");
    bench.run(15);
    assert_eq!(edges(&bench, ObservedEdge::is_missing), [(CHECKOUT, CATALOG)]);
    let told = |from, to| bench.pipeline.observed_edges().find(|e| (e.from, e.to) == (from, to)).copied().expect("known");
    assert_eq!((told(FRONTEND, PAYMENT).spans, told(FRONTEND, PAYMENT).requests), (600, 600));
    assert_eq!(told(CHECKOUT, PAYMENT).seen, Some(SimTime::from_secs(60)));
    assert_eq!(bench.pipeline.trace_counts(), TraceCounts { traces: 600, spans: 600 * 6, dropped: 0 });
}

#[test]
fn a_call_that_was_always_made_is_missed_sooner_and_never_while_the_caller_s_proxy_counts_it() {
    let mut bench = Bench::new("rules", Autonomy::Off);
    stop(&mut bench, (CHECKOUT, CATALOG), true);
    bench.run(20);
    assert_eq!(edges(&bench, ObservedEdge::is_missing), [], "its spans are lost: it is called all the same");
    stop(&mut bench, (CHECKOUT, CATALOG), false);
    bench.run(6);
    assert_eq!(edges(&bench, ObservedEdge::is_missing), [(CHECKOUT, CATALOG)]);
    bench.routes.push((CHECKOUT, CATALOG));
    bench.run(1);
    assert_eq!(edges(&bench, ObservedEdge::is_missing), []);
}

#[test]
fn a_call_that_an_edit_takes_away_is_forgotten_and_not_unexpected() {
    let mut bench = Bench::new("rules", Autonomy::Off);
    let mut edited = topology();
    edited.get_mut(CHECKOUT).expect("declared").stages.retain(|stage| stage[0].to != CATALOG);
    bench.pipeline.set_topology(&edited);
    stop(&mut bench, (CHECKOUT, CATALOG), false);
    bench.run(2);
    assert_eq!(edges(&bench, ObservedEdge::is_unexpected), []);
    bench.routes.push((CHECKOUT, CATALOG));
    bench.run(1);
    assert_eq!(edges(&bench, ObservedEdge::is_unexpected), [(CHECKOUT, CATALOG)]);
}

#[test]
fn more_spans_than_due_are_a_note_and_what_is_usual_is_not() {
    let mut bench = Bench::new("rules", Autonomy::Off);
    let noted = |bench: &Bench, id| -> Vec<String> {
        let signal = bench.pipeline.signal(id).expect("declared");
        signal.notes.iter().map(|n| n.text.clone()).filter(|text| text.contains("spans for each")).collect()
    };
    bench.routes.extend([(CHECKOUT, PAYMENT), (CHECKOUT, PAYMENT)]);
    bench.run(10);
    assert_eq!(noted(&bench, CATALOG), Vec::<String>::new());
    let notes = noted(&bench, PAYMENT);
    assert!(notes.len() == 1 && notes[0].ends_with("spans for each one that its callers' requests make due"), "{notes:?}");
    let ratio: f64 = notes[0].split(' ').next().and_then(|n| n.parse().ok()).expect("a number");
    assert!((1.8..3.0).contains(&ratio), "{notes:?}");
}

#[test]
fn retries_show_as_attempts_beyond_the_calls_due() {
    let mut bench = Bench::new("rules", Autonomy::Off);
    assert!(bench.pipeline.amplification(PAYMENT).is_some_and(|a| (a - 1.0).abs() < 0.01));
    bench.fail(PAYMENT, 0.5);
    bench.set_edge(CHECKOUT, PAYMENT, Metric::RequestRate, 90.0);
    bench.run(10);
    assert!(bench.pipeline.amplification(PAYMENT).is_some_and(|a| (a - 1.8).abs() < 0.01));
    let reasons = &bench.pipeline.signal(PAYMENT).expect("declared").reasons;
    assert!(reasons.iter().any(|r| r.text == "1.8 attempts for each call due"), "{reasons:?}");
}

#[test]
fn a_burst_of_one_log_template_explains_a_service_in_trouble() {
    let mut bench = Bench::new("rules", Autonomy::Off);
    bench.fail(PAYMENT, 0.5);
    bench.run_with(8, |bench, t| bench.write(PAYMENT, &format!("card {t} declined by issuer {t} (x20)")));
    let templates = bench.pipeline.log_templates(PAYMENT);
    assert_eq!((templates[0].text.as_str(), templates[0].count), ("card <*> declined by issuer <*>", 160));
    let reasons = &bench.pipeline.signal(PAYMENT).expect("declared").reasons;
    assert!(reasons.iter().any(|r| r.text.starts_with("log: `card <*> declined")), "{reasons:?}");
}
