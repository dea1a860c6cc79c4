//! P11: a bad configuration everywhere at once.

use super::super::lab::{Lab, service};
use super::super::row::{Row, Rows};
use super::super::{Chosen, Pattern, Record, Status};
use crate::scenario::PlannedFault;
use crate::units::{SimDuration, SimTime};

const GOOGLE: &str = "Google Cloud, incident of 12 June 2025";
const CLOUDFLARE: &str = "Cloudflare, outage of 18 November 2025";

pub(in super::super) const PATTERN: Pattern = Pattern {
    number: 11,
    source: "Google Cloud, 12 June 2025; Cloudflare, 18 November 2025 and 2 July 2019",
    status: Status::Reproduced,
    chosen: &[
        Chosen {
            what: "half of the requests fail",
            why: "the sources' share depends on the feature in use; half shows that all instances fail alike",
            scale: Some(|s, factor| {
                super::super::lab::magnitude(s, crate::sim::fault::FaultKind::BadConfig, |m| (m * factor).min(1.0))
            }),
        },
        Chosen {
            what: "60 requests a second, 6 instances in 3 zones",
            why: "nothing depends on it",
            scale: Some(|s, factor| service(s, "users", |users| users.entry_rate.0 *= factor)),
        },
        Chosen {
            what: "the herd of restarting servers in Google's largest region (2 h 40 min) is left out",
            why: "it needs servers that read a shared store when they start, which the engine does not have",
            scale: None,
        },
    ],
    more: &[],
    step_s: 10,
    measure,
};

fn measure(lab: &Lab) -> Vec<Row> {
    let mut rows = Rows::from(GOOGLE);
    let run = lab.preset();
    rows.at_least("success before the push", 0.99, run.window(10, 60).success());
    rows.near("success in the first two seconds after it", 0.5, 0.1, run.window(60, 62).success());
    rows.at_most("difference between the instances of all zones: most minus least success", 0.15, spread(&run));
    rows.near("success after all were restarted", 0.5, 0.06, run.window(130, 150).success());
    rows.near("success after half as many again were started", 0.5, 0.06, run.window(180, 210).success());
    rows.at_least("success from 2 s after the roll-back", 0.99, run.window(212, 270).success());
    rows.cite(CLOUDFLARE);
    rows.near("changes between good and bad in 30 min, the file being made anew every 5 min", 5.0, 0.0, flips(lab));
    rows.list
}

/// How different the instances' success is while the configuration is bad and nothing else happens.
fn spread(run: &Record) -> f64 {
    let instances = run.window(61, 90).instances("policy");
    let shares = instances.values().map(|one| one.ok / one.served);
    let (least, most) = shares.fold((1.0_f64, 0.0_f64), |(least, most), s| (least.min(s), most.max(s)));
    most - least
}

/// The configuration is made anew every five minutes, and every other one is bad.
fn flips(lab: &Lab) -> f64 {
    let run = lab.play(0, Some(1_800), |scenario| {
        scenario.actions.clear();
        service(scenario, "users", |users| users.entry_rate.0 /= 6.0);
        let Some(first) = scenario.faults.first().copied() else { return };
        let minutes = [5, 15, 25].map(|minute| SimTime::from_secs(minute * 60));
        scenario.faults = minutes.map(|at| PlannedFault { at, spec: first.spec }).to_vec();
        scenario.faults.iter_mut().for_each(|fault| fault.spec.duration = Some(SimDuration::from_secs(300)));
    });
    let is_bad = |s: usize| run.window(s, s + 30).success() < 0.75;
    let states: Vec<bool> = (0..run.seconds.len()).step_by(30).map(is_bad).collect();
    states.windows(2).filter(|pair| pair[0] != pair[1]).count() as f64
}
