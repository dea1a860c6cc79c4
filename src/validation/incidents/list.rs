//! The patterns, in their order.

use super::Pattern;
use super::patterns::*;

/// All patterns.
pub const PATTERNS: &[Pattern] = &[
    p01::PATTERN,
    p02::PATTERN,
    p03::PATTERN,
    p04::PATTERN,
    p05::PATTERN,
    p06::PATTERN,
    p07::PATTERN,
    p08::PATTERN,
    p09::PATTERN,
    p10::PATTERN,
    p11::PATTERN,
    p12::PATTERN,
    p13::PATTERN,
    p14::PATTERN,
    p15::PATTERN,
    p16::PATTERN,
    p17::PATTERN,
    p18::PATTERN,
    p19::PATTERN,
    p20::PATTERN,
];

/// The pattern called `P07`, `7` or `p07-gc-spiral`; `None` if there is none.
pub fn pattern(word: &str) -> Option<&'static Pattern> {
    let word = word.trim();
    let digits = word.trim_start_matches(['P', 'p']);
    PATTERNS.iter().find(|p| p.name() == word || digits.parse() == Ok(p.number))
}
