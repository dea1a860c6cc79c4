//! The validation page: built and run natively, in the release profile, written to where the page's build finds it.

use crate::shell::{self, cargo};

/// Our own reference rows.
const TABLE: &str = "docs/validation/reference.csv";
/// The page; `www/index.html` has it copied to `dist/`.
const PAGE: &str = "www/validation.html";

/// Writes the page. Fails if something is not as expected; the page is written then, too, and says so.
pub fn run(options: &[String]) -> Result<(), String> {
    let mut command = cargo();
    command.args(["run", "--release", "--locked", "--bin", "headless", "--", "validation-page"]);
    command.args(arguments(options)?);
    let outcome = shell::run(&mut command);
    println!("The page is {PAGE}; `cargo xtask dist` puts it beside the simulator.");
    outcome
}

/// The options with a table and a place to write to, unless they say where; `--data DIR` is `DIR/reference.csv`.
fn arguments(options: &[String]) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    let mut rest = options.iter();
    while let Some(option) = rest.next() {
        if option == "--data" {
            let directory = rest.next().ok_or("--data needs a directory")?;
            all.extend(["--reference".to_owned(), format!("{directory}/reference.csv")]);
        } else {
            all.push(option.clone());
        }
    }
    for (option, usual) in [("--reference", TABLE), ("--out", PAGE)] {
        if !all.iter().any(|given| given == option) {
            all.extend([option.to_owned(), usual.to_owned()]);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::arguments;

    fn of(options: &[&str]) -> String {
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        arguments(&options).map_or_else(|error| error, |all| all.join(" "))
    }

    #[test]
    fn a_table_of_ones_own_goes_before_ours() {
        assert_eq!(of(&["--quick"]), "--quick --reference docs/validation/reference.csv --out www/validation.html");
        assert_eq!(of(&["--data", "data", "--out", "a.html"]), "--reference data/reference.csv --out a.html");
        assert!(of(&["--data"]).contains("needs a directory"));
    }
}
