//! Numbers and times as people read them: three significant digits, a unit, the same everywhere on the page.
//!
//! Nothing here knows a locale: the decimal separator is a point, as in the files the page reads and the logs it shows.

use crate::units::SimTime;

/// What is shown when there is no sample.
pub const NO_VALUE: &str = "–";

/// A number with about three significant digits: `0.042`, `1.25`, `12.5`, `125`, `12.5k`, `1.2M`.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        NO_VALUE.to_owned()
    } else if size >= 999_500.0 {
        format!("{:.1}M", value / 1e6)
    } else if size >= 9_999.5 {
        format!("{:.1}k", value / 1e3)
    } else if size >= 99.95 {
        format!("{value:.0}")
    } else if size >= 9.995 || size == 0.0 {
        trimmed(format!("{value:.1}"))
    } else if size >= 0.1 {
        trimmed(format!("{value:.2}"))
    } else {
        trimmed(format!("{value:.3}"))
    }
}

fn trimmed(text: String) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A latency given in ms: `4.2 ms`, `340 ms`, `1.25 s`.
pub fn latency(ms: f64) -> String {
    if ms >= 999.5 { format!("{} s", number(ms / 1000.0)) } else { format!("{} ms", fixed(ms)) }
}

/// A share in 0..=1 as per cent with a stable number of digits: `0.0 %`, `4.2 %`, `62 %`, `100 %`.
pub fn percent(ratio: f64) -> String {
    let value = ratio * 100.0;
    if !value.is_finite() {
        NO_VALUE.to_owned()
    } else if value >= 9.95 {
        format!("{value:.0} %")
    } else {
        format!("{value:.1} %")
    }
}

/// A share of success in 0..=1; never rounds up to 100 %: `99.97 %`.
pub fn success(ratio: f64) -> String {
    if ratio >= 1.0 {
        return "100 %".to_owned();
    }
    let value = ratio * 100.0;
    if value >= 99.0 { format!("{:.2} %", value.min(99.99)) } else { format!("{value:.1} %") }
}

/// A rate per second: `12.5 /s`.
pub fn rate(per_second: f64) -> String {
    format!("{} /s", fixed(per_second))
}

/// A value in a chart's or fault's unit: `62 %`, `340 ms`, `3 MiB/s`.
pub fn with_unit(value: f64, unit: &str) -> String {
    if unit.is_empty() { number(value) } else { format!("{} {unit}", number(value)) }
}

/// `value`, or a dash without one.
pub fn or_dash(value: Option<f64>, format: fn(f64) -> String) -> String {
    value.map_or_else(|| NO_VALUE.to_owned(), format)
}

/// A length of time in seconds: `0.8 s`, `14 s`, `2 m 05 s`, `1 h 02 m`.
pub fn span(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return NO_VALUE.to_owned();
    }
    let whole = (seconds + 0.5) as u64;
    match whole {
        _ if seconds < 9.95 => format!("{seconds:.1} s"),
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} m {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} m", whole / 3600, whole / 60 % 60),
    }
}

/// An instant as minutes and seconds, hours only when needed: `02:10`, `1:02:10`.
pub fn clock(at: SimTime) -> String {
    clock_s(at.as_secs_f64())
}

/// The same from seconds since the start.
pub fn clock_s(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    let (hours, minutes) = (whole / 3600, whole / 60 % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{:02}", whole % 60) } else { format!("{minutes:02}:{:02}", whole % 60) }
}

/// `text`, or its beginning with an ellipsis if it has more than `most` characters.
pub fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// Like [`number`], with the digits that a changing read-out needs to stand still: one below 100, none above.
fn fixed(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        NO_VALUE.to_owned()
    } else if size < 99.95 {
        format!("{value:.1}")
    } else {
        number(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_about_three_digits() {
        let texts = [0.0, 0.042, 1.25, 12.5, 125.0, 1250.0, 12_500.0, 1_250_000.0].map(number);
        assert_eq!(texts, ["0", "0.042", "1.25", "12.5", "125", "1250", "12.5k", "1.2M"]);
        assert_eq!(number(f64::NAN), NO_VALUE);
    }

    #[test]
    fn success_never_rounds_up_to_all() {
        assert_eq!(success(0.999_99), "99.99 %");
        assert_eq!(success(1.0), "100 %");
        assert_eq!(success(0.5), "50.0 %");
    }

    #[test]
    fn times_read_like_a_clock() {
        assert_eq!(span(0.84), "0.8 s");
        assert_eq!(span(14.2), "14 s");
        assert_eq!(span(125.0), "2 m 05 s");
        assert_eq!(span(3_720.0), "1 h 02 m");
        assert_eq!(clock_s(130.9), "02:10");
        assert_eq!(latency(1_250.0), "1.25 s");
    }

    #[test]
    fn long_names_end_in_an_ellipsis() {
        assert_eq!(shortened("cart", 8), "cart");
        assert_eq!(shortened("recommendation", 8), "recomme…");
    }
}
