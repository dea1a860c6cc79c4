//! The page's address: which run a link opens. `#preset=boutique&seed=42&until=60`, `...&speed=2`, or a whole scenario file:
//! `#file=sickbay:+1%0Aname:+...&seed=42`, or a whole run with all that was done: `#run=...`
//! ([`Experiment::packed`](crate::session::Experiment::packed)).
//!
//! A file stands in the link as text, as forms are written (`+` is a space, `%0A` a line's end), so that it can be read and
//! changed where it stands. Nothing is sent to anybody: a fragment stays in the browser.

use std::fmt;
use std::fmt::Write;

/// The run's seed where a link names none.
pub const SEED: u64 = 42;
/// Preset's name of what is no preset: an imported system, or a file in the link.
pub const OWN: &str = "import";

/// What the fragment of the page's address asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Address {
    /// Preset: `boutique` or `seed`.
    pub preset: String,
    /// Text of a scenario file; it goes before the preset.
    pub file: Option<String>,
    /// A run with all that was done, packed; it goes before file and preset, and knows its own seed and end.
    pub run: Option<String>,
    /// The run's seed; a file may say it itself, else it is [`SEED`].
    pub seed: Option<u64>,
    /// Runs to this second as fast as possible, then pauses.
    pub until_s: Option<u64>,
    /// Simulated seconds per wall second; 0 is as fast as possible.
    pub speed: Option<f64>,
}

impl Default for Address {
    fn default() -> Self {
        Self { preset: "boutique".to_owned(), file: None, run: None, seed: None, until_s: None, speed: None }
    }
}

impl Address {
    /// The address of a scenario file.
    pub fn of_file(text: impl Into<String>) -> Self {
        Self { preset: OWN.to_owned(), file: Some(text.into()), ..Self::default() }
    }
    /// The address of a packed run.
    pub fn of_run(packed: impl Into<String>) -> Self {
        Self { preset: OWN.to_owned(), run: Some(packed.into()), ..Self::default() }
    }
    /// The address of a preset.
    pub fn of_preset(name: impl Into<String>, seed: u64) -> Self {
        Self { preset: name.into(), seed: Some(seed), ..Self::default() }
    }
    /// Reads a fragment with or without `#`. Unknown keys and unreadable values are passed over: a link from an older
    /// or newer page opens what it can. See [`Address::problems`] for what was passed over.
    pub fn parse(fragment: &str) -> Self {
        let mut address = Self::default();
        for (key, value) in fragment.trim_start_matches('#').split('&').filter_map(|pair| pair.split_once('=')) {
            match key {
                "run" if !value.is_empty() => return Self { speed: address.speed, ..Self::of_run(value) },
                "preset" if !value.is_empty() && address.file.is_none() => value.clone_into(&mut address.preset),
                "file" if !value.is_empty() => address = Self { seed: address.seed, ..Self::of_file(decoded(value)) },
                "seed" => address.seed = value.parse().ok().or(address.seed),
                "until" => address.until_s = value.parse().ok(),
                "speed" if value == "max" => address.speed = Some(0.0),
                "speed" => address.speed = value.parse().ok().filter(|s: &f64| (0.0..=1000.0).contains(s)),
                _ => {}
            }
        }
        address
    }
    /// What [`Address::parse`] could not read, a line each, with what is taken instead. Unknown keys are no problem: newer
    /// pages may know them.
    pub fn problems(fragment: &str) -> Vec<String> {
        let read = Self::parse(fragment);
        let has_file = read.file.is_some();
        let one = |(key, value): (&str, &str)| {
            let (is_read, wanted, instead) = match key {
                "preset" => (has_file || !value.is_empty(), "a preset's name", "the boutique opens"),
                "seed" => (value.parse::<u64>().is_ok(), "a whole number from 0", "seed 42 is used"),
                "until" => (value.parse::<u64>().is_ok(), "whole seconds", "time runs on"),
                "speed" => (read.speed.is_some(), "a number from 0 to 1000, or max", "the usual speed is used"),
                _ => (true, "", ""),
            };
            (!is_read).then(|| format!("The link says {key}={value}, which is not {wanted}: {instead}."))
        };
        fragment.trim_start_matches('#').split('&').filter_map(|pair| pair.split_once('=')).filter_map(one).collect()
    }
    /// Whether it opens what an empty address opens.
    pub fn is_default_system(&self) -> bool {
        self.run.is_none() && self.file.is_none() && self.preset == Self::default().preset
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.run, &self.file) {
            (Some(packed), _) => write!(f, "#run={packed}")?,
            (None, Some(text)) => write!(f, "#file={}", encoded(text))?,
            (None, None) => write!(f, "#preset={}", self.preset)?,
        }
        if let Some(seed) = self.seed {
            write!(f, "&seed={seed}")?;
        }
        if let Some(until) = self.until_s {
            write!(f, "&until={until}")?;
        }
        self.speed.map_or(Ok(()), |speed| write!(f, "&speed={speed}"))
    }
}

/// Text as forms are written: a space is `+`; what may not stand in a fragment, or means something in ours, is `%` and its
/// bytes in hexadecimal.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 5 / 4);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte as char),
            b':' | b',' | b'/' | b'(' | b')' | b'*' | b'!' | b';' | b'@' | b'?' => out.push(byte as char),
            b' ' => out.push('+'),
            // Writing to a string cannot fail.
            _ => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

/// The text that [`encoded`] wrote, or a browser or person did: `%` without two digits stands for itself, and bytes that are
/// no text become replacement characters, which the reader of the file then complains about.
fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let coded = if first == b'%' { after.first_chunk::<2>().and_then(hexadecimal) } else { None };
        out.push(match (first, coded) {
            (_, Some(byte)) => byte,
            (b'+', None) => b' ',
            (plain, None) => plain,
        });
        rest = if coded.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hexadecimal(digits: &[u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    Some((digit(digits[0])? * 16 + digit(digits[1])?) as u8)
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn a_link_says_which_run_it_opens() {
        let address = Address::parse("#preset=seed&seed=7&until=60&speed=max&colour=blue");
        let wanted = Address { until_s: Some(60), speed: Some(0.0), ..Address::of_preset("seed", 7) };
        assert_eq!(address, wanted);
        assert_eq!(Address::parse(&address.to_string()), address);
    }

    #[test]
    fn an_unreadable_link_opens_the_default_run() {
        let link = "#seed=minus&&=&speed=-3&file=&colour=blue";
        assert_eq!(Address::parse(link), Address::default());
        let problems = Address::problems(link);
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert_eq!(problems[0], "The link says seed=minus, which is not a whole number from 0: seed 42 is used.");
        assert_eq!(Address::problems("#preset=seed&seed=7&until=60&speed=max"), Vec::<String>::new());
        assert_eq!(Address::problems("#preset=&until=soon").len(), 2);
        let shared = Address::parse("#run=abc-_9&preset=seed&seed=3");
        assert_eq!(shared, Address::of_run("abc-_9"), "a run knows its own seed");
        assert_eq!(Address::parse(&shared.to_string()), shared);
        assert!(!shared.is_default_system());
        assert!(Address::default().is_default_system() && !Address::of_file("x").is_default_system());
    }

    #[test]
    fn a_whole_file_travels_in_a_link_and_arrives_as_it_was() {
        let text = "sickbay: 1\nname: 100 % \"größer\" & #1 = a+b\nservices:\n  web: { cpu: 20ms }\n";
        let address = Address { seed: Some(7), ..Address::of_file(text) };
        let link = address.to_string();
        assert!(link.starts_with("#file=sickbay:+1%0Aname:+100+%25+%22gr%C3%B6%C3%9Fer%22+%26+%231+%3D+a%2Bb%0A"), "{link}");
        assert!(link.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b'`' | b'\'')), "{link}");
        assert_eq!(Address::parse(&link), address);
        assert_eq!(Address::parse("#file=a%20b&preset=seed").file.as_deref(), Some("a b"), "browsers write %20");
    }

    #[test]
    fn broken_escapes_in_a_link_are_kept_as_they_stand() {
        for (coded, text) in [("%", "%"), ("%4", "%4"), ("%zz", "%zz"), ("%ff", "\u{fffd}"), ("%é1", "%é1")] {
            assert_eq!(Address::parse(&format!("file={coded}")).file.as_deref(), Some(text), "{coded}");
        }
    }
}
