//! Opens whatever people have: a scenario file, Kubernetes manifests or Compose files.
//!
//! What comes of it is for people to look at first ([`Preview`]), whichever it was: problems have codes, places and help
//! either way, and a file with an error is not run at all.

use super::Scenario;
use super::file::{self, Loaded, RunDefaults};
use super::import::{self, FoundEdge, FoundService, Gravity, Preview, Problem};
use crate::topology::Topology;
use std::collections::BTreeSet;

/// What came of some files.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What was found, for people.
    pub preview: Preview,
    /// What there is to run; `None` if there is an error.
    pub scenario: Option<Scenario>,
    /// How it wants to be run.
    pub run: RunDefaults,
}

/// Opens files (name, text): one scenario file, or what [`import::read`] reads.
pub fn open(files: &[(String, String)]) -> Opened {
    if let [(name, text)] = files
        && file::is_scenario_file(text)
    {
        return open_scenario(name, text);
    }
    let found = import::read(files);
    Opened { preview: found.preview, scenario: found.scenario, run: RunDefaults::default() }
}

/// Opens the text of a scenario file; anything else is not one.
pub fn open_scenario(name: &str, text: &str) -> Opened {
    match file::read_named(name, text) {
        Ok(loaded) => runnable(loaded),
        Err(problems) => broken(name, problems),
    }
}

fn runnable(loaded: Loaded) -> Opened {
    let Loaded { scenario, run } = loaded;
    let (services, edges) = (services(&scenario.topology), edges(&scenario.topology));
    let planned = scenario.faults.len() + scenario.edits.len() + scenario.actions.len();
    let summary = format!(
        "scenario file: {}, {}, {}",
        counted(services.len(), "service"),
        counted(edges.len(), "call"),
        counted(planned, "planned event")
    );
    let preview = Preview { name: scenario.name.clone(), summary, services, edges, runnable: true, ..Preview::default() };
    Opened { preview, scenario: Some(scenario), run }
}

fn broken(name: &str, problems: Vec<Problem>) -> Opened {
    let errors = problems.iter().filter(|p| p.gravity == Gravity::Error).count();
    let summary = format!("scenario file: {}", counted(errors, "error"));
    let preview = Preview { name: name.to_owned(), summary, problems, ..Preview::default() };
    Opened { preview, scenario: None, run: RunDefaults::default() }
}

fn services(topology: &Topology) -> Vec<FoundService> {
    let one = |service: &crate::topology::Service| FoundService {
        name: service.name.clone(),
        source: format!("{:?}", service.kind).to_lowercase(),
        replicas: service.replicas,
        cpu_millicores: service.cpu_limit.0,
        memory_mib: service.memory_limit.0,
        assumed: Vec::new(),
    };
    topology.services().map(|(_, service)| one(service)).collect()
}

/// Each pair once, however many calls there are between the two.
fn edges(topology: &Topology) -> Vec<FoundEdge> {
    let pairs: BTreeSet<_> = topology.edges().map(|edge| (edge.from, edge.to)).collect();
    let name = |id| topology.name(id).to_owned();
    let evidence = || "written in the file".to_owned();
    pairs
        .into_iter()
        .map(|(from, to)| FoundEdge { from: name(from), to: name(to), evidence: evidence(), inferred: false })
        .collect()
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, text: &str) -> Vec<(String, String)> {
        vec![(name.to_owned(), text.to_owned())]
    }

    #[test]
    fn a_scenario_file_without_its_version_is_not_taken_for_compose() {
        for text in [
            "name: Two\nservices:\n  web: { calls: [back] }\n  back: {}\nfaults:\n  - { at: 1s, kind: hang, target: back }\n",
            "services:\n  web:\n    calls: [back]\n  back:\n    demand: { cpu: 1ms }\n",
        ] {
            let opened = open(&named("two.yaml", text));
            assert!(
                opened.scenario.is_none() && opened.preview.problems.iter().any(|p| p.code == "E0303"),
                "{:?}",
                opened.preview
            );
        }
        let compose = "services:\n  web:\n    image: nginx\n    depends_on: [back]\n  back:\n    image: redis\nsecrets: {}\n";
        assert!(open(&named("compose.yaml", compose)).scenario.is_some());
    }

    #[test]
    fn a_scenario_file_is_previewed_like_an_import_and_keeps_its_run_defaults() {
        let text = "sickbay: 1\nname: Two\nseed: 9\nservices:\n  web: { calls: [back] }\n  back: {}\n";
        let opened = open(&named("two.yaml", text));
        assert!(opened.preview.runnable, "{:#?}", opened.preview.problems);
        assert_eq!((opened.preview.name.as_str(), opened.preview.services.len(), opened.preview.edges.len()), ("Two", 2, 1));
        assert_eq!((opened.scenario.expect("runs").name.as_str(), opened.run.seed), ("Two", Some(9)));
    }

    #[test]
    fn a_broken_scenario_file_says_what_is_wrong_and_where() {
        let opened = open(&named("two.yaml", "sickbay: 1\nname: Two\nservices:\n  web: { calls: [nobody] }\n"));
        assert!(opened.scenario.is_none() && !opened.preview.runnable);
        assert!(opened.preview.problems.iter().any(|p| p.message.contains("nobody") && p.place.starts_with("two.yaml:4")));
    }

    #[test]
    fn anything_else_is_an_import_but_not_where_only_a_scenario_file_will_do() {
        assert!(open(&named("compose.yaml", "services:\n  web:\n    image: nginx\n")).preview.runnable);
        let opened = open_scenario("link", "services:\n  web:\n    image: nginx\n");
        assert!(opened.scenario.is_none() && !opened.preview.problems.is_empty());
    }
}
