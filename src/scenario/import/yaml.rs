//! One YAML document as a plain tree in which every node knows its place.
//!
//! Scalars keep the text of the file (`1.10` stays `1.10`): what they mean depends on who reads them. Anchors and merge
//! keys are resolved by the parser; a node that came through an alias has the place where it was written.

use super::source::{Chunk, Spot};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Error, NonFiniteFloatPolicy, Spanned};
use std::fmt;

/// Most nodes of all documents together, aliases expanded: ten times what a thousand services need.
pub(in crate::scenario) const NODES_MAX: usize = 400_000;
/// Deepest nesting; Kubernetes objects stay below 20.
const DEPTH_MAX: usize = 64;

/// Longest scalar kept, in bytes: names, quantities and addresses are shorter; embedded files are not looked into. With
/// the limit on aliases it bounds what a long anchored text can be multiplied to.
const SCALAR_LEN_MAX: usize = 4 * 1024;
/// Most nodes that aliases may bring in.
const REPLAYED_MAX: usize = 50_000;
/// Most aliases.
const ALIASES_MAX: usize = 5_000;

/// A node and where it stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::scenario) struct Node {
    /// Where.
    pub spot: Spot,
    /// What.
    pub value: Value,
}

/// What a node holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::scenario) enum Value {
    /// Nothing.
    #[default]
    Null,
    /// Text, numbers and booleans as written.
    Scalar(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in file order.
    Map(Vec<Entry>),
}

/// One entry of a mapping.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::scenario) struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub spot: Spot,
    /// The value.
    pub value: Node,
}

impl Node {
    /// The value of `key`, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|e| e.key == key).map(|e| &e.value)
    }
    /// The value at the end of a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }
    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text) => Some(text),
            _ => None,
        }
    }
    /// The text at the end of a path of keys.
    pub fn text_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path)?.text()
    }
    /// The items of a sequence; none if it is not one.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }
    /// The entries of a mapping; none if it is not one.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }
    /// Nodes of this tree, itself included.
    pub fn count(&self) -> usize {
        let items: usize = self.items().iter().map(Node::count).sum();
        let entries: usize = self.entries().iter().map(|e| 1 + e.value.count()).sum();
        1 + items + entries
    }
}

/// Why a document could not be read.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::scenario) struct ReadError {
    /// Where.
    pub spot: Spot,
    /// What the parser says.
    pub message: String,
    /// It is too big or too deep, so reading on makes no sense.
    pub over_budget: bool,
}

/// Reads one document of at most `nodes_max` nodes.
pub(in crate::scenario) fn parse(chunk: &Chunk<'_>, nodes_max: usize) -> Result<Node, ReadError> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: nodes_max,
            max_depth: DEPTH_MAX,
            max_aliases: ALIASES_MAX,
            // One logging anchor shared by hundreds of services is usual; the node budget catches alias bombs.
            enforce_alias_anchor_ratio: false,
        },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: REPLAYED_MAX },
        emit_comments: false,
        with_snippet: false,
        strict_booleans: true,
        duplicate_keys: DuplicateKeyPolicy::Error,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
    };
    let tree: Tree = serde_saphyr::from_str_with_options(chunk.text, options).map_err(|e| read_error(chunk, &e))?;
    Ok(tree.into_node(chunk))
}

fn read_error(chunk: &Chunk<'_>, error: &Error) -> ReadError {
    let (line, column) = error.location().map_or((1, 1), |l| (l.line() as u32, l.column() as u32));
    let text = error.to_string();
    // The parser's own position counts from the document's start, ours from the file's.
    let message = text.split(" at line ").next().unwrap_or(&text).split(", set DuplicateKeyPolicy").next().unwrap_or(&text);
    ReadError {
        spot: Spot { file: chunk.file, line: line.max(1) + chunk.lines_before, column: column.max(1) },
        message: message.to_owned(),
        // Limits met inside an alias are wrapped in an error of their own; only the text tells.
        over_budget: ["budget breached", "limit exceeded", "nesting"].iter().any(|limit| text.contains(limit)),
    }
}

/// What the parser hands over: values with their spans.
struct Tree(Spanned<Raw>);

enum Raw {
    Null,
    Text(String),
    /// A number or boolean: its text is taken from the source.
    Plain(String),
    List(Vec<Tree>),
    Map(Vec<(Tree, Tree)>),
}

impl Tree {
    fn into_node(self, chunk: &Chunk<'_>) -> Node {
        let at = self.0.defined;
        let spot =
            Spot { file: chunk.file, line: (at.line() as u32).max(1) + chunk.lines_before, column: (at.column() as u32).max(1) };
        let value = match self.0.value {
            Raw::Null => Value::Null,
            Raw::Text(text) => Value::Scalar(text),
            Raw::Plain(text) => Value::Scalar(written(chunk.text, at.span()).map_or(text, str::to_owned)),
            Raw::List(items) => Value::List(items.into_iter().map(|i| i.into_node(chunk)).collect()),
            Raw::Map(entries) => Value::Map(entries.into_iter().filter_map(|(k, v)| entry(k, v, chunk)).collect()),
        };
        Node { spot, value }
    }
}

/// The text of the source that a span covers.
fn written(text: &str, span: serde_saphyr::Span) -> Option<&str> {
    let start = usize::try_from(span.byte_offset()?).ok()?;
    let end = start.checked_add(usize::try_from(span.byte_len()?).ok()?)?;
    text.get(start..end).filter(|t| !t.is_empty())
}

/// The beginning of a scalar.
fn cut(text: &str) -> &str {
    let end = (0..=SCALAR_LEN_MAX.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}

/// Keys that are not text (`? [a, b]`) name nothing that is looked for, so they are dropped.
fn entry(key: Tree, value: Tree, chunk: &Chunk<'_>) -> Option<Entry> {
    let key = key.into_node(chunk);
    match key.value {
        Value::Scalar(text) => Some(Entry { key: text, spot: key.spot, value: value.into_node(chunk) }),
        _ => None,
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::<Raw>::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }
    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Plain(value.to_string()))
    }
    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Plain(value.to_string()))
    }
    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Plain(value.to_string()))
    }
    fn visit_i128<E: serde::de::Error>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Plain(value.to_string()))
    }
    fn visit_u128<E: serde::de::Error>(self, value: u128) -> Result<Raw, E> {
        Ok(Raw::Plain(value.to_string()))
    }
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Plain(value.to_string()))
    }
    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(cut(value).to_owned()))
    }
    fn visit_bytes<E: serde::de::Error>(self, value: &[u8]) -> Result<Raw, E> {
        Ok(Raw::Text(String::from_utf8_lossy(value).into_owned()))
    }
    fn visit_unit<E: serde::de::Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }
    fn visit_none<E: serde::de::Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(pair) = access.next_entry()? {
            if entries.len() >= NODES_MAX {
                return Err(A::Error::custom("budget breached: too many entries"));
            }
            entries.push(pair);
        }
        Ok(Raw::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Node, ReadError> {
        parse(&Chunk { file: 0, lines_before: 10, text }, NODES_MAX)
    }

    #[test]
    fn scalars_keep_their_text_and_their_place() {
        let node = read("a: 1.10\nb: [yes, 0755, \"x: y\"]\nn: ~\ni: .inf\n").unwrap();
        assert_eq!(node.text_at(&["a"]), Some("1.10"));
        let list: Vec<_> = node.get("b").unwrap().items().iter().map(|i| i.text().unwrap()).collect();
        assert_eq!(list, ["yes", "0755", "x: y"]);
        assert_eq!(node.get("b").unwrap().items()[2].spot, Spot { file: 0, line: 12, column: 16 });
        assert_eq!((node.get("n").unwrap().text(), node.text_at(&["i"])), (None, Some(".inf")));
    }

    #[test]
    fn merge_keys_give_the_place_where_a_value_was_written() {
        let node = read("x: &x\n  A: 1\n  B: 2\ny:\n  <<: *x\n  B: 3\n").unwrap();
        let y = node.get("y").unwrap();
        assert_eq!((y.text_at(&["A"]), y.text_at(&["B"])), (Some("1"), Some("3")));
        assert_eq!(y.get("A").unwrap().spot.line, 12);
    }

    #[test]
    fn syntax_errors_count_lines_from_the_start_of_the_file() {
        let error = read("a: 1\nb: [1,\nc: 2\n").unwrap_err();
        assert_eq!((error.spot.line, error.spot.column, error.over_budget), (12, 4, false));
        assert_eq!(error.message, "unclosed bracket '['");
        assert_eq!(read("a: 1\na: 2\n").unwrap_err().message, "duplicate mapping key: a");
    }

    #[test]
    fn alias_bombs_and_deep_nesting_end_at_the_budget() {
        let mut bomb = String::from("a: &a [x,x,x,x,x,x,x,x,x]\n");
        for (name, inner) in [("b", "a"), ("c", "b"), ("d", "c"), ("e", "d"), ("f", "e"), ("g", "f")] {
            bomb.push_str(&format!("{name}: &{name} [{}]\n", vec![format!("*{inner}"); 9].join(",")));
        }
        let error = read(&bomb).unwrap_err();
        assert!(error.over_budget, "{error:?}");
        assert!(read(&"[".repeat(100_000)).is_err() && read(&"- ".repeat(100_000)).is_err());
    }
}
