//! P17: one shard is full, and the others idle.

use super::super::lab::{Lab, magnitude};
use super::super::row::{Row, Rows};
use super::super::{Chosen, Pattern, Record, Status};
use crate::sim::fault::FaultKind;

const SLACK: &str = "Slack, 2 July 2024";

pub(in super::super) const PATTERN: Pattern = Pattern {
    number: 17,
    source: SLACK,
    status: Status::Partly("that the other keys of the hot shard suffer cannot be measured: requests do not tell their key"),
    chosen: &[
        Chosen {
            what: "6 of 10 requests ask for one key",
            why: "of 160 a second for four shards of 100: 96 + 16 are more than one can do, 160 are 40 % of what all can",
            scale: Some(|s, factor| magnitude(s, FaultKind::HotKey, |m| (m * factor).min(1.0))),
        },
        Chosen { what: "10 ms of CPU a request, one at a time", why: "the source's shard is one thread", scale: None },
    ],
    more: &[],
    step_s: 5,
    measure,
};

fn measure(lab: &Lab) -> Vec<Row> {
    let mut rows = Rows::from(SLACK);
    let run = lab.preset();
    rows.at_least("success before", 0.99, run.window(5, 30).success());
    rows.at_least("CPU of the busiest shard", 0.95, busiest(&run, 45, 90));
    rows.at_most("CPU of all shards", 0.5, run.window(45, 90).cpu("shard"));
    let (four, eight) = (run.window(45, 90).success(), run.window(110, 150).success());
    rows.at_most("success with the hot key", 0.8, four);
    rows.near("success with twice the shards minus that: no better", 0.0, 0.1, eight - four);
    rows.at_least("CPU of the busiest of eight", 0.9, busiest(&run, 110, 150));
    rows.at_least("success once the key is no longer hot", 0.99, run.window(155, 180).success());
    rows.list
}

fn busiest(run: &Record, from_s: usize, to_s: usize) -> f64 {
    let work = run.window(from_s, to_s).instances("shard").into_values().map(|one| one.work_s).fold(0.0, f64::max);
    work / (to_s - from_s) as f64
}
