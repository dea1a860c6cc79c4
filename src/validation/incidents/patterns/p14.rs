//! P14: names do not resolve.

use super::super::lab::{Lab, magnitude};
use super::super::row::{Row, Rows};
use super::super::{Chosen, Pattern, Record, Status};
use crate::sim::fault::FaultKind;

const AWS: &str = "AWS, DynamoDB event of 19 and 20 October 2025";

pub(in super::super) const PATTERN: Pattern = Pattern {
    number: 14,
    source: "AWS, DynamoDB, 19 and 20 October 2025; Zalando, 7 January 2019; Roblox, October 2021",
    status: Status::Partly(
        "the first wave only: new connections fail and old ones live. The second and third (leases that all have to be renewed \
         at once, health checks that flap) need machinery that the engine does not have; nor does it count look-ups",
    ),
    chosen: &[
        Chosen {
            what: "connections are renewed every 120 s",
            why: "the source gives none; it only sets how long the callers take to drop out",
            scale: Some(|s, factor| magnitude(s, FaultKind::NoNewConnections, |m| m * factor)),
        },
        Chosen { what: "8 callers, 4 stores", why: "32 connections, so that they drop out one by one", scale: None },
    ],
    more: &[],
    step_s: 10,
    measure,
};

fn measure(lab: &Lab) -> Vec<Row> {
    let mut rows = Rows::from(AWS);
    let run = lab.preset();
    let old = |run: &Record, from_s, to_s| of_instances(run, from_s, to_s, true);
    rows.at_least("success of the callers that are there already, in the first 5 s", 0.95, old(&run, 60, 65));
    rows.near("success of the same after 60 s: half of the connections are renewed", 0.5, 0.2, old(&run, 118, 123));
    rows.at_most("success of all once all connections are renewed", 0.02, run.window(185, 240).success());
    rows.at_most("success of callers that were started after it began", 0.0, of_instances(&run, 75, 240, false));
    rows.at_least("success from 2 s after names resolve again", 0.99, run.window(242, 300).success());
    rows.at_least("hours that a second wave lasts (2 h 50 min to 14.5 h there)", 1.0, f64::NAN);
    rows.list
}

/// Success of the callers that were there at the start, or of those that came later.
fn of_instances(run: &Record, from_s: usize, to_s: usize, at_start: bool) -> f64 {
    let first = run.window(0, 60).instances("web");
    let chosen = run.window(from_s, to_s).instances("web").into_iter().filter(|(id, _)| first.contains_key(id) == at_start);
    let (ok, served) = chosen.fold((0.0, 0.0), |sum, (_, one)| (sum.0 + one.ok, sum.1 + one.served));
    ok / served
}
