//! Adds up what the test runners report, so that one closing line can tell the whole result.

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed, and steps that died before they could count.
    pub failed: u64,
}

impl Count {
    /// Adds another runner's counts.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    /// What one line of output reports, if it is the closing line of cargo's or wasm-bindgen's test runner:
    /// `test result: ok. 3 passed; 0 failed; 0 ignored; ...`.
    pub fn of_line(line: &str) -> Option<Self> {
        let (_, counts) = line.trim().strip_prefix("test result: ")?.split_once(". ")?;
        let number = |word: &str| {
            counts.split("; ").find_map(|part| part.strip_suffix(word)).and_then(|digits| digits.trim().parse().ok())
        };
        Some(Self { passed: number("passed")?, failed: number("failed")? })
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::Count;

    #[test]
    fn a_closing_line_is_read() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        assert_eq!(Count::of_line(line), Some(Count { passed: 12, failed: 3 }));
    }

    #[test]
    fn the_browser_runners_closing_line_is_read() {
        let line = "test result: ok. 3 passed; 0 failed; 0 ignored; 0 filtered out; finished in 0.08s";
        assert_eq!(Count::of_line(line), Some(Count { passed: 3, failed: 0 }));
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in ["", "running 3 tests", "test a ... ok", "test result: odd", "3 passed; 0 failed"] {
            assert_eq!(Count::of_line(line), None, "{line}");
        }
    }
}
