//! `headless diagnose`: who is to blame for labelled incidents?

use crate::arguments::{Arguments, Usage};
use crate::{Failure, print};
use sickbay::validation::diagnosis::{Case, Outcome, Texts, csv, play, scores};
use std::path::{Path, PathBuf};

/// Runs the command.
pub fn diagnose(words: &[String]) -> Result<(), Failure> {
    let arguments = Arguments::parse(words, &["--cases", "--out"], &["--injection-known", "--score"]).map_err(Failure::Usage)?;
    let usage = |text: &str| Failure::Usage(Usage(text.into()));
    if let Some(word) = arguments.words.first() {
        return Err(usage(&format!("diagnose takes no '{word}'")));
    }
    let directory = arguments.values("--cases").last().ok_or_else(|| usage("diagnose needs --cases DIR"))?;
    let out = arguments.values("--out").last();
    if out.is_none() && !arguments.has("--score") {
        return Err(usage("diagnose needs --out FILE.csv or --score"));
    }
    let mut all = Vec::new();
    for (kind, directories) in kinds(Path::new(directory))? {
        let mut played = Vec::new();
        for case in directories {
            played.push(played_case(&case, &arguments)?);
        }
        if arguments.has("--score") {
            print(&scores(&kind, &played));
        }
        all.append(&mut played);
    }
    let Some(out) = out else { return Ok(()) };
    std::fs::write(out, csv(&all))
        .map_err(|e| Failure::Input(format!("E0709 cannot write '{out}': {e}; help: name a file in a directory that exists")))
}

fn played_case(directory: &Path, arguments: &Arguments) -> Result<(Case, Outcome), Failure> {
    let case = read(directory)?;
    let truth = case.truth.as_ref();
    let since_s = truth.and_then(|truth| truth.injected_at_s).filter(|_| arguments.has("--injection-known"));
    if arguments.has("--injection-known") && since_s.is_none() {
        return Err(Failure::Input(format!(
            "E0708 {}/truth.json does not say injected_at_s; help: add it, or leave --injection-known out",
            case.name
        )));
    }
    if arguments.has("--score") && truth.is_none() {
        return Err(Failure::Input(format!("E0708 {}/truth.json is missing; help: --score needs it", case.name)));
    }
    let outcome = play(&case, since_s);
    Ok((case, outcome))
}

/// Kinds of data and their cases' directories: the directory is one kind, or holds several.
fn kinds(root: &Path) -> Result<Vec<(String, Vec<PathBuf>)>, Failure> {
    let cases = |directory: &Path| -> Result<Vec<PathBuf>, Failure> {
        Ok(children(directory)?.into_iter().filter(|child| child.join("metrics.csv").is_file()).collect())
    };
    let own = cases(root)?;
    if !own.is_empty() {
        return Ok(vec![(name(root), own)]);
    }
    let mut kinds = Vec::new();
    for child in children(root)? {
        let inner = cases(&child)?;
        if !inner.is_empty() {
            kinds.push((name(&child), inner));
        }
    }
    if kinds.is_empty() {
        return Err(Failure::Input(format!(
            "E0707 {}: there is no case; help: each case is a directory with a metrics.csv",
            root.display()
        )));
    }
    Ok(kinds)
}

fn children(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let refuse = |e: std::io::Error| Failure::Input(format!("E0001 cannot read '{}': {e}", directory.display()));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(refuse)? {
        let path = entry.map_err(refuse)?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn read(directory: &Path) -> Result<Case, Failure> {
    let text = |file: &str| -> Result<Option<String>, Failure> {
        let path = directory.join(file);
        if !path.exists() {
            return Ok(None);
        }
        let bytes = std::fs::read(&path).map_err(|e| Failure::Input(format!("E0001 cannot read '{}': {e}", path.display())))?;
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    };
    let texts = Texts {
        metrics: text("metrics.csv")?.unwrap_or_default(),
        edges: text("edges.csv")?,
        graph: text("graph.csv")?,
        truth: text("truth.json")?,
    };
    Case::read(&name(directory), &texts).map_err(|problem| Failure::Input(problem.to_string()))
}

fn name(directory: &Path) -> String {
    let full = std::fs::canonicalize(directory).unwrap_or_else(|_| directory.to_path_buf());
    full.file_name().map_or_else(|| directory.display().to_string(), |name| name.to_string_lossy().into_owned())
}
