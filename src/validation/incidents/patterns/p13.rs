//! P13: everything is green, and some callers fail.

use super::super::lab::{Lab, magnitude};
use super::super::row::{Row, Rows};
use super::super::{Chosen, Pattern, Status};
use crate::sim::fault::FaultKind;

const SLACK: &str = "Slack, 30 June 2021";
const HOTOS: &str = "Huang et al., Gray Failure, HotOS 2017";
const ZONES: [&str; 3] = ["a", "b", "c"];

pub(in super::super) const PATTERN: Pattern = Pattern {
    number: 13,
    source: "Huang et al., Gray Failure, HotOS 2017; Slack, 30 June 2021",
    status: Status::Reproduced,
    chosen: &[
        Chosen {
            what: "15 % of the messages between two of three zones are lost",
            why: "the source gives 1 % of errors overall; two of nine cells must then fail 4.5 %, which is two losses in a row \
                  of a request or an answer (1 - (1 - 0.15^2)^2)",
            scale: Some(|s, factor| magnitude(s, FaultKind::Partition, |m| (m * factor).min(1.0))),
        },
        Chosen {
            what: "time-out 500 ms, one attempt",
            why: "a lost message is sent again after 200 ms and 400 ms more; one loss is late, two are an error",
            scale: Some(|s, factor| {
                super::super::lab::all_calls(s, |call| {
                    call.policy.timeout = super::super::lab::times(call.policy.timeout, factor);
                })
            }),
        },
        Chosen { what: "3 min instead of 48", why: "nothing changes in it", scale: None },
    ],
    more: &[],
    step_s: 10,
    measure,
};

fn measure(lab: &Lab) -> Vec<Row> {
    let mut rows = Rows::from(SLACK);
    let run = lab.preset();
    let gray = run.window(61, 239);
    rows.at_least("success before", 0.999, run.window(10, 60).success());
    rows.between("errors of all users during, per cent: about 1", 0.5, 2.0, (1.0 - gray.success()) * 100.0);
    rows.cite(HOTOS);
    let (mut worst_good, mut best_bad) = (1.0_f64, 0.0_f64);
    for from in ZONES {
        for to in ZONES {
            let success = gray.edge_success(&format!("front-{from}"), &format!("back-{to}"));
            let is_bad = matches!((from, to), ("a", "b") | ("b", "a"));
            if is_bad { best_bad = best_bad.max(success) } else { worst_good = worst_good.min(success) }
        }
    }
    rows.at_most("success from zone a to b and from b to a, the better of the two", 0.97, best_bad);
    rows.at_least("success in the other seven cells, the worst of them", 0.999, worst_good);
    let least = |layer: &str| {
        let ready = ZONES.map(|zone| gray.ready_min(&format!("{layer}-{zone}")));
        ready.into_iter().fold(f64::INFINITY, f64::min)
    };
    rows.at_least("least instances that pass their probes, of 1 in each zone", 1.0, least("front").min(least("back")));
    rows.list
}
