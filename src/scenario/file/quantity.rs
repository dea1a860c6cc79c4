//! Quantities as people write them, and back: `10ms`, `1.5s`, `500m`, `256Mi`, `20%`, `50/s`.
//!
//! Reading is stricter than in an import: a time needs its unit, because a bare `5` has been taken for seconds and for
//! milliseconds often enough. Writing picks the largest unit that reads back as exactly the same value.

use super::problems::{Code, Wrong, quoted};

/// Nanoseconds, and the names of a unit of time.
const TIMES: &[(&str, f64)] = &[
    ("ns", 1.0),
    ("us", 1e3),
    ("µs", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("m", 60e9),
    ("min", 60e9),
    ("h", 3_600e9),
    ("d", 86_400e9),
];
/// MiB per unit of memory.
const MEMORIES: &[(&str, f64)] = &[
    ("Ki", 1.0 / 1_024.0),
    ("Mi", 1.0),
    ("Gi", 1_024.0),
    ("Ti", 1_048_576.0),
    ("k", 1e3 / 1_048_576.0),
    ("M", 1e6 / 1_048_576.0),
    ("G", 1e9 / 1_048_576.0),
    ("T", 1e12 / 1_048_576.0),
];

/// A plain number.
pub(super) fn number(text: &str) -> Result<f64, Wrong> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let value = text.parse::<f64>().ok().filter(|v| is_number && v.is_finite());
    value.ok_or_else(|| Wrong::new(Code::WrongType, format!("{} is not a number", quoted(text)), "write a number such as 0.5"))
}

/// A whole number from 0.
pub(super) fn whole(text: &str) -> Result<u64, Wrong> {
    let is_whole = text.starts_with(|c: char| c.is_ascii_digit());
    text.parse::<u64>().ok().filter(|_| is_whole).ok_or_else(|| match number(text) {
        Ok(value) if value < 0.0 || value >= u64::MAX as f64 => {
            Wrong::new(Code::OutOfRange, format!("{} is out of range", quoted(text)), "write a whole number from 0")
        }
        _ => Wrong::new(Code::WrongType, format!("{} is not a whole number", quoted(text)), "write a whole number such as 3"),
    })
}

/// A time in nanoseconds: `1m30s`, `0.2ms`, `0`.
pub(super) fn nanos(text: &str) -> Result<f64, Wrong> {
    time(text, 1.0)
}

/// A time in microseconds, parts of them included.
pub(super) fn micros(text: &str) -> Result<f64, Wrong> {
    time(text, 1e3)
}

/// A time in units of `unit_ns` nanoseconds.
fn time(text: &str, unit_ns: f64) -> Result<f64, Wrong> {
    const HELP: &str = "write a time with its unit, such as 250ms, 1.5s, 10m or 2h";
    let wrong = |code, why: &str| Wrong::new(code, format!("{} {why}", quoted(text)), HELP);
    let (mut rest, mut total) = (text.trim(), 0.0);
    if rest.is_empty() {
        return Err(wrong(Code::WrongType, "is not a time"));
    }
    while !rest.is_empty() {
        let (value, after) = prefix(rest).ok_or_else(|| wrong(Code::WrongType, "is not a time"))?;
        let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, next) = after.split_at(end);
        let unit = unit.trim();
        if unit.is_empty() && value == 0.0 && next.is_empty() {
            return Ok(0.0);
        }
        let factor = TIMES.iter().find(|(name, _)| *name == unit).map(|(_, factor)| factor / unit_ns);
        let missing = if unit.is_empty() { "has no unit" } else { "has no unit of time" };
        total += value * factor.ok_or_else(|| wrong(Code::WrongUnit, missing))?;
        rest = next;
    }
    Ok(total)
}

/// CPU in thousandths of a core: `500m`, `0.5`, `40`.
pub(super) fn millicores(text: &str) -> Result<f64, Wrong> {
    let (value, unit) = with_unit(text, "CPU", "write cores or thousandths of a core, such as 2, 0.5 or 500m")?;
    match unit {
        "" => Ok(value * 1_000.0),
        "m" => Ok(value),
        _ => Err(Wrong::new(
            Code::WrongUnit,
            format!("{} has no unit of CPU", quoted(text)),
            "write cores or thousandths of a core, such as 2, 0.5 or 500m",
        )),
    }
}

/// Memory in MiB: `256Mi`, `1.5Gi`, `0`.
pub(super) fn mebibytes(text: &str) -> Result<f64, Wrong> {
    const HELP: &str = "write memory with its unit, such as 256Mi, 64Ki or 2Gi (or decimal: 500M)";
    let (value, unit) = with_unit(text, "memory", HELP)?;
    if unit.is_empty() && value == 0.0 {
        return Ok(0.0);
    }
    let factor = MEMORIES.iter().find(|(name, _)| *name == unit).map(|(_, factor)| factor);
    let missing = if unit.is_empty() { "has no unit" } else { "has no unit of memory" };
    Ok(value * factor.ok_or_else(|| Wrong::new(Code::WrongUnit, format!("{} {missing}", quoted(text)), HELP))?)
}

/// A rate per second: `50/s`, `90/m`, `50`.
pub(super) fn per_second(text: &str) -> Result<f64, Wrong> {
    const HELP: &str = "write a rate such as 50/s, 90/m or 1000/h";
    let (value, unit) = with_unit(text, "a rate", HELP)?;
    match unit {
        "" | "/s" => Ok(value),
        "/m" | "/min" => Ok(value / 60.0),
        "/h" => Ok(value / 3_600.0),
        _ => Err(Wrong::new(Code::WrongUnit, format!("{} has no unit of a rate", quoted(text)), HELP)),
    }
}

/// A share: `20%`, `0.2`.
pub(super) fn share(text: &str) -> Result<f64, Wrong> {
    const HELP: &str = "write a share such as 20% or 0.2";
    let (value, unit) = with_unit(text, "a share", HELP)?;
    match unit {
        "" => Ok(value),
        "%" => Ok(value / 100.0),
        _ => Err(Wrong::new(Code::WrongUnit, format!("{} has another unit than %", quoted(text)), HELP)),
    }
}

fn with_unit<'a>(text: &'a str, what: &str, help: &str) -> Result<(f64, &'a str), Wrong> {
    let trimmed = text.trim();
    let read = match trimmed.strip_prefix('-') {
        Some(rest) => prefix(rest).map(|(value, unit)| (-value, unit)),
        None => prefix(trimmed),
    };
    let (value, unit) = read.ok_or_else(|| Wrong::new(Code::WrongType, format!("{} is not {what}", quoted(text)), help))?;
    Ok((value, unit.trim()))
}

/// The longest prefix that is a number (digits, one point, an exponent), and the rest.
fn prefix(text: &str) -> Option<(f64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let after = text[digits..].strip_prefix(['e', 'E']);
    let exponent = after.map_or(0, |after| {
        let sign = usize::from(after.starts_with(['+', '-']));
        let count = after[sign..].bytes().take_while(u8::is_ascii_digit).count();
        if count > 0 { 1 + sign + count } else { 0 }
    });
    let (number, rest) = text.split_at(digits + exponent);
    let value: f64 = number.parse().ok()?;
    value.is_finite().then_some((value, rest))
}

/// The first of `units` (name, size) in which `value` is at least 1 and reads back exactly; the last one otherwise.
fn in_units(value: f64, units: &[(&str, f64)], read: fn(&str) -> Result<f64, Wrong>) -> String {
    let mut text = String::new();
    for (unit, size) in units {
        text = format!("{}{unit}", value / size);
        if value >= *size && text.len() < 12 && read(&text) == Ok(value) {
            return text;
        }
    }
    text
}

/// Nanoseconds as text.
pub(super) fn write_nanos(nanos: u64) -> String {
    if nanos == 0 {
        return "0s".to_owned();
    }
    let units: [(&str, u64); 4] = [("h", 3_600_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000)];
    let fits = units.iter().find(|(_, size)| nanos.is_multiple_of(*size));
    fits.map_or_else(|| format!("{nanos}ns"), |(unit, size)| format!("{}{unit}", nanos / size))
}

/// Microseconds, not necessarily whole, as text.
pub(super) fn write_micros(value: f64) -> String {
    if value == 0.0 { "0s".to_owned() } else { in_units(value, &[("s", 1e6), ("ms", 1e3), ("us", 1.0)], micros) }
}

/// Thousandths of a core as text.
pub(super) fn write_millicores(millicores: u32) -> String {
    if millicores.is_multiple_of(1_000) { (millicores / 1_000).to_string() } else { format!("{millicores}m") }
}

/// MiB as text.
pub(super) fn write_mebibytes(mib: f64) -> String {
    if mib == 0.0 { "0Mi".to_owned() } else { in_units(mib, &[("Gi", 1_024.0), ("Mi", 1.0)], mebibytes) }
}

/// A share as text.
pub(super) fn write_share(value: f64) -> String {
    let percent = format!("{}%", value * 100.0);
    if percent.len() <= 5 && share(&percent) == Ok(value) { percent } else { value.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_with_their_units() {
        assert_eq!((nanos("10ms"), nanos("1m30s"), nanos("0")), (Ok(1e7), Ok(9e10), Ok(0.0)));
        assert_eq!((millicores("500m"), millicores("0.5"), millicores("40")), (Ok(500.0), Ok(500.0), Ok(40_000.0)));
        assert_eq!((mebibytes("1Gi"), mebibytes("64Mi"), mebibytes("512Ki")), (Ok(1_024.0), Ok(64.0), Ok(0.5)));
        assert_eq!((per_second("750/s"), per_second("90/m"), share("20%")), (Ok(750.0), Ok(1.5), Ok(0.2)));
    }

    #[test]
    fn a_missing_or_foreign_unit_is_told_apart_from_nonsense() {
        let code = |result: Result<f64, Wrong>| result.unwrap_err().code;
        assert_eq!(
            (code(nanos("5")), code(nanos("5Mi")), code(nanos("soon"))),
            (Code::WrongUnit, Code::WrongUnit, Code::WrongType)
        );
        assert_eq!((code(mebibytes("5")), code(millicores("5Gi"))), (Code::WrongUnit, Code::WrongUnit));
        assert_eq!((code(share("lots")), code(per_second("5/x"))), (Code::WrongType, Code::WrongUnit));
        assert_eq!((whole("-3").unwrap_err().code, whole("2.5").unwrap_err().code), (Code::OutOfRange, Code::WrongType));
    }

    #[test]
    fn what_is_written_reads_back_exactly() {
        for n in [0, 1, 999, 1_500, 200_000, 10_000_000, 90_000_000_000, 604_800_000_000_000] {
            assert_eq!(nanos(&write_nanos(n)), Ok(n as f64));
        }
        for x in [0.0, 0.1, 5_000.0, 1.0 / 3.0, 20_000.0, 1_234.567_8, 3e9, 1e-9] {
            assert_eq!(micros(&write_micros(x)), Ok(x));
        }
        for x in [0.0, 0.25, 1.0 / 3.0, 256.0, 65_536.0, 1e9] {
            assert_eq!(mebibytes(&write_mebibytes(x)), Ok(x));
        }
        for x in [0.0, 0.2, 0.05, 1.0 / 3.0, 1.0, 0.29] {
            assert_eq!(share(&write_share(x)), Ok(x));
        }
        assert_eq!(
            (write_nanos(1_500_000_000), write_micros(20_000.0), write_share(0.2)),
            ("1500ms".into(), "20ms".into(), "20%".into())
        );
    }
}
