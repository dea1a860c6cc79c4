//! Compose's variables: `${VAR}`, `$VAR`, `${VAR:-default}`, `${VAR-default}`, `${VAR:?error}`, `${VAR:+other}`, `$$`.
//!
//! Values come from `.env` files among the imported files only: the import knows no environment. What has no value is
//! reported by name, because its name often tells whom it is about.

use std::collections::BTreeMap;

/// Deepest nesting of defaults: `${A:-${B:-c}}` has two.
const DEPTH_MAX: u32 = 16;
/// Longest value after interpolation, in bytes.
const LEN_MAX: usize = 64 * 1024;

/// Variables with their values.
pub(super) type Variables = BTreeMap<String, String>;

/// A value with its variables put in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Interpolated {
    /// The text; unset variables are empty.
    pub text: String,
    /// Names of variables without a value.
    pub unset: Vec<String>,
}

/// Puts `variables` into `text`.
pub(super) fn interpolate(text: &str, variables: &Variables) -> Interpolated {
    let mut out = Interpolated::default();
    expand(text, variables, DEPTH_MAX, &mut out);
    out
}

fn expand(text: &str, variables: &Variables, depth: u32, out: &mut Interpolated) {
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        push(out, &rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            push(out, "$");
            rest = after;
        } else if let Some((inner, after)) = braced(rest) {
            substitute(inner, variables, depth, out);
            rest = after;
        } else {
            let len = rest.find(|c: char| !is_name_char(c)).unwrap_or(rest.len());
            let (name, after) = rest.split_at(len);
            if name.is_empty() {
                push(out, "$")
            } else {
                put(name, variables, out)
            }
            rest = after;
        }
    }
    push(out, rest);
}

/// The inside of `{...}` at the start of `text`, nested braces included, and what follows.
fn braced(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('{')?;
    let mut depth = 1_u32;
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((&inside[..at], &inside[at + 1..]));
        }
    }
    None
}

fn substitute(inner: &str, variables: &Variables, depth: u32, out: &mut Interpolated) {
    let len = inner.find(|c: char| !is_name_char(c)).unwrap_or(inner.len());
    let (name, operator) = inner.split_at(len);
    let (empty_counts_as_unset, operator) = operator.strip_prefix(':').map_or((false, operator), |rest| (true, rest));
    let value = variables.get(name).filter(|v| !(empty_counts_as_unset && v.is_empty()));
    let word = operator.get(1..).unwrap_or("");
    match operator.chars().next() {
        Some('-') if value.is_none() && depth > 0 => expand(word, variables, depth - 1, out),
        Some('+') if value.is_some() && depth > 0 => expand(word, variables, depth - 1, out),
        Some('+') => {}
        _ => put(name, variables, out),
    }
}

fn put(name: &str, variables: &Variables, out: &mut Interpolated) {
    match variables.get(name) {
        Some(value) => push(out, value),
        None => out.unset.push(name.to_owned()),
    }
}

fn push(out: &mut Interpolated, text: &str) {
    if out.text.len() + text.len() <= LEN_MAX {
        out.text.push_str(text);
    }
}

fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Whether a file of this name holds variables: `.env`, `.env.override`, `shop.env`.
pub(super) fn is_env_file(name: &str) -> bool {
    name.starts_with(".env") || name.ends_with(".env")
}

/// Reads a `.env` file: `KEY=value` lines, comments, quotes; earlier variables may be used. Later lines win.
pub(super) fn read_env_file(text: &str, variables: &mut Variables) {
    for line in text.lines() {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((key, value)) = line.split_once('=') else { continue };
        if line.starts_with('#') || key.trim().is_empty() {
            continue;
        }
        let value = env_value(value.trim(), variables);
        variables.insert(key.trim().to_owned(), value);
    }
}

fn env_value(value: &str, variables: &Variables) -> String {
    if let Some(literal) = value.strip_prefix('\'') {
        return literal.split('\'').next().unwrap_or(literal).to_owned();
    }
    let plain = match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap_or(quoted),
        None => value.split(" #").next().unwrap_or(value).trim_end(),
    };
    interpolate(plain, variables).text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put_in(text: &str) -> (String, Vec<String>) {
        let variables = Variables::from([("A".to_owned(), "1".to_owned()), ("EMPTY".to_owned(), String::new())]);
        let out = interpolate(text, &variables);
        (out.text, out.unset)
    }

    #[test]
    fn defaults_apply_as_compose_defines_them() {
        assert_eq!(put_in("${A}-$A-$$A").0, "1-1-$A");
        assert_eq!(put_in("${B:-x}|${B-y}|${EMPTY:-z}|${EMPTY-w}|${A:-q}").0, "x|y|z||1");
        assert_eq!(put_in("${B:-${C:-deep}}|${A:+alt}|${B:+alt}").0, "deep|alt|");
        assert_eq!(put_in("http://${HOST}:$PORT"), ("http://:".to_owned(), vec!["HOST".to_owned(), "PORT".to_owned()]));
        assert_eq!(put_in("${B:?needed}").1, ["B"]);
        assert_eq!(put_in("${unclosed $ $- ${}").1, ["", ""].map(str::to_owned)[..1]);
    }

    #[test]
    fn env_files_give_values_to_later_lines() {
        let mut variables = Variables::new();
        read_env_file("# c\nHOST=cart # note\nexport ADDR=${HOST}:7070\nQ='${HOST}'\nD=\"a b\"\nnonsense\n", &mut variables);
        let get = |key: &str| variables.get(key).map(String::as_str);
        assert_eq!((get("ADDR"), get("Q"), get("D")), (Some("cart:7070"), Some("${HOST}"), Some("a b")));
        assert!(is_env_file(".env") && is_env_file(".env.prod") && is_env_file("shop.env") && !is_env_file("environment.yaml"));
    }
}
