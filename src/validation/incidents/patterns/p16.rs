//! P16: a backlog that takes ten times as long to drain as it took to build.

use super::super::lab::{Lab, service};
use super::super::row::{Row, Rows};
use super::super::{Chosen, Pattern, Status};
use crate::topology::QueueOrder;

const AWS: &str = "AWS Builders' Library, Avoiding insurmountable queue backlogs";
/// The outage, s.
const OUTAGE: (usize, usize) = (60, 180);

pub(in super::super) const PATTERN: Pattern = Pattern {
    number: 16,
    source: AWS,
    status: Status::Reproduced,
    chosen: &[
        Chosen {
            what: "an outage of 2 min instead of 1 h",
            why: "the law is a ratio: drain time over outage is arrivals over headroom, 10 at 10 %",
            scale: None,
        },
        Chosen {
            what: "20 messages a second, 22 a second worked off",
            why: "10 % headroom is the source's; the rate only sets how long a run takes",
            scale: None,
        },
        Chosen {
            what: "equal gaps and equal work",
            why: "the law is about means; with random gaps the last messages of a backlog linger",
            scale: None,
        },
    ],
    more: &[],
    step_s: 60,
    measure,
};

fn measure(lab: &Lab) -> Vec<Row> {
    let mut rows = Rows::from(AWS);
    let run = lab.preset();
    let (begin, end) = OUTAGE;
    let outage_s = (end - begin) as f64;
    let drained_s = run.seconds_until(end, |w| w.queue_end("worker") < 1.0);
    rows.near("time to drain over the length of the outage, at 10 % headroom", 10.0, 0.5, drained_s / outage_s);
    rows.near("messages that wait at the end of the outage", 20.0 * outage_s, 60.0, run.window(begin, end).queue_max("worker"));
    rows.near(
        "age of the oldest message when work resumes, s",
        outage_s,
        3.0,
        run.window(end, end + 5).service("worker").waited_max_s,
    );
    let half = end + 5 * (end - begin);
    let age = run.window(half, half + 5).service("worker").waited_max_s;
    rows.near("age half-way through the drain, s: half of it, while work goes at full speed", outage_s / 2.0, 6.0, age);
    let share = |run: &super::super::Record| {
        let fresh = run.window(end + 5, end + 65).service("worker");
        fresh.prompt / (20.0 * 60.0)
    };
    rows.at_most("share of fresh messages worked off within 1 s in the minute after, in order", 0.01, share(&run));
    let lifo = lab.play(0, Some(300), |s| service(s, "worker", |worker| worker.server.order = QueueOrder::Lifo));
    rows.at_least("the same, newest first", 0.95, share(&lifo));
    rows.list
}
