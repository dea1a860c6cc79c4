//! P19: an autoscaler that goes to and fro, and one that reads the wrong signal.

use super::super::lab::{Lab, service};
use super::super::row::{Row, Rows};
use super::super::{Chosen, Pattern, Record, Status};
use crate::scenario::Scenario;
use crate::units::SimDuration;

const GARDENER: &str = "gardener pull request 397";
const KUBERNETES: &str = "Kubernetes, scale-down stabilisation window 300 s";
const SLACK: &str = "Slack, 4 January 2021";

pub(in super::super) const PATTERN: Pattern = Pattern {
    number: 19,
    source: "gardener pull request 397; kubernetes #116984; Slack, 4 January 2021",
    status: Status::Reproduced,
    chosen: &[
        Chosen {
            what: "12 requests a second of 100 ms (exponential): 1.2 cores",
            why: "40 % of three requests of a core, as in the source; how much it fluctuates is not given",
            scale: Some(scale_grain),
        },
        Chosen {
            what: "Slack: 8 servers of 8 workers, a backend that takes 3 s longer",
            why: "100 requests a second then need 300 workers and have 64: CPU falls to a fifth, whatever the numbers",
            scale: None,
        },
        Chosen {
            what: "Slack: that it then added servers up to its limit is left out",
            why: "a second signal (busy workers) did that; the engine's autoscaler, like the usual one, reads CPU only",
            scale: None,
        },
    ],
    more: &[include_str!("../../../../tests/scenarios/p19_autoscaler_flapping/slow.yaml")],
    step_s: 30,
    measure,
};

/// The same use, by fewer and longer or more and shorter requests.
fn scale_grain(scenario: &mut Scenario, factor: f64) {
    service(scenario, "web", |web| web.demand.cpu_us_mean *= factor);
    service(scenario, "users", |users| users.entry_rate.0 /= factor);
}

fn measure(lab: &Lab) -> Vec<Row> {
    let mut rows = Rows::from(GARDENER);
    let run = lab.preset();
    let flips = |run: &Record, from_s: f64| run.scalings("web", from_s, 1_800.0).len() as f64 * 3_600.0 / (1_800.0 - from_s);
    rows.at_least("changes an hour between 2 and 3 without a window", 12.0, flips(&run, 0.0));
    let all = run.scalings("web", 0.0, 1_800.0);
    let between = all.iter().filter(|(_, from, to)| matches!((from, to), (2, 3) | (3, 2))).count() as f64;
    rows.at_least("share of the changes that are between 2 and 3", 0.7, between / all.len() as f64);
    rows.cite(KUBERNETES);
    let calm = lab.variant(|s| {
        service(s, "web", |web| {
            if let Some(autoscaler) = &mut web.autoscaler {
                autoscaler.scale_in_window = SimDuration::from_secs(300);
            }
        })
    });
    rows.at_most("changes an hour with the window of 300 s, after ten minutes", 3.0, flips(&calm, 600.0));
    rows.cite(SLACK);
    slow(&lab.play(1, None, |_| {}), &mut rows);
    rows.list
}

fn slow(run: &Record, rows: &mut Rows) {
    let (before, during) = (run.window(60, 120), run.window(660, 720));
    let servers = |from_s, to_s| run.window(from_s, to_s).ready_max("web");
    let idle = run.window(130, 180).cpu("web") / before.cpu("web");
    rows.at_most("CPU in the first minute in which the backend is slow over that before", 0.5, idle);
    rows.at_most("servers when it has been slow for ten minutes over those before", 0.6, servers(660, 720) / servers(60, 120));
    let slower = during.latency_ms(0.5) / before.latency_ms(0.5);
    rows.at_least("median time of an answer then over that before: it rises", 2.0, slower);
}
