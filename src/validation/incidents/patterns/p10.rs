//! P10: a queue that is longer than its callers' patience: all throughput, no goodput.

use super::super::lab::{Lab, calls, service};
use super::super::row::{Row, Rows};
use super::super::{Chosen, Pattern, Status};
use crate::scenario::Scenario;
use crate::topology::{CoDel, QueueOrder};
use crate::units::SimDuration;

const FACEBOOK: &str = "Maurer, Fail at Scale, ACM Queue 2015";
const STABILITY_SIM: &str = "stability-sim goodput-collapse, ok/s 85 to 0";

pub(in super::super) const PATTERN: Pattern = Pattern {
    number: 10,
    source: "Maurer, Fail at Scale, ACM Queue 2015; stability-sim goodput-collapse",
    status: Status::Reproduced,
    chosen: &[
        Chosen {
            what: "10 workers of 100 ms: 100/s for 85 users/s",
            why: "85/s is measured in stability-sim; its other example stations have 10 slots of 100 ms",
            scale: Some(|s, factor| service(s, "server", |server| server.demand.wait_us_mean *= factor)),
        },
        Chosen {
            what: "a burst of three times the users for 20 s",
            why: "any burst that makes the queue longer than the time-out will do; its length sets how long the collapse lasts",
            scale: Some(scale_burst),
        },
        Chosen {
            what: "the last moment to begin is 300 ms before the deadline",
            why: "three times the mean work: most of what is begun still ends in time",
            scale: None,
        },
    ],
    more: &[],
    step_s: 10,
    measure,
};

fn scale_burst(scenario: &mut Scenario, factor: f64) {
    service(scenario, "users", |users| {
        for change in users.workload.changes.iter_mut().filter(|c| c.factor > 1.0) {
            change.factor *= factor;
        }
    });
}

fn measure(lab: &Lab) -> Vec<Row> {
    let mut rows = Rows::from(STABILITY_SIM);
    let run = lab.preset();
    rows.near("goodput/s before the burst", 85.0, 6.0, run.window(5, 30).goodput());
    let after = run.window(55, 150);
    rows.near("requests/s that the server finishes after the burst: its capacity", 100.0, 3.0, after.throughput("server"));
    rows.at_most("goodput/s after the burst", 1.0, after.goodput());
    rows.cite(FACEBOOK);
    let lifo = lab.variant(|s| service(s, "server", |server| server.server.order = QueueOrder::Lifo));
    rows.at_least("goodput/s after the burst, last come first served", 75.0, lifo.window(55, 150).goodput());
    let codel = lab.variant(|s| {
        service(s, "server", |server| {
            server.server.order = QueueOrder::AdaptiveLifo;
            server.server.codel = Some(CoDel::RFC_8289);
        });
    });
    rows.at_least("goodput/s after the burst, adaptive LIFO and CoDel (5 ms, 100 ms)", 75.0, codel.window(55, 150).goodput());
    let deadline = lab.variant(|s| {
        calls(s, "users", "server", |call| call.policy.propagate_deadline = true);
        service(s, "server", |server| {
            server.server.drop_expired = true;
            server.server.deadline_margin = SimDuration::from_millis(300);
        });
    });
    rows.at_least("goodput/s after the burst, what is too late is dropped", 75.0, deadline.window(55, 150).goodput());
    let burst = deadline.window(32, 50).goodput();
    rows.at_least("goodput/s during the burst, what is too late is dropped", 80.0, burst);
    rows.list
}
