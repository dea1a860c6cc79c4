//! P12: two zones carry what three did, if they can.

use super::super::lab::{Lab, service};
use super::super::row::{Row, Rows};
use super::super::{Chosen, Pattern, Record, Status};
use crate::action::Action;

const CELLS: &str = "Slack, 30 June 2021 and its move to cells";
const ARITHMETIC: &str = "utilisation below (Z - 1) / Z";
const KUBERNETES: &str = "Kubernetes, node monitor grace period 40 s";

pub(in super::super) const PATTERN: Pattern = Pattern {
    number: 12,
    source: "Slack, 30 June 2021, and its move to a cellular architecture; AWS, Static stability using availability zones",
    status: Status::Reproduced,
    chosen: &[
        Chosen {
            what: "6 instances of 100 requests a second in 3 zones",
            why: "nothing depends on it but the noise",
            scale: None,
        },
        Chosen {
            what: "60 % and 80 % of their capacity in use",
            why: "one below and one above two thirds",
            scale: Some(|s, factor| service(s, "users", |users| users.entry_rate.0 *= factor)),
        },
        Chosen {
            what: "somebody drains the zone 15 s after the outage",
            why: "before the platform notices by itself; the source promises less than 5 min",
            scale: None,
        },
        Chosen {
            what: "callers choose in turn and try once",
            why: "as behind a plain Kubernetes service; with retries and least-busy balancing the users notice less",
            scale: None,
        },
        Chosen {
            what: "no room elsewhere for the lost instances",
            why: "the usual case: who has it needs no fail-over headroom",
            scale: None,
        },
    ],
    more: &[],
    step_s: 5,
    measure,
};

fn measure(lab: &Lab) -> Vec<Row> {
    let mut rows = Rows::from(ARITHMETIC);
    let run = lab.preset();
    rows.near("CPU before the outage", 0.6, 0.03, run.window(20, 60).cpu("web"));
    rows.near("CPU of the two zones left: 0.6 x 3/2", 0.9, 0.04, run.window(100, 180).cpu("web"));
    rows.at_least("success with two zones, 60 % in use before", 0.98, run.window(100, 180).success());
    let busy = lab.variant(|s| service(s, "users", |users| users.entry_rate.0 *= 0.8 / 0.6));
    rows.at_least("success with three zones, 80 % in use", 0.98, busy.window(20, 60).success());
    rows.at_most("success with two zones, 80 % in use before", 0.85, busy.window(100, 180).success());
    rows.cite(CELLS);
    rows.near("success while callers go on choosing the dead pods: two thirds", 0.667, 0.05, run.window(62, 74).success());
    rows.at_most("seconds from the drain until success is back at 98 %", 300.0, back_s(&run, 75));
    rows.cite(KUBERNETES);
    let left = lab.variant(|s| s.actions.retain(|a| !matches!(a.action, Action::DrainZone { .. })));
    rows.near("seconds from the outage until success is back, if nobody drains the zone", 41.0, 3.0, back_s(&left, 60));
    rows.list
}

/// Seconds from `from_s` until five seconds in a row are good.
fn back_s(run: &Record, from_s: usize) -> f64 {
    let is_good = |s: usize| run.window(s, s + 5).success() >= 0.98;
    (from_s..run.seconds.len()).position(is_good).map_or(f64::NAN, |s| s as f64)
}
