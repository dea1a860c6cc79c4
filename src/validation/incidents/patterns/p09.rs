//! P09: the load at which a fleet falls is ten times the load at which it gets up again.

use super::super::lab::{Lab, service};
use super::super::row::{Row, Rows};
use super::super::{Chosen, Pattern, Status};
use crate::sim::Exit;

const SRE: &str = "SRE book, chapter 22";

pub(in super::super) const PATTERN: Pattern = Pattern {
    number: 9,
    source: SRE,
    status: Status::Reproduced,
    chosen: &[
        Chosen {
            what: "10 servers, a twentieth of the load",
            why: "the source speaks of a tenth of the servers being healthy; ten is the least that makes that one",
            scale: None,
        },
        Chosen {
            what: "19 ms of CPU a request: 52.6 a second and server, 526 in all",
            why: "between the 10,000 at which it is fine and the 11,000 at which it is not",
            scale: Some(|s, factor| service(s, "server", |server| server.demand.cpu_us_mean *= factor)),
        },
        Chosen {
            what: "a server dies of memory at 200 requests inside",
            why: "160 MiB of room and 0.8 MiB a request; four seconds of work, which no healthy server ever has waiting",
            scale: Some(|s, factor| service(s, "server", |server| server.memory_per_request.0 *= factor)),
        },
        Chosen {
            what: "nine minutes at 11,000/s",
            why: "the source gives no time; by then restarts wait for minutes and come apart: a fleet that is \
                  relieved in the very second in which all its servers happen to be up gets away",
            scale: None,
        },
        Chosen { what: "time-out 5 s, no retries", why: "the source's snowball needs none", scale: None },
    ],
    more: &[],
    step_s: 20,
    measure,
};

fn measure(lab: &Lab) -> Vec<Row> {
    let mut rows = Rows::from(SRE);
    let run = lab.preset();
    rows.at_least("success at 10,000/s (here 500)", 0.99, run.window(20, 60).success());
    let kills = |from_s: f64, to_s: f64| {
        let all = run.exits("server", Exit::OutOfMemory);
        all.iter().filter(|at| (from_s..to_s).contains(at)).count() as f64
    };
    rows.at_most("servers killed at 10,000/s", 0.0, kills(0.0, 60.0));
    rows.at_least(
        "servers killed in nine minutes at 11,000/s (here 550): each of the ten more than once",
        20.0,
        kills(60.0, 600.0),
    );
    rows.at_most("success at 11,000/s, its last four minutes", 0.75, run.window(360, 600).success());
    rows.at_most("success at 9,000/s (here 450), its third minute", 0.5, run.window(720, 780).success());
    rows.at_most("servers that take traffic at 9,000/s, least", 1.0, run.window(660, 780).ready_min("server"));
    rows.at_least("success at 1,000/s (here 50), after five minutes", 0.95, run.window(1_080, 1_140).success());
    rows.at_least("success at 5,000/s (here 250) once all are back", 0.99, run.window(1_210, 1_260).success());
    let steady = lab.play(0, Some(240), |s| {
        service(s, "users", |users| {
            users.workload.changes.clear();
            users.entry_rate.0 *= 0.9;
        })
    });
    rows.at_least("success at 9,000/s if it was never down", 0.99, steady.window(20, 240).success());
    rows.list
}
