//! Timestamps of data sets, `2014-04-01 00:05:00`, as seconds.

/// Seconds of a day.
pub const DAY_S: i64 = 86_400;

/// Seconds since 1970 of `YYYY-MM-DD hh:mm[:ss]` (a `T` between is fine, fractions and zones are left out). `None` if the text
/// is no such thing.
pub fn seconds(text: &str) -> Option<i64> {
    let (date, time) = text.trim().split_once([' ', 'T'])?;
    let mut date = date.split('-').map(str::parse::<i64>);
    let (year, month, day) = (date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    let mut time = time.split(':').map(|part| part.get(..2).unwrap_or(part).parse::<i64>());
    let (hour, minute) = (time.next()?.ok()?, time.next()?.ok()?);
    let second = time.next().map_or(Some(0), Result::ok)?;
    let is_date = (1..=12).contains(&month) && (1..=31).contains(&day) && (1..=9_999).contains(&year);
    let is_time = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
    (is_date && is_time).then(|| days(year, month, day) * DAY_S + hour * 3_600 + minute * 60 + second)
}

/// Days since 1970-01-01 of a date of the Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms").
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn timestamps_are_read_to_the_second() {
        assert_eq!(seconds("1970-01-02 00:00:01"), Some(86_401));
        assert_eq!(seconds("2014-04-01 00:05:00.000000"), Some(1_396_310_700));
        assert_eq!(seconds("2014-04-01T00:05"), Some(1_396_310_700));
        assert_eq!(["noon", "2014-13-01 00:00:00", "2014-01-01", "2014-01-01 25:00:00"].map(seconds), [None; 4]);
    }
}
