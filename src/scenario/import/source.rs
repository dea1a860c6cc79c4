//! The files as they came: limits, splitting into YAML documents, places and snippets.
//!
//! Documents are split by the text, not by the parser, so that one broken document does not take the others with it.
//! That is exact: YAML forbids a line that starts with `---` or `...` (and then a blank or nothing) inside any document,
//! block scalars included.

/// Most bytes of all files together: a thousand services with their comments fit, a database dump does not.
pub(in crate::scenario) const INPUT_BYTES_MAX: usize = 4 << 20;
/// Most files of one import.
pub(in crate::scenario) const FILES_MAX: usize = 64;
/// Most YAML documents of one import: as many as a topology may hold services.
pub(in crate::scenario) const DOCUMENTS_MAX: usize = 4_096;
/// Most characters of a snippet.
const SNIPPET_CHARS_MAX: usize = 160;

/// A place in a file; line and column count from 1, in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::scenario) struct Spot {
    /// Index of the file.
    pub file: usize,
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
}

/// One YAML document's text and where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scenario) struct Chunk<'a> {
    /// Index of the file.
    pub file: usize,
    /// Lines of the file before the document.
    pub lines_before: u32,
    /// The text, its `---` included.
    pub text: &'a str,
}

/// All files of one import.
pub(in crate::scenario) struct Sources<'a> {
    files: &'a [(String, String)],
}

impl<'a> Sources<'a> {
    /// Wraps the files; copies nothing.
    pub fn new(files: &'a [(String, String)]) -> Self {
        Self { files }
    }
    /// Names and texts in order.
    pub fn files(&self) -> impl Iterator<Item = (usize, &'a str, &'a str)> {
        self.files.iter().enumerate().map(|(i, (name, text))| (i, base_name(name), text.trim_start_matches('\u{feff}')))
    }
    /// `file:line:column`.
    pub fn place(&self, spot: Spot) -> String {
        format!("{}:{}:{}", self.file_name(spot.file), spot.line, spot.column)
    }
    /// `file:line`.
    pub fn line_place(&self, spot: Spot) -> String {
        format!("{}:{}", self.file_name(spot.file), spot.line)
    }
    /// The line at `spot`, cut to a readable length.
    pub fn snippet(&self, spot: Spot) -> Option<String> {
        let (_, text) = self.files.get(spot.file)?;
        let line = text.lines().nth((spot.line as usize).checked_sub(1)?)?.trim_end();
        Some(line.trim_start_matches('\u{feff}').chars().take(SNIPPET_CHARS_MAX).collect())
    }
    /// Name of a file without its folders.
    pub fn file_name(&self, file: usize) -> &'a str {
        self.files.get(file).map_or("input", |(name, _)| base_name(name))
    }
}

/// The last part of a path.
fn base_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

/// The documents of one file; documents without content are left out.
pub(in crate::scenario) fn documents(file: usize, text: &str) -> Vec<Chunk<'_>> {
    let mut found = Vec::new();
    let (mut start, mut at, mut lines_before) = (0, 0, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if is_marker(line, "---") || is_marker(line, "...") {
            keep(&mut found, Chunk { file, lines_before, text: &text[start..at] });
            let starts_here = line.starts_with('-');
            start = if starts_here { at } else { at + line.len() };
            lines_before = number as u32 + u32::from(!starts_here);
        }
        at += line.len();
    }
    keep(&mut found, Chunk { file, lines_before, text: &text[start..] });
    found
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

fn keep<'a>(found: &mut Vec<Chunk<'a>>, chunk: Chunk<'a>) {
    let is_content = |line: &str| {
        let line = line.strip_prefix("---").unwrap_or(line).trim();
        !line.is_empty() && !line.starts_with(['#', '%'])
    };
    if chunk.text.lines().any(is_content) {
        found.push(chunk);
    }
}

/// Whether the text cannot be a text file at all.
pub(in crate::scenario) fn is_binary(text: &str) -> bool {
    let bad = |c: char| c == '\u{fffd}' || (c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{85}'));
    let (mut seen, mut bad_count) = (0_usize, 0_usize);
    for c in text.chars().take(1 << 16) {
        seen += 1;
        bad_count += usize::from(bad(c));
    }
    text.contains('\0') || bad_count * 50 > seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_split_at_markers_and_know_their_first_line() {
        let text = "# only a comment\n---\na: 1\n--- # note\nb: |\n  ---\n...\n%YAML 1.2\n---\nc: 1\n---\n";
        let chunks = documents(0, text);
        let seen: Vec<_> = chunks.iter().map(|c| (c.lines_before, c.text)).collect();
        assert_eq!(seen, [(1, "---\na: 1\n"), (3, "--- # note\nb: |\n  ---\n"), (8, "---\nc: 1\n")]);
    }

    #[test]
    fn text_with_umlauts_is_not_binary_but_zeros_and_replacement_characters_are() {
        assert!(!is_binary("größe: 1\n") && !is_binary(""));
        assert!(is_binary("a\0b") && is_binary("\u{fffd}\u{fffd}PNG"));
    }
}
