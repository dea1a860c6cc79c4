//! Reading tables of numbers, wide and long, and saying where they are off.

use crate::validation::table::{Problem, Record, records};

/// A series of a wide table: one row each.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// First cell.
    pub id: String,
    /// The others, without the empty ones at the end.
    pub values: Vec<f64>,
}

/// Samples of a long table: `series,time_s,value`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// Names in order of appearance.
    pub names: Vec<String>,
    /// (series number, seconds, value), by time; equal times in the order of the series.
    pub rows: Vec<(usize, f64, f64)>,
    /// Rows without a value, left out.
    pub missing: usize,
}

/// Reads a wide table: an id, then values; a first row without numbers is a header. Ids must be there and differ.
///
/// # Errors
/// `E0731` nothing to read, `E0732` a cell that is not a number, `E0733` an id that occurs twice.
pub fn wide(file: &str, text: &str) -> Result<Vec<Row>, Problem> {
    let mut rows: Vec<Row> = Vec::new();
    for Record { line: number, cells } in records(file, text)? {
        if number == 1 && cells.get(1).is_some_and(|cell| !is_empty(cell) && cell.parse::<f64>().is_err()) {
            continue;
        }
        let filled = cells.iter().rposition(|cell| !is_empty(cell)).map_or(0, |last| last + 1);
        let values = cells.iter().enumerate().take(filled).skip(1);
        let values = values.map(|(column, cell)| number_in(cell, || format!("{file}:{number}, column {}", column + 1)));
        rows.push(Row { id: cells[0].to_owned(), values: values.collect::<Result<_, _>>()? });
    }
    let mut ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    ids.sort_unstable();
    if let Some(twice) = ids.windows(2).find(|pair| pair[0] == pair[1]) {
        let what = format!("the id '{}' occurs twice", twice[0]);
        return Err(Problem { code: "E0733", place: file.to_owned(), what, help: "give each series one row" });
    }
    if rows.is_empty() { Err(nothing(file)) } else { Ok(rows) }
}

/// Reads a long table whose header names the columns series, time_s and value, in any order.
///
/// # Errors
/// `E0731` nothing to read, `E0732` a cell that is not a number, `E0734` a column that is not there.
pub fn long(file: &str, text: &str) -> Result<Samples, Problem> {
    let mut records = records(file, text)?.into_iter();
    let header: Vec<String> = records.next().map(|record| record.cells).unwrap_or_default();
    if header.is_empty() {
        return Err(nothing(file));
    }
    let column = |name: &str| header.iter().position(|cell| cell.eq_ignore_ascii_case(name)).ok_or_else(|| no_column(file, name));
    let columns = [column("series")?, column("time_s")?, column("value")?];
    let mut samples = Samples::default();
    let mut numbers = std::collections::BTreeMap::new();
    for Record { line: number, cells } in records {
        let cell = |i: usize| {
            cells.get(columns[i]).map(String::as_str).ok_or_else(|| Problem {
                code: "E0735",
                place: format!("{file}:{number}"),
                what: format!("{} cells where the header has {}", cells.len(), header.len()),
                help: "give each row a cell for each column",
            })
        };
        let place = |name: &str| format!("{file}:{number}, {name}");
        let (name, time, value) = (cell(0)?, number_in(cell(1)?, || place("time_s"))?, cell(2)?);
        let value = if is_empty(value) { f64::NAN } else { any_number(value, || place("value"))? };
        if !value.is_finite() {
            samples.missing += 1;
            continue;
        }
        let series = *numbers.entry(name.to_owned()).or_insert_with(|| {
            samples.names.push(name.to_owned());
            samples.names.len() - 1
        });
        samples.rows.push((series, time, value));
    }
    samples.rows.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    if samples.rows.is_empty() { Err(nothing(file)) } else { Ok(samples) }
}

fn is_empty(cell: &str) -> bool {
    cell.is_empty() || cell.eq_ignore_ascii_case("na")
}

fn any_number(cell: &str, place: impl Fn() -> String) -> Result<f64, Problem> {
    cell.parse().map_err(|_| Problem {
        code: "E0732",
        place: place(),
        what: if cell.is_empty() { "the cell is empty".into() } else { format!("'{cell}' is not a number") },
        help: "write decimal numbers with a point",
    })
}

/// A finite number.
fn number_in(cell: &str, place: impl Fn() -> String) -> Result<f64, Problem> {
    let value = any_number(cell, &place)?;
    if value.is_finite() {
        return Ok(value);
    }
    Err(Problem { code: "E0732", place: place(), what: format!("'{cell}' is not finite"), help: "write finite numbers" })
}

fn nothing(file: &str) -> Problem {
    Problem {
        code: "E0731",
        place: file.to_owned(),
        what: "there is nothing in it".into(),
        help: "name a file with rows of numbers",
    }
}

fn no_column(file: &str, name: &str) -> Problem {
    Problem {
        code: "E0734",
        place: format!("{file}:1"),
        what: format!("there is no column '{name}'"),
        help: "the first line names the columns: series,time_s,value",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_tables_have_a_header_or_none_and_rows_of_any_length() {
        let rows = wide("f", "\"V1\",\"V2\",\"V3\"\n\"H1\",1,2\nH2,3,\nH3,4,NA\n").expect("right");
        assert_eq!(rows.iter().map(|r| r.values.len()).collect::<Vec<_>>(), [2, 1, 1]);
        assert_eq!(wide("f", "H1,1,2\n").expect("right")[0].id, "H1");
    }

    #[test]
    fn what_is_wrong_in_a_table_is_said_with_its_place() {
        let say = |text: &str| wide("f", text).unwrap_err().to_string();
        assert!(say("").starts_with("E0731 f"));
        assert!(say("V1,V2\nH1,1,x\n").contains("E0732 f:2, column 3: 'x'"));
        assert!(say("H1,1,,2\n").contains("column 3: the cell is empty"));
        assert!(say("H1,1\nH1,2\n").starts_with("E0733"));
        let say = |text: &str| long("f", text).unwrap_err().to_string();
        assert!(say("series,time,value\n").contains("E0734 f:1: there is no column 'time_s'"));
        assert!(say("series,time_s,value\na,0\n").starts_with("E0735 f:2"));
        assert!(say("series,time_s,value\na,zero,1\n").contains("f:2, time_s"));
        assert!(say("series,time_s,value\n").starts_with("E0731"));
    }

    #[test]
    fn long_tables_come_by_time_whatever_their_order_and_gaps_are_counted() {
        let samples = long("f", "value,series,time_s\n2,b,10\n1,a,5\n,a,10\n3,a,10\n").expect("right");
        assert_eq!(samples.names, ["b", "a"]);
        assert_eq!(samples.rows, [(1, 5.0, 1.0), (0, 10.0, 2.0), (1, 10.0, 3.0)]);
        assert_eq!(samples.missing, 1);
    }
}
