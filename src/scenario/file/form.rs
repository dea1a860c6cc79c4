//! One description of each type serves reading and writing, so the two cannot drift apart.
//!
//! A description names the fields of a type in order: `f.at("timeout").time(&mut p.timeout, TIMES)`. Reading starts from a
//! value with its usual settings, overwrites what the file says and collects what is wrong with it; writing makes a tree of
//! every field, from which [`Out::over`] takes away what is usual. Descriptions take types apart without `..`, so a field
//! that is added to a type does not compile until the file knows it.

use super::names::Names;
use super::out::Out;
use super::problems::{Code, Problems, Wrong, quoted, suggestion};
use crate::scenario::import::source::Spot;
use crate::scenario::import::yaml::{Node, Value};
use std::mem::discriminant;

/// What all descriptions share.
pub(super) struct Context<'c> {
    /// What is wrong so far.
    pub problems: Problems<'c>,
    /// The services by name, as they are at the moment that is being read.
    pub names: Names,
}

/// A place for one value: a node that is read (or nothing, if the file does not mention it), or a tree that is written.
pub(super) struct Slot<'a, 'c> {
    /// What people call it.
    pub what: &'a str,
    /// Which way.
    pub side: Side<'a>,
    /// What all share.
    pub context: &'a mut Context<'c>,
}

/// Which way a value goes.
pub(super) enum Side<'a> {
    /// From the file.
    Read(Option<&'a Node>),
    /// To the file.
    Write(&'a mut Out),
}

/// The fields of a mapping.
pub(super) struct Fields<'a, 'c> {
    side: FieldsSide<'a>,
    known: Vec<&'static str>,
    /// What all share.
    pub context: &'a mut Context<'c>,
}

enum FieldsSide<'a> {
    Read(&'a Node),
    Write(&'a mut Vec<(String, Out)>),
}

/// One kind of a thing of several kinds.
#[derive(Clone)]
pub(super) struct Case<T> {
    word: &'static str,
    usual: T,
    body: Option<Body<T>>,
}

/// The description of what a case holds.
type Body<T> = fn(Slot<'_, '_>, &mut T);

impl<T> Case<T> {
    /// A kind without settings.
    pub const fn word(word: &'static str, usual: T) -> Self {
        Self { word, usual, body: None }
    }
    /// It, before anything is said about it.
    pub fn usual(&self) -> T
    where
        T: Clone,
    {
        self.usual.clone()
    }
    /// A kind with settings.
    pub const fn of(word: &'static str, usual: T, body: Body<T>) -> Self {
        Self { word, usual, body: Some(body) }
    }
}

impl<'a, 'c> Fields<'a, 'c> {
    /// The fields of `node`.
    pub fn reading(node: &'a Node, context: &'a mut Context<'c>) -> Self {
        Self { side: FieldsSide::Read(node), known: Vec::new(), context }
    }
    /// The fields of a mapping to write.
    pub fn writing(entries: &'a mut Vec<(String, Out)>, context: &'a mut Context<'c>) -> Self {
        Self { side: FieldsSide::Write(entries), known: Vec::new(), context }
    }
    /// The place of one field. Each is named once.
    pub fn at(&mut self, key: &'static str) -> Slot<'_, 'c> {
        self.known.push(key);
        let side = match &mut self.side {
            FieldsSide::Read(node) => Side::Read(node.get(key).filter(|n| n.value != Value::Null)),
            FieldsSide::Write(entries) => {
                let at = entries.len();
                entries.push((key.to_owned(), Out::Absent));
                Side::Write(&mut entries[at].1)
            }
        };
        Slot { what: key, side, context: self.context }
    }
    /// The node of a field that somebody else reads; `None` if the file does not mention it, or when writing.
    pub fn take(&mut self, key: &'static str) -> Option<&'a Node> {
        self.known.push(key);
        match &self.side {
            FieldsSide::Read(node) => node.get(key).filter(|n| n.value != Value::Null),
            FieldsSide::Write(_) => None,
        }
    }
    /// Whether the file mentions `key`; never when writing.
    pub fn has(&self, key: &str) -> bool {
        matches!(&self.side, FieldsSide::Read(node) if node.get(key).is_some_and(|n| n.value != Value::Null))
    }
    /// Whether a file is being written.
    pub fn is_writing(&self) -> bool {
        matches!(self.side, FieldsSide::Write(_))
    }
    /// Adds a problem of the whole mapping, if it is being read.
    pub fn complain(&mut self, code: Code, message: impl Into<String>, help: impl Into<String>) {
        if let FieldsSide::Read(node) = &self.side {
            self.context.problems.add(code, node.spot, message, help);
        }
    }
    /// Complains about fields that nobody asked for.
    pub fn finish(self) {
        let FieldsSide::Read(node) = self.side else { return };
        for entry in node.entries().iter().filter(|e| !self.known.contains(&e.key.as_str())) {
            if self.context.problems.is_full() {
                return;
            }
            let help = suggestion(&entry.key, self.known.iter().copied());
            self.context.problems.add(Code::UnknownField, entry.spot, format!("unknown field {}", quoted(&entry.key)), help);
        }
    }
}

impl<'a, 'c> Slot<'a, 'c> {
    /// The node, if something is to be read here.
    pub fn node(&self) -> Option<&'a Node> {
        match &self.side {
            Side::Read(node) => *node,
            Side::Write(_) => None,
        }
    }
    /// The same place, or a place from which nothing is read and to which nothing is written.
    pub fn unless(self, is_closed: bool) -> Self {
        if is_closed { Self { side: Side::Read(None), ..self } } else { self }
    }
    /// A mapping with these fields.
    pub fn group<T: ?Sized>(self, value: &mut T, body: impl FnOnce(&mut Fields<'_, 'c>, &mut T)) {
        match self.side {
            Side::Write(out) => {
                let mut entries = Vec::new();
                let mut fields = Fields::writing(&mut entries, self.context);
                body(&mut fields, value);
                *out = Out::Map(entries);
            }
            Side::Read(None) => {}
            Side::Read(Some(node)) if matches!(node.value, Value::Map(_)) => {
                let mut fields = Fields::reading(node, self.context);
                body(&mut fields, value);
                fields.finish();
            }
            Side::Read(Some(node)) => wrong_type(self.context, self.what, node, "a mapping such as { field: value }"),
        }
    }
    /// A mapping that may be missing: `off` is none, `on` or `{}` has the usual settings.
    pub fn option<T: Clone>(self, value: &mut Option<T>, usual: T, body: fn(&mut Fields<'_, '_>, &mut T)) {
        let node = match self.side {
            Side::Write(out) => {
                *out = match value {
                    None => Out::Text("off".to_owned()),
                    Some(own) => over(self.context, own, &mut usual.clone(), |slot, x| slot.group(x, body)),
                };
                return;
            }
            Side::Read(None) => return,
            Side::Read(Some(node)) => node,
        };
        match node.text() {
            Some("off" | "none" | "false") => *value = None,
            Some("on" | "true") => *value = Some(value.take().unwrap_or(usual)),
            _ => {
                let mut own = value.take().unwrap_or(usual);
                Slot { what: self.what, side: Side::Read(Some(node)), context: self.context }.group(&mut own, body);
                *value = Some(own);
            }
        }
    }
    /// A scalar that may be missing: `none` or `off`.
    pub fn maybe<T: Clone>(self, value: &mut Option<T>, start: T, body: impl Fn(Slot<'_, 'c>, &mut T)) {
        match self.side {
            Side::Write(out) => match value {
                None => *out = Out::Text("none".to_owned()),
                Some(own) => body(Slot { what: self.what, side: Side::Write(out), context: self.context }, own),
            },
            Side::Read(None) => {}
            Side::Read(Some(node)) if matches!(node.text(), Some("none" | "off")) => *value = None,
            Side::Read(Some(_)) => {
                let mut own = value.take().unwrap_or(start);
                body(Slot { what: self.what, side: self.side, context: self.context }, &mut own);
                *value = Some(own);
            }
        }
    }
    /// A sequence; each element begins as `usual`.
    pub fn list<T: Clone>(self, value: &mut Vec<T>, most: usize, usual: &T, item: fn(Slot<'_, '_>, &mut T)) {
        match self.side {
            Side::Write(out) => {
                let items = value.iter_mut().map(|own| over(self.context, own, &mut usual.clone(), item));
                *out = Out::List(items.collect());
            }
            Side::Read(None) => {}
            Side::Read(Some(node)) => {
                let Some(items) = items_of(self.context, self.what, node, most) else { return };
                value.clear();
                for node in items {
                    let mut own = usual.clone();
                    item(Slot { what: self.what, side: Side::Read(Some(node)), context: self.context }, &mut own);
                    value.push(own);
                }
            }
        }
    }
    /// A thing of one of several kinds: `word`, or `{ word: settings }`.
    pub fn cases<T: Clone>(self, value: &mut T, cases: &[Case<T>]) {
        match self.side {
            Side::Write(out) => {
                if let Some(case) = cases.iter().find(|c| discriminant(&c.usual) == discriminant(value)) {
                    *out = case_out(self.context, case, value);
                }
            }
            Side::Read(None) => {}
            Side::Read(Some(node)) => {
                let (word, spot, inner) = match (&node.value, node.entries()) {
                    (Value::Scalar(word), _) => (word, node.spot, None),
                    (_, [entry]) => (&entry.key, entry.spot, Some(&entry.value)),
                    _ => return wrong_type(self.context, self.what, node, &one_of(cases)),
                };
                let Some(case) = cases.iter().find(|c| is_same_word(c.word, word)) else {
                    return unknown_word(self.context, self.what, spot, word, cases.iter().map(|c| c.word));
                };
                *value = case.usual.clone();
                match (case.body, inner.filter(|n| n.value != Value::Null)) {
                    (Some(body), inner) => {
                        body(Slot { what: case.word, side: Side::Read(inner), context: self.context }, value);
                    }
                    (None, Some(inner)) => {
                        let wrong = Wrong::new(Code::WrongType, "takes no settings", format!("write just {}", case.word));
                        self.context.problems.add_wrong(inner.spot, case.word, wrong);
                    }
                    (None, None) => {}
                }
            }
        }
    }
}

/// The tree of `own` over the tree of `usual`.
fn over<'c, T>(context: &mut Context<'c>, own: &mut T, usual: &mut T, item: impl Fn(Slot<'_, 'c>, &mut T)) -> Out {
    let mut tree = |value: &mut T| {
        let mut out = Out::Absent;
        item(Slot { what: "", side: Side::Write(&mut out), context }, value);
        Box::new(out)
    };
    Out::Over { own: tree(own), usual: tree(usual) }
}

fn case_out<T: Clone>(context: &mut Context<'_>, case: &Case<T>, value: &mut T) -> Out {
    let Some(body) = case.body else { return Out::Text(case.word.to_owned()) };
    match over(context, value, &mut case.usual.clone(), body) {
        Out::Over { own, usual } => Out::Case { word: case.word, own, usual },
        other => other,
    }
}

/// The items of a sequence of at most `most`.
pub(super) fn items_of<'n>(context: &mut Context<'_>, what: &str, node: &'n Node, most: usize) -> Option<&'n [Node]> {
    let Value::List(items) = &node.value else {
        wrong_type(context, what, node, "a list such as [a, b]");
        return None;
    };
    if items.len() > most {
        let message = format!("{} are more than the {most} that there may be", items.len());
        context.problems.add_wrong(node.spot, what, Wrong::new(Code::TooMany, message, "take some away"));
        return None;
    }
    Some(items)
}

/// Complains that something else than `wanted` stands here.
pub(super) fn wrong_type(context: &mut Context<'_>, what: &str, node: &Node, wanted: &str) {
    let found = match &node.value {
        Value::Null => "nothing".to_owned(),
        Value::Scalar(text) => quoted(text),
        Value::List(_) => "a list".to_owned(),
        Value::Map(_) => "a mapping".to_owned(),
    };
    let wrong = Wrong::new(Code::WrongType, format!("{found} does not fit here"), format!("write {wanted}"));
    context.problems.add_wrong(node.spot, what, wrong);
}

/// Complains about a word that is not among `known`.
pub(super) fn unknown_word<'w>(
    context: &mut Context<'_>,
    what: &str,
    spot: Spot,
    word: &str,
    known: impl Iterator<Item = &'w str>,
) {
    if !context.problems.is_full() {
        let wrong = Wrong::new(Code::UnknownWord, format!("{} is not known here", quoted(word)), suggestion(word, known));
        context.problems.add_wrong(spot, what, wrong);
    }
}

fn one_of<T>(cases: &[Case<T>]) -> String {
    let words: Vec<&str> = cases.iter().map(|c| c.word).collect();
    format!("one of {}, with its settings as {{ word: settings }}", words.join(", "))
}

/// Words are compared without case and with `-` for `_`.
pub(super) fn is_same_word(known: &str, written: &str) -> bool {
    known.len() == written.len()
        && known.bytes().zip(written.bytes()).all(|(k, w)| k == w.to_ascii_lowercase() || (k == b'_' && w == b'-'))
}
