//! From wall time to simulated time: how far a run should be by now, how long a slice of work may be, when a frame
//! is due. Pure: the wall clock is an argument, in ms, from any origin; only its differences count.
//!
//! A pacer never fast-forwards. When the page was in the background, or the machine too slow, what was missed is
//! dropped: the run goes on from where it is, and the speed reached is shown next to the speed asked for.

use crate::units::{SimDuration, SimTime};
use std::collections::VecDeque;

/// Wall time in ms that is made up for at most: a hiccup is, a nap is not.
pub const CATCH_UP_MS_MAX: f64 = 250.0;
/// Wall time in ms between two frames at least: 10 a second are enough for numbers to be read.
pub const FRAME_MS_MIN: f64 = 100.0;
/// Wall time in ms that one slice of work should take: messages are read between slices.
pub const SLICE_MS: f64 = 8.0;
/// Simulated time that is asked for at once when there is no speed limit.
const UNLIMITED_STRIDE: SimDuration = SimDuration::from_secs(10);
/// Fastest speed with a limit: simulated seconds per wall second.
const SPEED_MAX: f64 = 1_000.0;
/// Events of a slice: few enough for the slowest machine, and never so few that the loop's own cost counts.
const SLICE_EVENTS: (u64, u64) = (500, 500_000);
/// Wall time in ms over which the reached speed is measured.
const REACHED_OVER_MS: f64 = 1_500.0;
/// Most measurements kept; they come with frames, so at 10 a second.
const REACHED_LEN_MAX: usize = 32;

/// Whether time runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Play {
    Paused,
    AtSpeed,
    /// As fast as possible, then paused.
    Until(SimTime),
}

/// Decides how far a run should be.
#[derive(Clone, Debug)]
pub struct Pacer {
    play: Play,
    /// Simulated seconds per wall second; 0 is as fast as possible.
    speed: f64,
    /// Wall time of the last look, ms.
    looked_ms: Option<f64>,
    target: SimTime,
    reached: VecDeque<(f64, SimTime)>,
}

impl Default for Pacer {
    fn default() -> Self {
        Self { play: Play::Paused, speed: 1.0, looked_ms: None, target: SimTime::ZERO, reached: VecDeque::new() }
    }
}

impl Pacer {
    /// Lets time run at the current speed.
    pub fn play(&mut self) {
        self.begin(Play::AtSpeed);
    }
    /// Stops time.
    pub fn pause(&mut self) {
        self.begin(Play::Paused);
    }
    /// Lets time run as fast as possible until `moment`, then stops it.
    pub fn play_until(&mut self, moment: SimTime) {
        self.begin(Play::Until(moment));
    }
    /// Sets simulated seconds per wall second; 0 is as fast as possible. Anything but a number from 0 up is ignored.
    pub fn set_speed(&mut self, speed: f64) {
        if speed.is_finite() && speed >= 0.0 {
            self.speed = speed.min(SPEED_MAX);
            self.begin(self.play);
        }
    }
    /// Simulated seconds per wall second that were asked for; 0 is as fast as possible.
    pub const fn speed(&self) -> f64 {
        self.speed
    }
    /// Whether time runs at a given speed, not as fast as possible.
    pub fn has_limit(&self) -> bool {
        self.play == Play::AtSpeed && self.speed > 0.0
    }
    /// Whether time runs.
    pub fn is_playing(&self) -> bool {
        self.play != Play::Paused
    }

    fn begin(&mut self, play: Play) {
        self.play = play;
        self.looked_ms = None;
        self.target = SimTime::ZERO;
        self.reached.clear();
    }

    /// How far the run, which is at `now`, should be at `wall_ms`; `None` if it should stay where it is.
    pub fn due(&mut self, wall_ms: f64, now: SimTime) -> Option<SimTime> {
        let until = match self.play {
            Play::Paused => return None,
            Play::Until(moment) if now >= moment => {
                self.pause();
                return None;
            }
            Play::Until(moment) => moment,
            Play::AtSpeed if self.speed == 0.0 => now + UNLIMITED_STRIDE,
            Play::AtSpeed => self.at_speed(wall_ms, now),
        };
        (until > now).then_some(until)
    }

    /// What is owed is capped too: a run that cannot keep up must not collect debts.
    fn at_speed(&mut self, wall_ms: f64, now: SimTime) -> SimTime {
        let elapsed_ms = (wall_ms - self.looked_ms.unwrap_or(wall_ms)).clamp(0.0, CATCH_UP_MS_MAX);
        self.looked_ms = Some(wall_ms);
        let owed_max = SimDuration::from_secs_f64(CATCH_UP_MS_MAX / 1_000.0 * self.speed);
        let owed = SimDuration::from_secs_f64(elapsed_ms / 1_000.0 * self.speed);
        self.target = (self.target.max(now) + owed).min(now + owed_max);
        self.target
    }

    /// Notes that the run is at `now` at `wall_ms`, and returns the simulated seconds per wall second reached lately.
    pub fn reached(&mut self, wall_ms: f64, now: SimTime) -> f64 {
        while self.reached.len() >= REACHED_LEN_MAX || self.reached.front().is_some_and(|old| wall_ms - old.0 > REACHED_OVER_MS) {
            self.reached.pop_front();
        }
        self.reached.push_back((wall_ms, now));
        match self.reached.front() {
            Some(&(then_ms, then)) if wall_ms > then_ms => now.since(then).as_secs_f64() / (wall_ms - then_ms) * 1_000.0,
            _ => 0.0,
        }
    }
}

/// How many events a slice may have, so that it takes about [`SLICE_MS`]. Learns from each slice.
#[derive(Clone, Copy, Debug)]
pub struct SliceBudget {
    events: u64,
}

impl Default for SliceBudget {
    fn default() -> Self {
        Self { events: 4_000 }
    }
}

impl SliceBudget {
    /// Events for the next slice.
    pub const fn events(&self) -> u64 {
        self.events
    }
    /// A slice took `taken_ms` of wall time; `used_up` if it was ended by the budget. At most doubles or quarters, for
    /// a single measurement may be a hiccup.
    pub fn learn(&mut self, taken_ms: f64, used_up: bool) {
        if !used_up && taken_ms <= SLICE_MS {
            return;
        }
        let factor = (SLICE_MS / taken_ms.max(0.05)).clamp(0.25, 2.0);
        self.events = ((self.events as f64 * factor) as u64).clamp(SLICE_EVENTS.0, SLICE_EVENTS.1);
    }
}

/// Decides when a frame is due: something changed, the page has drawn the last one, and it is not too soon.
#[derive(Clone, Copy, Debug, Default)]
pub struct FrameGate {
    changed: bool,
    in_flight: bool,
    sent_ms: Option<f64>,
}

impl FrameGate {
    /// Something to be seen changed.
    pub fn change(&mut self) {
        self.changed = true;
    }
    /// The page has drawn the last frame.
    pub fn drawn(&mut self) {
        self.in_flight = false;
    }
    /// A frame was sent.
    pub fn sent(&mut self, wall_ms: f64) {
        *self = Self { changed: false, in_flight: true, sent_ms: Some(wall_ms) };
    }
    /// Milliseconds until a frame is due, 0 if it is; `None` if nothing changed or the page is still drawing.
    pub fn due_in_ms(&self, wall_ms: f64) -> Option<f64> {
        if !self.changed || self.in_flight {
            return None;
        }
        Some(self.sent_ms.map_or(0.0, |sent_ms| (FRAME_MS_MIN - (wall_ms - sent_ms)).clamp(0.0, FRAME_MS_MIN)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: f64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs_f64(seconds)
    }

    #[test]
    fn simulated_time_follows_wall_time_at_the_speed_asked_for() {
        let mut pacer = Pacer::default();
        assert_eq!(pacer.due(0.0, SimTime::ZERO), None, "it starts paused");
        pacer.set_speed(2.0);
        pacer.play();
        assert_eq!(pacer.due(1_000.0, SimTime::ZERO), None, "no wall time has passed yet");
        let mut now = SimTime::ZERO;
        for step in 1..=100 {
            now = pacer.due(1_000.0 + f64::from(step) * 10.0, now).unwrap_or(now);
        }
        assert_eq!(now, seconds(2.0));
        pacer.pause();
        assert_eq!(pacer.due(9_000.0, now), None);
    }

    #[test]
    fn a_background_tab_goes_on_where_it_was_and_does_not_fast_forward() {
        let mut pacer = Pacer::default();
        pacer.play();
        pacer.due(0.0, seconds(5.0));
        let due = pacer.due(3_600_000.0, seconds(5.0)).expect("time has passed");
        assert_eq!(due, seconds(5.0) + SimDuration::from_secs_f64(CATCH_UP_MS_MAX / 1_000.0));
    }

    #[test]
    fn a_run_that_cannot_keep_up_collects_no_debts() {
        let mut pacer = Pacer::default();
        pacer.set_speed(10.0);
        pacer.play();
        for look in 0..1_000 {
            let due = pacer.due(f64::from(look) * 20.0, seconds(1.0)).unwrap_or(seconds(1.0));
            assert!(due <= seconds(1.0 + 10.0 * CATCH_UP_MS_MAX / 1_000.0));
        }
    }

    #[test]
    fn playing_until_a_moment_ends_paused_exactly_there() {
        let mut pacer = Pacer::default();
        pacer.play_until(seconds(60.0));
        assert_eq!(pacer.due(0.0, seconds(1.0)), Some(seconds(60.0)));
        assert_eq!(pacer.due(1.0, seconds(60.0)), None);
        assert!(!pacer.is_playing());
    }

    #[test]
    fn a_clock_that_runs_backwards_and_senseless_speeds_do_no_harm() {
        let mut pacer = Pacer::default();
        pacer.play();
        pacer.set_speed(f64::NAN);
        pacer.set_speed(-1.0);
        assert_eq!(pacer.speed(), 1.0);
        pacer.due(500.0, seconds(1.0));
        assert_eq!(pacer.due(100.0, seconds(1.0)), None);
    }

    #[test]
    fn the_reached_speed_is_that_of_the_last_seconds() {
        let mut pacer = Pacer::default();
        let reached = (0..100).map(|frame| pacer.reached(f64::from(frame) * 100.0, seconds(f64::from(frame) * 0.3))).last();
        assert!((reached.unwrap_or_default() - 3.0).abs() < 1e-6);
    }

    #[test]
    fn slices_learn_to_take_about_eight_milliseconds() {
        let mut budget = SliceBudget::default();
        let events_per_ms = 3_000.0;
        for _ in 0..20 {
            budget.learn(budget.events() as f64 / events_per_ms, true);
        }
        assert!((budget.events() as f64 / events_per_ms - SLICE_MS).abs() < 0.5);
        budget.learn(1.0, false);
        assert!(budget.events() > 20_000, "a slice that had little to do teaches nothing");
    }

    #[test]
    fn at_most_one_frame_is_in_flight_and_at_most_ten_come_a_second() {
        let mut gate = FrameGate::default();
        assert_eq!(gate.due_in_ms(0.0), None, "nothing changed");
        gate.change();
        assert_eq!(gate.due_in_ms(0.0), Some(0.0));
        gate.sent(0.0);
        gate.change();
        assert_eq!(gate.due_in_ms(500.0), None, "the page is still drawing");
        gate.drawn();
        assert_eq!(gate.due_in_ms(30.0), Some(70.0));
        assert_eq!(gate.due_in_ms(500.0), Some(0.0));
    }
}
