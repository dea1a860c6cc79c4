//! P04: a pool of connections runs out while the database idles.

use super::super::lab::{Lab, service};
use super::super::row::{Row, Rows};
use super::super::{Chosen, Pattern, Status};
use crate::scenario::Scenario;
use crate::topology::TopologyEdit;

const STABILITY_SIM: &str = "stability-sim connection-pool-exhaustion";
const LITTLE: &str = "Little's law";
const OSDI: &str = "Huang et al., OSDI 2022, CCI1 (CircleCI 2015)";

pub(in super::super) const PATTERN: Pattern = Pattern {
    number: 4,
    source: "stability-sim connection-pool-exhaustion; Huang et al., OSDI 2022, CCI1 (CircleCI 2015)",
    status: Status::Reproduced,
    chosen: &[
        Chosen {
            what: "slow queries take 375 ms",
            why: "the source's 5 ms, times 15 in the spike, times 1 + 4 u^3 with u = 1 when its pool is full",
            scale: Some(scale_slow),
        },
        Chosen {
            what: "30 of the 150 requests a second are cheap queries of 1 ms",
            why: "the source has one kind only; a fifth is enough to be measured and adds nothing to the load",
            scale: Some(|s, factor| service(s, "pings", |users| users.entry_rate.0 *= factor)),
        },
        Chosen {
            what: "the database takes 40 connections",
            why: "two pools of 20; the limit is what scaling out runs into, wherever it is",
            scale: Some(scale_limit),
        },
    ],
    more: &[],
    step_s: 1,
    measure,
};

fn scale_limit(scenario: &mut Scenario, factor: f64) {
    let change = |max: Option<u32>| max.map(|max| super::super::lab::count(max, factor));
    service(scenario, "db", |db| db.server.connections_max = change(db.server.connections_max));
    for edit in &mut scenario.edits {
        if let TopologyEdit::Configure(_, db) = &mut edit.edit {
            db.server.connections_max = change(db.server.connections_max);
        }
    }
}

fn scale_slow(scenario: &mut Scenario, factor: f64) {
    for edit in &mut scenario.edits {
        if let TopologyEdit::Configure(_, db) = &mut edit.edit
            && db.demand.wait_us_mean > 100_000.0
        {
            db.demand.wait_us_mean *= factor;
        }
    }
}

fn measure(lab: &Lab) -> Vec<Row> {
    let mut rows = Rows::from(LITTLE);
    let run = lab.preset();
    let (before, spike) = (run.window(2, 8), run.window(9, 13));
    // 120/s x (5 + 0.2 ms) + 30/s x (1 + 0.2 ms) = 0.66
    let calm = lab.play(0, Some(120), |s| {
        s.edits.clear();
        s.actions.clear();
    });
    let quiet = calm.window(2, 120).active_mean("db");
    rows.near("connections at work without a spike: rate x time", 0.66, 0.25, quiet);
    let demand = 120.0 * 0.375;
    rows.at_least("connections that the spike asks for over the pool's 20", 1.0, demand / 20.0);
    rows.near("connections at work in the spike: all of the pool", 20.0, 2.5, spike.active_mean("db"));
    rows.cite(STABILITY_SIM);
    rows.at_most("CPU of the database in the spike", 0.05, spike.cpu("db"));
    rows.at_least("success of all before the spike", 0.99, before.success());
    rows.at_most("good attempts over all, from 2 s into the spike", 0.5, run.window(10, 13).edge_success("orders", "app"));
    let slower = run.window(10, 14).latency_ms(0.5) / before.latency_ms(0.5);
    rows.at_least("median time of an answer in the spike over that before: it waits for a connection", 100.0, slower);
    rows.cite(OSDI);
    let pings = run.window(10, 13).edge_success("pings", "app");
    rows.at_most("good attempts over all of the cheap queries, from 2 s into the spike", 0.5, pings);
    rows.at_least("success of all 10 s after the spike", 0.99, run.window(23, 30).success());
    let attempts = |run: &super::super::Record| run.window(40, 60).edge_success("orders", "app");
    rows.at_most("good attempts over all with four app servers: two have no connection", 0.75, attempts(&run));
    let two = lab.variant(|s| {
        for planned in &mut s.actions {
            if let crate::action::Action::ScaleTo { replicas, .. } = &mut planned.action {
                *replicas = 2;
            }
        }
    });
    rows.at_least("the same with two: 2 x 20 is what the database takes", 0.99, attempts(&two));
    rows.list
}
