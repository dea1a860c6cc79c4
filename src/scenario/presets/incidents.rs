//! The incident patterns as presets. Each is a scenario file with its signature and report beside it (`tests/scenarios`);
//! what is measured of it is in `validation::incidents`.

use super::{Group, Preset};

/// A pattern's preset and its file.
#[derive(Clone, Copy, Debug)]
pub struct Incident {
    /// Name, title, and what to watch.
    pub preset: Preset,
    /// Text of the scenario file.
    pub text: &'static str,
}

macro_rules! incident {
    ($name:literal, $directory:literal, $title:literal, $watch:literal) => {
        Incident {
            preset: Preset { name: $name, title: $title, summary: $watch, group: Group::Incidents },
            text: include_str!(concat!("../../../tests/scenarios/", $directory, "/scenario.yaml")),
        }
    };
}

/// All patterns, P01 first.
pub const INCIDENTS: &[Incident] = &[
    incident!(
        "p01-retry-storm",
        "p01_retry_storm",
        "P01 Retry storm",
        "a ten-second burst fills a queue, and retries keep it full until the repair at 1:40"
    ),
    incident!(
        "p02-retries-at-every-layer",
        "p02_retries_at_every_layer",
        "P02 Retries at every layer",
        "five layers of three tries each: when the database fails at 0:30, its load grows 243-fold"
    ),
    incident!(
        "p03-cold-cache",
        "p03_cold_cache",
        "P03 Cold cache",
        "the cache is flushed at 0:30 and cannot fill again, because the database answers too late"
    ),
    incident!(
        "p04-pool-exhaustion",
        "p04_pool_exhaustion",
        "P04 Connection pool exhaustion",
        "slow queries hold all connections, cheap ones wait behind them, and the database is idle"
    ),
    incident!(
        "p05-thread-starvation",
        "p05_thread_starvation",
        "P05 Thread starvation",
        "one dependency hangs at 0:30, and four seconds later nothing works that shares its threads"
    ),
    incident!(
        "p07-gc-spiral",
        "p07_gc_spiral",
        "P07 GC spiral",
        "a spike fills the heap, and collecting garbage keeps the queue growing until the restart at 2:20"
    ),
    incident!(
        "p08-leak-crash-loop",
        "p08_leak_crash_loop",
        "P08 Leak and crash loop",
        "pods leak by load, so all die together, and each restart waits longer than the last"
    ),
    incident!(
        "p09-overload-snowball",
        "p09_overload_snowball",
        "P09 Overload snowball",
        "fine at 500 a second, down at 550, still down at 450, back only at 50"
    ),
    incident!(
        "p10-goodput-collapse",
        "p10_goodput_collapse",
        "P10 Goodput collapse",
        "after a burst the server is busy with answers that nobody waits for: full throughput, no goodput"
    ),
    incident!(
        "p11-bad-push",
        "p11_bad_push",
        "P11 Bad push",
        "a bad configuration reaches all zones at once; restarts and more instances change nothing, rolling back does"
    ),
    incident!(
        "p12-zone-outage",
        "p12_zone_outage",
        "P12 Zone outage",
        "zone a is gone at 1:00; two zones carry the load of three only because 60 % was in use, not 80 %"
    ),
    incident!(
        "p16-queue-backlog",
        "p16_queue_backlog",
        "P16 Queue backlog",
        "two minutes of standstill at 10 % headroom take twenty to work off: watch the queue, not the errors"
    ),
];
