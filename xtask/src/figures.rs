//! What the benches measured: lines `measured CASE QUANTITY VALUE`, and criterion's samples.

use std::collections::BTreeMap;
use std::path::Path;

/// Values by case and quantity, in the order in which they came.
#[derive(Debug, Default)]
pub struct Figures {
    values: BTreeMap<(String, String), Vec<f64>>,
}

impl Figures {
    /// Adds the value of a line, if it is one of ours. A test runner may have put something before it.
    pub fn line(&mut self, line: &str) {
        let Some((_, rest)) = line.split_once("measured ") else { return };
        let [case, quantity, value] = rest.split_whitespace().collect::<Vec<_>>()[..] else { return };
        if let Ok(value) = value.parse() {
            self.add(case, quantity, value);
        }
    }
    /// Adds a value.
    pub fn add(&mut self, case: &str, quantity: &str, value: f64) {
        self.values.entry((case.to_owned(), quantity.to_owned())).or_default().push(value);
    }
    /// Adds the samples that criterion left in its directory `home`, as nanoseconds of one repetition.
    pub fn criterion(&mut self, home: &Path) -> Result<(), String> {
        let group = home.join("engine");
        let entries = std::fs::read_dir(&group).map_err(|error| format!("{}: {error}", group.display()))?;
        for entry in entries.flatten() {
            let Ok(text) = std::fs::read_to_string(entry.path().join("new/sample.json")) else { continue };
            let name = entry.file_name().to_string_lossy().into_owned();
            let samples = numbers(&text, "times").into_iter().zip(numbers(&text, "iters"));
            samples.for_each(|(time, repetitions)| self.add(&name, "ns", time / repetitions));
        }
        Ok(())
    }
    /// The median of a quantity's values.
    pub fn median(&self, case: &str, quantity: &str) -> Option<f64> {
        let mut sorted = self.values.get(&(case.to_owned(), quantity.to_owned()))?.clone();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = (sorted.get((sorted.len() - 1) / 2)?, sorted.get(sorted.len() / 2)?);
        Some((low + high) / 2.0)
    }
    /// The least of a quantity's values.
    pub fn least(&self, case: &str, quantity: &str) -> Option<f64> {
        self.values.get(&(case.to_owned(), quantity.to_owned()))?.iter().copied().min_by(f64::total_cmp)
    }
    /// The cases, in order of their names.
    pub fn cases(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.values.keys().map(|(case, _)| case.as_str()).collect();
        names.dedup();
        names
    }
    /// The quantities of a case whose names begin with `prefix`: the rest of the name, and the median.
    pub fn with_prefix<'a>(&'a self, case: &'a str, prefix: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
        let quantities = self.values.keys().filter(move |(of, _)| of == case);
        quantities.filter_map(move |(_, quantity)| Some((quantity.strip_prefix(prefix)?, self.median(case, quantity)?)))
    }
}

/// The array of numbers `"name":[...]` of a JSON text.
fn numbers(json: &str, name: &str) -> Vec<f64> {
    let start = format!("\"{name}\":[");
    let inside = json.split_once(&start).and_then(|(_, rest)| rest.split_once(']')).map_or("", |(inside, _)| inside);
    inside.split(',').filter_map(|number| number.trim().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::{Figures, numbers};

    #[test]
    fn lines_of_figures_are_read_and_their_median_taken() {
        let mut figures = Figures::default();
        for line in
            ["measured a ns 3", "    log: measured a ns 1", "measured a ns 8", "measured b ns 1.5", "measured", "x a ns 4"]
        {
            figures.line(line);
        }
        assert_eq!(figures.median("a", "ns"), Some(3.0));
        assert_eq!(figures.least("a", "ns"), Some(1.0));
        assert_eq!(figures.median("b", "ns"), Some(1.5));
        assert_eq!(figures.median("c", "ns"), None);
        assert_eq!(figures.cases(), ["a", "b"]);
    }

    #[test]
    fn criterions_arrays_are_read() {
        let json = r#"{"sampling_mode":"Flat","iters":[1.0,2.0],"times":[10.5,2e1]}"#;
        assert_eq!(numbers(json, "times"), [10.5, 20.0]);
        assert_eq!(numbers(json, "iters"), [1.0, 2.0]);
        assert!(numbers(json, "other").is_empty());
    }
}
