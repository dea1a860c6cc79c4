//! The M4 competition's hourly series: 48 samples ahead of each, and the competition's own marks.
//!
//! sMAPE, MASE and OWA as in Makridakis, Spiliotis and Assimakopoulos, "The M4 Competition" (International Journal of Forecasting
//! 36, 2020), with their Naive2 as the measure of one: seasonally adjusted by classical multiplicative decomposition where a
//! 90 % test of the autocorrelation finds a season. Means are taken over series before OWA is.

use super::table::Row;
use crate::pipeline::forecast::{Forecaster, Season};
use crate::validation::table::Problem;

/// Samples to forecast, as in the competition.
pub const HORIZON: usize = 48;
/// The competition's seasonal period for hourly series.
const DAY: usize = 24;
/// Hours of a week: what the data set's kind suggests beyond the day.
const WEEK: usize = 168;
/// What is known of hourly series.
pub const HOURLY: Season = Season::Two(DAY, WEEK);
/// Share of outcomes that an interval should hold.
const SHARE: f64 = 0.9;
/// Normal quantile of the test for a season: 90 %, two-sided.
const SEASON_TEST: f64 = 1.645;

/// A forecast with its 90 % interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Ahead {
    /// Values expected.
    pub values: Vec<f64>,
    /// Lower and upper ends; none where too little is known.
    pub interval: Vec<Option<(f64, f64)>>,
}

/// One pass over the samples, then the look ahead.
pub fn ahead(values: &[f64], season: Season) -> Ahead {
    let mut forecaster = Forecaster::new(season, HORIZON);
    values.iter().for_each(|value| forecaster.push(*value));
    let mut path = vec![0.0; HORIZON];
    forecaster.path(&mut path);
    let interval = (0..HORIZON).map(|lead| forecaster.interval(lead, path[lead], SHARE)).collect();
    Ahead { values: path, interval }
}

/// Errors of one forecast of one series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Errors {
    /// Symmetric mean absolute percentage error, 0..=200.
    pub smape: f64,
    /// Mean absolute error in units of the seasonal naive's within the sample; of all series that have such a unit
    /// ([`Score::unscaled`]), not a number if none has.
    pub mase: f64,
}

impl Errors {
    /// Overall weighted average against `naive`.
    pub fn owa(self, naive: Self) -> f64 {
        (self.smape / naive.smape + self.mase / naive.mase) / 2.0
    }
}

/// All methods over all series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Score {
    /// Series judged.
    pub series: usize,
    /// Those of them that repeat themselves exactly: the seasonal naive makes no error on them, so nothing can be measured in
    /// units of it. They count in sMAPE and coverage, not in MASE.
    pub unscaled: usize,
    /// The measure of one.
    pub naive2: Errors,
    /// The day before, again.
    pub seasonal_naive: Errors,
    /// The bank.
    pub ours: Errors,
    /// Share of outcomes within the 90 % interval.
    pub coverage: f64,
}

/// Judges forecasts (in the order of `train`) against what then came.
///
/// # Errors
/// `E0736` when a series has no test row, or one shorter than the horizon; `E0737` when one is too short to be scaled.
pub fn score(train: &[Row], test: &[Row], forecasts: &[Ahead]) -> Result<Score, Problem> {
    let mut score = Score { series: train.len(), ..Score::default() };
    let n = train.len() as f64;
    let scales: Vec<Option<f64>> = train.iter().map(|row| scale(&row.values)).collect();
    score.unscaled = scales.iter().filter(|scale| scale.is_none()).count();
    let scaled = (train.len() - score.unscaled) as f64;
    if score.unscaled == train.len() {
        [&mut score.naive2, &mut score.seasonal_naive, &mut score.ours].into_iter().for_each(|sum| sum.mase = f64::NAN);
    }
    for ((row, forecast), scale) in train.iter().zip(forecasts).zip(scales) {
        let actual = test.iter().find(|t| t.id == row.id).filter(|t| t.values.len() >= HORIZON).ok_or_else(|| Problem {
            code: "E0736",
            place: format!("series '{}'", row.id),
            what: format!("the test file has no row with {HORIZON} values for it"),
            help: "give train and test file the same series",
        })?;
        if row.values.len() <= DAY {
            let what = format!("{} samples cannot be scaled by their daily change", row.values.len());
            return Err(Problem { code: "E0737", place: format!("series '{}'", row.id), what, help: "leave short series out" });
        }
        let add = |sum: &mut Errors, values: &[f64]| {
            let (smape, error) = errors(values, &actual.values);
            sum.smape += smape / n;
            sum.mase += scale.map_or(0.0, |scale| error / scale / scaled);
        };
        add(&mut score.naive2, &naive2(&row.values));
        add(&mut score.seasonal_naive, &seasonal_naive(&row.values));
        add(&mut score.ours, &forecast.values);
        let inside =
            |(interval, value): (&Option<(f64, f64)>, &f64)| interval.is_some_and(|(low, high)| low <= *value && *value <= high);
        let held = forecast.interval.iter().zip(&actual.values).filter(|pair| inside(*pair)).count();
        score.coverage += held as f64 / HORIZON as f64 / n;
    }
    Ok(score)
}

/// The seasonal naive's mean error within the sample; `None` if that is nothing but rounding.
fn scale(train: &[f64]) -> Option<f64> {
    /// Share of a series' largest value up to which a difference is one of rounding.
    const ROUNDING: f64 = 1e-12;
    let changes: f64 = train.iter().zip(train.get(DAY..)?).map(|(before, after)| (after - before).abs()).sum();
    let scale = changes / (train.len() - DAY) as f64;
    let largest = train.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    (scale > ROUNDING * largest).then_some(scale)
}

/// Symmetric mean absolute percentage error and mean absolute error.
fn errors(forecast: &[f64], actual: &[f64]) -> (f64, f64) {
    let pairs = || forecast.iter().zip(actual).take(HORIZON);
    let n = HORIZON as f64;
    let percentage = |(f, y): (&f64, &f64)| if f == y { 0.0 } else { 200.0 * (f - y).abs() / (f.abs() + y.abs()) };
    (pairs().map(percentage).sum::<f64>() / n, pairs().map(|(f, y)| (f - y).abs()).sum::<f64>() / n)
}

fn seasonal_naive(train: &[f64]) -> Vec<f64> {
    (0..HORIZON).map(|lead| train[train.len() - DAY + lead % DAY]).collect()
}

/// The newest sample, seasonally adjusted where there is a season.
pub fn naive2(train: &[f64]) -> Vec<f64> {
    let n = train.len();
    let newest = train[n - 1];
    if n < 3 * DAY || !is_seasonal(train) {
        return vec![newest; HORIZON];
    }
    let indices = indices(train);
    (0..HORIZON).map(|lead| newest / indices[(n - 1) % DAY] * indices[(n + lead) % DAY]).collect()
}

/// Whether the autocorrelation at a day's lag is significant, given those at shorter lags.
fn is_seasonal(train: &[f64]) -> bool {
    let n = train.len();
    let mean = train.iter().sum::<f64>() / n as f64;
    let product = |lag: usize| train.iter().zip(&train[lag..]).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    let whole = product(0);
    if whole <= 0.0 {
        return false;
    }
    let correlation = |lag: usize| product(lag) / whole;
    let spread: f64 = 1.0 + 2.0 * (1..DAY).map(|lag| correlation(lag) * correlation(lag)).sum::<f64>();
    correlation(DAY).abs() > SEASON_TEST * (spread / n as f64).sqrt()
}

/// Multiplicative seasonal indices by ratio to a centred moving average.
fn indices(train: &[f64]) -> [f64; DAY] {
    const HALF: usize = DAY / 2;
    let (mut sums, mut counts) = ([0.0; DAY], [0.0; DAY]);
    for i in HALF..train.len() - HALF {
        let inner: f64 = train[i + 1 - HALF..i + HALF].iter().sum();
        let trend = (inner + (train[i - HALF] + train[i + HALF]) / 2.0) / DAY as f64;
        sums[i % DAY] += train[i] / trend;
        counts[i % DAY] += 1.0;
    }
    let means: [f64; DAY] = std::array::from_fn(|phase| sums[phase] / counts[phase]);
    let mean = means.iter().sum::<f64>() / DAY as f64;
    means.map(|m| m / mean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{math, rng};

    /// An hourly series of our own: a daily wave, quiet weekends, noise.
    fn hours(seed: u64, n: usize) -> Vec<f64> {
        let mut stream = rng::Stream::new(seed, rng::label("hours"));
        (0..n)
            .map(|t| {
                let wave = math::sin(std::f64::consts::TAU * (t % DAY) as f64 / DAY as f64);
                let weekend = if t % WEEK >= 5 * DAY { 0.7 } else { 1.0 };
                (100.0 + 30.0 * wave) * weekend + 2.0 * math::normal_quantile(rng::uniform(stream.next_key()))
            })
            .collect()
    }

    #[test]
    fn days_and_weeks_are_learned_and_intervals_hold_what_comes() {
        let mut train = Vec::new();
        let mut test = Vec::new();
        for seed in 0..4 {
            let all = hours(seed, 4 * WEEK + 5 * DAY - 9 + HORIZON + 6 * seed as usize);
            let (past, future) = all.split_at(all.len() - HORIZON);
            train.push(Row { id: seed.to_string(), values: past.to_vec() });
            test.push(Row { id: seed.to_string(), values: future.to_vec() });
        }
        let forecasts: Vec<Ahead> = train.iter().map(|row| ahead(&row.values, HOURLY)).collect();
        let score = score(&train, &test, &forecasts).expect("complete");
        let (naive, ours) = (score.seasonal_naive.owa(score.naive2), score.ours.owa(score.naive2));
        assert!(ours < 0.6 * naive, "seasonal naive {naive:.3}, ours {ours:.3}");
        assert!((0.75..=1.0).contains(&score.coverage), "{}", score.coverage);
    }

    #[test]
    fn the_measure_of_one_has_a_weight_of_one() {
        let all = hours(1, 400);
        let (train, test) =
            ([Row { id: "a".into(), values: all[..352].to_vec() }], [Row { id: "a".into(), values: all[352..].to_vec() }]);
        let naive = score(&train, &test, &[ahead(&all[..352], HOURLY)]).expect("complete").naive2;
        assert!((naive.owa(naive) - 1.0).abs() < 1e-12);
        assert_eq!(naive2(&[5.0; 100]), [5.0; HORIZON]);
    }

    #[test]
    fn a_series_that_repeats_itself_exactly_has_no_unit_and_is_left_out_of_mase() {
        let periodic: Vec<f64> = (0..400).map(|t| 100.0 + 30.0 * math::sin((t % DAY) as f64)).collect();
        let rows = |series: &[&[f64]], part: fn(&[f64]) -> &[f64]| -> Vec<Row> {
            series.iter().enumerate().map(|(i, all)| Row { id: i.to_string(), values: part(all).to_vec() }).collect()
        };
        let judged = |series: &[&[f64]]| {
            let (train, test) = (rows(series, |all| &all[..352]), rows(series, |all| &all[352..]));
            let forecasts: Vec<Ahead> = train.iter().map(|row| ahead(&row.values, HOURLY)).collect();
            score(&train, &test, &forecasts).expect("complete")
        };
        let noisy = hours(1, 400);
        let (alone, both, none) = (judged(&[&noisy]), judged(&[&noisy, &periodic]), judged(&[&periodic]));
        assert_eq!((alone.unscaled, both.unscaled, none.unscaled), (0, 1, 1));
        assert!((alone.ours.mase - both.ours.mase).abs() < 1e-9, "{} {}", alone.ours.mase, both.ours.mase);
        assert!(none.ours.mase.is_nan() && none.ours.smape.is_finite());
    }

    #[test]
    fn short_constant_and_odd_series_are_forecast_without_a_panic() {
        for values in [vec![], vec![3.0], vec![0.0; 30], vec![-1.0; 500], hours(2, 170)] {
            let forecast = ahead(&values, HOURLY);
            assert!(forecast.values.len() == HORIZON && forecast.values.iter().all(|v| v.is_finite()), "{values:?}");
        }
        assert_eq!(ahead(&[3.0], HOURLY).values, [3.0; HORIZON]);
    }

    #[test]
    fn a_test_file_without_the_series_is_refused() {
        let train = [Row { id: "H1".into(), values: hours(1, 200) }];
        let forecasts = [ahead(&train[0].values, HOURLY)];
        assert_eq!(score(&train, &[], &forecasts).unwrap_err().code, "E0736");
    }
}
