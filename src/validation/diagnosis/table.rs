//! Tables of numbers: a header line, then as many cells in each line, separated by commas. An empty cell, `nan`, `null`
//! and `-` are missing values.

use crate::validation::table::{Problem, Record, records};

/// Column names and rows of values; `NaN` is missing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Names of the columns after the first, which is the time.
    pub columns: Vec<String>,
    /// Time of each row, seconds.
    pub times: Vec<f64>,
    /// Values of each row.
    pub rows: Vec<Vec<f64>>,
}

impl Table {
    /// Reads a table whose first column is `time_s`. `place` names the file.
    pub fn read(text: &str, place: &str) -> Result<Self, Problem> {
        let mut records = records(place, text)?.into_iter();
        let Some(Record { cells: mut columns, .. }) = records.next() else {
            let help = "the first line names the columns, `time_s` first";
            return Err(Problem::new("E0701", place, "there is no header line", help));
        };
        if columns.first().map(String::as_str) != Some("time_s") {
            let message = format!("the first column is '{}', not 'time_s'", columns.first().map_or("", String::as_str));
            return Err(Problem::new("E0702", format!("{place}:1"), message, "put the time in seconds into the first column"));
        }
        columns.remove(0);
        let mut table = Self { columns, ..Self::default() };
        for Record { line, cells } in records {
            table.push(&cells, &format!("{place}:{line}"))?;
        }
        if table.rows.is_empty() {
            return Err(Problem::new("E0701", place, "there are no rows", "a table has a row for each time"));
        }
        Ok(table)
    }

    fn push(&mut self, cells: &[String], place: &str) -> Result<(), Problem> {
        if cells.len() != self.columns.len() + 1 {
            let message = format!("{} cells where the header has {}", cells.len(), self.columns.len() + 1);
            return Err(Problem::new(
                "E0703",
                place,
                message,
                "each row has a cell for each column, empty if the value is missing",
            ));
        }
        let at = number(&cells[0]).filter(|at| at.is_finite());
        let Some(at) = at else {
            let message = format!("'{}' is no time", cells[0]);
            return Err(Problem::new("E0704", place, message, "write the time as a number of seconds"));
        };
        let mut row = Vec::with_capacity(self.columns.len());
        for (cell, name) in cells[1..].iter().zip(&self.columns) {
            let Some(value) = number(cell) else {
                let message = format!("'{cell}' in column '{name}' is no number");
                return Err(Problem::new(
                    "E0704",
                    place,
                    message,
                    "write a number, or leave the cell empty if the value is missing",
                ));
            };
            row.push(value);
        }
        self.times.push(at);
        self.rows.push(row);
        Ok(())
    }
}

fn number(cell: &str) -> Option<f64> {
    match cell {
        "" | "-" | "null" | "None" | "NA" => Some(f64::NAN),
        _ => cell.parse().ok().map(|value: f64| if value.is_finite() { value } else { f64::NAN }),
    }
}
