//! Problems are collected, not first-error-out. Each has a stable code, a place and a line of help.

use super::preview::{Gravity, Ignored, Problem};
use super::source::{Sources, Spot};

/// Most problems that are kept; more help nobody.
const PROBLEMS_MAX: usize = 200;
/// Most ignored things that are kept.
const IGNORED_MAX: usize = 1_000;

/// What can be wrong with an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// More bytes, files, documents, nodes or services than an import may have.
    TooLarge,
    /// Not a text file.
    Binary,
    /// A declared dependency names no service.
    UnknownDependency,
    /// Declared dependencies close a cycle.
    Cycle,
    /// The YAML parser gave up.
    Syntax,
    /// Nothing in it runs.
    NothingToRun,
    /// Kubernetes and Compose files at once.
    MixedFormats,
    /// An address in an env value names nothing in these files.
    DanglingAddress,
    /// An inferred edge would close a cycle.
    InferredCycle,
    /// One of our annotations cannot be understood.
    BadAnnotation,
    /// The same thing twice.
    Duplicate,
    /// A value of the wrong type or unit.
    BadValue,
    /// Env variables without a value.
    UnsetVariables,
}

impl Code {
    const fn parts(self) -> (&'static str, Gravity) {
        match self {
            Self::TooLarge => ("E0001", Gravity::Error),
            Self::Binary => ("E0002", Gravity::Error),
            Self::UnknownDependency => ("E0003", Gravity::Error),
            Self::Cycle => ("E0004", Gravity::Error),
            Self::Syntax => ("E0005", Gravity::Error),
            Self::NothingToRun => ("E0006", Gravity::Error),
            Self::MixedFormats => ("E0007", Gravity::Error),
            Self::DanglingAddress => ("W0001", Gravity::Warning),
            Self::InferredCycle => ("W0002", Gravity::Warning),
            Self::BadAnnotation => ("W0003", Gravity::Warning),
            Self::Duplicate => ("W0004", Gravity::Warning),
            Self::BadValue => ("W0005", Gravity::Warning),
            Self::UnsetVariables => ("W0006", Gravity::Note),
        }
    }
}

/// Most env values and arguments that are looked at, of all workloads together: shared ConfigMaps and anchors multiply.
const VARIABLES_MAX: usize = 65_536;

/// Collects what went wrong and what was not used.
pub(super) struct Log<'a> {
    /// The files, for places and snippets.
    pub sources: &'a Sources<'a>,
    /// Env values and arguments that may still be read.
    pub variables_left: usize,
    problems: Vec<Problem>,
    ignored: Vec<Ignored>,
}

impl<'a> Log<'a> {
    /// An empty log about `sources`.
    pub fn new(sources: &'a Sources<'a>) -> Self {
        Self { sources, variables_left: VARIABLES_MAX, problems: Vec::new(), ignored: Vec::new() }
    }
    /// Adds a problem at a place.
    pub fn add(&mut self, code: Code, spot: Spot, message: impl Into<String>, help: impl Into<String>) {
        if self.is_full(code) {
            return;
        }
        let (place, snippet) = (self.sources.place(spot), self.sources.snippet(spot));
        self.push(code, place, snippet, message.into(), help.into());
    }
    /// Adds a problem of a whole file, or of all of them.
    pub fn add_about(&mut self, code: Code, file: &str, message: impl Into<String>, help: impl Into<String>) {
        if !self.is_full(code) {
            self.push(code, format!("{file}:1:1"), None, message.into(), help.into());
        }
    }
    /// Adds something that was left out.
    pub fn ignore(&mut self, what: impl Into<String>, spot: Spot, why: impl Into<String>) {
        if self.ignored.len() < IGNORED_MAX {
            let place = self.sources.line_place(spot);
            self.ignored.push(Ignored { what: what.into(), place, why: why.into() });
        }
    }
    /// Whether anything is so wrong that there is nothing to run.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|p| p.gravity == Gravity::Error)
    }
    /// Problems, gravest first and otherwise in the order found, and what was ignored.
    pub fn finish(mut self) -> (Vec<Problem>, Vec<Ignored>) {
        self.problems.sort_by_key(|p| std::cmp::Reverse(p.gravity));
        (self.problems, self.ignored)
    }

    /// An error is always kept if it is the first: `has_errors` must see it.
    fn is_full(&self, code: Code) -> bool {
        self.problems.len() >= PROBLEMS_MAX && (code.parts().1 != Gravity::Error || self.has_errors())
    }

    fn push(&mut self, code: Code, place: String, snippet: Option<String>, message: String, help: String) {
        let (code, gravity) = code.parts();
        self.problems.push(Problem { code: code.to_owned(), gravity, place, snippet, message, help });
    }
}
