//! Runs a session for a page: takes its messages, lets time pass, answers with frames. Pure: the wall clock and the
//! way to the page are arguments, so all of it is tested natively; `web::worker` lends it the browser's.
//!
//! Nothing here changes a run but through [`Session::execute`] and [`Session::advance`], whose results depend on
//! simulated time only: pacing, frames and views never show in a digest.

use crate::protocol::{FromWorker, SourceFile, ToWorker};
use crate::scenario::Scenario;
use crate::scenario::file::{Loaded, RunDefaults};
use crate::scenario::opening::{Opened, open, open_scenario};
use crate::scenario::presets::load;
use crate::session::pace::{FrameGate, Pacer, SliceBudget};
use crate::session::{Command, CommandError, Experiment, ExperimentError, SCRAPE_PERIOD, Session, Timeline};
use crate::units::{SimDuration, SimTime};
use crate::view::address::SEED;
use crate::view::{Playback, Viewport, capture, overview, postmortem};
use std::mem;

/// Wall time in ms after which messages are read again when time runs as fast as possible: two slices.
const TURN_MS: f64 = 16.0;
/// Wall time in ms between two turns when time runs at a speed that is kept up with: finer than a screen's frames.
const REST_MS: f64 = 10.0;
/// What one step of a paused run is: one scrape.
const STEP: SimDuration = SimDuration::from_secs(1);
/// Most columns of a chart: the widest screens have about twice as many pixels.
const COLUMNS_MAX: usize = 4_096;
/// Shortest and longest history in view, in s.
const WINDOW_S: (f64, f64) = (10.0, 3_600.0);

/// What is said when there is no run to do it to.
const NOTHING_RUNS: &str = "no system is running yet";

/// What is said when a run that was played again ends elsewhere: the engine has changed since it was saved.
const OTHER_RUN: &str = "E0505 this run was saved by another version of Sickbay, whose engine took another course: what is shown \
                         is what the same deeds lead to now.";

/// Where answers go: a message and its companion numbers.
pub type Answer<'a> = dyn FnMut(FromWorker, Vec<f64>) + 'a;

/// A run and what the page wants of it.
#[derive(Default)]
pub struct Host {
    timeline: Option<Timeline>,
    /// What was previewed and may be accepted.
    imported: Option<(Scenario, RunDefaults)>,
    pacer: Pacer,
    budget: SliceBudget,
    gate: FrameGate,
    viewport: Viewport,
    frames: u64,
    /// A moment is being sought: what lies on the way is not shown.
    is_seeking: bool,
    /// Counts runs that were opened, gone on from or returned to.
    runs: u64,
    /// The digest that a run played again is to have at its end.
    expected: Option<u64>,
    /// A run played again goes on from its end.
    goes_on: bool,
    /// What the browser was given to keep: the run, and how much had been done to it.
    kept: Option<(u64, usize)>,
    /// What the last overview showed: the run, its log's lines and its changes of health.
    shown: Option<(u64, u64, usize)>,
}

impl Host {
    /// Does what the page asks for; what it refuses is answered with [`FromWorker::Refused`], and the run is as it was.
    pub fn handle(&mut self, message: ToWorker, answer: &mut Answer) {
        if let Err(reason) = self.act(message, answer) {
            answer(FromWorker::Refused(reason), Vec::new());
        }
    }

    fn act(&mut self, message: ToWorker, answer: &mut Answer) -> Result<(), String> {
        match message {
            ToWorker::FrameDrawn => {
                self.gate.drawn();
                return Ok(());
            }
            ToWorker::PreviewImport(files) if files.len() == 1 && Experiment::is_one(&files[0].text) => {
                answer(FromWorker::RunOpened, Vec::new());
                self.play_again(Experiment::read(&files[0].text))?;
            }
            ToWorker::PreviewImport(files) => {
                self.preview(files, answer);
                return Ok(());
            }
            ToWorker::CancelImport => self.imported = None,
            ToWorker::OpenPreset { name, seed } => {
                let loaded = load(&name)
                    .ok_or_else(|| format!("There is no preset named \"{name}\": choose one from the list of systems."))?;
                self.open(loaded.scenario, seed, &loaded.run)?;
            }
            ToWorker::OpenFile { file, seed } => {
                let Opened { preview, scenario, run } = open_scenario(&file.name, &file.text);
                let Some(scenario) = scenario else {
                    answer(FromWorker::Broken(Box::new(preview)), Vec::new());
                    return Ok(());
                };
                self.open(scenario, seed.or(run.seed).unwrap_or(SEED), &run)?;
            }
            ToWorker::OpenRun { packed } => self.play_again(Experiment::unpack(&packed))?,
            ToWorker::OpenKept { text, end, is_playing } => {
                let later =
                    |run: Experiment| Experiment { end: run.end.max(end), digest: run.digest.filter(|_| end <= run.end), ..run };
                self.play_again(Experiment::read(&text).map(later))?;
                self.goes_on = is_playing;
            }
            ToWorker::Keep => {
                self.keep(answer)?;
                return Ok(());
            }
            ToWorker::AcceptImport { seed } => {
                let (scenario, run) = self.imported.take().ok_or("there is no import to accept")?;
                self.open(scenario, run.seed.unwrap_or(seed), &run)?;
            }
            ToWorker::Do(command) => self.execute(command)?,
            ToWorker::PostMortem => {
                let session = self.timeline()?.session();
                answer(FromWorker::PostMortem(postmortem::draft(session).into_one_file()), Vec::new());
                return Ok(());
            }
            ToWorker::Share => {
                let run = Experiment::of(self.timeline()?);
                answer(FromWorker::Shared { packed: run.packed(), text: run.to_text() }, Vec::new());
                return Ok(());
            }
            ToWorker::Play => self.play(),
            ToWorker::PlayUntil(moment) => self.pacer.play_until(moment),
            ToWorker::Pause => self.pause(),
            ToWorker::Step => self.step()?,
            ToWorker::Seek(moment) => self.seek(moment)?,
            ToWorker::Live => self.back_to_live()?,
            ToWorker::GoOnFromHere => self.change_run(Timeline::go_on_from_here)?,
            ToWorker::ReturnToOther => self.change_run(Timeline::return_to_other)?,
            ToWorker::SetSpeed(speed) => self.pacer.set_speed(speed),
            ToWorker::View { selection, columns, window_s } => {
                let window_s = if window_s.is_finite() { window_s.clamp(WINDOW_S.0, WINDOW_S.1) } else { WINDOW_S.0 };
                self.viewport = Viewport { selection, columns: columns.min(COLUMNS_MAX), window_s };
            }
        }
        self.gate.change();
        Ok(())
    }

    /// Replaces the running system; time runs at once. The first scrape is taken before the first frame, so that the
    /// page opens on a system that is known.
    fn open(&mut self, scenario: Scenario, seed: u64, run: &RunDefaults) -> Result<(), String> {
        let mut session = Session::open(&Loaded { scenario, run: *run }, seed).map_err(|error| error.to_string())?;
        session.advance(SimTime::ZERO + SCRAPE_PERIOD, u64::MAX);
        self.begin(Timeline::new(session));
        self.play();
        Ok(())
    }
    fn begin(&mut self, timeline: Timeline) {
        self.timeline = Some(timeline);
        self.runs += 1;
        self.expected = None;
        self.goes_on = false;
        self.viewport.selection = None;
    }
    /// Plays a run again, as fast as possible up to its end.
    fn play_again(&mut self, run: Result<Experiment, ExperimentError>) -> Result<(), String> {
        let run = run.map_err(|error| error.to_string())?;
        let (end, digest) = (run.end, run.digest);
        self.begin(run.timeline());
        self.expected = digest;
        self.is_seeking = false;
        self.pacer.play_until(end);
        Ok(())
    }
    fn keep(&mut self, answer: &mut Answer) -> Result<(), String> {
        let timeline = self.timeline()?;
        let (end, known) = (timeline.end(), Some((self.runs, timeline.journal().len())));
        let text = (self.kept != known).then(|| Experiment::of(timeline).to_text());
        self.kept = known;
        answer(FromWorker::Kept { text, end }, Vec::new());
        Ok(())
    }
    /// What is due when a run that was played again has reached its end: it says so if that has become another one.
    fn arrived(&mut self, answer: &mut Answer) {
        let Some(timeline) = self.timeline.as_ref().filter(|timeline| timeline.is_live()) else { return };
        let digest = timeline.session().digest();
        if self.expected.take().is_some_and(|expected| expected != digest) {
            answer(FromWorker::Refused(OTHER_RUN.to_owned()), Vec::new());
        }
        if mem::take(&mut self.goes_on) {
            self.play();
        }
    }

    fn preview(&mut self, files: Vec<SourceFile>, answer: &mut Answer) {
        let files: Vec<_> = files.into_iter().map(|file| (file.name, file.text)).collect();
        let found = open(&files);
        self.imported = found.scenario.map(|scenario| (scenario, found.run));
        answer(FromWorker::Preview(Box::new(found.preview)), Vec::new());
    }

    fn timeline(&self) -> Result<&Timeline, String> {
        self.timeline.as_ref().ok_or_else(|| NOTHING_RUNS.to_owned())
    }
    fn timeline_mut(&mut self) -> Result<&mut Timeline, String> {
        self.timeline.as_mut().ok_or_else(|| NOTHING_RUNS.to_owned())
    }

    fn execute(&mut self, command: Command) -> Result<(), String> {
        self.timeline_mut()?.execute(command).map_err(|error| error.to_string())
    }

    fn play(&mut self) {
        self.is_seeking = false;
        self.pacer.play();
    }
    fn pause(&mut self) {
        self.is_seeking = false;
        self.pacer.pause();
    }
    fn step(&mut self) -> Result<(), String> {
        let now = self.timeline()?.session().now();
        if !self.pacer.is_playing() {
            self.pacer.play_until(now + STEP);
        }
        Ok(())
    }
    fn seek(&mut self, moment: SimTime) -> Result<(), String> {
        let timeline = self.timeline_mut()?;
        timeline.seek(moment);
        let moment = moment.min(timeline.end());
        self.is_seeking = true;
        self.pacer.play_until(moment);
        Ok(())
    }
    fn back_to_live(&mut self) -> Result<(), String> {
        let timeline = self.timeline_mut()?;
        let end = timeline.end();
        timeline.back_to_live();
        let is_live = timeline.is_live();
        match is_live {
            true => self.play(),
            false => self.pacer.play_until(end),
        }
        Ok(())
    }
    fn change_run(&mut self, change: fn(&mut Timeline) -> Result<(), CommandError>) -> Result<(), String> {
        change(self.timeline_mut()?).map_err(|error| error.to_string())?;
        self.runs += 1;
        self.pause();
        Ok(())
    }

    /// Lets time pass and sends a frame if one is due. Returns in how many ms of wall time the next turn is wanted;
    /// `None` if nothing happens until the next message. `wall_ms` reads a clock.
    pub fn turn(&mut self, wall_ms: &dyn Fn() -> f64, answer: &mut Answer) -> Option<f64> {
        let kept_up = self.advance(wall_ms);
        self.arrived(answer);
        self.send_frame(wall_ms(), answer);
        match (self.timeline.is_some() && self.pacer.is_playing(), kept_up) {
            (true, true) => Some(REST_MS),
            (true, false) => Some(0.0),
            (false, _) => self.timeline.as_ref().and(self.gate.due_in_ms(wall_ms())),
        }
    }

    /// Returns whether the run is where it should be.
    fn advance(&mut self, wall_ms: &dyn Fn() -> f64) -> bool {
        let Some(timeline) = &mut self.timeline else { return true };
        let began_ms = wall_ms();
        let was_playing = self.pacer.is_playing();
        let mut kept_up = true;
        while let Some(until) = self.pacer.due(wall_ms(), timeline.session().now()) {
            let slice_ms = wall_ms();
            let reached = timeline.advance(until, self.budget.events());
            let now_ms = wall_ms();
            self.budget.learn(now_ms - slice_ms, !reached);
            self.gate.change();
            kept_up = reached && self.pacer.has_limit();
            if kept_up || now_ms - began_ms >= TURN_MS {
                break;
            }
        }
        if was_playing != self.pacer.is_playing() {
            self.gate.change();
        }
        kept_up
    }

    fn send_frame(&mut self, wall_ms: f64, answer: &mut Answer) {
        let Some(timeline) = &mut self.timeline else { return };
        self.is_seeking &= self.pacer.is_playing();
        if self.is_seeking || self.gate.due_in_ms(wall_ms) != Some(0.0) {
            return;
        }
        if let Some(error) = timeline.take_refused() {
            answer(FromWorker::Refused(format!("What was done cannot be done again from here on: {error}")), Vec::new());
        }
        let furthest = timeline.furthest();
        let shown = Some((self.runs, furthest.events().written(), furthest.history().health().len()));
        if self.shown != shown {
            self.shown = shown;
            answer(FromWorker::Overview(Box::new(overview(furthest))), Vec::new());
        }
        self.frames += 1;
        let session = timeline.session();
        let playback = Playback {
            number: self.frames,
            playing: self.pacer.is_playing(),
            speed: self.pacer.speed(),
            speed_reached: self.pacer.reached(wall_ms, session.now()),
            past_of: (!timeline.is_live()).then(|| timeline.end()),
            has_other: timeline.has_other(),
        };
        let (frame, columns) = capture(session, &self.viewport, &playback);
        self.gate.sent(wall_ms);
        answer(FromWorker::Frame(Box::new(frame)), columns);
    }
}

#[cfg(test)]
mod tests;
