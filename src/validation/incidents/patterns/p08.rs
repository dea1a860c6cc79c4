//! P08: memory leaks by load, so pods die together, and the kubelet waits longer each time.

use super::super::lab::{Lab, service};
use super::super::row::{Row, Rows};
use super::super::{Chosen, Pattern, Status};
use crate::scenario::{PlannedFault, Scenario};
use crate::sim::Exit;
use crate::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use crate::units::{Mebibytes, SimDuration, SimTime};

const ZALANDO: &str = "Zalando, DNS outage of 7 January 2019";
const KUBERNETES: &str = "kubernetes #57291, KEP-4603";
const ARITHMETIC: &str = "(limit - base) / rate";

pub(in super::super) const PATTERN: Pattern = Pattern {
    number: 8,
    source: "Zalando, DNS outage of 7 January 2019; kubernetes #57291; KEP-4603",
    status: Status::Reproduced,
    chosen: &[
        Chosen {
            what: "40 MiB at rest, 0.1 MiB left behind by a query",
            why: "the source gives the limits of 100Mi and 2000Mi, not the rate; 20 s to the limit make the whole sequence short",
            scale: Some(|s, factor| service(s, "dns", |dns| dns.leak_per_request.0 *= factor)),
        },
        Chosen {
            what: "3 pods, 90 queries a second, 1 s to start",
            why: "the source had a few pods; the law is about each pod's own share",
            scale: Some(|s, factor| service(s, "pods", |users| users.entry_rate.0 *= factor)),
        },
    ],
    more: &[],
    step_s: 20,
    measure,
};

fn measure(lab: &Lab) -> Vec<Row> {
    let mut rows = Rows::from(ZALANDO);
    let run = lab.preset();
    let kills = run.exits("dns", Exit::OutOfMemory);
    let first: Vec<f64> = kills.iter().copied().take(3).collect();
    let at = |i: usize| first.get(i).copied().unwrap_or(f64::NAN);
    rows.near("first pod killed after, s: 60 MiB at 3 MiB/s", 20.0, 2.0, at(0));
    rows.at_most("all three killed within, s", 4.0, at(2) - at(0));
    rows.at_most("pods that take traffic 1 to 2 s later", 1.0, run.window(at(2) as usize, at(2) as usize + 1).ready_min("dns"));
    rows.near("load of a survivor over its share while one of three is away: N / (N - 1)", 1.5, 0.15, survivors(lab));
    rows.cite(KUBERNETES);
    let waits = run.back_offs("dns", Exit::OutOfMemory);
    for (n, expected) in [0.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0].into_iter().enumerate() {
        rows.near(format!("back-off before restart {}, s", n + 1), expected, 0.01, waits.get(n).copied().unwrap_or(f64::NAN));
    }
    rows.cite(ZALANDO);
    let late = kills.iter().filter(|at| **at > 841.0).count();
    rows.at_most("kills in the five minutes after the limit became 2000Mi", 0.0, late as f64);
    rows.cite(ARITHMETIC);
    let steady = lab.play(0, Some(60), |scenario| {
        service(scenario, "dns", |dns| dns.leak_per_request = Mebibytes(0.0));
        inject(scenario, FaultKind::MemoryLeak, 3.0, 10);
    });
    let killed_s = steady.exits("dns", Exit::OutOfMemory).first().copied().unwrap_or(f64::NAN) - 10.0;
    rows.near("killed by a leak of 3 MiB/s after, s", 20.0, 0.11, killed_s);
    rows.list
}

/// Requests per second of a pod while one of three is killed and starting, over the share of three.
fn survivors(lab: &Lab) -> f64 {
    let run = lab.play(0, Some(40), |scenario| {
        service(scenario, "dns", |dns| {
            dns.leak_per_request = Mebibytes(0.0);
            dns.startup = SimDuration::from_secs(15);
        });
        inject(scenario, FaultKind::InstanceKill, 1.0, 20);
    });
    run.window(22, 34).throughput("dns") / run.window(22, 34).ready_min("dns") / (run.window(5, 20).throughput("dns") / 3.0)
}

fn inject(scenario: &mut Scenario, kind: FaultKind, magnitude: f64, at_s: u64) {
    let target = FaultTarget::Service(scenario.topology.by_name("dns").unwrap_or_default());
    // A killing fault strikes again every 10 s.
    let duration = (kind == FaultKind::InstanceKill).then(|| SimDuration::from_secs(1));
    let spec = FaultSpec { target, kind, magnitude, duration };
    scenario.faults.push(PlannedFault { at: SimTime::from_secs(at_s), spec });
}
