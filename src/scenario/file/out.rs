//! What is written: a tree that knows what is usual, and its text.
//!
//! Every type writes all of its fields; taking away what equals the usual tree leaves what a person would have written.
//! The same subtraction yields an edit: the new settings without the old ones. Short mappings stand on one line.

/// A tree to write.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Out {
    /// Nothing.
    Absent,
    /// A scalar, not yet quoted.
    Text(String),
    /// A sequence; only left out as a whole.
    List(Vec<Out>),
    /// A mapping; each entry is left out by itself.
    Map(Vec<(String, Out)>),
    /// Something that begins with usual settings of its own, unless the same thing stood there before.
    Over {
        /// What it is.
        own: Box<Out>,
        /// What it would be if nothing were said about it.
        usual: Box<Out>,
    },
    /// One of several kinds of thing: its word, what it holds and what that usually is.
    Case {
        /// Which.
        word: &'static str,
        /// What it holds.
        own: Box<Out>,
        /// What it usually holds.
        usual: Box<Out>,
    },
}

impl Out {
    /// What must be written so that reading it on top of `base` gives this; [`Out::Absent`] if nothing.
    pub fn over(&self, base: &Self) -> Self {
        if self == base {
            return Self::Absent;
        }
        match (self, base) {
            (Self::Map(entries), Self::Map(before)) => map_over(entries, before),
            (Self::Over { own, .. }, Self::Over { own: before, .. }) => own.over(before),
            (Self::Over { own, usual }, _) => own.over(usual).or_empty_map(),
            (Self::Case { word, own, usual }, _) => match own.over(usual) {
                Self::Absent => Self::Text((*word).to_owned()),
                rest => Self::Map(vec![((*word).to_owned(), rest)]),
            },
            (Self::List(items), _) => Self::List(items.iter().map(Self::whole).collect()),
            (Self::Map(entries), _) => map_over(entries, &[]).or_empty_map(),
            (Self::Text(_) | Self::Absent, _) => self.clone(),
        }
    }
    /// What must be written if nothing stood there before.
    pub fn whole(&self) -> Self {
        match self {
            Self::Absent => Self::Absent,
            other => other.over(&Self::Absent),
        }
    }
    /// An empty mapping instead of nothing.
    pub fn or_empty_map(self) -> Self {
        if self == Self::Absent { Self::Map(Vec::new()) } else { self }
    }
}

fn map_over(entries: &[(String, Out)], before: &[(String, Out)]) -> Out {
    // All trees of one type have the same keys in the same order.
    let base = |at: usize, key: &str| before.get(at).filter(|(k, _)| k == key).map_or(&Out::Absent, |(_, value)| value);
    let rest = entries.iter().enumerate().map(|(at, (key, value))| (key.clone(), value.over(base(at, key))));
    let rest: Vec<_> = rest.filter(|(_, value)| *value != Out::Absent).collect();
    if rest.is_empty() { Out::Absent } else { Out::Map(rest) }
}

/// Longest line that a mapping or sequence may make, in bytes, indent included.
const LINE_MAX: usize = 110;

/// The text of a tree without anything usual in it: what [`Out::over`] leaves.
pub(super) fn to_text(out: &Out) -> String {
    let mut text = String::new();
    block(out, 0, &mut text);
    text
}

/// Writes the lines of a mapping or sequence; each ends with a line break.
fn block(out: &Out, indent: usize, text: &mut String) {
    let pad = " ".repeat(indent);
    match out {
        Out::Map(entries) => {
            for (key, value) in entries {
                let start = format!("{pad}{}:", scalar(key));
                member(&start, value, indent, text);
            }
        }
        Out::List(items) => {
            for item in items {
                member(&format!("{pad}-"), item, indent, text);
            }
        }
        _ => text.push_str(&format!("{pad}{}\n", flow(out))),
    }
}

/// One entry: on its line if it fits there, below it otherwise.
fn member(start: &str, value: &Out, indent: usize, text: &mut String) {
    let line = format!("{start} {}\n", flow(value));
    let is_empty = matches!(value, Out::Map(e) if e.is_empty()) || matches!(value, Out::List(i) if i.is_empty());
    let is_branch = matches!(value, Out::Map(_) | Out::List(_)) && !is_empty;
    if !is_branch || (indent > 0 || start.ends_with('-')) && line.len() <= LINE_MAX {
        text.push_str(&line);
        return;
    }
    if start.ends_with('-') {
        // The first line of a sequence's item stands behind its dash.
        let mut item = String::new();
        block(value, indent + 2, &mut item);
        text.push_str(&format!("{start} {}", item.trim_start()));
        return;
    }
    text.push_str(&format!("{start}\n"));
    block(value, indent + 2, text);
}

/// A tree on one line.
fn flow(out: &Out) -> String {
    match out {
        Out::Absent => "{}".to_owned(),
        Out::Text(text) => scalar(text),
        Out::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Out::Map(entries) if entries.is_empty() => "{}".to_owned(),
        Out::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| format!("{}: {}", scalar(key), flow(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        Out::Over { own, .. } | Out::Case { own, .. } => flow(own),
    }
}

/// A scalar, quoted where YAML needs it.
fn scalar(text: &str) -> String {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/' | '%');
    let is_word = text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(is_inner);
    // A reserved word of our own (`off`) comes back as the same text either way.
    let is_null = text.eq_ignore_ascii_case("null");
    if is_word && !is_null { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            ' '..='~' => out.push(c),
            _ if c.is_alphanumeric() => out.push(c),
            _ => out.push_str(&format!("\\U{:08X}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Out {
        Out::Text(text.to_owned())
    }
    fn map(entries: &[(&str, Out)]) -> Out {
        Out::Map(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    }

    #[test]
    fn what_is_usual_is_left_out_at_every_depth() {
        let base = map(&[("a", text("1")), ("b", map(&[("c", text("2")), ("d", text("3"))]))]);
        let own = map(&[("a", text("1")), ("b", map(&[("c", text("2")), ("d", text("4"))]))]);
        assert_eq!(own.over(&base), map(&[("b", map(&[("d", text("4"))]))]));
        assert_eq!(own.over(&own), Out::Absent);
    }

    #[test]
    fn something_new_is_written_over_its_own_usual() {
        let usual = map(&[("size", text("10")), ("wait", text("30s"))]);
        let over = |size: &str| Out::Over {
            own: Box::new(map(&[("size", text(size)), ("wait", text("30s"))])),
            usual: Box::new(usual.clone()),
        };
        assert_eq!(over("5").over(&text("off")), map(&[("size", text("5"))]));
        assert_eq!(over("10").over(&text("off")), Out::Map(Vec::new()));
        assert_eq!(over("10").over(&over("5")), map(&[("size", text("10"))]));
    }

    #[test]
    fn short_trees_stand_on_one_line_and_odd_text_is_quoted() {
        let tree = map(&[("s", map(&[("a b", map(&[("x", text("20%"))])), ("off", text("a -> b\n"))]))]);
        assert_eq!(to_text(&tree), "s:\n  \"a b\": { x: 20% }\n  off: \"a -> b\\n\"\n");
        assert_eq!((scalar("null"), scalar("~"), scalar("")), ("\"null\"".into(), "\"~\"".into(), "\"\"".into()));
    }
}
