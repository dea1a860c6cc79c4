//! What is seen beside symptoms: objectives, calls as observed, retries, log templates, detectors.

use super::*;

#[test]
fn calls_that_nobody_declared_and_declared_ones_that_are_not_made_are_told() {
    let mut bench = Bench::fresh("rules", Autonomy::Auto);
    bench.set_edge(FRONTEND, PAYMENT, Metric::RequestRate, 3.0);
    for metric in Metric::ALL {
        bench.values.remove(&(Subject::Edge { from: CHECKOUT, to: CATALOG }, metric));
    }
    bench.run(60);
    let odd = |test: fn(&ObservedEdge) -> bool| -> Vec<(ServiceId, ServiceId)> {
        bench.pipeline.observed_edges().filter(|e| test(e)).map(|e| (e.from, e.to)).collect()
    };
    assert_eq!(odd(ObservedEdge::is_unexpected), [(FRONTEND, PAYMENT)]);
    assert_eq!(odd(ObservedEdge::is_missing), [(CHECKOUT, CATALOG)]);
    let counted = bench.pipeline.observed_edges().find(|e| e.is_unexpected()).map(|e| e.attempts);
    assert!(counted.is_some_and(|attempts| (170.0..=180.0).contains(&attempts)), "{counted:?}");
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
