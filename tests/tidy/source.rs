//! The repository's files, and Rust text without its comments and strings.

use std::fmt;
use std::fs;
use std::path::Path;

/// A text file; its path is relative to the root, with `/`.
pub struct File {
    pub path: String,
    pub text: String,
}

/// Something to mend: a line (from 1) and what to do.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    pub line: usize,
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.line, self.message)
    }
}

/// All text files but those that `.gitignore` names and git's own. Binary files have empty text.
pub fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ignored = fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
    let skip: Vec<&str> = ignored.lines().map(|line| line.trim_start_matches('/')).chain([".git"]).collect();
    let mut found = Vec::new();
    walk(root, "", &skip, &mut found);
    assert!(found.len() > 20, "the walk found next to nothing under {}", root.display());
    found
}

fn walk(directory: &Path, prefix: &str, skip: &[&str], found: &mut Vec<File>) {
    let mut entries: Vec<_> = fs::read_dir(directory).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if skip.contains(&path.as_str()) {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), &format!("{path}/"), skip, found);
        } else {
            let text = String::from_utf8(fs::read(entry.path()).unwrap()).unwrap_or_default();
            found.push(File { path, text });
        }
    }
}

/// The code with comments and the insides of strings and characters blanked; lines stay where they were.
pub fn code(text: &str) -> String {
    let mut rest = text;
    let mut out = String::with_capacity(text.len());
    while let Some(first) = rest.chars().next() {
        let skipped = comment(rest).or_else(|| raw_string(rest, &out)).or_else(|| quoted(rest)).unwrap_or(0);
        if skipped > 0 {
            out.extend(rest[..skipped].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = &rest[skipped..];
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out
}

fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    rest.starts_with("/*").then(|| rest.find("*/").map_or(rest.len(), |end| end + 2))
}

/// `r"..."` and `r#"..."#`, where the `r` does not end a name.
fn raw_string(rest: &str, before: &str) -> Option<usize> {
    if before.ends_with(|c: char| c.is_alphanumeric() && c != 'b' || c == '_') {
        return None;
    }
    let after = rest.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let body = after[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let inside = body.find(&end).unwrap_or(body.len().saturating_sub(end.len()));
    Some(1 + hashes + 1 + inside + end.len())
}

/// `"..."` and `'c'`, but not a lifetime.
fn quoted(rest: &str) -> Option<usize> {
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut characters = rest.char_indices().skip(1);
    if quote == '\'' {
        let mut ahead = rest.chars().skip(1);
        let (first, second) = (ahead.next()?, ahead.next()?);
        if first != '\\' && second != '\'' {
            return None;
        }
    }
    while let Some((at, c)) = characters.next() {
        if c == '\\' {
            characters.next();
        } else if c == quote {
            return Some(at + 1);
        }
    }
    Some(rest.len())
}

/// The line (from 1) of a byte offset.
pub fn line_of(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

#[test]
fn comments_and_strings_are_blanked_and_lines_kept() {
    let text = "let a = \"crate::sim \\\" x\"; // crate::sim\nlet b = r#\"HashMap\"#;\nlet c: &'static str = 'x'; let q = '\"';\n\
                /* dbg! */ end";
    let code = code(text);
    assert_eq!(code.lines().count(), 4);
    for word in ["crate", "HashMap", "dbg", "x\""] {
        assert!(!code.contains(word), "{word} in {code}");
    }
    assert!(code.contains("&'static str") && code.ends_with("end"));
}
