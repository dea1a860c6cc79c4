//! P06: a limit that nobody knew of is crossed by adding servers.

use super::super::lab::{Lab, service};
use super::super::row::{Row, Rows};
use super::super::{Chosen, Pattern, Record, Status};

const KINESIS: &str = "AWS, Kinesis event of 25 November 2020";

pub(in super::super) const PATTERN: Pattern = Pattern {
    number: 6,
    source: KINESIS,
    status: Status::Partly(
        "there is a limit on the connections that a shared service takes, not one on threads that each server keeps to all \
         others: so the servers that are added fail, and the old ones do not; nor is there a limit on restarts an hour",
    ),
    chosen: &[Chosen {
        what: "10 servers of 10 connections each, 100 in all",
        why: "exactly full before: the source's fleet had just crossed its limit; the numbers themselves do not matter",
        scale: Some(|s, factor| {
            service(s, "shard-map", |map| {
                map.server.connections_max = map.server.connections_max.map(|m| (f64::from(m) * factor) as u32)
            });
        }),
    }],
    more: &[],
    step_s: 5,
    measure,
};

fn measure(lab: &Lab) -> Vec<Row> {
    let mut rows = Rows::from(KINESIS);
    let run = lab.preset();
    rows.at_least("success with 10 servers", 0.99, run.window(10, 60).success());
    rows.at_most("success with 20 servers", 0.75, run.window(80, 120).success());
    rows.at_most("success with 30 servers over that with 20: more servers make it worse", 0.9, worse(&run));
    rows.at_most("servers that still answer well, of those from before: none", 0.0, healthy(&run));
    rows.list
}

fn worse(run: &Record) -> f64 {
    run.window(140, 180).success() / run.window(80, 120).success()
}

/// Servers that still answer nearly everything after the second addition.
fn healthy(run: &Record) -> f64 {
    run.window(140, 180).instances("front").values().filter(|one| one.ok / one.served > 0.9).count() as f64
}
