use super::*;
use crate::rng;

/// Spans of a scrape in which each of 20 requests makes `bunch` at once with a chance such that 20 x `rate` are due.
fn scrape(key: u64, bunch: f64, rate: f64) -> f64 {
    (0..20).filter(|n| rng::chance(rng::fold(key, *n), rate / bunch)).count() as f64 * bunch
}

#[test]
fn bunches_are_no_shift_and_three_times_as_many_are() {
    let mut told = 0;
    for service in 0..50 {
        let mut spans = Spans::default();
        for second in 0..2_000 {
            spans.update(scrape(rng::fold(service, second), 3.0, 0.5), 10.0);
            told += u32::from(spans.shift().is_some());
        }
        for second in 0..12 {
            spans.update(scrape(rng::fold(service, 5_000 + second), 3.0, 1.5), 10.0);
        }
        assert!(spans.shift().is_some_and(|s| s.ratio > 1.5), "{spans:?}");
    }
    assert_eq!(told, 0, "of 100,000 calm scrapes");
}

#[test]
fn silence_is_a_shift_but_only_where_something_was_due() {
    let mut spans = Spans::default();
    (0..100).for_each(|_| spans.update(20.0, 20.0));
    (0..20).for_each(|_| spans.update(0.0, 0.0));
    assert_eq!(spans.shift(), None, "nobody asked");
    (0..20).for_each(|_| spans.update(20.0, 20.0));
    (0..10).for_each(|_| spans.update(0.0, 20.0));
    assert!(spans.shift().is_some_and(|s| s.ratio < 0.5));
}
