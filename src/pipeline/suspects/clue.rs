//! Kinds of evidence for or against a suspect. Each is a number near 0 when nothing is the matter and about 1 when it is
//! plain; strengths without a natural limit are squeezed by a logarithm.

/// A kind of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Clue {
    /// Held before looking.
    Prior,
    /// CPU beyond what the requests explain.
    CpuExtra,
    /// CPU of the busiest instance near its limit.
    CpuBusiest,
    /// More memory than usual.
    Memory,
    /// Processes killed for their memory.
    OutOfMemory,
    /// Failures of its own, not of those whom it calls.
    Errors,
    /// Requests turned away at the door.
    Refused,
    /// Failures that failed calls explain.
    ErrorsBelow,
    /// Slower than usual beyond its calls and its queue.
    SlowOwn,
    /// Slower than usual because of its calls.
    SlowBelow,
    /// Requests wait for a worker.
    Waited,
    /// Callers see more latency than it does itself.
    GapLatency,
    /// Callers see more failures than it does itself.
    GapErrors,
    /// Share of its callers that see such a gap.
    GapCallers,
    /// Share of its own calls with such a gap.
    GapCalls,
    /// Callers get no answer in time.
    TimedOut,
    /// Callers get no connection.
    Unconnected,
    /// Processes killed from outside.
    Killed,
    /// Processes that gave up.
    Crashed,
    /// Processes whose liveness probe failed.
    Unhealthy,
    /// Processes lost with their node.
    NodeLost,
    /// Instances missing.
    Missing,
    /// Instances that take requests and answer none.
    Silent,
    /// One instance has more than its share.
    Uneven,
    /// Its version or its pods' template changed just before.
    Changed,
    /// Its configuration changed just before.
    Configured,
    /// It changed just before and fails since.
    ChangedErrors,
    /// It was configured just before and fails since.
    ConfiguredErrors,
    /// It knows fewer of the keys that it is asked for.
    HitDrop,
    /// More requests than usual that its callers do not explain.
    RateOwn,
    /// More requests than usual.
    RateUp,
    /// Fewer requests than usual.
    RateDown,
    /// Share of its instances on machines that are down; of a machine or zone: that it is down.
    Down,
    /// CPU taken by other tenants of its machines.
    Foreign,
    /// One whom it calls is ill itself.
    CalleeIll,
    /// The way between two zones is bad.
    PathBad,
    /// It was conspicuous before others were.
    First,
    /// It keeps data, so it waits for a disk.
    Keeps,
    /// The same trouble elsewhere: other callers of the callee, other machines of the zone, other ways.
    Elsewhere,
    /// More of its pools' connections taken than usual.
    PoolUsed,
    /// Connections taken that no call at work accounts for.
    PoolHeld,
    /// Its calls wait for a connection.
    PoolWaited,
    /// Its calls give up waiting for a connection.
    PoolGaveUp,
    /// It writes errors that it did not write, or far more of them.
    Logs,
    /// More spans than its callers' requests make due.
    SpansMore,
    /// Fewer spans than its callers' requests make due.
    SpansFewer,
}

impl Clue {
    /// Number of kinds.
    pub const COUNT: usize = 46;

    /// What it is called where reasons are read.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Prior => "before looking",
            Self::CpuExtra => "CPU beyond what its requests explain",
            Self::CpuBusiest => "CPU near the limit",
            Self::Memory => "memory above usual",
            Self::OutOfMemory => "OOM kills",
            Self::Errors => "failures of its own",
            Self::Refused => "requests turned away",
            Self::ErrorsBelow => "failures that its calls explain",
            Self::SlowOwn => "slow by itself",
            Self::SlowBelow => "slow because of its calls",
            Self::Waited => "requests wait for a worker",
            Self::GapLatency => "callers wait longer than it takes",
            Self::GapErrors => "callers see failures that it does not",
            Self::GapCallers => "callers that see such a gap",
            Self::GapCalls => "calls with such a gap",
            Self::TimedOut => "calls to it time out",
            Self::Unconnected => "connections to it fail",
            Self::Killed => "processes killed from outside",
            Self::Crashed => "processes that gave up",
            Self::Unhealthy => "liveness probes failed",
            Self::NodeLost => "instances lost with a node",
            Self::Missing => "instances missing",
            Self::Silent => "instances that answer nothing",
            Self::Uneven => "one instance has more than its share",
            Self::Changed => "rolled out just before",
            Self::Configured => "configured just before",
            Self::ChangedErrors => "fails since it was rolled out",
            Self::ConfiguredErrors => "fails since it was configured",
            Self::HitDrop => "the cache has lost keys",
            Self::RateOwn => "more requests than its callers explain",
            Self::RateUp => "more requests than usual",
            Self::RateDown => "fewer requests than usual",
            Self::Down => "machines down",
            Self::Foreign => "CPU taken by other tenants",
            Self::CalleeIll => "one whom it calls is ill",
            Self::PathBad => "the way between two zones is bad",
            Self::First => "conspicuous before others",
            Self::Keeps => "keeps data",
            Self::Elsewhere => "the same trouble elsewhere",
            Self::PoolUsed => "more connections of its pool taken than usual",
            Self::PoolHeld => "connections taken that no call accounts for",
            Self::PoolWaited => "calls wait for a connection of its pool",
            Self::PoolGaveUp => "calls that got no connection of its pool",
            Self::Logs => "new or more errors in its log",
            Self::SpansMore => "does more for each request than usual",
            Self::SpansFewer => "does less for each request than usual",
        }
    }
}

/// One value a kind of evidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clues(pub [f64; Clue::COUNT]);

impl Default for Clues {
    fn default() -> Self {
        let mut values = [0.0; Clue::COUNT];
        values[Clue::Prior as usize] = 1.0;
        Self(values)
    }
}

impl Clues {
    /// The value of one kind.
    pub const fn of(&self, clue: Clue) -> f64 {
        self.0[clue as usize]
    }
    pub(super) fn set(&mut self, clue: Clue, value: f64) {
        self.0[clue as usize] = if value.is_finite() { value } else { 0.0 };
    }
}
