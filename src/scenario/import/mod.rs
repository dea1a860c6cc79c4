//! Reads other people's files: Kubernetes manifests, Docker Compose.
//!
//! Files say what is deployed and seldom who calls whom. So an import is a preview first: what was read, which calls were
//! inferred and from what, what was assumed, what was ignored and why, what is wrong and where. Reading is pure and never
//! panics; it is bounded by bytes, documents, nodes and services, so that garbage ends in a message and not in a hang.
//! Any error means that there is nothing to run; warnings do not.
//!
//! The way of a file: `source` splits it into documents, `yaml` makes trees with places of them, `kubernetes` or
//! `compose` a `draft`, `wiring` finds the calls, `sizing` and `assemble` fill in what no file says.

mod annotations;
mod assemble;
mod compose;
mod draft;
mod hosts;
mod interpolate;
mod kubernetes;
mod preview;
mod problems;
mod quantity;
pub mod report;
mod sizing;
pub(super) mod source;
mod wiring;
pub(super) mod yaml;

pub use preview::{FoundEdge, FoundService, Gravity, Ignored, Preview, Problem};

use super::Scenario;
use draft::Draft;
use interpolate::Variables;
use problems::{Code, Log};
use source::{DOCUMENTS_MAX, FILES_MAX, INPUT_BYTES_MAX, Sources};
use wiring::Wiring;
use yaml::Node;

/// Broken documents after which reading stops.
const BROKEN_MAX: usize = 20;

/// What to do about files without a system.
const NOTHING_HELP: &str = "it needs a Deployment, StatefulSet, DaemonSet or Pod (Kubernetes), or `services:` (Compose)";

/// What came of some files.
#[derive(Clone, Debug)]
pub struct Imported {
    /// What was found, for people.
    pub preview: Preview,
    /// The system to run; `None` if there is an error.
    pub scenario: Option<Scenario>,
}

/// Reads files (name, text) as one system: several Kubernetes files together, or Compose files merged in order.
/// `.env` files among them give values to Compose's variables.
pub fn read(files: &[(String, String)]) -> Imported {
    let sources = Sources::new(files);
    let mut log = Log::new(&sources);
    let draft = if is_too_large(files, &mut log) { None } else { read_draft(&sources, &mut log) };
    let mut names = sources.files().map(|(_, name, _)| name).filter(|name| !interpolate::is_env_file(name));
    // Several files have no name in common.
    let file = names.next().filter(|_| names.next().is_none()).unwrap_or("input");
    finish(draft.unwrap_or_default(), file, log)
}

fn is_too_large(files: &[(String, String)], log: &mut Log<'_>) -> bool {
    let bytes: usize = files.iter().map(|(_, text)| text.len()).sum();
    let name = files.first().map_or("input", |(name, _)| name.as_str());
    let help = "drop only the files that describe the services";
    if bytes > INPUT_BYTES_MAX {
        let message =
            format!("{:.1} MB are more than the {} MB that an import may have", bytes as f64 / 1e6, INPUT_BYTES_MAX >> 20);
        log.add_about(Code::TooLarge, name, message, help);
    } else if files.len() > FILES_MAX {
        log.add_about(Code::TooLarge, name, format!("{} files are more than {FILES_MAX}", files.len()), help);
    }
    log.has_errors()
}

fn read_draft(sources: &Sources<'_>, log: &mut Log<'_>) -> Option<Draft> {
    let mut variables = Variables::new();
    for (_, name, text) in sources.files().filter(|(_, name, _)| interpolate::is_env_file(name)) {
        if source::is_binary(text) { binary(name, log) } else { interpolate::read_env_file(text, &mut variables) }
    }
    let documents = parse_all(sources, log);
    let first = documents.first().map(|node| (what_is(node), node.spot));
    let draft = read_documents(documents, &variables, log);
    if let Some((what, spot)) = first
        && draft.as_ref().is_none_or(|d| d.services.is_empty())
        && !log.has_errors()
    {
        log.add(Code::NothingToRun, spot, format!("nothing in it can be run (it begins with a {what})"), NOTHING_HELP);
    }
    draft
}

fn read_documents(documents: Vec<Node>, variables: &Variables, log: &mut Log<'_>) -> Option<Draft> {
    let (mut objects, mut projects) = (Vec::new(), Vec::new());
    for node in documents {
        if compose::is_compose(&node) {
            projects.push(node);
        } else if kubernetes::is_object(&node) {
            objects.push(node);
        } else {
            log.ignore(what_is(&node), node.spot, "neither a Kubernetes object (apiVersion, kind) nor a Compose file (services)");
        }
    }
    match (objects.first(), projects.first()) {
        (Some(_), Some(project)) => {
            let help = "import them one after the other";
            log.add(Code::MixedFormats, project.spot, "Kubernetes and Compose files cannot be one system", help);
            None
        }
        (Some(_), None) => Some(kubernetes::read(&objects.iter().collect::<Vec<_>>(), log)),
        (None, Some(_)) => Some(compose::read(projects, variables, log)),
        (None, None) => None,
    }
}

/// Parses every document on its own, so that a broken one leaves the others readable.
fn parse_all(sources: &Sources<'_>, log: &mut Log<'_>) -> Vec<Node> {
    let (mut nodes, mut nodes_left, mut broken) = (Vec::new(), yaml::NODES_MAX, 0);
    for (file, name, text) in sources.files().filter(|(_, name, _)| !interpolate::is_env_file(name)) {
        if source::is_binary(text) {
            binary(name, log);
            continue;
        }
        for chunk in source::documents(file, text) {
            if nodes.len() >= DOCUMENTS_MAX {
                let message = format!("more than {DOCUMENTS_MAX} documents");
                log.add_about(Code::TooLarge, name, message, "import a part of the system");
                return nodes;
            }
            match yaml::parse(&chunk, nodes_left) {
                Ok(node) => {
                    nodes_left = nodes_left.saturating_sub(node.count());
                    nodes.push(node);
                }
                Err(error) if error.over_budget => {
                    let message = format!("too large or too deep to be a deployment file ({})", error.message);
                    log.add(Code::TooLarge, error.spot, message, "drop only the files that describe the services");
                    return nodes;
                }
                Err(error) => {
                    log.add(Code::Syntax, error.spot, format!("not valid YAML: {}", error.message), syntax_help(text));
                    broken += 1;
                }
            }
            if broken >= BROKEN_MAX {
                return nodes;
            }
        }
    }
    nodes
}

fn binary(name: &str, log: &mut Log<'_>) {
    log.add_about(Code::Binary, name, "this is not a text file", "drop a Kubernetes manifest or a Compose file (YAML or JSON)");
}

fn syntax_help(text: &str) -> &'static str {
    if text.contains("{{") {
        "this looks like a Helm template: render it first with `helm template`"
    } else {
        "correct the line, or the one before it; indentation, quotes and brackets are the usual suspects"
    }
}

fn what_is(node: &Node) -> String {
    match (node.text_at(&["kind"]), node.text(), node.entries().first()) {
        (Some(kind), _, _) => format!("document of kind {kind}"),
        (_, Some(_), _) => "text".to_owned(),
        (_, _, Some(entry)) => format!("document with '{}'", entry.key.chars().take(60).collect::<String>()),
        _ => "document".to_owned(),
    }
}

fn finish(draft: Draft, file: &str, mut log: Log<'_>) -> Imported {
    let wiring = Wiring::of(&draft, &mut log);
    if draft.services.is_empty() && !log.has_errors() {
        log.add_about(Code::NothingToRun, file, "nothing in it can be run", NOTHING_HELP);
    }
    let is_acyclic = wiring.is_acyclic();
    let (topology, services) = if is_acyclic { assemble::assemble(&draft, &wiring) } else { Default::default() };
    let runnable = !log.has_errors();
    let name = draft.name.clone().unwrap_or_else(|| system_name(file));
    let edges = wiring.found(&draft);
    let (problems, ignored) = log.finish();
    let edges_unknown = edges.is_empty() && services.len() > 1;
    let mut preview = Preview { name, services, edges, edges_unknown, ignored, problems, runnable, ..Preview::default() };
    preview.summary = summary(&draft.counts, &preview);
    let scenario = runnable.then(|| Scenario::of(preview.name.clone(), topology));
    Imported { preview, scenario }
}

/// A system's name from its file's, unless that is what such files are always called.
fn system_name(file: &str) -> String {
    let stem = file.split('.').next().unwrap_or("");
    let usual = ["", "compose", "docker-compose", "manifest", "manifests", "kubernetes-manifests", "deployment", "input"];
    if usual.contains(&stem) { "Imported system".to_owned() } else { stem.to_owned() }
}

/// `1 edge`, `2 edges`.
fn counted(n: usize, what: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{n} {what}{plural}")
}

/// One sentence: documents, workloads, edges, what was ignored.
fn summary(counts: &str, preview: &Preview) -> String {
    let errors = preview.problems.iter().filter(|p| p.gravity == Gravity::Error).count();
    if counts.is_empty() {
        return format!("nothing read; {}", counted(errors, "error"));
    }
    let inferred = preview.edges.iter().filter(|e| e.inferred).count();
    let edges = match (preview.edges.len(), inferred) {
        (0, _) if preview.edges_unknown => "edges unknown: draw or import them".to_owned(),
        (all, inferred) => format!("{} ({inferred} inferred from env)", counted(all, "edge")),
    };
    let errors = if errors > 0 { format!("; {}", counted(errors, "error")) } else { String::new() };
    format!("{counts}{}; {edges}{}{errors}", ignored_part(&preview.ignored), loose_part(preview))
}

/// `; 12 services without any edge: draw or import them`, if that is most of them.
fn loose_part(preview: &Preview) -> String {
    let is_loose = |name: &String| !preview.edges.iter().any(|e| e.from == *name || e.to == *name);
    let loose = preview.services.iter().filter(|s| is_loose(&s.name)).count();
    if preview.edges_unknown || loose * 2 <= preview.services.len() {
        return String::new();
    }
    format!("; {} without any: draw or import them", counted(loose, "service"))
}

/// `, 11 ignored (ServiceAccount)`: first words of what was ignored, each once.
fn ignored_part(ignored: &[Ignored]) -> String {
    let mut kinds: Vec<&str> = Vec::new();
    for word in ignored.iter().filter_map(|i| i.what.split(' ').next()) {
        if !kinds.contains(&word) && kinds.len() < 4 {
            kinds.push(word);
        }
    }
    if ignored.is_empty() { String::new() } else { format!(", {} ignored ({})", ignored.len(), kinds.join(", ")) }
}
