//! What the groups of reference rows are about, for people who have not met them. Every group that can be measured is here.

/// Where a group stands on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chapter {
    /// One service and its queue.
    Queues,
    /// Several services, several instances.
    Systems,
    /// Repeating what failed.
    Retries,
    /// More load than capacity.
    Overload,
    /// The platform's own rules.
    Platform,
}

impl Chapter {
    /// All, in the page's order.
    pub const ALL: [Self; 5] = [Self::Queues, Self::Systems, Self::Retries, Self::Overload, Self::Platform];

    /// Anchor, heading, and a sentence on what it is held to.
    pub const fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Queues => (
                "queues",
                "Queues",
                "One service, its workers and its queue, against queueing theory. S is the mean service time, rho the load \
                 over the \
                 capacity, c the number of servers.",
            ),
            Self::Systems => (
                "systems",
                "Systems of services",
                "Requests that pass several services, choose among instances, or wait for several answers, against theory.",
            ),
            Self::Retries => (
                "retries",
                "Retries",
                "How much load repetition makes, against arithmetic and against the rules of the client libraries that limit \
                 it.",
            ),
            Self::Overload => (
                "overload",
                "Overload and collapse",
                "When a system falls over and whether it gets up again by itself, against theory, published experiments and a \
                 simulation written apart from this one.",
            ),
            Self::Platform => (
                "platform",
                "Platform rules",
                "What a container platform and its proxies do by rule, against their documentation and source.",
            ),
        }
    }
}

/// A group in words.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Its name in tables; one that ends in `(` stands for all that begin so.
    pub group: &'static str,
    /// Where it stands.
    pub chapter: Chapter,
    /// Its heading.
    pub title: &'static str,
    /// What is set up and what must come out.
    pub words: &'static str,
}

const fn of(chapter: Chapter, group: &'static str, title: &'static str, words: &'static str) -> About {
    About { group, chapter, title, words }
}

/// The words of a group; `None` if nobody wrote any.
pub fn about(group: &str) -> Option<&'static About> {
    let fits = |about: &&About| about.group == group || about.group.ends_with('(') && group.starts_with(about.group);
    ALL.iter().find(fits)
}

use Chapter::{Overload, Platform, Queues, Retries, Systems};

const ALL: &[About] = &[
    of(Queues, "M/M/1", "M/M/1", "Random arrivals, one server, exponential service: the textbook queue."),
    of(Queues, "M/M/c", "M/M/c", "The same with several servers and one queue: how likely is a wait, and how long (Erlang C)."),
    of(Queues, "M/G/1 FIFO", "M/G/1, first come first served", "Any spread of service times: waits grow with their variance."),
    of(
        Queues,
        "M/G/1-PS",
        "M/G/1, processor sharing",
        "All requests share one core: the mean time does not depend on their spread.",
    ),
    of(Queues, "M/M/c-PS", "M/M/c, processor sharing", "Requests share several cores: on average as M/M/c."),
    of(Queues, "M/M/1/K loss", "M/M/1 with a bounded queue", "Whoever finds it full is turned away."),
    of(Queues, "M/M/c/K loss", "M/M/c with a bounded queue", "The same with several servers."),
    of(
        Queues,
        "Allen-Cunneen",
        "Allen and Cunneen's approximation",
        "Uneven arrivals, even service, several servers: the rule of thumb of capacity planning. It is itself approximate, \
         hence the \
         wide tolerance.",
    ),
    of(
        Queues,
        "MMPP/M/1",
        "Bursty arrivals",
        "Arrivals alternate between a low and a high rate; the queue remembers each burst.",
    ),
    of(
        Queues,
        "M/M/1+D (deadline checked at dequeue)",
        "Deadlines in the queue",
        "Requests whose deadline has passed when their turn comes are dropped unserved.",
    ),
    of(Queues, "Erlang-A", "Impatient users (Erlang A)", "Users who leave the queue after a random time."),
    of(
        Queues,
        "queue sizing",
        "A full queue",
        "The time spent in a queue is its length over its throughput: why long queues do not help.",
    ),
    of(Systems, "Jackson", "Open network (Jackson)", "Requests wander through stations; each behaves as if it stood alone."),
    of(
        Systems,
        "closed MVA",
        "Closed network",
        "A fixed number of users who think between requests: exact mean value \
    analysis.",
    ),
    of(
        Systems,
        "power of d choices",
        "Power of d choices",
        "Each request goes to the least busy of d instances drawn at random: two choices take most of the waiting away.",
    ),
    of(
        Systems,
        "balls in bins",
        "Balls in bins",
        "As many requests as instances: the fullest instance, by how many were looked at.",
    ),
    of(Systems, "fan-out", "Fan-out", "A request that waits for many answers is as slow as the slowest."),
    of(Systems, "parallel join", "Parallel join", "Waiting for the last of several calls made at once."),
    of(Systems, "hedging", "Hedged calls", "A second copy is sent when the first is later than the 95th percentile."),
    of(Systems, "lognormal sampler", "Lognormal times", "The sampler of most service times, through a whole service."),
    of(Retries, "retry, independent failures", "Independent failures", "Each attempt fails by itself with probability p."),
    of(Retries, "nested retries", "Nested retries", "Every layer tries several times: attempts multiply down the stack."),
    of(Retries, "retry budget", "Retry budget", "Retries may be at most a share of the requests."),
    of(Retries, "token-bucket retries", "Token bucket", "A retry costs a token; successes pay a little back."),
    of(
        Retries,
        "retry fixed point, free fast rejection",
        "Overload with fast rejection",
        "A server that turns the surplus away for nothing and clients who come back: goodput stays at the capacity.",
    ),
    of(Retries, "gRPC retryThrottling", "gRPC's retry throttling", "Retries stop when half of the tokens are gone (gRFC A6)."),
    of(Retries, "AWS SDK standard", "AWS SDK's standard mode", "A quota of tokens, of which a time-out costs twice as many."),
    of(
        Overload,
        "retry storm, timeout without cancellation, unbounded FIFO",
        "Hidden capacity",
        "The load below which a system heals by itself after a trigger: its capacity over the number of attempts.",
    ),
    of(
        Overload,
        "retry storm, bounded FIFO",
        "Critical queue bound",
        "A queue short enough to be served within the time-out cannot keep a storm alive.",
    ),
    of(
        Overload,
        "retry storm region map",
        "Region map of the retry storm",
        "A loss of capacity for twenty seconds at several loads and queue disciplines: does goodput return?",
    ),
    of(
        Overload,
        "OSDI22 retry experiment, sign pattern",
        "Sign pattern of the OSDI 2022 experiment",
        "Which of load, loss and length make the collapse last (Huang et al., Metastable Failures in the Wild).",
    ),
    of(
        Overload,
        "collapse after spike (",
        "Collapse after a spike",
        "A service that slows down with its load, clients with three tries, and a spike of twelve seconds, over a hundred \
         seeds.",
    ),
    of(
        Overload,
        "client adaptive throttling",
        "Client-side throttling",
        "Clients reject locally what the server would reject anyway (Google SRE book, chapter 21).",
    ),
    of(
        Overload,
        "DAGOR subsequent overload",
        "DAGOR, subsequent overload",
        "Tasks that need an overloaded service several times: shedding at random against shedding whole users (WeChat, SoCC \
         2018).",
    ),
    of(Overload, "CoDel", "CoDel", "Drops come faster and faster while the queue's delay stays above its target (RFC 8289)."),
    of(
        Platform,
        "HPA",
        "Horizontal pod autoscaler",
        "Desired replicas, tolerance, limits on how fast it grows, and the wait before it shrinks.",
    ),
    of(Platform, "CrashLoopBackOff", "Crash-loop back-off", "Waits before each restart of a container that keeps ending."),
    of(Platform, "leak->OOMKill", "Leak and out-of-memory kill", "A leak by request reaches the memory limit when it must."),
    of(Platform, "zone loss", "Loss of a zone", "What is left carries the load of all."),
    of(Platform, "liveness", "Liveness probe", "When a container that hangs is restarted."),
    of(Platform, "readiness", "Readiness probe", "When an instance that fails its probe stops getting traffic."),
    of(Platform, "rolling update", "Rolling update", "Most pods and fewest ready pods while a new version is rolled out."),
    of(Platform, "outlier ejection", "Outlier ejection", "Envoy takes an instance out after so many errors in a row."),
    of(Platform, "circuit breaker", "Circuit breaker", "When it opens, and when it tries again."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validation::reference::groups;

    #[test]
    fn every_group_that_can_be_measured_has_its_words_and_none_is_left_over() {
        for group in groups() {
            assert!(about(group).is_some(), "{group} has no words");
        }
        for about in ALL {
            assert!(groups().any(|group| group == about.group), "{} is no group", about.group);
        }
    }
}
