//! P20: automation, balancers and health checks that make it worse.

use super::super::lab::{Lab, calls, service};
use super::super::row::{Row, Rows};
use super::super::{Chosen, Pattern, Record, Status};
use crate::action::Action;
use crate::ids::InstanceId;
use crate::scenario::{PlannedAction, Scenario};
use crate::topology::Balancing;
use crate::units::SimTime;

const STABILITY_SIM: &str = "stability-sim lb-sinkholing, ok/s 153 to 87 to 0";
const AWS: &str = "AWS Builders' Library, Implementing health checks";
const REDDIT: &str = "Reddit, 11 August 2016";

pub(in super::super) const PATTERN: Pattern = Pattern {
    number: 20,
    source: "Reddit, 11 August 2016; AWS Builders' Library, Implementing health checks; stability-sim lb-sinkholing; \
             Grafana Labs, 19 July 2019",
    status: Status::Reproduced,
    chosen: &[
        Chosen {
            what: "150 requests a second of 100 ms for three servers",
            why: "the source's example gives three servers, least connections and 153 good answers a second",
            scale: Some(|s, factor| service(s, "server", |server| server.demand.wait_us_mean *= factor)),
        },
        Chosen {
            what: "checks: every 5 s, twice; the database needs 60 s to start",
            why: "longer than the checks take to notice",
            scale: None,
        },
        Chosen {
            what: "Reddit: 10 servers at 60 %, one order to go down to one; 20 s to start, 30 s to warm up",
            why: "the source gives 16 s for the loss and hours for the return, not the fleet",
            scale: None,
        },
        Chosen {
            what: "pre-emption by priority (Grafana Labs) and failing open are left out",
            why: "the engine's pods have no priorities, and Kubernetes' readiness does not fail open",
            scale: None,
        },
    ],
    more: &[
        include_str!("../../../../tests/scenarios/p20_automation/checks.yaml"),
        include_str!("../../../../tests/scenarios/p20_automation/scaler.yaml"),
    ],
    step_s: 5,
    measure,
};

fn measure(lab: &Lab) -> Vec<Row> {
    let mut rows = Rows::from(STABILITY_SIM);
    let run = lab.preset();
    rows.near("good answers a second before", 150.0, 8.0, run.window(5, 30).goodput());
    rows.at_least("share of the requests that the broken one of three gets", 0.6, sink(&run));
    rows.at_most("good answers a second while it is broken", 87.0, run.window(35, 90).goodput());
    rows.at_least("good answers a second once it is back", 140.0, run.window(92, 120).goodput());
    let turns = lab.variant(|s| calls(s, "users", "server", |call| call.policy.balancing = Balancing::RoundRobin));
    rows.near("share of the broken one if they take turns", 0.333, 0.02, sink(&turns));
    rows.cite(AWS);
    let readers = |run: &Record| run.window(60, 85).success_of("readers");
    let deep = lab.play(1, None, |_| {});
    rows.at_most("servers in traffic with a deep check while the database is away", 0.0, deep.window(60, 85).ready_max("web"));
    rows.at_most("success of readers, who do not need it", 0.0, readers(&deep));
    let shallow = lab.play(1, None, |s| {
        service(s, "web", |web| {
            if let Some(probe) = &mut web.probes.readiness {
                probe.deep = false;
            }
        })
    });
    rows.at_least("the same with a shallow check", 0.99, readers(&shallow));
    rows.cite(REDDIT);
    let order = lab.play(2, None, |_| {});
    rows.at_most("seconds until nine of ten servers are gone", 16.0, order.seconds_until(120, |w| w.ready_max("server") <= 1.0));
    rows.at_least("success before", 0.99, order.window(90, 120).success());
    rows.at_most("success then", 0.3, order.window(130, 180).success());
    let budget = lab.play(2, None, evict_all);
    rows.at_least(
        "least servers in traffic if ten are moved under a budget of 6",
        6.0,
        budget.window(120, 270).ready_min("server"),
    );
    rows.at_least("success then", 0.97, budget.window(120, 270).success());
    rows.list
}

/// Share of the requests that the instance with the worst success gets.
fn sink(run: &Record) -> f64 {
    let instances = run.window(35, 90).instances("server");
    let all: f64 = instances.values().map(|one| one.served).sum();
    let worst = instances.values().min_by(|a, b| (a.ok / a.served).total_cmp(&(b.ok / b.served)));
    worst.map_or(f64::NAN, |one| one.served / all)
}

/// All ten are to be moved within ten seconds, each by an order of its own.
fn evict_all(scenario: &mut Scenario) {
    let Some(service) = scenario.topology.by_name("server") else { return };
    // The users' instance is the first of the run.
    let order = |n: u32| PlannedAction {
        at: SimTime::from_secs(120 + u64::from(n)),
        action: Action::Evict { service, instance: InstanceId(n + 2) },
    };
    scenario.actions = (0..10).map(order).collect();
}
