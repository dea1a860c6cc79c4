use super::ServiceDetector;

/// Scattered: multiples of the golden section would have a rhythm.
fn noise(i: u32) -> f64 {
    let x = i.wrapping_mul(2_654_435_761);
    let x = (x ^ (x >> 15)).wrapping_mul(0x85eb_ca6b);
    f64::from(x ^ (x >> 13)) / f64::from(u32::MAX) - 0.5
}

/// Eight metrics that follow two hidden loads.
fn sample(i: u32) -> [f64; 8] {
    let (load, cache) = (noise(i) * 10.0, noise(i * 13 + 5) * 3.0);
    std::array::from_fn(|m| 50.0 + load * (m as f64 - 3.0) + cache * (m % 3) as f64 + noise(i * 31 + m as u32) * 0.3)
}

#[test]
fn a_metric_that_breaks_step_is_named_though_its_value_is_usual() {
    let mut detector = ServiceDetector::new(8);
    let usual = (0..2_000).map(|i| detector.update(&sample(i)).times_usual).skip(1_000).sum::<f64>() / 1_000.0;
    let mut broken = detector.update(&sample(2_000));
    for i in 2_001..2_006 {
        let mut values = sample(i);
        values[6] = sample(i + 250)[6];
        broken = detector.update(&values);
    }
    assert_eq!(broken.top[0].metric, 6, "{broken:?}");
    assert!(broken.times_usual > 1.3 * usual, "{usual} {broken:?}");
}

/// Eight metrics that follow a load with a day of 144 samples, highest at noon; `spread` is how noisy they are.
fn daily(i: u32, hour: u32, spread: f64) -> [f64; 8] {
    let load = 10.0 - 8.0 * (2.0 * f64::from(hour % 144) / 144.0 - 1.0).abs();
    std::array::from_fn(|m| 20.0 + load * (m as f64 - 2.5) + spread * noise(i * 29 + m as u32 * 7_919))
}

#[test]
fn a_long_event_that_only_the_time_of_day_gives_away_keeps_its_score() {
    let mut detector = ServiceDetector::new(8);
    let days = 144 * 20;
    let calm: Vec<f64> = (0..days).map(|i| detector.update(&daily(i, i, 1.0)).score).collect();
    let highest = calm[144 * 10..].iter().copied().fold(0.0, f64::max);
    // Night goes on until noon and after: all values are usual, alone and together, but not at this time.
    let event: Vec<f64> = (days..days + 100).map(|i| detector.update(&daily(i, (i - days).min(20), 1.0)).score).collect();
    assert!(event[40..].iter().all(|score| *score > highest), "{highest} {event:?}");
}

#[test]
fn a_shift_keeps_its_score_without_any_rhythm() {
    let mut detector = ServiceDetector::new(8);
    let calm: Vec<f64> = (0..3_000).map(|i| detector.update(&sample(i)).score).collect();
    let highest = calm[1_000..].iter().copied().fold(0.0, f64::max);
    let event: Vec<f64> = (3_000..3_200).map(|i| detector.update(&sample(i).map(|x| x + 40.0)).score).collect();
    assert!(event.iter().all(|score| *score > highest), "{highest} {event:?}");
    assert!(event[199] > 0.7 * event[20], "{} {}", event[20], event[199]);
}

#[test]
fn services_of_different_noise_and_unit_are_judged_alike() {
    let mean_score = |spread: f64, unit: f64| {
        let mut detector = ServiceDetector::new(8);
        let scores: Vec<f64> = (0..6_000).map(|i| detector.update(&daily(i, i, spread).map(|x| unit * x)).score).collect();
        scores[3_000..].iter().sum::<f64>() / 3_000.0
    };
    let (quiet, noisy, large) = (mean_score(0.3, 1.0), mean_score(6.0, 1.0), mean_score(0.3, 1e6));
    assert!((quiet - noisy).abs() < 0.03 && (large - quiet).abs() < 1e-3, "{quiet} {noisy} {large}");
}

#[test]
fn a_gap_is_neither_odd_nor_learned() {
    let mut detector = ServiceDetector::new(8);
    (0..2_000).for_each(|i| {
        detector.update(&daily(i, i, 1.0));
    });
    let mut with_gap = detector.clone();
    let mut values = daily(2_000, 2_000, 1.0);
    let whole = detector.update(&values).score;
    values[7] = f64::NAN;
    let gap = with_gap.update(&values);
    assert!(gap.score < whole + 0.02, "{whole} {gap:?}");
}

#[test]
fn no_metric_a_constant_one_and_gaps_are_borne() {
    assert_eq!(ServiceDetector::new(0).update(&[]).score, 0.0);
    let mut detector = ServiceDetector::new(3);
    for i in 0..400 {
        let reading = detector.update(&[noise(i), 7.0, if i % 5 == 0 { f64::NAN } else { noise(i * 3) }]);
        assert!(reading.score.is_finite() && (0.0..=1.0).contains(&reading.score), "{i} {reading:?}");
    }
}

#[test]
fn a_brief_detector_speaks_within_a_minute_and_what_never_moved_does_not_alarm_at_its_first_stir() {
    let mut detector = ServiceDetector::brief(&[0.05; 9]);
    let values = |i: u32, still: f64| -> Vec<f64> { sample(i).into_iter().chain([still]).collect() };
    let calm: Vec<f64> = (0..90).map(|i| detector.update(&values(i, 0.0)).times_usual).collect();
    let highest = calm.iter().copied().fold(0.0, f64::max);
    assert!(calm[60] > 0.2 && highest < 3.0, "{calm:?}");
    let mut stirred = detector.clone();
    let stir = (90..95).map(|i| stirred.update(&values(i, 0.02)).times_usual).fold(0.0, f64::max);
    assert!(stir < 2.0, "less than half of what counts: {stir}");
    let moved = (90..95).map(|i| detector.update(&values(i, 2.0))).last().expect("some");
    assert!(moved.times_usual > 1.5 * highest && moved.top[0].metric == 8, "{highest} {moved:?}");
}
