//! Log templates, mined online: lines that differ only in their numbers and names are one template, and what counts is how
//! often each is written now against before.
//!
//! A tree of fixed depth as in Drain (He et al., ICWS 2017): by service, number of words, first word; in a leaf the template
//! with most words in common takes the line if at least half agree, and words that differ become `<*>`. Words with
//! a digit are `<*>` from the start. Repeats that the collector folded (`... (x37)`) count as many.
//!
//! Counts shift when the last [`SHORT_S`] seconds hold far more lines than the minutes before lead to expect, by the
//! standard deviation of a Poisson count.
//!
//! Bounds: [`TEMPLATES_MAX`] templates a service, [`WORDS_MAX`] words a line; beyond them lines fall to the template `<*>`.

use super::types::Evidence;
use crate::ids::ServiceId;
use crate::math;
use crate::telemetry::{Level, LogLine};
use crate::units::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Templates kept for one service.
pub const TEMPLATES_MAX: usize = 64;
/// Words of a line that are looked at.
const WORDS_MAX: usize = 24;
/// What stands for a word that differs.
const ANY: &str = "<*>";
/// Share of words that must agree, Drain's usual similarity threshold.
const ALIKE: f64 = 0.5;
/// Seconds that count as now.
const SHORT_S: f64 = 10.0;
/// Seconds of the usual, as a time constant.
const LONG_S: f64 = 300.0;
/// Scrapes from which on a burst is not taken for the usual.
const USUAL_SCRAPES: u32 = 30;
/// Lines within the short time below which nothing is told.
const SHIFT_MIN: f64 = 5.0;
/// Seconds for which a template is new: as long as most decisions take.
const NEW_S: f64 = 60.0;
/// Standard deviations that a shift is from the usual.
const SHIFT_SIGMAS: f64 = 4.0;

/// A template and its counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogTemplate {
    /// The line with `<*>` for what differs.
    pub text: String,
    /// Lines so far.
    pub count: u64,
    /// Lines within about the last ten seconds.
    pub recent: f64,
    /// As many would be usual.
    pub usual: f64,
    /// When it was first written.
    pub first: SimTime,
}

impl LogTemplate {
    /// How often it is written now against before, as a line.
    pub(super) fn evidence(&self) -> Evidence {
        let text = format!("log: `{}` {:.0} in 10 s, usually {:.1}", self.text, self.recent, self.usual);
        Evidence { text, metric: None, value: self.recent, reference: self.usual }
    }
    /// Whether far more are written than usual.
    pub fn has_shifted(&self) -> bool {
        let surplus = self.recent - self.usual;
        self.recent >= SHIFT_MIN && surplus >= SHIFT_SIGMAS * self.usual.max(1.0).sqrt()
    }
}

#[derive(Clone, Debug)]
struct Mined {
    words: Vec<String>,
    count: u64,
    /// Exponentially weighted lines a second, short and long.
    short: f64,
    long: f64,
    /// Lines since the last scrape.
    fresh: u64,
    first: SimTime,
    /// The most severe of its lines.
    level: Level,
}

/// Leaves of one service: by number of words and first word, the numbers of its templates.
#[derive(Clone, Debug, Default)]
struct Tree {
    leaves: BTreeMap<(usize, String), Vec<usize>>,
    mined: Vec<Mined>,
}

/// The templates of all services.
#[derive(Clone, Debug, Default)]
pub(super) struct Templates {
    trees: BTreeMap<ServiceId, Tree>,
    last: SimTime,
    scrapes: u32,
}

impl Templates {
    /// Takes a scrape's lines in.
    pub fn update(&mut self, now: SimTime, lines: &[LogLine], is_known: impl Fn(ServiceId) -> bool) {
        for line in lines.iter().filter(|line| is_known(line.service)) {
            let tree = self.trees.entry(line.service).or_default();
            tree.add(line);
        }
        let step_s = now.since(self.last).as_secs_f64();
        self.last = now;
        if step_s > 0.0 {
            self.scrapes = self.scrapes.saturating_add(1);
            let [short, long] = [SHORT_S, LONG_S].map(|span| 1.0 - math::exp(-step_s / span));
            // At first the usual is the mean over all scrapes so far, those before a template's first line included.
            let long = long.max(1.0 / f64::from(self.scrapes));
            let is_known = self.scrapes > USUAL_SCRAPES;
            self.trees.values_mut().flat_map(|t| &mut t.mined).for_each(|m| m.roll(step_s, [short, long], is_known));
        }
    }
    /// A service's templates, those written most often lately first.
    pub fn of(&self, service: ServiceId) -> Vec<LogTemplate> {
        let tree = self.trees.get(&service);
        let mut all: Vec<LogTemplate> = tree.into_iter().flat_map(|t| &t.mined).map(Mined::shown).collect();
        all.sort_by(|a, b| b.recent.total_cmp(&a.recent).then(b.count.cmp(&a.count)));
        all
    }
    /// The template of a service that is written far more often than usual by the widest margin.
    pub fn shifted(&self, service: ServiceId) -> Option<LogTemplate> {
        let mined = self.trees.get(&service)?.mined.iter().filter(|m| m.short * SHORT_S >= SHIFT_MIN);
        let shifted = mined.map(Mined::shown).filter(LogTemplate::has_shifted);
        shifted.max_by(|a, b| (a.recent - a.usual).total_cmp(&(b.recent - b.usual)))
    }
    /// How many more errors a service writes than usual: the logarithm of the surplus of the error template with the most, in
    /// units of what is told of a known one, or of single lines of one that was not written before.
    pub fn alarm(&self, service: ServiceId) -> Option<f64> {
        let errors = self.trees.get(&service)?.mined.iter().filter(|m| m.level == Level::Error);
        let strength = |m: &Mined| {
            let shown = m.shown();
            let is_new = self.scrapes > USUAL_SCRAPES && self.last.since(m.first).as_secs_f64() <= NEW_S;
            let unit = if is_new { 1.0 } else { SHIFT_MIN };
            (is_new || shown.has_shifted()).then(|| math::ln(1.0 + (shown.recent - shown.usual).max(0.0) / unit))
        };
        errors.filter_map(strength).reduce(f64::max)
    }
    /// Forgets services that are gone.
    pub fn retain(&mut self, exists: impl Fn(ServiceId) -> bool) {
        self.trees.retain(|id, _| exists(*id));
    }
}

impl Mined {
    fn roll(&mut self, step_s: f64, [short, long]: [f64; 2], is_known: bool) {
        let rate = self.fresh as f64 / step_s;
        // What is usual is learned from what is usual: a burst counts in it at most double, or as what is not told yet.
        let most = (2.0 * self.long).max(SHIFT_MIN / SHORT_S);
        let calm = if is_known { rate.min(most) } else { rate };
        self.short += short * (rate - self.short);
        self.long += long * (calm - self.long);
        self.fresh = 0;
    }
    fn shown(&self) -> LogTemplate {
        LogTemplate {
            text: self.words.join(" "),
            count: self.count,
            recent: self.short * SHORT_S,
            usual: self.long * SHORT_S,
            first: self.first,
        }
    }
}

impl Tree {
    fn add(&mut self, line: &LogLine) {
        let (text, repeats) = unfold(&line.text);
        let words: Vec<&str> = text.split_whitespace().take(WORDS_MAX).map(mask).collect();
        let key = (words.len(), words.first().copied().unwrap_or(ANY).to_owned());
        let leaf = self.leaves.get(&key).map_or(&[][..], Vec::as_slice);
        let alike = |number: &usize| self.mined.get(*number).map_or(0, |m| agreement(&m.words, &words));
        let best = leaf.iter().copied().max_by_key(|number| (alike(number), std::cmp::Reverse(*number)));
        let taken = best.filter(|number| alike(number) as f64 >= ALIKE * words.len() as f64);
        let number = match taken {
            Some(number) => number,
            None if self.mined.len() < TEMPLATES_MAX => self.open(key, &words, line),
            None => TEMPLATES_MAX - 1,
        };
        let Some(mined) = self.mined.get_mut(number) else { return };
        if mined.words.len() == words.len() {
            for (mine, new) in mined.words.iter_mut().zip(&words).filter(|(mine, new)| mine != *new) {
                if *new != mine.as_str() {
                    ANY.clone_into(mine);
                }
            }
        }
        mined.level = mined.level.max(line.level);
        mined.count += repeats;
        mined.fresh += repeats;
    }
    /// A new template; the last that there is room for takes all that fits nowhere else.
    fn open(&mut self, key: (usize, String), words: &[&str], line: &LogLine) -> usize {
        let number = self.mined.len();
        let is_last = number + 1 == TEMPLATES_MAX;
        let words = if is_last { vec![ANY.to_owned()] } else { words.iter().map(|w| (*w).to_owned()).collect() };
        if !is_last {
            self.leaves.entry(key).or_default().push(number);
        }
        self.mined.push(Mined { words, count: 0, short: 0.0, long: 0.0, fresh: 0, first: line.at, level: line.level });
        number
    }
}

/// Words in common, wildcards included.
fn agreement(template: &[String], words: &[&str]) -> usize {
    template.iter().zip(words).filter(|(mine, new)| mine.as_str() == **new || mine.as_str() == ANY).count()
}

/// Words with a digit in them are numbers, ids, addresses.
fn mask(word: &str) -> &str {
    if word.bytes().any(|b| b.is_ascii_digit()) { ANY } else { word }
}

/// The line without its count of repeats, and the count.
fn unfold(text: &str) -> (&str, u64) {
    let folded = text.strip_suffix(')').and_then(|t| t.rsplit_once(" (x"));
    let read = folded.and_then(|(line, count)| Some((line, count.parse::<u64>().ok()?)));
    read.unwrap_or((text, 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Level;

    const ME: ServiceId = ServiceId(3);

    fn line(text: &str) -> LogLine {
        LogLine { at: SimTime::ZERO, service: ME, instance: None, level: Level::Warn, text: text.to_owned() }
    }

    fn mine(lines: &[String]) -> Vec<(String, u64)> {
        let mut templates = Templates::default();
        for (second, text) in (1..).zip(lines) {
            templates.update(SimTime::from_secs(second), &[line(text)], |_| true);
        }
        templates.of(ME).into_iter().map(|t| (t.text, t.count)).collect()
    }

    #[test]
    fn lines_that_differ_in_numbers_and_names_are_one_template() {
        let lines: Vec<String> = ["cart", "search", "cart"]
            .iter()
            .zip(1..)
            .map(|(who, n)| format!("call to {who} timed out after {n} s (x{n})"))
            .collect();
        assert_eq!(mine(&lines), [("call to <*> timed out after <*> s".to_owned(), 6)]);
        let two = mine(&["request failed (x2)".to_owned(), "container started".to_owned()]);
        assert_eq!(two.len(), 2, "{two:?}");
    }

    #[test]
    fn templates_are_bounded_whatever_is_written() {
        let word = |n: usize| char::from(b'a' + (n % 26) as u8).to_string().repeat(1 + n / 26);
        let lines: Vec<String> = (0..500).map(|n| format!("{} {} {}", word(n), word(n * 7), word(n * 13))).collect();
        let mined = mine(&lines);
        assert_eq!(mined.len(), TEMPLATES_MAX);
        assert_eq!(mined.iter().map(|(_, count)| count).sum::<u64>(), 500);
    }

    #[test]
    fn new_errors_alarm_at_once_and_known_ones_when_they_surge() {
        let alarm_of = |level: Level, course: &dyn Fn(u64) -> Option<&'static str>| {
            let mut templates = Templates::default();
            for second in 1..=200 {
                let text = course(second);
                let lines: Vec<LogLine> = text.iter().map(|text| LogLine { level, ..line(text) }).collect();
                let lines: Vec<LogLine> = lines.into_iter().map(|l| LogLine { at: SimTime::from_secs(second), ..l }).collect();
                templates.update(SimTime::from_secs(second), &lines, |_| true);
            }
            templates.alarm(ME)
        };
        let fresh = |second: u64| (second > 195).then_some("out of handles (x2)");
        assert!(alarm_of(Level::Error, &fresh).is_some_and(|alarm| alarm > 1.0));
        assert_eq!(alarm_of(Level::Warn, &fresh), None, "a warning is no error");
        let surge = |second: u64| Some(if second > 190 { "request failed (x40)" } else { "request failed (x2)" });
        assert!(alarm_of(Level::Error, &surge).is_some_and(|alarm| alarm > 2.0));
        assert_eq!(alarm_of(Level::Error, &|_| Some("request failed (x2)")), None, "that is how it always is");
    }

    #[test]
    fn a_burst_is_a_shift_and_the_usual_is_not() {
        let mut templates = Templates::default();
        let mut at = |second: u64, text: &str| templates.update(SimTime::from_secs(second), &[line(text)], |_| true);
        (1..=600).for_each(|second| at(second, "request failed (x2)"));
        (601..=606).for_each(|second| at(second, "request failed (x40)"));
        assert!(templates.shifted(ME).is_some_and(|t| t.text == "request failed" && t.recent > 3.0 * t.usual));
        let mut calm = Templates::default();
        (1..=600).for_each(|second| calm.update(SimTime::from_secs(second), &[line("request failed (x2)")], |_| true));
        assert_eq!(calm.shifted(ME), None);
    }
}
