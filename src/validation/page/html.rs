//! HTML by hand, as little as the page needs: escaping, tables that scroll in their own box, links into the simulator.

use crate::validation::reference::short;
use crate::view::address::Address;

/// Text, safe in an element or a quoted attribute.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// `<name>inner</name>`.
pub(super) fn tag(name: &str, inner: &str) -> String {
    format!("<{name}>{inner}</{name}>")
}

/// `<name class="class">inner</name>`.
pub(super) fn classed(name: &str, class: &str, inner: &str) -> String {
    format!("<{name} class=\"{class}\">{inner}</{name}>")
}

/// A paragraph of plain words.
pub(super) fn paragraph(text: &str) -> String {
    format!("<p>{}</p>\n", escape(text))
}

/// A table in a box of its own that scrolls and takes the focus, so that the page never scrolls sideways. `columns` are
/// header words with their class; `rows` are `<tr>`s.
pub(super) fn table(id: &str, caption: &str, columns: &[(&str, &str)], rows: &str) -> String {
    let head: String =
        columns.iter().map(|(words, class)| format!("<th scope=\"col\" class=\"{class}\">{}</th>", escape(words))).collect();
    format!(
        "<div class=\"scroll\" role=\"region\" aria-labelledby=\"{id}-caption\" tabindex=\"0\"><table>\
         <caption id=\"{id}-caption\">{}</caption><thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n",
        escape(caption)
    )
}

/// A link that opens a run in the simulator; `what` says which to those who only hear the link.
pub(super) fn open(address: &Address, what: &str) -> String {
    let href = escape(&address.to_string());
    format!("<a class=\"open\" href=\"./{href}\">Open<span class=\"hidden\"> {} in the simulator</span></a>", escape(what))
}

/// A verdict: a sign, a word and a colour, each of which says it alone.
pub(super) fn verdict(state: State, word: &str) -> String {
    let sign = match state {
        State::Good => "✓",
        State::Bad => "✕",
        State::Open => "–",
    };
    format!(
        "<span class=\"verdict\" data-state=\"{}\"><span aria-hidden=\"true\">{sign}</span> {}</span>",
        state.name(),
        escape(word)
    )
}

/// How something came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// As expected.
    Good,
    /// Not as expected.
    Bad,
    /// Not known, or only in part.
    Open,
}

impl State {
    /// Of a yes or no.
    pub const fn of(good: bool) -> Self {
        if good { Self::Good } else { Self::Bad }
    }
    const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Open => "open",
        }
    }
}

/// A value with its interval, both with as many digits as the interval makes sense of: `49.8 ± 0.8`.
pub(super) fn interval(value: f64, half_width: Option<f64>) -> String {
    let Some(half) = half_width.filter(|half| half.is_finite() && *half > 0.0) else { return short(value) };
    // Two digits of the half width, and four decimals at most; what is smaller still is told in powers of ten.
    let decimals = [10.0, 1.0, 0.1, 0.01].iter().filter(|edge| half < **edge).count();
    let told = |number: f64| if half < 5e-5 { short(number) } else { format!("{number:.decimals$}") };
    format!("{}\u{a0}±\u{a0}{}", told(value), told(half))
}

/// Words as an anchor: small letters, digits and hyphens.
pub(super) fn anchor(words: &str) -> String {
    let plain = words.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect::<String>();
    plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// `1 row`, `2 rows`.
pub(super) fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_element() {
        assert_eq!(escape("<a href=\"x\">&'"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;");
        assert!(
            open(&Address::of_file("a\"b<c>&d'"), "<x>").starts_with("<a class=\"open\" href=\"./#file=a%22b%3Cc%3E%26d%27\">")
        );
    }

    #[test]
    fn a_value_has_the_digits_that_its_interval_makes_sense_of() {
        let told = |value, half| interval(value, Some(half)).replace('\u{a0}', " ");
        assert_eq!(told(49.786, 0.78629), "49.79 ± 0.79");
        assert_eq!(told(231.12, 74.31), "231 ± 74");
        assert_eq!(told(0.49074, 0.00465), "0.4907 ± 0.0046");
        assert_eq!(told(0.99998, 0.00006), "1.0000 ± 0.0001");
        assert_eq!(told(1.5, 0.000_006), "1.5 ± 6.00e-6");
        assert_eq!([interval(5.0, None), interval(5.0, Some(0.0))], ["5", "5"]);
    }

    #[test]
    fn anchors_are_plain() {
        assert_eq!(anchor("M/M/1+D (deadline checked at dequeue)"), "m-m-1-d-deadline-checked-at-dequeue");
    }
}
