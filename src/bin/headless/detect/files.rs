//! Files of a data set: found, read as columns, written where they belong.

use crate::Failure;
use std::path::{Path, PathBuf};

/// All files below `directory` whose name ends so, by name.
pub fn below(directory: &Path, ending: &str) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    walk(directory, ending, &mut found)?;
    found.sort();
    if found.is_empty() {
        let place = directory.display();
        return Err(Failure::Input(format!("E0631 there is no file '*{ending}' in '{place}'; help: name the set's directory")));
    }
    Ok(found)
}

fn walk(directory: &Path, ending: &str, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let failed = |e: std::io::Error| {
        let place = directory.display();
        Failure::Input(format!("E0630 cannot read directory '{place}': {e}; help: name the directory that holds the set"))
    };
    for entry in std::fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            walk(&path, ending, found)?;
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    Ok(())
}

/// A file as text; bytes that are not UTF-8 become replacement characters, which no number contains.
pub fn text(path: &Path) -> Result<String, Failure> {
    let bytes = std::fs::read(path).map_err(|e| Failure::Input(format!("E0001 cannot read '{}': {e}", path.display())))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Writes a file and the directories above it.
pub fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let written = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(path, text));
    written.map_err(|e| {
        let place = path.display();
        Failure::Input(format!("E0611 cannot write '{place}': {e}; help: name a directory that may be written to"))
    })
}

/// A problem in a line (from 1) of a file.
pub fn problem(code: &str, path: &Path, line: usize, message: &str) -> Failure {
    Failure::Input(format!("{code} {}:{line}: {message}", path.display()))
}

/// The finite number of a cell.
pub fn number(cell: &str, path: &Path, line: usize) -> Result<f64, Failure> {
    let value = cell.trim().parse::<f64>().ok().filter(|v| v.is_finite());
    value.ok_or_else(|| {
        problem("E0633", path, line, &format!("'{}' is no finite number; help: mend or drop the line", cell.trim()))
    })
}
