//! `headless validate`: the engine against a table of reference values.

use crate::arguments::{Arguments, Usage};
use crate::scale_model::scale_model;
use crate::{Failure, print};
use sickbay::validation::reference::{Effort, Report, Row, Suite, groups, read};

pub fn validate(words: &[String]) -> Result<(), Failure> {
    let with_value = ["--reference", "--group", "--row", "--threads", "--out", "--repetition"];
    let flags = ["--quick", "--json", "--groups", "--scale-model"];
    let arguments = Arguments::parse(words, &with_value, &flags).map_err(Failure::Usage)?;
    if arguments.has("--scale-model") {
        return scale_model(&arguments);
    }
    if let Some(word) = arguments.words.first() {
        return Err(Failure::Usage(Usage(format!("validate takes no '{word}'"))));
    }
    if arguments.has("--groups") {
        print(
            &groups()
                .map(|group| if group.ends_with('(') { format!("{group}...)") } else { group.to_owned() })
                .collect::<Vec<_>>()
                .join("\n"),
        );
        return Ok(());
    }
    let rows = chosen(table(&arguments)?, &arguments)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = arguments.value("--threads", cores).map_err(Failure::Usage)?;
    let repetition = arguments.value("--repetition", 0).map_err(Failure::Usage)?;
    let effort = if arguments.has("--quick") { Effort::Quick } else { Effort::Full };
    let report = Suite::plan(rows, effort).repetition(repetition).run(threads.clamp(1, 64));
    let text = if arguments.has("--json") { json(&report)? } else { text(&report) };
    match arguments.values("--out").last() {
        None => print(text.trim_end()),
        Some(file) => {
            std::fs::write(file, &text).map_err(|e| {
                Failure::Input(format!("E0611 cannot write '{file}': {e}; help: name a file in a directory that exists"))
            })?;
            print(report.summary().trim_end());
        }
    }
    if report.is_good() { Ok(()) } else { Err(Failure::Input("not every row passes".into())) }
}

pub fn table(arguments: &Arguments) -> Result<Vec<Row>, Failure> {
    let Some(file) = arguments.values("--reference").last() else {
        return Err(Failure::Usage(Usage("validate needs --reference FILE.csv".into())));
    };
    let bytes = std::fs::read(file).map_err(|e| Failure::Input(format!("E0001 cannot read '{file}': {e}")))?;
    read(&String::from_utf8_lossy(&bytes)).map_err(|e| Failure::Input(format!("{file}: {e}")))
}

/// The rows asked for: of the named groups, with the named ids, or all.
fn chosen(rows: Vec<Row>, arguments: &Arguments) -> Result<Vec<Row>, Failure> {
    let groups: Vec<&str> = arguments.values("--group").collect();
    let ids: Vec<&str> = arguments.values("--row").collect();
    if groups.is_empty() && ids.is_empty() {
        return Ok(rows);
    }
    let wanted = |row: &Row| ids.contains(&row.id.as_str()) || groups.iter().any(|group| row.group.eq_ignore_ascii_case(group));
    let rows: Vec<Row> = rows.into_iter().filter(wanted).collect();
    if rows.is_empty() {
        return Err(Failure::Input(
            "E0612 no row of the table has this --group or --row; help: both are compared with the table word for word".into(),
        ));
    }
    Ok(rows)
}

fn text(report: &Report) -> String {
    let lines: Vec<String> = report.rows.iter().map(sickbay::validation::reference::ReportRow::line).collect();
    format!("{}\n\n{}", lines.join("\n"), report.summary())
}

fn json(report: &Report) -> Result<String, Failure> {
    let group = |(group, totals)| serde_json::json!({"group": group, "totals": totals});
    let groups: Vec<serde_json::Value> = report.by_group().into_iter().map(group).collect();
    let value = serde_json::json!({"rows": &report.rows, "groups": groups, "totals": report.totals()});
    serde_json::to_string_pretty(&value).map_err(|e| Failure::Input(format!("E0613 {e}")))
}
