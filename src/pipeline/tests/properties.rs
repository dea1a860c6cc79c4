//! Whatever comes in: no panic, no action on a client or an unknown service, equal runs.

use super::*;
use proptest::prelude::*;

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => 0.0..2.0_f64,
        2 => 0.0..2_000.0_f64,
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(-1.0),
        1 => Just(f64::MAX),
    ]
}

fn subject() -> impl Strategy<Value = Subject> {
    let id = || (0_u32..8).prop_map(ServiceId);
    prop_oneof![id().prop_map(Subject::Service), (id(), id()).prop_map(|(from, to)| Subject::Edge { from, to })]
}

fn observation() -> impl Strategy<Value = (Subject, usize, f64)> {
    (subject(), 0..Metric::ALL.len(), value())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn wild_observations_never_panic_nor_act_on_a_client_or_a_stranger(
        policy in prop::sample::select(Policy::NAMES.to_vec()),
        levels in prop::collection::vec(prop::collection::vec(observation(), 0..24), 1..12),
        hold_s in 1_u64..20,
    ) {
        let run = || {
            let mut bench = Bench::fresh(policy, Autonomy::Auto);
            for level in &levels {
                for (subject, metric, value) in level {
                    bench.values.insert((*subject, Metric::ALL[*metric]), *value);
                }
                bench.run(hold_s);
            }
            bench
        };
        let bench = run();
        for action in bench.actions() {
            prop_assert!(action.service() != USERS && action.service().index() < 5, "{action:?}");
        }
        for decision in bench.pipeline.decisions() {
            prop_assert!(decision.chosen.score.is_finite() && !decision.chosen.vetoed, "{decision:?}");
        }
        let again = run();
        prop_assert_eq!(&bench.events, &again.events);
        prop_assert_eq!(bench.actions(), again.actions());
    }
}
