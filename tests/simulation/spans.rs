//! Spans of followed requests: true, whole, and of no consequence for the run.

use crate::world::{chain, world};
use sickbay::ids::ServiceId;
use sickbay::sim::{Event, Observer, TimedEvent};
use sickbay::telemetry::Span;
use sickbay::topology::{Call, CallPolicy, RetryOn};
use sickbay::units::{Ratio, SimDuration, SimTime};
use std::collections::BTreeMap;

/// Keeps spans, and counts what services answered.
#[derive(Default)]
struct Tracer {
    spans: Vec<Span>,
    served: u64,
}

impl Observer for Tracer {
    fn see(&mut self, _at: SimTime, event: &Event) {
        self.served += u64::from(matches!(event, Event::Served { .. }));
    }
    fn see_span(&mut self, span: &Span) {
        self.spans.push(*span);
    }
}

const SECONDS: u64 = 60;

#[test]
fn every_followed_request_is_followed_through_all_that_it_causes() {
    let mut world = world(chain(100.0), 7);
    let mut tracer = Tracer::default();
    assert!(world.run(SimTime::from_secs(SECONDS), u64::MAX, &mut tracer));
    let by_id: BTreeMap<u64, Span> = tracer.spans.iter().map(|s| (s.id, *s)).collect();
    assert_eq!(by_id.len(), tracer.spans.len(), "numbers are unique");
    let roots = tracer.spans.iter().filter(|s| s.parent.is_none()).count();
    // A gap of 50 ms and then the next arrival, 10 ms on: 16.7 a second.
    assert!((900..=1_100).contains(&roots), "{roots} of some 6,000 requests");
    for root in tracer.spans.iter().filter(|s| s.parent.is_none()) {
        let of: Vec<&Span> = tracer.spans.iter().filter(|s| s.trace == root.trace).collect();
        assert_eq!(of.iter().map(|s| s.service.0).collect::<Vec<_>>(), [2, 1, 0], "callees end first");
        for span in of.iter().filter_map(|s| Some((*s, by_id[&s.parent?]))) {
            let (child, parent) = span;
            assert_eq!(child.service.0, parent.service.0 + 1, "the chain's own calls");
            assert!(child.start >= parent.start && child.start + child.duration <= parent.start + parent.duration);
        }
    }
    assert!(tracer.served > 5 * tracer.spans.len() as u64, "the others are not followed");
}

#[test]
fn each_attempt_of_a_retried_call_has_a_span_of_its_own_and_a_refused_one_has_none() {
    let spans = |error: Ratio, replicas: u32| {
        let mut topology = chain(50.0);
        let retry_on = RetryOn { error: true, timeout: false, rejected: false };
        let policy = CallPolicy { attempts_max: 3, retry_on, ..CallPolicy::default() };
        topology.get_mut(ServiceId(1)).expect("middle").stages = vec![vec![Call { policy, ..Call::to(ServiceId(2)) }]];
        let back = topology.get_mut(ServiceId(2)).expect("back");
        back.demand.error_ratio = error;
        back.replicas = replicas;
        let mut world = world(topology, 7);
        let mut tracer = Tracer::default();
        assert!(world.run(SimTime::from_secs(SECONDS), u64::MAX, &mut tracer));
        let count = |id| tracer.spans.iter().filter(|s| s.service == ServiceId(id)).count() as f64;
        (count(2) / count(1), tracer.spans.iter().filter(|s| s.service.0 == 2 && !s.is_ok).count() as f64 / count(2).max(1.0))
    };
    let (per_call, failed) = spans(Ratio::HALF, 1);
    assert!((per_call - 1.75).abs() < 0.1 && (failed - 0.5).abs() < 0.05, "1 + 1/2 + 1/4: {per_call} {failed}");
    assert_eq!(spans(Ratio::ZERO, 0).0, 0.0, "nobody is there to tell");
}

#[test]
fn following_requests_changes_nothing() {
    let run = |watched: bool| {
        let mut world = world(chain(100.0), 7);
        let (mut events, mut tracer): (Vec<TimedEvent>, _) = (Vec::new(), Tracer::default());
        for step in 1..=SECONDS {
            let until = SimTime::ZERO + SimDuration::from_secs(step);
            assert!(if watched { world.run(until, u64::MAX, &mut tracer) } else { world.run(until, u64::MAX, &mut events) });
        }
        world.digest()
    };
    assert_eq!(run(true), run(false));
}
