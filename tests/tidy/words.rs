//! Words that must not occur in code, each with what to use instead.

use crate::source::{Problem, code, line_of};

/// Unfinished or noisy code, banned everywhere.
const ANYWHERE: &[(&str, &str)] = &[
    ("todo!", "finish it, or leave the feature out"),
    ("unimplemented!", "finish it, or leave the feature out"),
    ("dbg!", "take it out"),
];

/// Banned in `src/`: what makes runs differ, or writes where nobody reads.
const IN_LIBRARY: &[(&str, &str)] = &[
    ("SystemTime", "time is an argument: use units::SimTime"),
    ("Instant::now", "time is an argument: use units::SimTime"),
    ("thread_rng", "use rng::Stream with a label"),
    ("HashMap", "its order differs between runs: use Vec by id or BTreeMap"),
    ("HashSet", "its order differs between runs: use BTreeSet"),
];

/// Transcendental maths of `std`, which differs between native and wasm. `math.rs` is the door to `libm`.
const MATHS: &[&str] = &[
    ".powi(",
    ".powf(",
    ".ln(",
    ".ln_1p(",
    ".log(",
    ".log2(",
    ".log10(",
    ".exp(",
    ".exp2(",
    ".exp_m1(",
    ".sin(",
    ".cos(",
    ".tan(",
    ".sin_cos(",
    ".asin(",
    ".acos(",
    ".atan(",
    ".atan2(",
    ".sinh(",
    ".cosh(",
    ".tanh(",
    ".cbrt(",
    ".hypot(",
    "libm::",
];

const PRINTING: &[&str] = &["println!", "eprintln!", "print!", "eprint!"];

/// Where the words of the lists above occur.
pub fn check(path: &str, text: &str) -> Vec<Problem> {
    if !path.ends_with(".rs") {
        return Vec::new();
    }
    let code = code(text);
    let mut problems = Vec::new();
    for (word, instead) in ANYWHERE {
        find(&code, word, instead, &mut problems);
    }
    if path.starts_with("src/") {
        in_library(path, &code, &mut problems);
    }
    problems
}

fn in_library(path: &str, code: &str, problems: &mut Vec<Problem>) {
    for (word, instead) in IN_LIBRARY {
        find(code, word, instead, problems);
    }
    if path != "src/math.rs" {
        MATHS.iter().for_each(|word| find(code, word, "differs between native and wasm: use crate::math", problems));
    }
    if !path.starts_with("src/bin/") {
        PRINTING.iter().for_each(|word| find(code, word, "only programs print: return a value", problems));
    }
    let without_tests = code.find("#[cfg(test)]").map_or(code, |tests| &code[..tests]);
    find(without_tests, ".unwrap()", "handle it, or `expect` with the invariant that makes it impossible", problems);
}

fn find(code: &str, word: &str, instead: &str, problems: &mut Vec<Problem>) {
    for (offset, _) in code.match_indices(word) {
        let inside_name = code[..offset].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        if word.starts_with('.') || !inside_name {
            problems.push(Problem { line: line_of(code, offset), message: format!("`{word}`: {instead}") });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn each_banned_word_is_found() {
        for text in [
            concat!("to", "do!()"),
            "use std::collections::HashMap;",
            "x.powi(2)",
            "println!(\"a\")",
            "Instant::now()",
            "a.unwrap()",
            "x.ln()",
        ] {
            assert_eq!(check("src/sim/world.rs", text).len(), 1, "{text}");
        }
    }

    #[test]
    fn words_in_comments_strings_tests_and_other_names_are_no_problem() {
        for text in [
            "// HashMap",
            "let a = \"todo!\";",
            "#[cfg(test)]\nmod tests { fn a() { b.unwrap() } }",
            "crate::math::ln(x)",
            "x.exponent()",
        ] {
            assert_eq!(check("src/sim/world.rs", text), [], "{text}");
        }
    }
}
