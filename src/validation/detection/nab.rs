//! Scoring of the Numenta Anomaly Benchmark (Lavin and Ahmad, ICMLA 2015), as its own program does it.
//!
//! A window of anomaly earns up to 1 by its earliest alarm, worth the more the earlier (a scaled sigmoid), and costs as much
//! as a profile says if missed. Alarms outside cost, less just behind a window. The first 15 % (at most 750 samples) are not
//! scored. One threshold for all files is the one that scores best; 0 is what silence earns, 100 what a perfect detector does.

use crate::math;
use std::collections::BTreeMap;

/// Share of a file that is not scored, and the most samples of that.
const PROBATION: (f64, usize) = (0.15, 750);
/// Window widths behind a window after which a false alarm costs in full.
const FAR: f64 = 3.0;

/// What a false alarm and a missed window cost; a window found at once earns 1.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// Its name.
    pub name: &'static str,
    /// Cost of a false alarm.
    pub false_alarm: f64,
    /// Cost of a missed window.
    pub missed: f64,
}

/// The benchmark's three profiles.
pub const PROFILES: [Profile; 3] = [
    Profile { name: "Standard", false_alarm: 0.11, missed: 1.0 },
    Profile { name: "low FP", false_alarm: 0.22, missed: 1.0 },
    Profile { name: "low FN", false_alarm: 0.11, missed: 2.0 },
];

/// A file with its scores.
#[derive(Clone, Debug)]
pub struct Scored {
    /// `category/file.csv`.
    pub name: String,
    /// Seconds of each sample.
    pub times: Vec<i64>,
    /// Score of each sample, 0 to 1.
    pub scores: Vec<f64>,
    /// First and last second of each window of anomaly, ordered.
    pub windows: Vec<(i64, i64)>,
}

/// A sample as the scoring sees it.
#[derive(Clone, Copy, Debug)]
struct Point {
    score: f64,
    /// What an alarm here is worth: of its window's 1, or of a false alarm's cost (negative).
    worth: f64,
    /// The window it lies in.
    window: Option<u32>,
    /// Which category it is of.
    category: u16,
}

/// Samples of all files, by falling score.
#[derive(Clone, Debug)]
pub struct Corpus {
    points: Vec<Point>,
    categories: Vec<String>,
    windows: Vec<u16>,
}

/// What a threshold earns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Result {
    /// The threshold; infinite if silence is best.
    pub threshold: f64,
    /// 0 for silence to 100.
    pub score: f64,
}

impl Corpus {
    /// Gathers files. Windows of which no sample is scored do not count.
    pub fn new(files: &[Scored]) -> Self {
        let mut corpus = Self { points: Vec::new(), categories: Vec::new(), windows: Vec::new() };
        for file in files {
            let name = file.name.split('/').next().unwrap_or_default();
            let known = corpus.categories.iter().position(|c| c == name);
            let category = known.unwrap_or_else(|| {
                corpus.categories.push(name.to_owned());
                corpus.categories.len() - 1
            });
            corpus.add(file, category as u16);
        }
        corpus.points.sort_by(|a, b| b.score.total_cmp(&a.score));
        corpus
    }
    fn add(&mut self, file: &Scored, category: u16) {
        let n = file.scores.len();
        let first = ((n as f64 * PROBATION.0) as usize).min(PROBATION.1);
        let place = |second: i64| file.times.iter().position(|t| *t == second);
        let windows: Vec<(usize, usize)> = file.windows.iter().filter_map(|w| Some((place(w.0)?, place(w.1)?))).collect();
        // The number that this file's window has among all, once a sample of it is scored.
        let mut numbers = vec![None; windows.len()];
        for (i, score) in file.scores.iter().enumerate().skip(first) {
            let inside = windows.iter().position(|w| (w.0..=w.1).contains(&i));
            let (worth, window) = match inside {
                Some(w) => {
                    let number = *numbers[w].get_or_insert_with(|| {
                        self.windows.push(category);
                        self.windows.len() as u32 - 1
                    });
                    (in_window(i, windows[w]), Some(number))
                }
                None => (outside(i, &windows), None),
            };
            self.points.push(Point { score: *score, worth, window, category });
        }
    }
    /// Names of the categories.
    pub fn categories(&self) -> &[String] {
        &self.categories
    }
    /// The best threshold for all files and what it earns.
    pub fn best(&self, profile: Profile) -> Result {
        self.optimum(profile, |_| true)
    }
    /// What a threshold that is best for all *other* categories earns on each category, and what that is in sum.
    pub fn held_out(&self, profile: Profile) -> (Vec<Result>, f64) {
        let mut raw = 0.0;
        let mut results = Vec::new();
        for category in 0..self.categories.len() as u16 {
            let threshold = self.optimum(profile, |c| c != category).threshold;
            let earned = self.at(profile, threshold, |c| c == category);
            let windows = self.count(|c| c == category);
            raw += earned;
            results.push(Result { threshold, score: normal(earned, windows, profile) });
        }
        (results, normal(raw, self.windows.len(), profile))
    }
    /// What a given threshold earns on all files.
    pub fn fixed(&self, profile: Profile, threshold: f64) -> f64 {
        normal(self.at(profile, threshold, |_| true), self.windows.len(), profile)
    }
    /// How many windows a category has.
    pub fn windows_of(&self, category: usize) -> usize {
        self.count(|c| usize::from(c) == category)
    }
    /// What a threshold earns on one category (by its place in [`Corpus::categories`]).
    pub fn category(&self, profile: Profile, threshold: f64, category: usize) -> f64 {
        let chosen = |c: u16| usize::from(c) == category;
        normal(self.at(profile, threshold, chosen), self.count(chosen), profile)
    }
    /// Windows found, windows, and false alarms at a threshold.
    pub fn counts(&self, threshold: f64) -> (usize, usize, usize) {
        let alarms = self.points.iter().take_while(|p| p.score >= threshold);
        let mut found = vec![false; self.windows.len()];
        let mut false_alarms = 0;
        for point in alarms {
            match point.window {
                Some(window) => found[window as usize] = true,
                None => false_alarms += 1,
            }
        }
        (found.iter().filter(|f| **f).count(), self.windows.len(), false_alarms)
    }
    fn count(&self, chosen: impl Fn(u16) -> bool) -> usize {
        self.windows.iter().filter(|c| chosen(**c)).count()
    }
    fn optimum(&self, profile: Profile, chosen: impl Fn(u16) -> bool) -> Result {
        let silence = -profile.missed * self.count(&chosen) as f64;
        let mut best = Result { threshold: f64::INFINITY, score: silence };
        self.sweep(profile, &chosen, |threshold, earned| {
            if earned > best.score {
                best = Result { threshold, score: earned };
            }
            true
        });
        Result { score: normal(best.score, self.count(&chosen), profile), ..best }
    }
    fn at(&self, profile: Profile, threshold: f64, chosen: impl Fn(u16) -> bool) -> f64 {
        let mut earned = -profile.missed * self.count(&chosen) as f64;
        self.sweep(profile, &chosen, |score, now| {
            if score >= threshold {
                earned = now;
            }
            score >= threshold
        });
        earned
    }
    /// Lowers the threshold from score to score; `each` is told what it earns and says whether to go on.
    fn sweep(&self, profile: Profile, chosen: &impl Fn(u16) -> bool, mut each: impl FnMut(f64, f64) -> bool) {
        let mut found: BTreeMap<u32, f64> = BTreeMap::new();
        let mut earned = -profile.missed * self.count(chosen) as f64;
        let mut points = self.points.iter().filter(|p| chosen(p.category)).peekable();
        while let Some(point) = points.next() {
            match point.window {
                None => earned += point.worth * profile.false_alarm,
                Some(window) => {
                    let best = found.entry(window).or_insert(-profile.missed);
                    earned += (point.worth - *best).max(0.0);
                    *best = best.max(point.worth);
                }
            }
            let is_last_of_score = points.peek().is_none_or(|next| next.score < point.score);
            if is_last_of_score && !each(point.score, earned) {
                return;
            }
        }
    }
}

/// 100 for all windows found at once, 0 for silence. Without windows there is nothing to earn: the raw cost is told.
fn normal(earned: f64, windows: usize, profile: Profile) -> f64 {
    let n = windows as f64;
    if windows == 0 { earned } else { 100.0 * (earned + profile.missed * n) / (n * (1.0 + profile.missed)) }
}

/// From near 1 well before to -1 well behind a window's end, at `position` window widths from it.
fn sigmoid(position: f64) -> f64 {
    if position >= FAR { -1.0 } else { 2.0 / (1.0 + math::exp(5.0 * position)) - 1.0 }
}

fn in_window(i: usize, (first, last): (usize, usize)) -> f64 {
    let position = -((last - i + 1) as f64) / (last - first + 1) as f64;
    sigmoid(position) / sigmoid(-1.0)
}

fn outside(i: usize, windows: &[(usize, usize)]) -> f64 {
    let behind = windows.iter().rev().find(|w| w.1 < i);
    behind.map_or(-1.0, |(first, last)| sigmoid((i - last) as f64 / (last - first).max(1) as f64))
}

#[cfg(test)]
mod tests {
    use super::{Corpus, PROFILES, Scored};

    /// 1,000 samples with a window at 500..=599 and alarms at `alarms`.
    fn file(name: &str, alarms: &[(usize, f64)]) -> Scored {
        let mut scores = vec![0.0; 1_000];
        alarms.iter().for_each(|(i, score)| scores[*i] = *score);
        Scored { name: name.into(), times: (0..1_000).collect(), scores, windows: vec![(500, 599)] }
    }

    fn score(alarms: &[(usize, f64)]) -> [f64; 3] {
        PROFILES.map(|profile| Corpus::new(&[file("a/b", alarms)]).best(profile).score)
    }

    #[test]
    fn silence_is_0_and_an_alarm_at_once_is_100() {
        assert_eq!(score(&[]), [0.0; 3]);
        assert_eq!(score(&[(500, 1.0)]), [100.0; 3]);
        // Half-way into the window: sigmoid(-0.5) / sigmoid(-1) = 0.860 after the +1 in the position.
        let half = score(&[(550, 1.0)]);
        assert!((half[0] - 100.0 * (0.848_284 / 0.986_614 + 1.0) / 2.0).abs() < 0.01, "{half:?}");
    }

    #[test]
    fn false_alarms_cost_what_the_profile_says() {
        let [standard, low_fp, low_fn] = score(&[(500, 1.0), (300, 1.0)]);
        assert!((standard - (100.0 - 5.5)).abs() < 1e-9, "{standard}");
        assert!((low_fp - (100.0 - 11.0)).abs() < 1e-9 && (low_fn - (100.0 - 11.0 / 3.0)).abs() < 1e-9);
        // Just behind the window it costs next to nothing; in the first 15 % nothing.
        assert!(score(&[(500, 1.0), (601, 1.0), (10, 1.0)])[0] > 99.0);
    }

    #[test]
    fn the_threshold_leaves_weak_false_alarms_out() {
        let corpus = Corpus::new(&[file("a/b", &[(500, 0.9), (300, 0.4), (200, 0.3)])]);
        let best = corpus.best(PROFILES[0]);
        assert_eq!((best.threshold, best.score), (0.9, 100.0));
        assert_eq!(corpus.counts(0.3), (1, 1, 2));
    }

    #[test]
    fn a_category_is_judged_by_the_threshold_of_the_others() {
        let corpus = Corpus::new(&[file("a/b", &[(500, 0.9)]), file("c/d", &[(500, 0.5)])]);
        let (each, all) = corpus.held_out(PROFILES[0]);
        // The threshold of c (0.5) finds a's window; that of a (0.9) misses c's.
        assert_eq!((each[0].score, each[1].score, all), (100.0, 0.0, 50.0));
    }
}
