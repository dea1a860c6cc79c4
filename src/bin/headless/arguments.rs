//! The command line, as far as `std` goes: flags with and without values, anything else is a word.

use sickbay::scenario::{PlannedFault, Scenario};
use sickbay::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use sickbay::units::{SimDuration, SimTime};

/// A call that cannot be understood, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct Usage(pub String);

/// Words and flags, in order.
#[derive(Debug, Default)]
pub struct Arguments {
    /// Words that are not flags.
    pub words: Vec<String>,
    flags: Vec<(String, Option<String>)>,
}

impl Arguments {
    /// Splits `words`; `with_value` flags take the next word.
    pub fn parse(words: &[String], with_value: &[&str], without: &[&str]) -> Result<Self, Usage> {
        let mut parsed = Self::default();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            if with_value.contains(&word.as_str()) {
                let value = rest.next().ok_or_else(|| Usage(format!("{word} needs a value")))?;
                parsed.flags.push((word.clone(), Some(value.clone())));
            } else if without.contains(&word.as_str()) {
                parsed.flags.push((word.clone(), None));
            } else if word.starts_with("--") {
                return Err(Usage(format!("there is no option '{word}' here")));
            } else {
                parsed.words.push(word.clone());
            }
        }
        Ok(parsed)
    }
    /// Whether the flag was given.
    pub fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|(name, _)| name == flag)
    }
    /// Values of a flag, in order.
    pub fn values<'a>(&'a self, flag: &'a str) -> impl Iterator<Item = &'a str> {
        self.flags.iter().filter(move |(name, _)| name == flag).filter_map(|(_, value)| value.as_deref())
    }
    /// The last value of a flag, parsed.
    pub fn value<T: std::str::FromStr>(&self, flag: &str, default: T) -> Result<T, Usage> {
        match self.values(flag).last() {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| Usage(format!("{flag} cannot be '{text}'"))),
        }
    }
}

/// `KIND:TARGET[:MAGNITUDE[:AT[:DURATION]]]`.
pub fn fault(text: &str, scenario: &Scenario) -> Result<PlannedFault, Usage> {
    /// When a fault begins if the call does not say: after the system has settled.
    const AT_S: f64 = 30.0;
    let mut parts = text.split(':');
    let name = parts.next().unwrap_or_default().replace('-', "_");
    let names = || FaultKind::ALL.map(FaultKind::name).join(", ");
    let kind = FaultKind::ALL.into_iter().find(|k| k.name() == name);
    let kind = kind.ok_or_else(|| Usage(format!("there is no fault '{name}'; choose one of {}", names())))?;
    let target = target(parts.next().unwrap_or_default(), scenario)?;
    let mut number = |what: &str| match parts.next() {
        None | Some("") => Ok(None),
        Some(word) => match word.parse::<f64>() {
            Ok(value) if value.is_finite() && value >= 0.0 => Ok(Some(value)),
            _ => Err(Usage(format!("in '{text}': the {what} cannot be '{word}'"))),
        },
    };
    let magnitude = number("magnitude")?.unwrap_or(kind.scale().usual);
    let at = SimTime::ZERO + SimDuration::from_secs_f64(number("start")?.unwrap_or(AT_S));
    let duration = number("duration")?.map(SimDuration::from_secs_f64);
    Ok(PlannedFault { at, spec: FaultSpec { target, kind, magnitude, duration } })
}

/// `cart`, `web->cart`, `cart[0]`, `node 2`, `zone a`, `zones a,b`, `monitoring`: as in scenario files.
fn target(text: &str, scenario: &Scenario) -> Result<FaultTarget, Usage> {
    let topology = &scenario.topology;
    let service = |name: &str| {
        let names = || topology.services().map(|(_, s)| s.name.as_str()).collect::<Vec<_>>().join(", ");
        topology.by_name(name).ok_or_else(|| Usage(format!("there is no service '{name}'; there are {}", names())))
    };
    if let Some(id) = topology.by_name(text) {
        return Ok(FaultTarget::Service(id));
    }
    if let Some((from, to)) = text.split_once("->").or_else(|| text.split_once('>')) {
        return Ok(FaultTarget::Edge { from: service(from)?, to: service(to)? });
    }
    let instance = text.strip_suffix(']').and_then(|t| t.split_once('['));
    if let Some((name, ordinal)) = instance {
        let ordinal = ordinal.parse().map_err(|_| Usage(format!("'{text}': an instance has a number from 0")))?;
        return Ok(FaultTarget::Instance { service: service(name)?, ordinal });
    }
    match place(text) {
        Some(target) => Ok(target),
        None => service(text).map(FaultTarget::Service),
    }
}

fn place(text: &str) -> Option<FaultTarget> {
    if text == "monitoring" {
        return Some(FaultTarget::Monitoring);
    }
    let zone = |word: &str| match word.trim().as_bytes() {
        [letter @ b'a'..=b'p'] => Some(letter - b'a'),
        _ => None,
    };
    match text.split_once(' ')? {
        ("node", number) => number.trim().parse().ok().map(FaultTarget::Node),
        ("zone", letter) => zone(letter).map(FaultTarget::Zone),
        ("zones", pair) => pair.split_once(',').and_then(|(a, b)| Some(FaultTarget::Zones(zone(a)?, zone(b)?))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sickbay::topology::{Service, Topology};

    fn scenario() -> Scenario {
        let mut topology = Topology::default();
        topology.push(Service::named("cart"));
        Scenario::of("one", topology)
    }

    #[test]
    fn faults_are_read_with_their_defaults() {
        let full = fault("cpu-hog:cart:0.9:10:20", &scenario()).expect("right");
        assert_eq!((full.at, full.spec.magnitude), (SimTime::from_secs(10), 0.9));
        assert_eq!(full.spec.duration, Some(SimDuration::from_secs(20)));
        let short = fault("error_burst:cart", &scenario()).expect("right");
        assert_eq!((short.at, short.spec.duration), (SimTime::from_secs(30), None));
    }

    #[test]
    fn wrong_faults_name_what_is_there() {
        assert!(fault("flood:cart", &scenario()).unwrap_err().0.contains("cpu_hog"));
        assert!(fault("cpu_hog:shop", &scenario()).unwrap_err().0.contains("cart"));
        assert!(fault("cpu_hog:cart:much", &scenario()).unwrap_err().0.contains("magnitude"));
    }

    #[test]
    fn faults_go_to_instances_nodes_and_zones_too() {
        let target = |text: &str| fault(text, &scenario()).expect("right").spec.target;
        let service = scenario().topology.by_name("cart").expect("there");
        assert_eq!(target("hang:cart[1]"), FaultTarget::Instance { service, ordinal: 1 });
        assert_eq!(target("outage:node 2"), FaultTarget::Node(2));
        assert_eq!(target("outage:zone b"), FaultTarget::Zone(1));
        assert_eq!(target("partition:zones a, c"), FaultTarget::Zones(0, 2));
        assert_eq!(target("telemetry_late:monitoring"), FaultTarget::Monitoring);
        assert!(fault("hang:cart[x]", &scenario()).is_err());
    }

    #[test]
    fn unknown_options_are_refused() {
        let words = ["boutique", "--sede", "4"].map(String::from);
        assert!(Arguments::parse(&words, &["--seed"], &[]).is_err());
    }
}
