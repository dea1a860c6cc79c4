//! P03: a flushed cache that cannot fill again.

use super::super::lab::{Lab, magnitude, service};
use super::super::row::{Row, Rows};
use super::super::{Chosen, Pattern, Record, Status};
use crate::scenario::Scenario;
use crate::sim::fault::FaultKind;
use crate::topology::{CacheLookup, Step};
use crate::units::SimDuration;

const HOTOS: &str = "Bronson et al., HotOS 2021";
const OSDI: &str = "Huang et al., OSDI 2022, 5.3";
const NSDI: &str = "Nishtala et al., NSDI 2013 (leases)";

pub(in super::super) const PATTERN: Pattern = Pattern {
    number: 3,
    source: "Bronson et al., HotOS 2021; Huang et al., OSDI 2022, 5.3; Slack, 22 February 2022; Nishtala et al., NSDI 2013",
    status: Status::Reproduced,
    chosen: &[
        Chosen {
            what: "a tenth of the size, at 80 % of the 3,000 requests a second that the system can carry",
            why: "at all of them the database would have no headroom at all before the trigger",
            scale: Some(|s, factor| service(s, "users", |users| users.entry_rate.0 *= factor)),
        },
        Chosen {
            what: "1,000 keys, all equally popular, 900 of which fit",
            why: "gives the hit rate of 90 % whatever the order of eviction; their number only sets how long filling takes",
            scale: Some(scale_keys),
        },
        Chosen {
            what: "users let in: 1 % for 40 s, 10 % for 75 s, 25 % and 50 % for 30 s each",
            why: "33 s until the stale queue of 1,000 is gone, then as long as filling the cache takes at the rate of the misses",
            scale: None,
        },
        Chosen {
            what: "queries of 100 ms on 3 workers",
            why: "30 a second; the time of one query is not given and must be well below the time-out of 1 s",
            scale: Some(scale_queries),
        },
    ],
    more: &[],
    step_s: 10,
    measure,
};

fn scale_queries(scenario: &mut Scenario, factor: f64) {
    service(scenario, "db", |db| {
        db.demand.wait_us_mean *= factor;
        db.workers = super::super::lab::count(db.workers, factor);
    });
}

fn scale_keys(scenario: &mut Scenario, factor: f64) {
    lookup(scenario, |l| l.keys = super::super::lab::count(l.keys, factor));
    service(scenario, "cache", |c| c.cache_keys = super::super::lab::count(c.cache_keys, factor));
}

/// Changes the look-up.
fn lookup(scenario: &mut Scenario, change: impl Fn(&mut CacheLookup)) {
    service(scenario, "web", |web| {
        for step in web.endpoints.iter_mut().flat_map(|e| &mut e.steps) {
            if let Step::Cached(lookup) = step {
                change(lookup);
            }
        }
    });
}

fn measure(lab: &Lab) -> Vec<Row> {
    let mut rows = Rows::from(HOTOS);
    let run = lab.preset();
    let (before, after, stuck) = (run.window(10, 30), run.window(32, 42), run.window(70, 90));
    rows.near("hit rate before the flush", 0.9, 0.02, before.hits("cache"));
    rows.at_least("success before the flush", 0.98, before.success());
    let jump = after.attempts("web", "db") / before.attempts("web", "db");
    rows.near("queries after the flush over those before: 1 / (1 - 0.9)", 10.0, 1.2, jump);
    rows.cite(OSDI);
    rows.at_most("hit rate 40 s after the flush: late answers do not fill the cache", 0.1, stuck.hits("cache"));
    rows.at_most("success 40 s after the flush", 0.15, stuck.success());
    let left = lab.play(0, Some(200), |s| s.actions.retain(|a| a.at.as_secs_f64() < 60.0));
    rows.at_most("success 150 s after the flush, if nobody throttles the users", 0.15, left.window(180, 200).success());
    let end = run.window(290, 330);
    rows.at_least("hit rate after throttling and ramping up", 0.85, end.hits("cache"));
    rows.at_least("success after throttling and ramping up", 0.95, end.success());
    let half = |lab: &Lab, load: f64| {
        let run = lab.play(0, Some(200), |s| {
            s.actions.clear();
            service(s, "users", |users| users.entry_rate.0 *= load);
        });
        run.window(180, 200).success()
    };
    // 240 users a second against 30 queries a second: an eighth of the load is all that a cold cache lets through.
    rows.at_least("success 150 s after the flush below the hidden capacity (0.9 x 30 users/s)", 0.95, half(lab, 27.0 / 240.0));
    rows.at_most("success 150 s after the flush at three times the hidden capacity", 0.5, half(lab, 90.0 / 240.0));
    let smallest = |timeout_s| (0..4).map(|n| smallest_flush(&lab.again(n), timeout_s)).sum::<f64>() / 4.0;
    rows.at_least(
        "smallest flush that never ends at a time-out of 2 s over that at 1 s, means of 4 seeds",
        1.05,
        smallest(2) / smallest(1),
    );
    rows.cite(NSDI);
    leases(lab, &mut rows);
    rows.list
}

/// The smallest share of the cache whose loss the system does not survive, by bisection; 1 if it survives all.
fn smallest_flush(lab: &Lab, timeout_s: u64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..5 {
        let share = 0.5 * (low + high);
        let run = lab.play(0, Some(120), |scenario| {
            scenario.actions.retain(|a| a.at.as_secs_f64() < 60.0);
            magnitude(scenario, FaultKind::CacheFlush, |_| share);
            lookup(scenario, |l| l.origin.iter_mut().for_each(|c| c.policy.timeout = SimDuration::from_secs(timeout_s)));
        });
        if run.window(100, 120).success() < 0.5 { high = share } else { low = share }
    }
    high
}

/// A few hot keys, all of them lost: with coalescing each is asked for once.
fn leases(lab: &Lab, rows: &mut Rows) {
    const KEYS: u32 = 20;
    let queries = |coalesce| {
        let run: Record = lab.play(0, Some(45), |scenario| {
            lookup(scenario, |l| (l.keys, l.coalesce) = (KEYS, coalesce));
            service(scenario, "cache", |c| c.cache_keys = KEYS);
        });
        run.window(30, 34).edge("web", "db").all
    };
    let (alone, coalesced) = (queries(false), queries(true));
    // The engine knows how many keys of a class are there, not which, so now and then one is fetched twice.
    rows.at_most("queries for 20 lost keys with coalescing: one a key, and a tenth", 22.0, coalesced);
    rows.at_least("queries without coalescing over those with (17,000 to 1,300 a second there)", 2.0, alone / coalesced);
}
