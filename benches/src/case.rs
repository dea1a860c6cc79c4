//! What is measured: a system's run, the same with monitoring, one scrape, one clone, and the calendar alone.
//!
//! A case makes its input ready first ([`Case::ready`]); each repetition then gets an input of its own
//! ([`Ready::input`]), so that all repetitions do exactly the same work; only [`Ready::run`] is to be timed.

use crate::scenario::{SCENARIOS, Scenario};
use sickbay::pipeline::detect::SeriesDetector;
use sickbay::platform::{Platform, Simulated};
use sickbay::sim::{Event, Observer, World, calendar_hold};
use sickbay::units::{SimDuration, SimTime};

/// Simulated seconds before anything is measured: queues have filled, the autoscalers and probes have run.
const WARM_UP_S: u64 = 30;
/// Happenings of one repetition of the bare calendar.
const HOLD_HAPPENINGS: u64 = 500_000;

/// Samples of one repetition of the detectors, and before it: the tails of their scores have settled.
pub const DETECT_SAMPLES: u32 = 10;
const DETECT_WARM_UP: u32 = 300;

/// One thing to measure.
#[derive(Clone, Copy, Debug)]
pub enum Case {
    /// The system runs; somebody counts its RPCs.
    Run(Scenario),
    /// The system runs under the monitoring of the lab: every event metered, a scrape each simulated second.
    Watched(Scenario),
    /// One scrape.
    Scrape(Scenario),
    /// One clone of the world.
    Clone(Scenario),
    /// The calendar alone with so many pending happenings: the physical floor.
    Hold(u32),
    /// The detectors of so many series take `DETECT_SAMPLES` samples each.
    Detect(u32),
}

/// What one repetition did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Work {
    /// Requests that instances served.
    pub rpcs: u64,
    /// Happenings handled.
    pub happenings: u64,
    /// Simulated seconds.
    pub simulated_s: u64,
    /// Bytes of one series with its detectors.
    pub series_bytes: u64,
}

/// A case with its system warmed up.
pub struct Ready {
    case: Case,
    world: Option<World>,
    watched: Option<Simulated>,
    /// RPCs of one repetition under monitoring, which watches all events itself.
    watched_rpcs: u64,
    detectors: Vec<SeriesDetector>,
}

/// What one repetition works on. To be dropped outside the timed part.
pub enum Input {
    /// A world, for running.
    World(Box<World>),
    /// A world with its monitoring.
    Watched(Box<Simulated>),
    /// Detectors that have seen some past.
    Detectors(Vec<SeriesDetector>),
    /// The warm world is only read.
    Shared,
}

impl Case {
    /// All cases.
    pub fn all() -> Vec<Self> {
        let [small, medium, large, plain] = SCENARIOS;
        let runs = [small, medium, large, plain].map(Self::Run);
        let others = [Self::Watched(large), Self::Scrape(large), Self::Clone(medium), Self::Clone(large)];
        runs.into_iter().chain(others).chain([16, 1_024, 16_384].map(Self::Hold)).chain([Self::Detect(10_000)]).collect()
    }
    /// Its name in tables and files.
    pub fn name(&self) -> String {
        match self {
            Self::Run(scenario) => scenario.name.to_owned(),
            Self::Watched(scenario) => format!("watched_{}", scenario.name),
            Self::Scrape(scenario) => format!("scrape_{}", scenario.name),
            Self::Clone(scenario) => format!("clone_{}", scenario.name),
            Self::Hold(pending) => format!("calendar_{pending}"),
            Self::Detect(series) => format!("detect_{series}"),
        }
    }
    /// Warms its system up.
    pub fn ready(self) -> Ready {
        let warm = SimTime::from_secs(WARM_UP_S);
        let (mut world, mut watched, mut watched_rpcs, mut detectors) = (None, None, 0, Vec::new());
        match self {
            Self::Run(scenario) | Self::Clone(scenario) => {
                let mut warming = scenario.world();
                warming.run(warm, u64::MAX, &mut ());
                world = Some(warming);
            }
            Self::Watched(scenario) | Self::Scrape(scenario) => {
                let mut warming = Simulated::new(scenario.world());
                watch(&mut warming, WARM_UP_S);
                watched_rpcs = advance(&mut warming.world().clone(), scenario.run_s).rpcs;
                watched = Some(warming);
            }
            Self::Hold(_) => {}
            Self::Detect(series) => {
                detectors = vec![SeriesDetector::new(None); series as usize];
                detect(&mut detectors, 0, DETECT_WARM_UP);
            }
        }
        Ready { case: self, world, watched, watched_rpcs, detectors }
    }
}

impl Ready {
    /// An input for one repetition.
    pub fn input(&self) -> Input {
        match (&self.world, &self.watched) {
            (Some(world), _) if matches!(self.case, Case::Run(_)) => Input::World(Box::new(world.clone())),
            _ if !self.detectors.is_empty() => Input::Detectors(self.detectors.clone()),
            (_, Some(watched)) => Input::Watched(Box::new(watched.clone())),
            _ => Input::Shared,
        }
    }

    /// One repetition: the timed part. What it made or used comes back, so that dropping it takes no measured time.
    pub fn run(&self, input: Input) -> (Work, Input) {
        match (self.case, input) {
            (Case::Run(scenario), Input::World(mut world)) => (advance(&mut world, scenario.run_s), Input::World(world)),
            (Case::Watched(scenario), Input::Watched(mut system)) => {
                let before = system.world().handled();
                watch(&mut system, scenario.run_s);
                let happenings = system.world().handled() - before;
                (
                    Work { happenings, simulated_s: scenario.run_s, rpcs: self.watched_rpcs, ..Work::default() },
                    Input::Watched(system),
                )
            }
            (Case::Scrape(_), Input::Watched(mut system)) => {
                let now = system.world().now();
                let scrape = system.observe(now);
                (Work { happenings: scrape.observations.len() as u64, ..Work::default() }, Input::Watched(system))
            }
            (Case::Detect(_), Input::Detectors(mut detectors)) => {
                detect(&mut detectors, DETECT_WARM_UP, DETECT_SAMPLES);
                let happenings = detectors.len() as u64 * u64::from(DETECT_SAMPLES);
                let series_bytes = size_of::<SeriesDetector>() as u64;
                (Work { happenings, series_bytes, ..Work::default() }, Input::Detectors(detectors))
            }
            (Case::Hold(pending), input) => {
                std::hint::black_box(calendar_hold(pending, HOLD_HAPPENINGS, 1));
                (Work { happenings: HOLD_HAPPENINGS, ..Work::default() }, input)
            }
            (_, input) => match &self.world {
                Some(world) => (Work::default(), Input::World(Box::new(world.clone()))),
                None => (Work::default(), input),
            },
        }
    }
}

/// Runs `world` for `seconds` simulated seconds and counts.
pub fn advance(world: &mut World, seconds: u64) -> Work {
    let before = world.handled();
    let mut tally = Tally(0);
    world.run(world.now() + SimDuration::from_secs(seconds), u64::MAX, &mut tally);
    Work { rpcs: tally.0, happenings: world.handled() - before, simulated_s: seconds, ..Work::default() }
}

/// Gives each series `samples` samples from number `first` on: noise around a level, and a spike now and then.
fn detect(detectors: &mut [SeriesDetector], first: u32, samples: u32) {
    for sample in first..first + samples {
        for (series, detector) in (0_u32..).zip(detectors.iter_mut()) {
            // Multiples of the golden section: even noise without a generator to be measured with it.
            let noise = (f64::from(sample.wrapping_mul(7_919).wrapping_add(series)) * 0.618_033_988_749_894_9).fract();
            let spike = if (sample + series) % 97 == 0 { 5.0 } else { 0.0 };
            std::hint::black_box(detector.update(10.0 + noise + spike, None));
        }
    }
}

/// As a session does: a scrape each simulated second.
fn watch(system: &mut Simulated, seconds: u64) {
    for _ in 0..seconds {
        let next = system.world().now() + SimDuration::from_secs(1);
        system.run(next, u64::MAX);
        std::hint::black_box(system.observe(next));
        std::hint::black_box(system.drain_notable());
    }
}

/// Counts served requests.
struct Tally(u64);

impl Observer for Tally {
    fn see(&mut self, _at: SimTime, event: &Event) {
        self.0 += u64::from(matches!(event, Event::Served { .. }));
    }
}
