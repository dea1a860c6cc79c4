//! Imports of files like those that people drop. All texts are ours.

mod broken;
mod compose;
mod kubernetes;
mod sizes;

use sickbay::scenario::import::{Imported, Problem, read};

/// Imports one text under the name `f.yaml`.
fn one(text: &str) -> Imported {
    read(&[("f.yaml".to_owned(), text.to_owned())])
}

/// Imports several (name, text) files.
fn many(files: &[(&str, &str)]) -> Imported {
    read(&files.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect::<Vec<_>>())
}

/// Edges as `from -> to`.
fn edges(imported: &Imported) -> Vec<String> {
    imported.preview.edges.iter().map(|e| format!("{} -> {}", e.from, e.to)).collect()
}

fn evidence<'a>(imported: &'a Imported, edge: &str) -> &'a str {
    let found = imported.preview.edges.iter().find(|e| format!("{} -> {}", e.from, e.to) == edge);
    &found.unwrap_or_else(|| panic!("no edge {edge}")).evidence
}

fn names(imported: &Imported) -> Vec<&str> {
    imported.preview.services.iter().map(|s| s.name.as_str()).collect()
}

/// The first problem with this code.
fn problem<'a>(imported: &'a Imported, code: &str) -> &'a Problem {
    let found = imported.preview.problems.iter().find(|p| p.code == code);
    found.unwrap_or_else(|| panic!("no {code} among {:?}", imported.preview.problems))
}
