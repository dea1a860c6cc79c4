//! The engine against a small table of reference values, one row or more for each group that tables may have. The values
//! are closed forms (in the column `source`); tolerances are wide, because the runs are short.
#![cfg(not(target_arch = "wasm32"))]

use sickbay::validation::reference::{Effort, Report, Suite, Verdict, groups, read};

const QUICK: &str = include_str!("quick.csv");
const HEAD: &str = "id,group,params,metric,value,tol,how,source\n";

fn report(table: &str) -> Report {
    Suite::plan(read(table).expect("a table"), Effort::Quick).run(2)
}

#[test]
fn every_row_of_the_quick_table_passes() {
    let report = report(QUICK);
    let bad: Vec<String> = report.rows.iter().filter(|row| row.verdict != Verdict::Pass).map(|row| row.line()).collect();
    assert!(bad.is_empty(), "\n{}\n", bad.join("\n"));
}

#[test]
fn every_group_has_a_row_in_the_quick_table() {
    let rows = read(QUICK).expect("a table");
    for group in groups() {
        assert!(rows.iter().any(|row| row.group.starts_with(group)), "{group}");
    }
}

#[test]
fn a_wrong_value_fails_and_what_is_not_understood_is_not_guessed() {
    let table = format!(
        "{HEAD}A,\"retry, independent failures\",p=0.5;attempts=2,load factor,1.9,1%,closed,x\n\
         B,\"retry, independent failures\",p=0.5;attempts=2;moon=full,load factor,1.5,1%,closed,x\n\
         C,weather,p=1,rain,1,1%,closed,x\n\
         D,\"retry, independent failures\",p=0.5;attempts=2,happiness,1.5,1%,closed,x\n\
         E,\"retry, independent failures\",p=0.5;attempts=2,load factor,much,1%,closed,x\n\
         F,\"retry, independent failures\",p=0.5;attempts=2,load factor,1.5,roughly,closed,x\n"
    );
    let report = report(&table);
    let verdicts: Vec<Verdict> = report.rows.iter().map(|row| row.verdict).collect();
    assert_eq!(verdicts[0], Verdict::Fail);
    assert!(verdicts[1..].iter().all(|verdict| *verdict == Verdict::Unsupported), "{verdicts:?}");
    assert!(report.rows[1].reason.contains("moon=full") && !report.is_good());
    let begins = ["line 3: E0608", "line 4: E0606", "line 5: E0608", "line 6: E0607", "line 7: E0609"];
    for (row, begins) in report.rows[1..].iter().zip(begins) {
        assert!(row.reason.starts_with(begins) && row.reason.contains("help: "), "{}", row.reason);
    }
    assert!(report.summary().contains("0 of 5"), "{}", report.summary());
}

#[test]
fn the_report_does_not_depend_on_the_number_of_threads() {
    let few: Vec<&str> = QUICK.lines().filter(|line| line.starts_with("id,") || line.contains("retry")).take(6).collect();
    let lines = |threads| {
        let suite = Suite::plan(read(&few.join("\n")).expect("a table"), Effort::Quick);
        suite.run(threads).rows.iter().map(|row| row.line()).collect::<Vec<_>>()
    };
    assert_eq!(lines(1), lines(3));
}
