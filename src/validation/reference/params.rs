//! The settings of one row, taken out one by one. What nobody has taken in the end was not understood, and a row that is
//! not understood is not measured.

use super::phrase;

/// The settings of one row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Params {
    items: Vec<String>,
}

impl Params {
    /// Splits `k=v;k=v, words (note)`: at semicolons, at commas outside brackets, and before a note in brackets that follows
    /// a space.
    pub fn new(text: &str) -> Self {
        let (mut items, mut item, mut depth) = (Vec::new(), String::new(), 0_usize);
        for c in text.chars() {
            match c {
                '(' if depth == 0 && item.ends_with(' ') => items.push(std::mem::take(&mut item)),
                ';' | ',' if depth == 0 => {
                    items.push(std::mem::take(&mut item));
                    continue;
                }
                _ => {}
            }
            depth = if c == '(' {
                depth + 1
            } else if c == ')' {
                depth.saturating_sub(1)
            } else {
                depth
            };
            item.push(c);
        }
        items.push(item);
        let items = items.iter().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect();
        Self { items }
    }
    /// Settings of `earlier` that this row does not name itself, in place of the word `same`.
    pub fn inherit(&mut self, earlier: &Self) {
        if self.has("same") {
            let own: Vec<String> = self.items.iter().map(|item| phrase::name(item)).collect();
            self.items.extend(earlier.items.iter().filter(|item| !own.contains(&phrase::name(item))).cloned());
        }
    }
    /// Whether the row says `same` (and takes the word out).
    pub fn is_same(&self) -> bool {
        self.items.iter().any(|item| phrase::fit("same", item).is_some())
    }
    /// The numbers of the first setting that fits `template`, which is taken out.
    pub fn take(&mut self, template: &str) -> Option<Vec<f64>> {
        let (at, found) = self.items.iter().enumerate().find_map(|(at, item)| Some((at, phrase::fit(template, item)?)))?;
        self.items.remove(at);
        Some(found)
    }
    /// The first of several templates that fits, with its number: index and numbers.
    pub fn take_any(&mut self, templates: &[&str]) -> Option<(usize, Vec<f64>)> {
        templates.iter().enumerate().find_map(|(index, template)| Some((index, self.take(template)?)))
    }
    /// Whether the phrase is there; it is taken out.
    pub fn has(&mut self, phrase: &str) -> bool {
        self.take(phrase).is_some()
    }
    /// The one number of `template`, if the setting is there.
    pub fn find(&mut self, template: &str) -> Option<f64> {
        self.take(template)?.first().copied()
    }
    /// The one number of `template`.
    ///
    /// # Errors
    /// Says that the setting is missing.
    pub fn need(&mut self, template: &str) -> Result<f64, String> {
        self.find(template).ok_or_else(|| format!("needs '{template}'"))
    }
    /// All settings were taken.
    ///
    /// # Errors
    /// Names those that were not understood.
    pub fn finish(&self) -> Result<(), String> {
        if self.items.is_empty() { Ok(()) } else { Err(format!("not understood: {}", self.items.join("; "))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_split_at_semicolons_commas_and_notes_but_not_inside_brackets() {
        let params = Params::new("offered/capacity=1.2;c=20,queue=20;retry delay U(0,1 s) (>> queue time)");
        assert_eq!(params.items, ["offered/capacity=1.2", "c=20", "queue=20", "retry delay U(0,1 s)", "(>> queue time)"]);
    }

    #[test]
    fn what_was_not_taken_is_named() {
        let mut params = Params::new("rho=0.5;colour=blue");
        assert_eq!(params.need("rho={n}"), Ok(0.5));
        assert_eq!(params.finish(), Err("not understood: colour=blue".to_owned()));
        assert!(params.need("S={t}").is_err());
    }

    #[test]
    fn same_inherits_what_the_row_does_not_say() {
        let earlier = Params::new("attempts=2;c=20;delay 1 s");
        let mut row = Params::new("attempts=3;same");
        assert!(row.is_same());
        row.inherit(&earlier);
        assert_eq!(row.items, ["attempts=3", "c=20", "delay 1 s"]);
    }
}
