//! P05: one slow dependency takes all threads.

use super::super::lab::{Lab, calls, service};
use super::super::row::{Row, Rows};
use super::super::{Chosen, Pattern, Record, Status};
use crate::scenario::Scenario;

const NETFLIX: &str = "Netflix, Fault Tolerance in a High Volume, Distributed System, 2012";

pub(in super::super) const PATTERN: Pattern = Pattern {
    number: 5,
    source: NETFLIX,
    status: Status::Reproduced,
    chosen: &[
        Chosen {
            what: "50 requests a second that need the dependency, 50 that do not, 200 threads",
            why: "Tomcat's default threads; the law (threads / rate) holds for any rate",
            scale: Some(scale_rates),
        },
        Chosen {
            what: "the dependency takes 60 s longer",
            why: "longer than anybody waits: the source speaks of latency that saturates all threads",
            scale: None,
        },
        Chosen { what: "bulkhead of 10 calls", why: "Hystrix's default size of a command's thread pool", scale: None },
    ],
    more: &[include_str!("../../../../tests/scenarios/p05_thread_starvation/thirty.yaml")],
    step_s: 5,
    measure,
};

fn scale_rates(scenario: &mut Scenario, factor: f64) {
    for users in ["film-viewers", "home-viewers"] {
        service(scenario, users, |s| s.entry_rate.0 *= factor);
    }
}

fn measure(lab: &Lab) -> Vec<Row> {
    let mut rows = Rows::from(NETFLIX);
    let run = lab.preset();
    let busy_s = |run: &Record| run.seconds_until(30, |w| w.active_mean("gateway") >= 200.0);
    rows.near("seconds until all threads are taken: 200 / 50", 4.0, 1.0, busy_s(&run));
    let other = |run: &Record, from_s, to_s| run.window(from_s, to_s).success_of("home-viewers");
    rows.at_least("success of the pages that do not need it, before", 0.99, other(&run, 5, 30));
    rows.at_most("success of the pages that do not need it, during", 0.1, other(&run, 40, 85));
    let bulkhead = lab.variant(|s| calls(s, "gateway", "ratings", |call| call.policy.in_flight_max = Some(10)));
    rows.at_least("the same with a bulkhead of 10 calls", 0.99, other(&bulkhead, 40, 85));
    let thirty = lab.play(1, None, |_| {});
    let success = thirty.window(0, 300).success();
    rows.near("success of a page of 30 dependencies at 99.99 %: 0.9999^30", 0.997, 0.001, success);
    rows.near("which is this many hours of failure a month", 2.2, 0.75, (1.0 - success) * 730.0);
    rows.list
}
