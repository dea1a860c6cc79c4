//! The story of a run as a table with fixed columns, so that a difference of two runs can be read.

use super::record::Record;
use crate::ids::ServiceId;
use crate::sim::Event;
use crate::units::SimTime;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Most kinds of events named in one line.
const WORDS_MAX: usize = 6;

/// An event in a few words; `None` for those that are too many or say nothing to a reader.
pub(super) fn words(at: SimTime, event: &Event, name: impl Fn(ServiceId) -> String) -> Option<String> {
    Some(match event {
        Event::FaultBegan(fault) => format!("+{} on {}", fault.spec.kind.name(), fault.spec.target.words(&name)),
        Event::FaultEnded(fault) => format!("-{} on {}", fault.spec.kind.name(), fault.spec.target.words(&name)),
        Event::Exited { service, exit, .. } => format!("{} {}", name(*service), exit_word(*exit)),
        Event::BecameReady { service, .. } if at > SimTime::ZERO => format!("{} ready", name(*service)),
        Event::BecameUnready { service, .. } => format!("{} unready", name(*service)),
        Event::Scaled { service, from, to, by_autoscaler } => {
            let who = if *by_autoscaler { " by its autoscaler" } else { "" };
            format!("{} {from}->{to}{who}", name(*service))
        }
        Event::RollOutBegan { service, version } => format!("{} rolls out v{version}", name(*service)),
        Event::RollOutEnded { service, version, complete } => {
            format!("{} v{version} {}", name(*service), if *complete { "complete" } else { "given up" })
        }
        Event::Breaker { from, to, open, .. } => {
            format!("{}->{} breaker {}", name(*from), name(*to), if *open { "opens" } else { "closes" })
        }
        Event::Ejected { to, .. } => format!("{} ejected", name(*to)),
        Event::Pending { service, .. } => format!("{} finds no room", name(*service)),
        Event::NodeLost { node } => format!("node {node} lost"),
        Event::NodeJoined { node } => format!("node {node} back"),
        Event::ActionEnded(receipt) => format!("{} ended", receipt.id),
        _ => return None,
    })
}

const fn exit_word(exit: crate::sim::Exit) -> &'static str {
    use crate::sim::Exit;
    match exit {
        Exit::OutOfMemory => "out of memory",
        Exit::Killed => "killed",
        Exit::Crashed => "crashed",
        Exit::Unhealthy => "killed by its probe",
        Exit::NodeLost => "lost with its node",
        Exit::Retired => "retired",
    }
}

/// The table: a line for every `step_s` seconds.
pub(super) fn table(record: &Record, step_s: usize) -> String {
    let mut out =
        String::from("    time  offered/s  goodput/s  tries/call  calls/user  queue    p50 ms    p99 ms    ready  events\n");
    let step_s = step_s.max(1);
    for from_s in (0..record.seconds.len()).step_by(step_s) {
        let to_s = (from_s + step_s).min(record.seconds.len());
        let window = record.window(from_s, to_s);
        let (ready, desired) = window.ready();
        let _ = writeln!(
            out,
            "{:>8} {:>10} {:>10} {:>11} {:>11} {:>6} {:>9} {:>9} {:>8}  {}",
            format!("{:02}:{:02}", to_s / 60, to_s % 60),
            number(window.offered(), 1),
            number(window.goodput(), 1),
            number(window.tries(), 2),
            number(window.amplification(), 2),
            number(window.waiting(), 0),
            number(window.latency_ms(0.5), 1),
            number(window.latency_ms(0.99), 1),
            format!("{ready}/{desired}"),
            events(record, from_s, to_s)
        );
    }
    // Lines without events end without blanks.
    out.lines().map(str::trim_end).fold(String::new(), |text, line| text + line + "\n")
}

fn number(value: f64, decimals: usize) -> String {
    if value.is_finite() { format!("{value:.decimals$}") } else { "-".to_owned() }
}

/// What happened in these seconds: equal things once, with their number.
fn events(record: &Record, from_s: usize, to_s: usize) -> String {
    let mut order: Vec<&str> = Vec::new();
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    // A thing that happens right at a line's time is the cause of what follows, and so stands in the next line.
    let within = |at: f64| (from_s as f64..to_s as f64).contains(&at);
    for (_, text) in record.notes.iter().filter(|(at, _)| within(at.as_secs_f64())) {
        let count = counts.entry(text.as_str()).or_default();
        *count += 1;
        if *count == 1 {
            order.push(text);
        }
    }
    let mut parts: Vec<String> = Vec::new();
    for text in order.iter().take(WORDS_MAX) {
        let count = counts[text];
        parts.push(if count == 1 { (*text).to_owned() } else { format!("{text} x{count}") });
    }
    if order.len() > WORDS_MAX {
        parts.push(format!("and {} more", order.len() - WORDS_MAX));
    }
    parts.join("; ")
}
