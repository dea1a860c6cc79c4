//! P15: another tenant on the node.

use super::super::lab::Lab;
use super::super::row::{Row, Rows};
use super::super::{Chosen, Pattern, Record, Status};
use crate::action::Action;
use crate::scenario::{PlannedAction, Scenario};
use crate::units::{Millicores, SimTime};

const CPI2: &str = "Zhang et al., CPI2, EuroSys 2013";

pub(in super::super) const PATTERN: Pattern = Pattern {
    number: 15,
    source: CPI2,
    status: Status::Reproduced,
    chosen: &[
        Chosen {
            what: "two nodes of one core, one victim on each, 8 requests a second of 20 ms",
            why: "on one core a share of CPU is a speed, as cycles per instruction are; at 8 % use next to nothing queues",
            scale: Some(|s, factor| super::super::lab::service(s, "users", |users| users.entry_rate.0 *= factor)),
        },
        Chosen {
            what: "the neighbour takes 30, 60 and 80 %",
            why: "three points are enough to see what follows what",
            scale: None,
        },
    ],
    more: &[],
    step_s: 10,
    measure,
};

fn measure(lab: &Lab) -> Vec<Row> {
    let mut rows = Rows::from(CPI2);
    let run = lab.preset();
    let quiet = slowest(&run, 5, 60);
    let slowdown = |from_s, to_s| slowest(&run, from_s, to_s) / quiet;
    let levels = [1.0, slowdown(62, 120), slowdown(122, 180), slowdown(190, 270)];
    let step = levels.windows(2).map(|pair| pair[1] / pair[0]).fold(f64::INFINITY, f64::min);
    rows.at_least("smallest rise of the victim's time per work from 0 to 30, 60 and 80 %: it follows the neighbour", 1.05, step);
    rows.at_least("time per work at 80 % over that without: the share left is a fifth", 2.0, levels[3]);
    let p99 = run.window(190, 270).latency_ms(0.99) / run.window(5, 60).latency_ms(0.99);
    rows.at_least("p99 of all at 80 % over that without: it follows too", 2.0, p99);
    rows.near("time per work of the victim on the other node over that without", 1.0, 0.2, fastest(&run, 190, 270) / quiet);
    let more = lab.play(0, Some(800), crowd);
    let helps = slowest(&more, 510, 800) / slowest(&more, 190, 490);
    rows.at_least("time per work on that node with twice the victims over that with the first: no better", 0.9, helps);
    rows.near("time per work of the slowest after moving off the node over that without", 1.0, 0.25, slowdown(300, 390));
    rows.list
}

/// One node for everything, on which two more victims start; few enough requests that nothing queues there either.
fn crowd(scenario: &mut Scenario) {
    super::super::lab::service(scenario, "users", |users| users.entry_rate.0 = 2.0);
    scenario.cluster.nodes.truncate(1);
    scenario.cluster.nodes.iter_mut().for_each(|node| node.cpu = Millicores(1_000));
    let Some(service) = scenario.topology.by_name("victim") else { return };
    scenario.actions = vec![PlannedAction { at: SimTime::from_secs(490), action: Action::ScaleUp { service, by: 2 } }];
}

/// Time over CPU demand by instance: how long a unit of work takes, which is what cycles per instruction tell of a machine.
fn time_per_work(run: &Record, from_s: usize, to_s: usize) -> Vec<f64> {
    let instances = run.window(from_s, to_s).instances("victim");
    instances.values().filter(|one| one.served >= 10.0).map(|one| one.latency_s / one.work_s).collect()
}

/// At the slowest instance.
fn slowest(run: &Record, from_s: usize, to_s: usize) -> f64 {
    time_per_work(run, from_s, to_s).into_iter().fold(f64::NAN, f64::max)
}

/// At the fastest instance.
fn fastest(run: &Record, from_s: usize, to_s: usize) -> f64 {
    time_per_work(run, from_s, to_s).into_iter().fold(f64::NAN, f64::min)
}
