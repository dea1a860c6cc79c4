//! What a metric measures, told from its name.
//!
//! Names differ between systems (`CpuUsageRate(%)`, `carts_cpu`, `container_cpu_seconds`), their words hardly do. A name
//! is cut into lower-case words at case changes and at anything that is not a letter; the first rule with a word that
//! occurs decides. The order of the rules matters: `network_latency` is a latency, `request_errors` are errors.

/// What a metric measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MetricKind {
    /// Time that the service takes to answer (seen at its own end unless the name says otherwise).
    Latency,
    /// Time that the service waits for those whom it calls.
    CallLatency,
    /// Failures: count, rate or share.
    Errors,
    /// Share of successes; bad is down.
    Success,
    /// Processor use.
    Cpu,
    /// Memory use.
    Memory,
    /// Disk or file system activity.
    Disk,
    /// Bytes, packets or sockets.
    Network,
    /// Restarts of instances.
    Restarts,
    /// Threads, connections or queue places in use.
    Pool,
    /// Requests served.
    Traffic,
    /// Anything else; never evidence.
    Other,
}

/// A kind and the words that tell it: any of `any`; `starts` also counts as the beginning of a word.
const RULES: &[(MetricKind, &[&str], &[&str])] = &[
    (MetricKind::CallLatency, &["clientlatency"], &["upstreamlatency"]),
    (MetricKind::Latency, &["rt", "rtt", "lat"], &["latenc", "duration", "response", "delay", "elapsed"]),
    (MetricKind::Errors, &["err", "failed", "failure", "failures", "exceptions", "exception"], &["error", "fault"]),
    (MetricKind::Success, &[], &["success", "availab"]),
    (MetricKind::Restarts, &[], &["restart"]),
    (MetricKind::Cpu, &["millicores", "cores"], &["cpu", "processor"]),
    (MetricKind::Memory, &["rss", "oom", "workingset"], &["mem", "heap"]),
    (MetricKind::Disk, &["fs", "io", "iops", "diskio"], &["disk", "filesystem", "blkio"]),
    (MetricKind::Network, &["net", "rx", "tx", "sockets"], &["network", "socket", "packet", "receive", "transmit", "tcp"]),
    (MetricKind::Pool, &["pool", "threads", "queue"], &["connection", "inflight"]),
    (MetricKind::Traffic, &["load", "ops", "rps", "qps", "hits", "calls", "throughput"], &["workload", "request", "traffic"]),
];

impl MetricKind {
    /// Every kind, in the order of declaration.
    pub const ALL: [Self; 12] = [
        Self::Latency,
        Self::CallLatency,
        Self::Errors,
        Self::Success,
        Self::Cpu,
        Self::Memory,
        Self::Disk,
        Self::Network,
        Self::Restarts,
        Self::Pool,
        Self::Traffic,
        Self::Other,
    ];

    /// The kind that the name tells.
    pub fn of(name: &str) -> Self {
        let words = words(name);
        let is = |kind: Self| words.iter().any(|word| kind.matches(word));
        let kind = RULES.iter().map(|rule| rule.0).find(|kind| is(*kind)).unwrap_or(Self::Other);
        let is_callers = words.iter().any(|word| matches!(word.as_str(), "client" | "outbound" | "upstream"));
        if kind == Self::Latency && is_callers { Self::CallLatency } else { kind }
    }

    /// Which way is worse: 1 up, -1 down.
    pub fn sign(self) -> f64 {
        if self == Self::Success { -1.0 } else { 1.0 }
    }

    fn matches(self, word: &str) -> bool {
        RULES
            .iter()
            .filter(|rule| rule.0 == self)
            .any(|(_, whole, starts)| whole.contains(&word) || starts.iter().any(|start| word.starts_with(start)))
    }
}

/// Lower-case words: `PodServerLatencyP90(s)` is `pod`, `server`, `latency`, `p`, `s`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        let starts_word = !c.is_alphabetic() || c.is_uppercase() && was_lower;
        if starts_word && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphabetic()) {
            word.extend(c.to_lowercase());
        }
        was_lower = c.is_lowercase();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::MetricKind::{self, *};

    #[test]
    fn names_of_several_systems_are_recognised() {
        for (name, kind) in [
            ("CpuUsageRate(%)", Cpu),
            ("cpu", Cpu),
            ("container_cpu_usage_seconds_total", Cpu),
            ("MemoryUsage(Mi)", Memory),
            ("mem", Memory),
            ("PodServerLatencyP90(s)", Latency),
            ("PodClientLatencyP90(s)", CallLatency),
            ("latency-90", Latency),
            ("lat_50", Latency),
            ("latency_Average", Latency),
            ("availability_Average", Success),
            ("PodSuccessRate(%)", Success),
            ("request_error_total", Errors),
            ("requests_Sum", Traffic),
            ("PodWorkload(Ops)", Traffic),
            ("workload", Traffic),
            ("NetworkReceiveBytes", Network),
            ("socket", Network),
            ("diskio", Disk),
            ("fs_reads_bytes", Disk),
            ("SyscallRead", Other),
            ("container_restarts", Restarts),
        ] {
            assert_eq!(MetricKind::of(name), kind, "{name}");
        }
    }

    #[test]
    fn only_success_is_bad_when_it_falls() {
        let falling: Vec<MetricKind> = MetricKind::ALL.into_iter().filter(|kind| kind.sign() < 0.0).collect();
        assert_eq!(falling, [Success]);
    }
}
