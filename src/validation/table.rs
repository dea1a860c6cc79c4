//! Tables of comma-separated values, as all readers of data sets take them, and what can be wrong with one.
//!
//! A cell is trimmed; in quotation marks it may hold commas, line ends and doubled quotation marks (RFC 4180). Lines without
//! content are no rows. Whether rows may differ in length, and what a cell means, is for the reader of the table to say.

use std::fmt;

/// Why a file cannot be used: a stable code, where, what is wrong there, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `E0701`.
    pub code: &'static str,
    /// File, line, column.
    pub place: String,
    /// What is wrong there.
    pub what: String,
    /// What to do.
    pub help: &'static str,
}

impl Problem {
    /// A problem of that code.
    pub fn new(code: &'static str, place: impl Into<String>, what: impl Into<String>, help: &'static str) -> Self {
        Self { code, place: place.into(), what: what.into(), help }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}: {}; help: {}", self.code, self.place, self.what, self.help)
    }
}

impl std::error::Error for Problem {}

/// A row as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Its cells, at least one.
    pub cells: Vec<String>,
}

/// The rows of a table that have something in them. A byte order mark is no content.
///
/// # Errors
/// `E0605` a quotation mark that is never closed. `file` names the file in the place.
pub fn records(file: &str, text: &str) -> Result<Vec<Record>, Problem> {
    let text = text.trim_start_matches('\u{feff}');
    let line_of = |at: usize| text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
    if !text.bytes().filter(|byte| *byte == b'"').count().is_multiple_of(2) {
        let place = format!("{file}:{}", line_of(text.rfind('"').unwrap_or(0)));
        return Err(Problem::new("E0605", place, "a quotation mark is never closed", "double those within a cell"));
    }
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(text.as_bytes());
    let (mut found, mut row) = (Vec::new(), csv::StringRecord::new());
    let (mut line, mut counted) = (1, 0);
    // What is read is text in memory and rows may differ in length, so that nothing is left to fail.
    while reader.read_record(&mut row).is_ok_and(|more| more) {
        let begins = row.position().map_or(0, |position| position.byte() as usize);
        let begins = begins + text[begins..].bytes().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        line += text.as_bytes()[counted..begins].iter().filter(|byte| **byte == b'\n').count();
        counted = begins;
        if row.iter().any(|cell| !cell.is_empty()) {
            found.push(Record { line, cells: row.iter().map(str::to_owned).collect() });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_know_their_lines_and_quoted_cells_keep_their_commas() {
        let found = records("f", "\u{feff}a, b\r\n\n \n\"1,\n\"\"2\"\"\",3\r\n4\n").expect("a table");
        let shown: Vec<(usize, Vec<&str>)> =
            found.iter().map(|r| (r.line, r.cells.iter().map(String::as_str).collect())).collect();
        assert_eq!(shown, [(1, vec!["a", "b"]), (4, vec!["1,\n\"2\"", "3"]), (6, vec!["4"])]);
        assert_eq!(records("f", "\n\n"), Ok(Vec::new()));
    }

    #[test]
    fn a_quotation_mark_that_stays_open_is_found() {
        assert!(records("f", "a\n\"b\nc").unwrap_err().to_string().starts_with("E0605 f:2: "));
    }
}
