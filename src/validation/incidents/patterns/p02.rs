//! P02: retries at every layer multiply.

use super::super::lab::{Lab, all_calls, calls, service};
use super::super::row::{Row, Rows};
use super::super::{Chosen, Pattern, Status};
use crate::scenario::Scenario;
use crate::topology::{Call, RateChange};
use crate::units::{SimDuration, SimTime};

const AWS: &str = "AWS Builders' Library, Timeouts, retries and backoff with jitter";

pub(in super::super) const PATTERN: Pattern = Pattern {
    number: 2,
    source: AWS,
    status: Status::Reproduced,
    chosen: &[
        Chosen {
            what: "2 users a second",
            why: "only sets how long a run takes: the ratio does not depend on it as long as nothing queues",
            scale: Some(|s, factor| service(s, "users", |users| users.entry_rate.0 *= factor)),
        },
        Chosen {
            what: "time-outs of 60 s",
            why: "longer than all tries below take, so that errors decide and not time-outs",
            scale: Some(scale_timeouts),
        },
    ],
    more: &[],
    step_s: 5,
    measure,
};

fn scale_timeouts(scenario: &mut Scenario, factor: f64) {
    all_calls(scenario, |call| call.policy.timeout = super::super::lab::times(call.policy.timeout, factor));
}

/// Nobody comes from 55 s on, and what is broken stays so.
fn stop_users(scenario: &mut Scenario) {
    scenario.faults.iter_mut().for_each(|fault| fault.spec.duration = None);
    let change = RateChange { at: SimTime::from_secs(55), ramp: SimDuration::ZERO, factor: 0.0 };
    service(scenario, "users", |users| users.workload.changes.push(change));
}

fn once(call: &mut Call) {
    call.policy.attempts_max = 1;
}

fn measure(lab: &Lab) -> Vec<Row> {
    let mut rows = Rows::from(AWS);
    // Users stop before the end, so that every call is counted with all that came of it.
    let run = lab.variant(stop_users);
    let per_user = |run: &super::super::Record, from_s, to_s| {
        let window = run.window(from_s, to_s);
        window.edge("data", "database").all / window.edge("users", "web").first
    };
    let layers = |run: &super::super::Record| run.window(40, 60).per_call("data", "database");
    rows.near("calls at the database per user's call, nothing fails", 1.0, 0.02, per_user(&run, 5, 30));
    rows.near("calls at the database per user's call, all fail: 3^5", 243.0, 1.0, per_user(&run, 30, 75));
    rows.near("tries per call at the last layer, all fail", 3.0, 0.05, layers(&run));
    let single = lab.variant(|scenario| {
        stop_users(scenario);
        all_calls(scenario, once);
        calls(scenario, "users", "web", |call| call.policy.attempts_max = 3);
    });
    rows.near("the same with retries at the first layer only", 3.0, 0.1, per_user(&single, 30, 75));
    rows.list
}
