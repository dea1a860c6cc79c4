//! The fixed wording of numbers: one place, so that evidence, outcomes and the event log read alike.

use crate::telemetry::Metric;

/// What people call a metric.
pub const fn label(metric: Metric) -> &'static str {
    match metric {
        Metric::CpuUtilisation => "CPU",
        Metric::MemoryUtilisation => "memory",
        Metric::ErrorRatio => "errors",
        Metric::LatencyP50 => "p50",
        Metric::LatencyP95 => "p95",
        Metric::LatencyP99 => "p99",
        Metric::RequestRate => "rate",
        Metric::QueueLen => "queue",
        Metric::Restarts => "restarts",
        Metric::ReplicasReady => "instances ready",
        Metric::ReplicasDesired => "instances wanted",
        Metric::GoodRatio => "good requests",
    }
}

/// A value without its unit: percent with one decimal, milliseconds and counts whole.
pub fn number(metric: Metric, value: f64) -> String {
    match metric {
        Metric::CpuUtilisation | Metric::MemoryUtilisation | Metric::ErrorRatio | Metric::GoodRatio => {
            format!("{:.1}", value * 100.0)
        }
        Metric::RequestRate => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// The unit after a number, with its space; empty for counts.
pub const fn unit(metric: Metric) -> &'static str {
    match metric {
        Metric::CpuUtilisation | Metric::MemoryUtilisation | Metric::ErrorRatio | Metric::GoodRatio => " %",
        Metric::LatencyP50 | Metric::LatencyP95 | Metric::LatencyP99 => " ms",
        Metric::RequestRate => " /s",
        _ => "",
    }
}

/// A value with its unit: `62.0 %`, `940 ms`.
pub fn value(metric: Metric, value: f64) -> String {
    format!("{}{}", number(metric, value), unit(metric))
}

/// A measured value against its threshold: `errors 62.0 % >= 5.0 %`.
pub fn against(metric: Metric, measured: f64, threshold: f64) -> String {
    format!("{} {} >= {}", label(metric), value(metric, measured), value(metric, threshold))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_carry_their_unit() {
        assert_eq!(against(Metric::ErrorRatio, 0.62, 0.05), "errors 62.0 % >= 5.0 %");
        assert_eq!(value(Metric::LatencyP95, 940.4), "940 ms");
        assert_eq!(value(Metric::Restarts, 3.0), "3");
    }
}
