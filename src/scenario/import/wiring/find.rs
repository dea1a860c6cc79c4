//! From declared dependencies, annotations and addresses in values to call edges, each with its evidence.
//!
//! Declared edges come first: a cycle among them is an error. An inferred edge that would close a cycle is left out with
//! a warning: an address in a variable may be that of a caller (a proxy's public name, a call-back), a cycle of
//! synchronous calls never ends.

use super::{EDGES_MAX, Link, Wiring};
use crate::scenario::import::draft::{Draft, Lead, Variable};
use crate::scenario::import::hosts;
use crate::scenario::import::problems::{Code, Log};
use crate::scenario::import::source::Spot;
use std::collections::BTreeMap;

/// Most unset variables named in the note about them.
const UNSET_NAMED_MAX: usize = 8;
/// Longest value quoted as evidence, in characters.
const QUOTE_CHARS_MAX: usize = 80;
/// Parts of names of telemetry back ends: their clients go on without them.
const TELEMETRY: [&str; 7] = ["otel-collector", "otelcol", "opentelemetry-collector", "jaeger", "zipkin", "prometheus", "tempo"];
/// Share of requests that call a telemetry back end: exporters send batches, not one message a request.
const TELEMETRY_SHARE: f64 = 0.05;

impl Wiring {
    /// Finds the edges of `draft`.
    pub fn of(draft: &Draft, log: &mut Log<'_>) -> Self {
        let mut wiring = Self { callees: vec![Vec::new(); draft.services.len()], ..Self::default() };
        wiring.add_declared(draft, log);
        wiring.add_annotated(draft, log);
        if wiring.report_cycle(draft, log) {
            return wiring;
        }
        let folded = draft.folded_hosts();
        let mut unset = Vec::new();
        for (from, service) in draft.services.iter().enumerate() {
            for variable in &service.variables {
                wiring.add_mentions(draft, from, variable, log);
                wiring.add_named_after(draft, &folded, from, variable, &mut unset, log);
            }
        }
        note_unset(&unset, log);
        wiring
    }

    fn add_declared(&mut self, draft: &Draft, log: &mut Log<'_>) {
        for declared in &draft.declared {
            let evidence = format!("{} {} {}", log.sources.line_place(declared.spot), declared.what, declared.to);
            match draft.lead(declared.from, &declared.to) {
                Lead::Services(services) => {
                    for &to in services {
                        self.add(draft, link(draft, declared.from, to, evidence.clone(), declared.spot), log);
                    }
                }
                Lead::Elsewhere => {
                    log.ignore(format!("{} {}", declared.what, declared.to), declared.spot, "it is not in these files")
                }
                Lead::Unknown if declared.may_be_missing => {
                    log.ignore(format!("{} {}", declared.what, declared.to), declared.spot, "it may be missing, and it is");
                }
                Lead::Unknown => unknown_dependency(draft, declared.from, &declared.to, declared.spot, log),
            }
        }
    }

    fn add_annotated(&mut self, draft: &Draft, log: &mut Log<'_>) {
        for (from, service) in draft.services.iter().enumerate() {
            for (stage, calls) in service.annotations.calls.iter().flatten().enumerate() {
                for call in calls {
                    let Lead::Services(services) = draft.lead(from, &call.to) else {
                        let message =
                            format!("sickbay.dev/calls of '{}' names '{}', which is no service here", service.name, call.to);
                        log.add(Code::BadAnnotation, service.calls_spot, message, known_names(draft));
                        continue;
                    };
                    for &to in services {
                        let evidence = format!("{} annotation sickbay.dev/calls", log.sources.line_place(service.calls_spot));
                        let found = link(draft, from, to, evidence, service.calls_spot);
                        let probability = call.probability * share(draft, services, to);
                        let wanted = Link { probability, optional: call.optional, stage: Some(stage), ..found };
                        self.add(draft, wanted, log);
                    }
                }
            }
        }
    }

    fn add_mentions(&mut self, draft: &Draft, from: usize, variable: &Variable, log: &mut Log<'_>) {
        for mention in hosts::mentions(&variable.value) {
            if !mention.is_address && !hosts::may_hold_bare_host(&variable.key) {
                continue;
            }
            match draft.lead(from, mention.host) {
                Lead::Services(services) => {
                    let evidence = format!("{} {}", log.sources.line_place(variable.spot), quote(variable, mention.host));
                    self.add_inferred(draft, from, services, &evidence, variable.spot, log);
                }
                Lead::Elsewhere => log.ignore(quote(variable, mention.host), variable.spot, "it leads outside these files"),
                Lead::Unknown => note_dangling(draft, from, variable, &mention, log),
            }
        }
    }

    /// `FLAGD_HOST` without a value says no address, but says whose address it wants.
    fn add_named_after<'d>(
        &mut self,
        draft: &'d Draft,
        folded: &BTreeMap<String, &'d [usize]>,
        from: usize,
        variable: &Variable,
        unset: &mut Vec<(String, Spot)>,
        log: &mut Log<'_>,
    ) {
        for name in variable.unset.iter().filter(|name| hosts::names_address(name)) {
            match hosts::named_after(name).iter().find_map(|n| folded.get(n)) {
                Some(services) => {
                    let callees: Vec<_> =
                        services.iter().filter_map(|s| draft.services.get(*s)).map(|s| s.name.as_str()).collect();
                    let evidence = format!(
                        "{} {} {name} (no value in these files; named after {})",
                        log.sources.line_place(variable.spot),
                        variable.origin,
                        callees.join(", ")
                    );
                    self.add_inferred(draft, from, services, &evidence, variable.spot, log);
                }
                None if !unset.iter().any(|(n, _)| n == name) && unset.len() <= EDGES_MAX => {
                    unset.push((name.clone(), variable.spot))
                }
                None => {}
            }
        }
    }

    fn add_inferred(&mut self, draft: &Draft, from: usize, services: &[usize], evidence: &str, spot: Spot, log: &mut Log<'_>) {
        for &to in services {
            if let Some(&known) = self.index.get(&(from, to)) {
                let known = &mut self.links[known];
                // The annotation says how often; the address is the better proof that the call exists.
                if known.stage.is_some() && !known.inferred {
                    (known.inferred, known.evidence) = (true, evidence.to_owned());
                }
            } else if from != to && self.reaches(to, from) {
                self.report_inferred_cycle(draft, (from, to), evidence, spot, log);
            } else {
                let found = link(draft, from, to, evidence.to_owned(), spot);
                let probability = found.probability * share(draft, services, to);
                self.add(draft, Link { probability, inferred: true, ..found }, log);
            }
        }
    }

    fn report_inferred_cycle(&self, draft: &Draft, (from, to): (usize, usize), evidence: &str, spot: Spot, log: &mut Log<'_>) {
        let (from, to) = (&draft.services[from].name, &draft.services[to].name);
        log.ignore(format!("edge {from} -> {to}"), spot, format!("it would close a cycle ({evidence})"));
        let message = format!("{from} -> {to} is left out: {to} already depends on {from} ({evidence})");
        log.add(
            Code::InferredCycle,
            spot,
            message,
            "an address may be that of a caller; if the call is real, draw it and remove the one against it",
        );
    }

    /// Reports the first cycle among the declared edges: the path, at the place of the edge that closes it.
    fn report_cycle(&self, draft: &Draft, log: &mut Log<'_>) -> bool {
        let Some(closing) = self.closing_link() else { return false };
        let mut path = vec![draft.services[closing.from].name.as_str()];
        let mut at = closing.to;
        while at != closing.from && path.len() <= self.callees.len() {
            path.push(&draft.services[at].name);
            let Some(&next) = self.callees[at].iter().find(|next| self.reaches(**next, closing.from)) else { break };
            at = next;
        }
        path.push(&draft.services[closing.from].name);
        let message = format!("dependencies form a cycle: {}", path.join(" -> "));
        log.add(Code::Cycle, closing.spot, message, "a cycle of synchronous calls never ends: remove one of these dependencies");
        true
    }
}

fn link(draft: &Draft, from: usize, to: usize, evidence: String, spot: Spot) -> Link {
    let name = draft.services[to].name.to_lowercase();
    let is_telemetry = TELEMETRY.iter().any(|part| name.contains(part));
    let probability = if is_telemetry { TELEMETRY_SHARE } else { 1.0 };
    // Flag services answer with defaults when they are away.
    let optional = is_telemetry || name.contains("flagd");
    Link { from, to, probability, optional, stage: None, inferred: false, evidence, spot }
}

/// Share of the calls to a host that go to one of the workloads behind it: by instances, as a load balancer spreads them.
fn share(draft: &Draft, services: &[usize], to: usize) -> f64 {
    let instances = |i: usize| f64::from(draft.services[i].replicas.unwrap_or(1).max(1));
    instances(to) / services.iter().map(|i| instances(*i)).sum::<f64>()
}

/// The variable and its value; only the host if the value may hold a password or is long.
fn quote(variable: &Variable, host: &str) -> String {
    let is_short = variable.value.chars().count() <= QUOTE_CHARS_MAX && !variable.value.contains('@');
    let value = if is_short { variable.value.clone() } else { format!("...{host}...") };
    match variable.key.as_str() {
        "" => format!("{} {value}", variable.origin),
        key => format!("{} {key}={value}", variable.origin),
    }
}

fn note_dangling(draft: &Draft, from: usize, variable: &Variable, mention: &hosts::Mention<'_>, log: &mut Log<'_>) {
    let is_whole = variable.value.strip_prefix(mention.host).is_some_and(|rest| rest.len() >= 3 && rest.starts_with(':'));
    let is_versioned = ["IMAGE", "VERSION", "TAG", "USER"].iter().any(|w| variable.key.to_uppercase().contains(w));
    let is_cluster_name = mention.host.contains(".svc");
    let wants_address = hosts::names_address(&variable.key) || (is_whole && mention.has_port && !is_versioned) || is_cluster_name;
    if variable.key.is_empty() || !wants_address || !hosts::should_be_inside(mention.host) {
        return;
    }
    let message = format!(
        "'{}' of {} names '{}', which is no service in these files ({})",
        variable.key,
        draft.services[from].name,
        mention.host,
        quote(variable, mention.host)
    );
    log.add(Code::DanglingAddress, variable.spot, message, "add the file that defines it, or go on without this call");
}

fn unknown_dependency(draft: &Draft, from: usize, to: &str, spot: Spot, log: &mut Log<'_>) {
    let message = format!("unknown dependency '{to}' of '{}'", draft.services[from].name);
    log.add(Code::UnknownDependency, spot, message, known_names(draft));
}

fn known_names(draft: &Draft) -> String {
    let names: Vec<_> = draft.services.iter().take(12).map(|s| s.name.as_str()).collect();
    let more = if draft.services.len() > names.len() { ", ..." } else { "" };
    format!("the services here are {}{more}", names.join(", "))
}

fn note_unset(unset: &[(String, Spot)], log: &mut Log<'_>) {
    let Some((_, spot)) = unset.first() else { return };
    let names: Vec<_> = unset.iter().take(UNSET_NAMED_MAX).map(|(name, _)| name.as_str()).collect();
    let more = if unset.len() > names.len() { format!(" and {} more", unset.len() - names.len()) } else { String::new() };
    let message = format!("address variables without a value: {}{more}", names.join(", "));
    log.add(Code::UnsetVariables, *spot, message, "drop the .env file together with this one to find calls behind them");
}
