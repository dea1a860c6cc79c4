//! P07: garbage collection feeds on the queue it makes.

use super::super::lab::{Lab, service};
use super::super::row::{Row, Rows};
use super::super::{Chosen, Pattern, Record, Status};
use crate::action::Action;
use crate::scenario::PlannedAction;
use crate::topology::Heap;
use crate::units::{SimDuration, SimTime};

const OSDI: &str = "Huang et al., OSDI 2022, 4 and 5.1";
const SRE: &str = "SRE book, chapter 22";

pub(in super::super) const PATTERN: Pattern = Pattern {
    number: 7,
    source: "Huang et al., OSDI 2022, 4 (Twitter) and 5.1; SRE book, chapter 22",
    status: Status::Reproduced,
    chosen: &[
        Chosen {
            what: "2.5 ms of CPU a request on one core",
            why: "55 % use at the source's 220 requests a second: well before the spike, and unable to carry three times as many",
            scale: Some(|s, factor| service(s, "server", |server| server.demand.cpu_us_mean *= factor)),
        },
        Chosen {
            what: "1 MiB of garbage a request",
            why: "at 220 a second a heap of 256 MB is collected about once a second, as busy Java servers do",
            scale: Some(|s, factor| heap(s, |h| h.allocated_per_request.0 *= factor)),
        },
        Chosen {
            what: "64 MiB live at rest, traced at 1,000 MiB/s",
            why: "a quarter of the heap is live at rest; the speed of a tracing collector on one core",
            scale: Some(|s, factor| heap(s, |h| h.trace_mib_per_s *= factor)),
        },
        Chosen {
            what: "0.5 MiB live per request inside",
            why: "half of what a request allocates is still in use while it waits",
            scale: Some(|s, factor| service(s, "server", |server| server.memory_per_request.0 *= factor)),
        },
        Chosen {
            what: "a spike of three times the load for 10 s",
            why: "the source varies its trigger; any that fills the heap with waiting requests will do",
            scale: None,
        },
    ],
    more: &[],
    step_s: 5,
    measure,
};

fn heap(scenario: &mut crate::scenario::Scenario, change: impl FnOnce(&mut Heap)) {
    service(scenario, "server", |server| {
        if let Some(heap) = &mut server.heap {
            change(heap);
        }
    });
}

fn measure(lab: &Lab) -> Vec<Row> {
    let mut rows = Rows::from(OSDI);
    let run = lab.preset();
    rows.at_least("success before the spike", 0.99, run.window(10, 30).success());
    rows.at_most("success 20 to 40 s after the spike, at the old load", 0.1, run.window(60, 80).success());
    let queue = |run: &Record, s| run.window(s - 1, s).queue_end("server");
    rows.at_least("queue 40 s after the spike over that at its end", 1.5, queue(&run, 80) / queue(&run, 40));
    rows.at_least("queue after 60 s at 80 % of the load over that at the spike's end", 1.5, queue(&run, 139) / queue(&run, 40));
    rows.at_least("queue after 60 s at 80 % of the load over that when the load fell", 1.0, queue(&run, 139) / queue(&run, 80));
    // What is used and is not the requests' own work goes into collecting.
    let collecting = |from_s, to_s| {
        let window = run.window(from_s, to_s);
        let work_s: f64 = window.instances("server").values().map(|one| one.work_s).sum();
        window.cpu("server") - work_s / (to_s - from_s) as f64
    };
    let at_rest = collecting(10, 30);
    rows.near("share of the core that goes into collecting before the spike: 220 x 64 / (192 x 1,000)", 0.073, 0.03, at_rest);
    rows.at_least("the same 20 to 40 s after the spike, with the queue", 0.5, collecting(60, 80));
    rows.at_most("success at 80 % of the load", 0.1, run.window(120, 139).success());
    rows.between("CPU at rest, collecting included", 0.5, 0.75, run.window(10, 30).cpu("server"));
    let wider = longest_spike(lab, 2.0) / longest_spike(lab, 1.0);
    rows.at_least("longest spike that is survived with a heap of 512 MB over that with 256 MB", 1.2, wider);
    rows.cite(SRE);
    rows.at_least("success after a restart", 0.99, run.window(165, 200).success());
    let shed = lab.play(0, Some(320), |scenario| {
        scenario.actions.clear();
        service(scenario, "server", |server| server.queue_len_max = 1_000);
        if let Some(entry) = scenario.topology.by_name("users") {
            for (at_s, percent) in [(80, 1), (280, 100)] {
                let at = SimTime::from_secs(at_s);
                scenario.actions.push(PlannedAction { at, action: Action::ThrottleEntry { entry, percent } });
            }
        }
    });
    rows.at_most("success with a queue of 1,000, until users are shed", 0.1, shed.window(60, 80).success());
    rows.at_most("its length after 200 s with 1 % of the users", 5.0, queue(&shed, 280));
    rows.at_least("success after that, at the full load", 0.99, shed.window(290, 320).success());
    rows.list
}

/// The longest spike (s) after which the system is well again, with a heap of so many times the size; by bisection.
fn longest_spike(lab: &Lab, heap_factor: f64) -> f64 {
    let (mut low, mut high) = (0.0, 20.0);
    for _ in 0..6 {
        let length_s = 0.5 * (low + high);
        let run = lab.play(0, Some(90), |scenario| {
            heap(scenario, |h| h.size.0 *= heap_factor);
            service(scenario, "users", |users| {
                users.workload.changes.truncate(2);
                if let Some(end) = users.workload.changes.last_mut() {
                    end.at = SimTime::from_secs(30) + SimDuration::from_secs_f64(length_s);
                }
            });
        });
        if run.window(75, 90).success() < 0.5 { high = length_s } else { low = length_s }
    }
    low
}
