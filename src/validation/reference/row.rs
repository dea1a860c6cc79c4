//! A reference table: one row a value that the engine must reproduce. Columns id, group, params, metric, value, tol, how,
//! source; comma separated, with quotes where needed.

use super::params::Params;
use crate::validation::table::{Record, records};

/// Most rows a table may have.
const ROWS_MAX: usize = 10_000;
/// The columns, in any order in the file.
const COLUMNS: [&str; 8] = ["id", "group", "params", "metric", "value", "tol", "how", "source"];

/// One row, as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The line of the file on which it begins, from 1.
    pub line: usize,
    /// Its name, unique in the table.
    pub id: String,
    /// Which law or experiment.
    pub group: String,
    /// Its settings, as written.
    pub params: String,
    /// What is measured.
    pub metric: String,
    /// The expected value, as written.
    pub value: String,
    /// How near is near enough, as written.
    pub tol: String,
    /// Where the value comes from in kind: `closed`, `numeric`, `fixedpoint`, `des`.
    pub how: String,
    /// Its source.
    pub source: String,
    /// The settings with those that `same` stands for.
    pub(super) settings: Params,
}

/// Reads a table.
///
/// # Errors
/// Says what is wrong with the header or in which row; nothing is read then.
pub fn read(text: &str) -> Result<Vec<Row>, String> {
    let mut records = records("the table", text).map_err(|problem| problem.to_string())?.into_iter();
    let columns = || COLUMNS.join(",");
    let Record { cells: header, .. } =
        records.next().ok_or_else(|| format!("E0601 the table is empty; help: begin with the line '{}'", columns()))?;
    let place = |name: &str| header.iter().position(|cell| cell.eq_ignore_ascii_case(name));
    let mut places = [0; COLUMNS.len()];
    for (place_of, name) in places.iter_mut().zip(COLUMNS) {
        *place_of = place(name).ok_or_else(|| {
            format!("line 1: E0602 the table has no column '{name}'; help: the first line must name {}", columns())
        })?;
    }
    let mut rows: Vec<Row> = Vec::new();
    for Record { line, cells } in records {
        if cells.len() != header.len() {
            let (got, want) = (cells.len(), header.len());
            return Err(format!(
                "line {line}: E0603 the row has {got} cells, the header {want}; help: put cells with commas in quotation marks"
            ));
        }
        if rows.len() == ROWS_MAX {
            return Err(format!("line {line}: E0604 a table may have at most {ROWS_MAX} rows; help: split it"));
        }
        rows.push(row(line, &places.map(|place| cells[place].as_str())));
    }
    resolve_same(&mut rows);
    Ok(rows)
}

fn row(line: usize, cells: &[&str; 8]) -> Row {
    let [id, group, params, metric, value, tol, how, source] = cells.map(str::to_owned);
    let settings = Params::new(&params);
    Row { line, id, group, params, metric, value, tol, how, source, settings }
}

/// `same` stands for the settings of the last row of the group that has its own; of the next one if there is none before.
fn resolve_same(rows: &mut [Row]) {
    let full: Vec<(String, Params)> =
        rows.iter().filter(|r| !r.settings.is_same()).map(|r| (r.group.clone(), r.settings.clone())).collect();
    let mut seen = 0;
    for row in rows {
        if !row.settings.is_same() {
            seen += 1;
            continue;
        }
        let of_group = |(group, _): &&(String, Params)| *group == row.group;
        let source = full[..seen].iter().rev().find(of_group).or_else(|| full[seen..].iter().find(of_group));
        if let Some((_, earlier)) = source {
            row.settings.inherit(earlier);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "id,group,params,metric,value,tol,how,source\n";

    #[test]
    fn quoted_cells_keep_their_commas() {
        let rows = read(&format!("{HEAD}A,\"retry, free\",p=1,\"a \"\"b\"\"\",3,1%,closed,x\r\n\n")).expect("a table");
        assert_eq!((rows.len(), rows[0].group.as_str(), rows[0].metric.as_str()), (1, "retry, free", "a \"b\""));
    }

    #[test]
    fn same_looks_back_in_its_group_and_forward_if_it_must() {
        let text =
            format!("{HEAD}A,g,a=1;same,m,1,1%,h,s\nB,h,c=3,m,1,1%,h,s\nC,g,a=2;b=5,m,1,1%,h,s\nD,g,a=4;same,m,1,1%,h,s\n");
        let rows = read(&text).expect("a table");
        assert_eq!(rows[0].settings, Params::new("a=1;b=5"));
        assert_eq!(rows[3].settings, Params::new("a=4;b=5"));
    }

    #[test]
    fn broken_tables_say_what_is_wrong() {
        assert!(read("").unwrap_err().contains("E0601"));
        assert!(read("id,group\n").unwrap_err().contains("params"));
        assert!(read(&format!("{HEAD}A,b\n")).unwrap_err().starts_with("line 2: E0603"));
        assert!(read(&format!("{HEAD}A,\"b\n")).unwrap_err().starts_with("E0605 the table:2"));
    }

    #[test]
    fn rows_know_their_lines() {
        let rows = read(&format!("{HEAD}A,g,\"a=1\nb=2\",m,1,1%,h,s\n\nB,g,c=3,m,1,1%,h,s\n")).expect("a table");
        assert_eq!([rows[0].line, rows[1].line], [2, 5]);
    }
}
