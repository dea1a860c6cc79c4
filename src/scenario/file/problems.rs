//! Everything that is wrong with a scenario file, collected. Each problem has a stable code, a place and a line of help.

use crate::scenario::import::source::{Sources, Spot};
use crate::scenario::import::{Gravity, Problem};

/// Most problems that are kept; more help nobody.
pub(super) const PROBLEMS_MAX: usize = 200;
/// Most characters of the user's text that a message repeats.
const QUOTED_CHARS_MAX: usize = 60;
/// Most candidates that are looked at for a "did you mean".
const CANDIDATES_MAX: usize = 200;
/// Longest word for which a "did you mean" is looked for, in characters.
const WORD_CHARS_MAX: usize = 32;

/// What can be wrong with a scenario file. All are errors: a scenario is run as it is written or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// Not YAML, or not one document.
    Syntax,
    /// More text, nodes, nesting or aliases than a file may have.
    TooLarge,
    /// The version is missing, unreadable or newer than this program.
    Version,
    /// No such field.
    UnknownField,
    /// A text where a mapping belongs, and the like.
    WrongType,
    /// A quantity without its unit or with another one.
    WrongUnit,
    /// Outside the range.
    OutOfRange,
    /// None of the words that are allowed here.
    UnknownWord,
    /// No service of that name.
    UnknownService,
    /// The same name twice.
    DuplicateName,
    /// Calls whose callers wait go round.
    Cycle,
    /// A fault, an edit or an action of something that is not there.
    NoTarget,
    /// A fault that cannot be put on this target.
    WrongTarget,
    /// Something that must be there is not.
    Missing,
    /// More of something than a scenario may have.
    TooMany,
    /// Two values that contradict each other.
    Contradiction,
    /// A change that would be refused when its time comes.
    RefusedEdit,
    /// Something planned that a model of this scale cannot do.
    Unscalable,
}

impl Code {
    const fn text(self) -> &'static str {
        match self {
            Self::Syntax => "E0301",
            Self::TooLarge => "E0302",
            Self::Version => "E0303",
            Self::UnknownField => "E0304",
            Self::WrongType => "E0305",
            Self::WrongUnit => "E0306",
            Self::OutOfRange => "E0307",
            Self::UnknownWord => "E0308",
            Self::UnknownService => "E0309",
            Self::DuplicateName => "E0310",
            Self::Cycle => "E0311",
            Self::NoTarget => "E0312",
            Self::WrongTarget => "E0313",
            Self::Missing => "E0314",
            Self::TooMany => "E0315",
            Self::Contradiction => "E0316",
            Self::RefusedEdit => "E0317",
            Self::Unscalable => "E0318",
        }
    }
}

/// What is wrong with one value; whoever read it knows the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// Which kind.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl Wrong {
    /// A complaint.
    pub fn new(code: Code, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: help.into() }
    }
}

/// Collects problems in the order found.
pub(super) struct Problems<'a> {
    sources: &'a Sources<'a>,
    found: Vec<Problem>,
}

impl<'a> Problems<'a> {
    /// No problem yet.
    pub fn new(sources: &'a Sources<'a>) -> Self {
        Self { sources, found: Vec::new() }
    }
    /// Adds a problem at a place.
    pub fn add(&mut self, code: Code, spot: Spot, message: impl Into<String>, help: impl Into<String>) {
        if self.is_full() {
            return;
        }
        let spot = Spot { line: spot.line.max(1), column: spot.column.max(1), ..spot };
        self.found.push(Problem {
            code: code.text().to_owned(),
            gravity: Gravity::Error,
            place: self.sources.place(spot),
            snippet: self.sources.snippet(spot),
            message: message.into(),
            help: help.into(),
        });
    }
    /// Adds a complaint about the value called `what`.
    pub fn add_wrong(&mut self, spot: Spot, what: &str, wrong: Wrong) {
        self.add(wrong.code, spot, format!("{what}: {}", wrong.message), wrong.help);
    }
    /// Whether no more are kept: then none needs to be worded either.
    pub fn is_full(&self) -> bool {
        self.found.len() >= PROBLEMS_MAX
    }
    /// How many there are.
    pub fn count(&self) -> usize {
        self.found.len()
    }
    /// All of them, in the order found.
    pub fn finish(self) -> Vec<Problem> {
        self.found
    }
}

/// The user's text in quotes, cut to a readable length.
pub(super) fn quoted(text: &str) -> String {
    let mut cut: String = text.chars().take(QUOTED_CHARS_MAX).collect();
    if cut.len() < text.len() {
        cut.push_str("...");
    }
    format!("'{}'", cut.escape_debug())
}

/// `did you mean 'timeout'?`, or else what there is.
pub(super) fn suggestion<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.take(CANDIDATES_MAX).collect();
    let near = known.iter().filter_map(|k| Some((distance(word, k)?, k))).min_by_key(|(distance, _)| *distance);
    match near {
        Some((distance, nearest)) if distance * 3 <= word.chars().count() + 1 => format!("did you mean {}?", quoted(nearest)),
        _ if known.is_empty() => "there is none".to_owned(),
        _ => format!("known are {}", list(&known)),
    }
}

/// `a, b, c`, at most so many that a line holds them.
fn list(words: &[&str]) -> String {
    const SHOWN_MAX: usize = 60;
    let mut text = words.iter().take(SHOWN_MAX).copied().collect::<Vec<_>>().join(", ");
    if words.len() > SHOWN_MAX {
        text.push_str(", ...");
    }
    text
}

/// Letters to change, insert or take away; `None` for words that are long or of much different length.
fn distance(a: &str, b: &str) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len() > WORD_CHARS_MAX || b.len() > WORD_CHARS_MAX || a.len().abs_diff(b.len()) > 3 {
        return None;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let changed = corner + usize::from(!x.eq_ignore_ascii_case(y));
            corner = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(corner + 1);
        }
    }
    row.last().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_suggested_and_far_ones_listed() {
        let known = ["timeout", "attempts", "to"];
        assert_eq!(suggestion("tiemout", known.into_iter()), "did you mean 'timeout'?");
        assert_eq!(suggestion("Attempt", known.into_iter()), "did you mean 'attempts'?");
        assert_eq!(suggestion("colour", known.into_iter()), "known are timeout, attempts, to");
        assert_eq!(suggestion("x", std::iter::empty()), "there is none");
    }

    #[test]
    fn quoted_text_is_short_and_printable() {
        assert_eq!(quoted("a\u{1b}b"), "'a\\u{1b}b'");
        assert_eq!(quoted(&"x".repeat(100)).len(), 65);
    }
}
