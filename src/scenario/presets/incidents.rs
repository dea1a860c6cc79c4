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
        "p06-hidden-limit",
        "p06_hidden_limit",
        "P06 Hidden limit",
        "at 1:00 servers are added, and the shared shard map has no connections for them"
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
        "p13-gray-failure",
        "p13_gray_failure",
        "P13 Gray failure",
        "messages between two zones get lost: all probes are green, and only the edges between those zones fail"
    ),
    incident!(
        "p14-name-resolution",
        "p14_name_resolution",
        "P14 Name resolution",
        "from 1:00 no new connections can be made: callers drop out one by one as they renew theirs"
    ),
    incident!(
        "p15-noisy-neighbour",
        "p15_noisy_neighbour",
        "P15 Noisy neighbour",
        "another tenant takes a node's CPU: the instance on it slows down by as much, until it is moved at 4:30"
    ),
    incident!(
        "p16-queue-backlog",
        "p16_queue_backlog",
        "P16 Queue backlog",
        "two minutes of standstill at 10 % headroom take twenty to work off: watch the queue, not the errors"
    ),
    incident!(
        "p17-hot-shard",
        "p17_hot_shard",
        "P17 Hot shard",
        "six of ten requests ask for one key: one instance is full, the others idle, and more of them do not help"
    ),
    incident!(
        "p18-certificate-expiry",
        "p18_certificate_expiry",
        "P18 Certificate expiry",
        "at 1:00 every call that makes a new connection fails at once, and nothing is busy"
    ),
    incident!(
        "p19-autoscaler-flapping",
        "p19_autoscaler_flapping",
        "P19 Autoscaler flapping",
        "without a window for scaling in, the autoscaler goes to and fro between two and three instances"
    ),
    incident!(
        "p20-automation",
        "p20_automation",
        "P20 Automation makes it worse",
        "one of three servers fails fast, so the least-busy balancer sends it nearly everything"
    ),
];
