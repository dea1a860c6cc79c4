//! Lengths, module documentation, file names, and places that mean nothing on another machine.

use crate::source::{Problem, code, line_of};

/// Lines of a file: what one can keep in mind.
const FILE_LINES_MAX: usize = 400;
/// Lines of a function: a screen and a half.
const FUNCTION_LINES_MAX: usize = 80;
/// Characters of a line: two files side by side.
const LINE_CHARACTERS_MAX: usize = 130;

/// Files that are longer, with their exact length: a ratchet that only goes down.
pub const LONG_FILES: &[(&str, usize)] = &[];

/// Places of one machine or one workplace. Written apart, so that this file does not name them itself.
const PLACES: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/tm", "p/"),
    concat!("/ho", "me/"),
    concat!("pypi", ".org"),
    concat!("crates", ".io"),
];

/// Files, functions and lines within their limits.
pub fn check_sizes(path: &str, text: &str) -> Vec<Problem> {
    if !path.ends_with(".rs") {
        return Vec::new();
    }
    let mut problems = Vec::new();
    let lines = text.lines().count();
    if lines > FILE_LINES_MAX && !LONG_FILES.iter().any(|(long, _)| *long == path) {
        problems
            .push(Problem { line: lines, message: format!("{lines} lines (limit {FILE_LINES_MAX}): split it by what it does") });
    }
    let long = text.lines().enumerate().filter(|(_, line)| line.chars().count() > LINE_CHARACTERS_MAX);
    problems.extend(
        long.map(|(index, _)| Problem { line: index + 1, message: format!("over {LINE_CHARACTERS_MAX} characters: wrap it") }),
    );
    problems.extend(long_functions(&code(text)));
    problems
}

fn long_functions(code: &str) -> Vec<Problem> {
    let starts =
        code.match_indices("fn ").filter(|(offset, _)| !code[..*offset].ends_with(|c: char| c.is_alphanumeric() || c == '_'));
    let lengths = starts.filter_map(|(offset, _)| Some((offset, body_lines(&code[offset..])?)));
    lengths
        .filter(|(_, lines)| *lines > FUNCTION_LINES_MAX)
        .map(|(offset, lines)| Problem {
            line: line_of(code, offset),
            message: format!("a function of {lines} lines (limit {FUNCTION_LINES_MAX}): give its parts names"),
        })
        .collect()
}

/// Lines from `fn` to its closing brace; nothing for a declaration or a function type.
fn body_lines(code: &str) -> Option<usize> {
    let open = code.find(['{', ';'])?;
    let mut depth = 0_usize;
    for (offset, c) in code[open..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return (offset > 0).then(|| code[..open + offset].matches('\n').count() + 1);
        }
    }
    None
}

/// A `//!` at the top says what the module is. Of a `tests.rs` the name does.
pub fn check_module_doc(path: &str, text: &str) -> Vec<Problem> {
    if path.ends_with(".rs") && !path.ends_with("/tests.rs") && !text.starts_with("//!") {
        return vec![Problem {
            line: 1,
            message: "begin with `//!`: what this module is, why so, its bounds and units".to_owned(),
        }];
    }
    Vec::new()
}

/// No path or registry of the machine it was written on. Manifests in data files may mount what they like.
pub fn check_places(path: &str, text: &str) -> Vec<Problem> {
    let extension = path.rsplit('.').next().unwrap_or_default();
    if !["rs", "md", "toml", "json", "html", "css", "sh", "run"].contains(&extension) && path != ".ci/run" {
        return Vec::new();
    }
    let mut problems = Vec::new();
    for place in PLACES {
        let found = text.match_indices(place);
        problems.extend(found.map(|(offset, _)| Problem {
            line: line_of(text, offset),
            message: format!(
                "`{place}` means nothing on another machine: use a relative path, or the client's own configuration"
            ),
        }));
    }
    problems
}

/// Relative links of a document whose target `exists` denies. Pages of the web are not looked up.
pub fn check_links(path: &str, text: &str, exists: impl Fn(&str) -> bool) -> Vec<Problem> {
    if !path.ends_with(".md") {
        return Vec::new();
    }
    let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let mut problems = Vec::new();
    for (offset, mark) in text.match_indices("](") {
        let target = text[offset + mark.len()..].split([')', '#']).next().unwrap_or_default();
        if !target.is_empty() && !target.contains("://") && !exists(&format!("{folder}{target}")) {
            problems.push(Problem { line: line_of(text, offset), message: format!("there is no `{target}`: mend the link") });
        }
    }
    problems
}

/// No JavaScript of ours.
pub fn check_name(path: &str) -> Vec<Problem> {
    if [".js", ".mjs", ".cjs", ".ts"].iter().any(|end| path.ends_with(end)) {
        return vec![Problem { line: 1, message: "no hand-written JavaScript: write it in Rust, in src/web".to_owned() }];
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_function_or_line_is_found() {
        assert_eq!(check_sizes("src/a.rs", &"//\n".repeat(401)).len(), 1);
        assert_eq!(check_sizes("src/a.rs", &format!("// {}", "x".repeat(130))).len(), 1);
        assert_eq!(check_sizes("src/a.rs", &format!("fn a() {{\n{}}}\n", "b();\n".repeat(79))).len(), 1);
        assert_eq!(
            check_sizes("src/a.rs", &format!("fn a() {{\n{}}}\nfn c(x: fn (u8)) {{ if d {{}} }}", "b();\n".repeat(78))),
            []
        );
    }

    #[test]
    fn a_module_without_documentation_is_found() {
        assert_eq!(check_module_doc("src/a.rs", "use std::fmt;\n").len(), 1);
        assert_eq!(check_module_doc("src/a.rs", "//! What it is.\n"), []);
    }

    #[test]
    fn a_place_of_one_machine_is_found() {
        assert_eq!(check_places("README.md", concat!("see /wo", "rk/shared")).len(), 1);
        assert_eq!(check_places("assets/boutique.yaml", concat!("mountPath: /tm", "p/x")), []);
    }

    #[test]
    fn a_dead_link_is_found() {
        let exists = |path: &str| path == "docs/b.md";
        assert_eq!(check_links("docs/a.md", "[b](b.md#part) ![c](c.png) [d](https://example.com)", exists).len(), 1);
        assert_eq!(check_links("docs/a.md", "[b](b.md) [here](#part)", exists), []);
    }

    #[test]
    fn a_script_is_found() {
        assert_eq!(check_name("www/main.js").len(), 1);
        assert_eq!(check_name("www/index.html"), []);
    }
}
