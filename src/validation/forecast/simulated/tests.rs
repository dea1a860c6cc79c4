use super::*;
use crate::pipeline::predict::signs::Sign;
use crate::pipeline::predict::weights::{TIMES, probability};
use crate::sim::fault::FaultKind;
use crate::validation::arena::HELD_OUT;

/// Held-out episodes of these kinds of fault.
fn held_out(kinds: &[FaultKind], count: usize) -> Vec<Episode> {
    let all = HELD_OUT.map(Episode::generated);
    all.filter(|e| e.fault.is_some_and(|f| kinds.contains(&f.kind))).take(count).collect()
}

#[test]
fn on_held_out_episodes_the_odds_are_calibrated_and_better_than_what_is_simple() {
    let kinds = [FaultKind::MemoryLeak, FaultKind::ErrorBurst, FaultKind::TrafficSpike, FaultKind::SlowResponses];
    let decisions = decide(&held_out(&kinds, 12), 1).expect("there is such a policy");
    let score = score(&decisions);
    let best = score.rivals.iter().map(|(_, marks)| marks.average_precision).fold(score.by_line.average_precision, f64::max);
    assert!(score.ours.average_precision > best, "{score:?}");
    assert!(score.ours.brier < 0.95 * score.ours.climatology, "{score:?}");
    assert!(score.ours.calibration_error < 0.03, "{score:?}");
}

#[test]
fn decisions_do_not_depend_on_threads_and_are_below_the_threshold_with_a_horizon_to_come() {
    let episodes = held_out(&[FaultKind::MemoryLeak], 2);
    let decisions = decide(&episodes, 1).expect("there is such a policy");
    assert_eq!(decisions, decide(&episodes, 2).expect("there is such a policy"));
    let horizon_s = Policy::default().horizon_s as usize;
    assert!(decisions.iter().all(|d| d.left_s >= horizon_s && d.at_s % EVERY == 0 && d.at_s >= 30));
    assert!(decisions.iter().any(|d| d.is_hit(horizon_s)) && decisions.iter().any(|d| d.reached_s.is_none()));
}

/// A decision of which a breach follows after some seconds.
fn made(at_s: usize, reached_s: Option<usize>, said: f64, sign: f64) -> Decision {
    let mut signs = [0.0; Sign::COUNT];
    (signs[0], signs[1]) = (1.0, sign);
    Decision {
        episode: 0,
        service: ServiceId(0),
        metric: Metric::CpuUtilisation,
        at_s,
        said,
        by_line: 0.0,
        told_s: Some((10.0, 5.0, 20.0)),
        signs,
        rivals: [0.0; NAMES.len()],
        reached_s,
        left_s: 200,
    }
}

#[test]
fn warnings_and_times_are_counted_by_breach() {
    // One breach at 40 s, warned of 12 s before; one at 100 s, not warned of; one warning in vain.
    let decisions =
        [made(28, Some(12), 0.9, 0.0), made(36, Some(4), 0.9, 0.0), made(80, Some(20), 0.1, 0.0), made(120, None, 0.9, 0.0)];
    let score = score(&decisions);
    let acting = score.warned[1];
    assert_eq!((acting.breaches, acting.warned, acting.lead_s), (2, 1, 12));
    assert!((acting.false_share - 1.0 / 3.0).abs() < 1e-9);
    let times = score.times[1];
    assert_eq!((times.told, times.came), (4, 3));
    assert!((times.within - 2.0 / 3.0).abs() < 1e-9 && (times.before - 1.0 / 3.0).abs() < 1e-9, "{times:?}");
}

#[test]
fn fitting_finds_the_odds_that_made_the_data() {
    // Nine in ten breach with the sign, one in ten without.
    let decisions: Vec<Decision> = (0..4_000_usize)
        .map(|i| {
            let sign = f64::from(u8::from(i % 2 == 0));
            let hits = if i % 2 == 0 { i / 2 % 10 != 0 } else { i / 2 % 10 == 0 };
            made(i, hits.then_some(9), 0.5, sign)
        })
        .collect();
    let fitted = fit(&decisions);
    let said = |sign: f64| probability(&fitted.weights[0], &made(0, None, 0.5, sign).signs);
    assert!((said(1.0) - 0.9).abs() < 0.01 && (said(0.0) - 0.1).abs() < 0.01, "{:?}", fitted.weights[0]);
    assert!(fitted.likelihood.1 > fitted.likelihood.0);
    assert!(fitted.text.contains("(0.7, [9.0, 9.0, 9.0])"), "{}", fitted.text);
}

#[test]
fn shipped_times_are_in_order() {
    assert!(TIMES.windows(2).all(|two| two[0].0 > two[1].0));
    assert!(TIMES.iter().all(|(_, [early, middle, late])| early <= middle && middle <= late));
}
