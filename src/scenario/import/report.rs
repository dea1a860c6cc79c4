//! A preview for the command line: as JSON for scripts, as text for people.

use super::preview::{FoundEdge, FoundService, Gravity, Ignored, Preview, Problem};
use serde_json::{Value, json};
use std::fmt::Write;

/// The preview as JSON: `services`, `edges`, `ignored`, `problems` and a little more about each service.
pub fn to_json(preview: &Preview) -> Value {
    json!({
        "name": preview.name,
        "summary": preview.summary,
        "runnable": preview.runnable,
        "edges_unknown": preview.edges_unknown,
        "services": preview.services.iter().map(service_json).collect::<Vec<_>>(),
        "edges": preview.edges.iter().map(edge_json).collect::<Vec<_>>(),
        "ignored": preview.ignored.iter().map(ignored_json).collect::<Vec<_>>(),
        "problems": preview.problems.iter().map(problem_json).collect::<Vec<_>>(),
    })
}

fn service_json(s: &FoundService) -> Value {
    json!({
        "name": s.name,
        "source": s.source,
        "replicas": s.replicas,
        "cpu_millicores": s.cpu_millicores,
        "memory_mib": s.memory_mib,
        "assumed": s.assumed,
    })
}

fn edge_json(e: &FoundEdge) -> Value {
    json!({ "from": e.from, "to": e.to, "evidence": e.evidence, "inferred": e.inferred })
}

fn ignored_json(i: &Ignored) -> Value {
    json!({ "what": i.what, "place": i.place, "why": i.why })
}

fn problem_json(p: &Problem) -> Value {
    json!({
        "code": p.code,
        "gravity": p.gravity,
        "place": p.place,
        "snippet": p.snippet,
        "message": p.message,
        "help": p.help,
    })
}

/// The preview as text: problems first, then what was found.
pub fn to_text(preview: &Preview) -> String {
    let mut out = String::new();
    for problem in &preview.problems {
        add_problem(&mut out, problem);
    }
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{}: {}", preview.name, preview.summary);
    for s in &preview.services {
        let _ = writeln!(out, "  {} ({} x {}m, {:.0} MiB)", s.name, s.replicas, s.cpu_millicores, s.memory_mib);
    }
    for e in &preview.edges {
        let _ = writeln!(out, "  {} -> {}   {}", e.from, e.to, e.evidence);
    }
    for i in &preview.ignored {
        let _ = writeln!(out, "  ignored {} at {}: {}", i.what, i.place, i.why);
    }
    if preview.edges_unknown {
        out.push_str("  edges unknown: draw or import them\n");
    }
    out.push_str(if preview.runnable { "can be run\n" } else { "cannot be run\n" });
    out
}

/// Problems as text, one after the other.
pub fn problems_to_text(problems: &[Problem]) -> String {
    let mut out = String::new();
    problems.iter().for_each(|problem| add_problem(&mut out, problem));
    out
}

fn add_problem(out: &mut String, problem: &Problem) {
    let word = match problem.gravity {
        Gravity::Error => "error",
        Gravity::Warning => "warning",
        Gravity::Note => "note",
    };
    let _ = writeln!(out, "{word}[{}] {}: {}", problem.code, problem.place, problem.message);
    if let Some(snippet) = &problem.snippet {
        let _ = writeln!(out, "    | {snippet}");
    }
    let _ = writeln!(out, "    = help: {}", problem.help);
}
