//! P01: a retry storm that outlives its trigger.
//!
//! Three published experiments, each with its own file: SREGym's (the preset), the MongoDB experiment of OSDI 2022 at the
//! engine's own scale, and stability-sim's.

use super::super::lab::{Lab, count, lasting, magnitude, service};
use super::super::row::{Row, Rows};
use super::super::{Chosen, Pattern, Status};
use crate::scenario::Scenario;
use crate::sim::fault::FaultKind;

const SREGYM: &str = "SREGym search_rate_retry_collapse.py";
const OSDI: &str = "Huang et al., OSDI 2022, 5.2";
const STABILITY_SIM: &str = "stability-sim metastable-retry, 2 x 5 workers";

pub(in super::super) const PATTERN: Pattern = Pattern {
    number: 1,
    source: "Bronson et al., HotOS 2021; Huang et al., OSDI 2022, 5.2; SREGym search_rate_retry_collapse.py; \
             stability-sim metastable-retry",
    status: Status::Reproduced,
    chosen: &[
        Chosen {
            what: "SREGym: users wait 10 s for the search service, once",
            why: "longer than three attempts of 750 ms with their back-off; shorter would hide the retries behind users' own",
            scale: None,
        },
        Chosen {
            what: "SREGym: 20 qps is one worker of 50 ms",
            why: "a limit on queries a second with a queue before it is a server that takes 1/limit each",
            scale: None,
        },
        Chosen {
            what: "OSDI: 40 workers of 20 ms (exponential), load 0.375 of the capacity",
            why: "the paper gives 6,200/s and the outcome; its four cases part as they do there at loads from 0.375 to 0.38 only",
            scale: Some(scale_osdi),
        },
        Chosen {
            what: "OSDI: clients without a limit of their own",
            why: "the paper's clients reach 3 attempts a request and not all 5, so something on their side limits them; it is \
                  not described, and without it the storm is as large as the policy allows",
            scale: None,
        },
        Chosen {
            what: "stability-sim: the crashed server fails at once",
            why: "its client counts a failure per attempt; the balancer goes on sending to it",
            scale: None,
        },
    ],
    more: &[
        include_str!("../../../../tests/scenarios/p01_retry_storm/osdi.yaml"),
        include_str!("../../../../tests/scenarios/p01_retry_storm/stability-sim.yaml"),
    ],
    step_s: 5,
    measure,
};

/// As many workers of the same time: with the load that the file gives.
fn scale_osdi(scenario: &mut Scenario, factor: f64) {
    service(scenario, "mongo", |s| {
        s.workers = count(s.workers, factor);
        s.cpu_limit.0 = count(s.cpu_limit.0, factor);
        s.cpu_request = s.cpu_limit;
    });
}

fn measure(lab: &Lab) -> Vec<Row> {
    let mut rows = Rows::from(SREGYM);
    sregym(lab, &mut rows);
    rows.cite(OSDI);
    osdi(lab, &mut rows);
    rows.cite(STABILITY_SIM);
    let (run, calm) = (lab.play(2, None, |_| {}), lab.play(2, None, |s| s.faults.clear()));
    rows.near("stability-sim: ok/s if nothing fails", 70.0, 5.0, calm.window(1, 60).goodput());
    rows.at_most("stability-sim: ok/s from 20 s on", 1.0, run.window(20, 60).goodput());
    rows.between("stability-sim: failed attempts/s until the end", 258.0, 295.0, failures(&run, "client", "servers"));
    rows.list
}

fn failures(run: &super::super::Record, from: &str, to: &str) -> f64 {
    let edge = run.window(20, 60).edge(from, to);
    (edge.all - edge.ok) / 40.0
}

fn sregym(lab: &Lab, rows: &mut Rows) {
    let run = lab.preset();
    let healthy = |rows: &mut Rows, when: &str, from_s, to_s, per_call| {
        let window = run.window(from_s, to_s);
        rows.at_least(format!("success {when}"), 0.9, window.success());
        rows.at_most(format!("attempts per request {when}"), per_call, window.per_call("search", "rate"));
        rows.at_most(format!("queue {when}"), 5.0, window.queue_end("rate"));
    };
    healthy(rows, "before the trigger (20 to 40 s)", 20, 40, 1.2);
    let (middle, after) = (run.window(51, 70), run.window(70, 95));
    rows.at_most("success 45 s after the trigger (its last 20 s)", 0.5, run.window(75, 95).success());
    rows.at_least("attempts per request after the trigger", 2.0, after.per_call("search", "rate"));
    rows.at_least("queue after the trigger", 20.0, after.queue_end("rate"));
    rows.at_least(
        "mean queue 20 to 45 s after the trigger over that 0 to 20 s after it: not draining",
        0.95,
        after.queue_mean("rate") / middle.queue_mean("rate"),
    );
    // An attempt is counted when it ends, so a stretch may see a few more ends than beginnings: the whole run does not.
    rows.at_most("attempts per request in the whole run: 1 + retries", 3.0, run.window(0, 180).per_call("search", "rate"));
    healthy(rows, "after the fix (50 qps, 1 s, 2 attempts)", 120, 130, 2.1);
    healthy(rows, "after the trigger came again", 155, 175, 2.1);
}

/// Trigger of the four cases: loss of CPU, its length, share of the load.
const CASES: [(&str, f64, f64, f64, bool); 4] = [
    ("-78 % CPU for 10 s", 0.775, 10.0, 1.0, true),
    ("-80 % CPU for 10 s", 0.8, 10.0, 1.0, false),
    ("-80 % CPU for 9 s", 0.8, 9.0, 1.0, true),
    ("-80 % CPU for 10 s at 70 % of the load", 0.8, 10.0, 0.7, true),
];

fn osdi(lab: &Lab, rows: &mut Rows) {
    for (name, loss, length_s, load, recovers) in CASES {
        let play = |lab: &Lab, until_s| {
            lab.play(1, Some(until_s), |scenario| {
                magnitude(scenario, FaultKind::CpuHog, |_| loss);
                lasting(scenario, FaultKind::CpuHog, length_s);
                service(scenario, "users", |s| s.entry_rate.0 *= load);
            })
        };
        let kept = |lab: &Lab| {
            let run = play(lab, 130);
            run.window(100, 130).goodput() / run.window(5, 20).goodput()
        };
        if recovers {
            rows.at_least(format!("{name}: goodput at the end over that before, median of 5 seeds"), 0.95, lab.median(kept));
            continue;
        }
        rows.at_most(format!("{name}: goodput at the end over that before (-90 %), median of 5 seeds"), 0.1, lab.median(kept));
        // The first seed that stays down (nearly all do) is watched as long as there.
        let stays_down = (0..10).map(|n| lab.again(n)).find(|lab| kept(lab) < 0.5).unwrap_or_else(|| lab.again(0));
        let run = play(&stays_down, 530);
        let (before, end) = (run.window(5, 20), run.window(500, 530));
        rows.at_most(format!("{name}: the same after 500 s"), 0.1, end.goodput() / before.goodput());
        let amplification = end.attempts("users", "mongo") / before.attempts("users", "mongo");
        let what = format!("{name}: attempts/s at the end over those before (about 3 there; 1 + 4 retries at most)");
        rows.between(what, 2.8, 5.5, amplification);
        rows.near(format!("{name}: latency of an attempt, ms: the time-out"), 3_000.0, 30.0, end.attempt_ms("users", "mongo"));
    }
}
