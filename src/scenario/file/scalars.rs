//! Scalars in their places: times, amounts, shares, counts, flags, names. Each has a range, and the message states it.

use super::form::{Side, Slot, items_of, unknown_word, wrong_type};
use super::out::Out;
use super::problems::{Code, Wrong, quoted, suggestion};
use super::quantity as q;
use crate::ids::ServiceId;
use crate::topology::{Distribution, Shape};
use crate::units::{Mebibytes, Millicores, PerSecond, Ratio, SimDuration, SimTime};
use std::ops::RangeInclusive;

/// Longest time in a file, and end of the longest run: a simulated week, in nanoseconds.
pub(super) const WEEK_NS: u64 = 7 * 86_400 * 1_000_000_000;
/// Any time up to the longest.
pub(super) const TIMES: RangeInclusive<u64> = 0..=WEEK_NS;
/// Any time but none at all.
pub(super) const SOME_TIME: RangeInclusive<u64> = 1..=WEEK_NS;
/// Times in microseconds, up to the longest.
const MICROS: RangeInclusive<f64> = 0.0..=(WEEK_NS / 1_000) as f64;
/// Any count of requests, keys or connections.
pub(super) const COUNTS: RangeInclusive<u64> = 0..=1_000_000;
/// Any count but none.
pub(super) const SOME: RangeInclusive<u64> = 1..=1_000_000;
/// CPU of an instance or a node in thousandths of a core: as much as any machine has (1,024 cores).
const MILLICORES: RangeInclusive<f64> = 0.0..=1_024_000.0;
/// Memory in MiB: more than any machine has; a client's is without limit in this sense.
const MEBIBYTES: RangeInclusive<f64> = 0.0..=1e9;
/// Rates per second.
pub(super) const RATES: RangeInclusive<f64> = 0.0..=1_000_000.0;

impl Slot<'_, '_> {
    /// A scalar: `read` yields the value or what is wrong with the text.
    fn leaf<T>(self, value: &mut T, read: impl FnOnce(&str) -> Result<T, Wrong>, write: impl FnOnce(&T) -> String) {
        match self.side {
            Side::Write(out) => *out = Out::Text(write(value)),
            Side::Read(None) => {}
            Side::Read(Some(node)) => match node.text().map(read) {
                Some(Ok(read)) => *value = read,
                Some(Err(wrong)) => self.context.problems.add_wrong(node.spot, self.what, wrong),
                None => wrong_type(self.context, self.what, node, "a single value"),
            },
        }
    }
    /// A length of time; the range is in nanoseconds.
    pub fn time(self, value: &mut SimDuration, range: RangeInclusive<u64>) {
        let read = |text: &str| read_nanos(text, &range).map(SimDuration::from_nanos);
        self.leaf(value, read, |v| q::write_nanos(v.as_nanos()));
    }
    /// An instant, from 0 to a week.
    pub fn instant(self, value: &mut SimTime) {
        let read = |text: &str| read_nanos(text, &TIMES).map(SimTime::from_nanos);
        self.leaf(value, read, |v| q::write_nanos(v.as_nanos()));
    }
    /// A mean time in microseconds, up to a week.
    pub fn micros(self, value: &mut f64) {
        let show = |bound: f64| q::write_micros(bound);
        self.leaf(value, |text| in_range(text, q::micros(text)?, &MICROS, show), |v| q::write_micros(*v));
    }
    /// CPU up to 1,024 cores.
    pub fn cpu(self, value: &mut Millicores) {
        self.cpu_within(value, MILLICORES);
    }
    /// CPU; the range is in thousandths of a core.
    pub fn cpu_within(self, value: &mut Millicores, range: RangeInclusive<f64>) {
        let show = |bound: f64| q::write_millicores(bound as u32);
        let read = |text: &str| in_range(text, q::millicores(text)?, &range, show).map(|v| Millicores((v + 0.5) as u32));
        self.leaf(value, read, |v| q::write_millicores(v.0));
    }
    /// Memory.
    pub fn memory(self, value: &mut Mebibytes) {
        let read = |text: &str| in_range(text, q::mebibytes(text)?, &MEBIBYTES, q::write_mebibytes).map(Mebibytes);
        self.leaf(value, read, |v| q::write_mebibytes(v.0));
    }
    /// A rate per second, up to a million.
    pub fn rate(self, value: &mut PerSecond) {
        self.per_second(&mut value.0);
    }
    /// A rate per second, up to a million.
    pub fn per_second(self, value: &mut f64) {
        let show = |bound: f64| format!("{bound}/s");
        self.leaf(value, |text| in_range(text, q::per_second(text)?, &RATES, show), |v| format!("{v}/s"));
    }
    /// A share from 0 to 1.
    pub fn ratio(self, value: &mut Ratio) {
        let read = |text: &str| in_range(text, q::share(text)?, &(0.0..=1.0), q::write_share).map(Ratio::saturating);
        self.leaf(value, read, |v| q::write_share(v.get()));
    }
    /// A share within a range.
    pub fn share(self, value: &mut f64, range: RangeInclusive<f64>) {
        self.leaf(value, |text| in_range(text, q::share(text)?, &range, q::write_share), |v| q::write_share(*v));
    }
    /// A number within a range.
    pub fn number(self, value: &mut f64, range: RangeInclusive<f64>) {
        let show = |bound: f64| bound.to_string();
        self.leaf(value, |text| in_range(text, q::number(text)?, &range, show), f64::to_string);
    }
    /// A whole number within a range.
    pub fn count<T: Copy + TryFrom<u64> + Into<u64>>(self, value: &mut T, range: RangeInclusive<u64>) {
        self.leaf(value, |text| read_count(text, &range), |v| (*v).into().to_string());
    }
    /// A count, or `unbounded`.
    pub fn unbounded(self, value: &mut u32, range: RangeInclusive<u64>) {
        let read = |text: &str| match text {
            "unbounded" | "unlimited" => Ok(u32::MAX),
            _ => read_count(text, &range),
        };
        self.leaf(value, read, |v| if *v == u32::MAX { "unbounded".to_owned() } else { v.to_string() });
    }
    /// Yes or no.
    pub fn flag(self, value: &mut bool) {
        let read = |text: &str| match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Ok(true),
            "false" | "no" | "off" => Ok(false),
            _ => Err(Wrong::new(Code::UnknownWord, format!("{} is neither true nor false", quoted(text)), "write true or false")),
        };
        self.leaf(value, read, bool::to_string);
    }
    /// Text of at least `least` and at most `most` characters.
    pub fn text(self, value: &mut String, least: usize, most: usize) {
        let read = |text: &str| match text.chars().count() {
            n if (least..=most).contains(&n) => Ok(text.to_owned()),
            n => {
                let message = format!("{n} characters are out of range");
                Err(Wrong::new(Code::OutOfRange, message, format!("write {least} to {most} characters")))
            }
        };
        self.leaf(value, read, String::clone);
    }
    /// The name of a service.
    pub fn service(self, value: &mut ServiceId) {
        match self.side {
            Side::Write(out) => *out = Out::Text(self.context.names.name(*value).to_owned()),
            Side::Read(None) => {}
            Side::Read(Some(node)) => match node.text() {
                Some(name) => match self.context.names.id(name) {
                    Some(id) => *value = id,
                    None if self.context.problems.is_full() => {}
                    None => {
                        let help = suggestion(name, self.context.names.all());
                        let message = format!("there is no service {}", quoted(name));
                        self.context.problems.add(Code::UnknownService, node.spot, message, help);
                    }
                },
                None => wrong_type(self.context, self.what, node, "the name of a service"),
            },
        }
    }
    /// A random time: its mean, or `{ mean, shape }`.
    pub fn distribution(self, value: &mut Distribution) {
        match self.side {
            Side::Read(Some(node)) if node.text().is_some() => self.micros(&mut value.mean_us),
            Side::Write(out) => {
                let (mut own, mut usual) = (Out::Absent, Out::Absent);
                let mut tree = |out: &mut Out, value: &mut Distribution| {
                    Slot { what: "", side: Side::Write(out), context: self.context }.group(value, distribution);
                };
                tree(&mut own, value);
                // No mean is usual, so it is always written.
                tree(&mut usual, &mut Distribution { mean_us: f64::NAN, shape: Shape::default() });
                *out = Out::Over { own: Box::new(own), usual: Box::new(usual) };
            }
            Side::Read(_) => self.group(value, distribution),
        }
    }
    /// A list of words, each a flag.
    pub fn words(self, flags: &mut [(&'static str, &mut bool)]) {
        match self.side {
            Side::Write(out) => {
                let set = flags.iter().filter(|(_, flag)| **flag).map(|(word, _)| Out::Text((*word).to_owned()));
                *out = Out::List(set.collect());
            }
            Side::Read(None) => {}
            Side::Read(Some(node)) => {
                let Some(items) = items_of(self.context, self.what, node, flags.len()) else { return };
                flags.iter_mut().for_each(|(_, flag)| **flag = false);
                for item in items {
                    let word = item.text().unwrap_or_default();
                    match flags.iter_mut().find(|(known, _)| *known == word) {
                        Some((_, flag)) => **flag = true,
                        None => unknown_word(self.context, self.what, item.spot, word, flags.iter().map(|(known, _)| *known)),
                    }
                }
            }
        }
    }
    /// Two numbers.
    pub fn pair(self, value: &mut [f64; 2], range: RangeInclusive<f64>) {
        let mut list = value.to_vec();
        let is_read = self.node().is_some();
        let (what, side, context) = (self.what, self.side, self.context);
        let items = match side {
            Side::Write(out) => {
                *out = Out::List(list.iter().map(|v| Out::Text(v.to_string())).collect());
                return;
            }
            Side::Read(node) => node.and_then(|node| Some((node, items_of(context, what, node, 2)?))),
        };
        if let Some((node, items)) = items.filter(|_| is_read) {
            if items.len() != 2 {
                wrong_type(context, what, node, "two numbers such as [1, 4]");
                return;
            }
            for (value, item) in list.iter_mut().zip(items) {
                Slot { what, side: Side::Read(Some(item)), context }.number(value, range.clone());
            }
            *value = [list[0], list[1]];
        }
    }
}

fn distribution(f: &mut super::form::Fields<'_, '_>, d: &mut Distribution) {
    let Distribution { mean_us, shape } = d;
    f.at("mean").micros(mean_us);
    f.at("shape").cases(shape, &super::work::shapes());
}

/// A time in whole nanoseconds.
pub(super) fn read_nanos(text: &str, range: &RangeInclusive<u64>) -> Result<u64, Wrong> {
    let bounds = *range.start() as f64..=*range.end() as f64;
    // A week in nanoseconds is below 2^53, so nothing is lost on the way.
    in_range(text, q::nanos(text)?, &bounds, |bound| q::write_nanos(bound as u64)).map(|nanos| (nanos + 0.5) as u64)
}

fn read_count<T: TryFrom<u64>>(text: &str, range: &RangeInclusive<u64>) -> Result<T, Wrong> {
    let value = q::whole(text)?;
    let out = || out_of_range(text, &range.start().to_string(), &range.end().to_string());
    if range.contains(&value) { T::try_from(value).map_err(|_| out()) } else { Err(out()) }
}

fn in_range(text: &str, value: f64, range: &RangeInclusive<f64>, show: impl Fn(f64) -> String) -> Result<f64, Wrong> {
    if range.contains(&value) { Ok(value) } else { Err(out_of_range(text, &show(*range.start()), &show(*range.end()))) }
}

fn out_of_range(text: &str, least: &str, most: &str) -> Wrong {
    Wrong::new(Code::OutOfRange, format!("{} is out of range", quoted(text)), format!("write {least} to {most}"))
}
