//! A clone is a checkpoint: whatever the original does meanwhile, and however the clone is stepped, both give the same run from
//! there on. Held at several moments of each scenario whose digest is held, for sessions (digest, frame, chart columns), for
//! worlds (every event) and for the platform (every scrape).

use sickbay::ids::{ActionId, ServiceId};
use sickbay::pipeline::Autonomy;
use sickbay::platform::{Action, Platform, Simulated};
use sickbay::scenario::presets::{load, preset};
use sickbay::session::{Command, Session};
use sickbay::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use sickbay::sim::{TimedEvent, World};
use sickbay::topology::{Service, TopologyEdit};
use sickbay::units::{SimDuration, SimTime};
use sickbay::view::{Frame, Playback, Viewport, capture};

/// The scenarios whose digests are held.
const PRESETS: [&str; 5] = ["boutique", "p01-retry-storm", "p12-zone-outage", "p19-autoscaler-flapping", "mechanisms"];
/// When checkpoints are taken, in ms: before the first scrape, on a scrape, between two, and amid the presets' troubles.
const MOMENTS_MS: [u64; 5] = [0, 7_000, 23_456, 46_789, 72_001];
/// How long both go on from there, in s.
const SECONDS: u64 = 12;
const SEED: u64 = 42;

fn at_ms(ms: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_millis(ms)
}

/// Everything that can be seen of a session.
type Seen = (u64, Frame, Vec<f64>);

fn see(session: &Session) -> Seen {
    let view = Viewport { selection: Some(ServiceId(1)), ..Viewport::default() };
    let (frame, columns) = capture(session, &view, &Playback::default());
    (session.digest(), frame, columns)
}

/// What a person does to the original and to the clone, a second after the checkpoint or later.
fn commands(session: &Session) -> Vec<Command> {
    let topology = session.world().topology();
    let (id, service) = topology.services().find(|(_, s)| s.is_healable()).expect("a service to break");
    let edge = topology.edges().next().expect("a call to break");
    let target = FaultTarget::Edge { from: edge.from, to: edge.to };
    let slower = Service { replicas: service.replicas + 1, queue_len_max: 17, ..service.clone() };
    let second = Some(SimDuration::from_secs(3));
    vec![
        Command::Inject(FaultSpec {
            target: FaultTarget::Service(id),
            kind: FaultKind::CpuHog,
            magnitude: 0.7,
            duration: second,
        }),
        Command::SetAutonomy(Autonomy::Auto),
        Command::Inject(FaultSpec { target, kind: FaultKind::Latency, magnitude: 150.0, duration: None }),
        Command::Edit(TopologyEdit::Configure(id, Box::new(slower))),
        Command::Undo,
        Command::StopAllFaults,
    ]
}

/// Goes on for [`SECONDS`], `slice` happenings at a time, with the commands if there are any, and notes each second.
fn go_on(session: &mut Session, slice: u64, commands: &[Command]) -> Vec<Seen> {
    let from = session.now();
    let mut seen = vec![see(session)];
    for second in 1..=SECONDS {
        let until = from + SimDuration::from_secs(second);
        while !session.advance(until, slice) {}
        if let Some(command) = commands.get((second - 1) as usize) {
            session.execute(command.clone()).expect("accepted");
        }
        seen.push(see(session));
    }
    seen
}

fn same(preset: &str, moment: SimTime, what: &str, expected: &[Seen], got: &[Seen]) {
    for (second, (expected, got)) in expected.iter().zip(got).enumerate() {
        assert_eq!(expected.0, got.0, "{preset}, {what}: digest {second} s after {moment}");
        assert!(expected == got, "{preset}, {what}: frame {second} s after {moment}");
    }
}

#[test]
fn a_session_goes_on_from_its_clone_as_if_nothing_had_been() {
    for name in PRESETS {
        let loaded = load(name).expect("a preset");
        let mut session = Session::open(&loaded, SEED).expect("opens");
        for moment in MOMENTS_MS.map(at_ms) {
            session.advance(moment, u64::MAX);
            let checkpoint = session.clone();
            let commands = commands(&session);
            // The clone of a clone is taken before the original has moved, and moves after it has.
            let (mut plain, mut sliced, mut other) = (checkpoint.clone(), checkpoint.clone(), checkpoint.clone());
            let straight = go_on(&mut session.clone(), u64::MAX, &[]);
            let changed = go_on(&mut session.clone(), u64::MAX, &commands);
            assert!(straight.last().map(|s| s.0) != changed.last().map(|s| s.0), "{name}: commands do something");
            same(name, moment, "restored", &straight, &go_on(&mut plain, u64::MAX, &[]));
            same(name, moment, "restored and sliced", &straight, &go_on(&mut sliced, 37, &[]));
            same(name, moment, "restored and changed", &changed, &go_on(&mut other, 211, &commands));
            assert_eq!(see(&checkpoint), straight[0], "{name}: the checkpoint itself has not moved");
        }
    }
}

/// Goes on for some seconds; each second's events, digest and what an operator's action was answered.
fn play(world: &mut World, slice: u64) -> Vec<(u64, Vec<TimedEvent>)> {
    let from = world.now();
    let service = world.topology().services().find(|(_, s)| s.is_healable()).expect("one").0;
    let actions = [Action::ScaleUp { service, by: 1 }, Action::Shed { service, percent: 20 }, Action::Restart { service }];
    let mut seen = Vec::new();
    for second in 1..=SECONDS / 2 {
        let mut events: Vec<TimedEvent> = Vec::new();
        while !world.run(from + SimDuration::from_secs(second), slice, &mut events) {}
        if let Some(action) = actions.get((second - 1) as usize) {
            world.apply(ActionId(second as u32), *action);
        }
        seen.push((world.digest(), events));
    }
    seen
}

#[test]
fn a_world_s_clone_sees_the_very_same_events() {
    for name in PRESETS {
        let scenario = preset(name).expect("a preset");
        let mut world = World::new(scenario.topology, scenario.cluster, SEED);
        for moment in MOMENTS_MS.map(at_ms) {
            world.run(moment, u64::MAX, &mut ());
            let (mut one, mut two) = (world.clone(), world.clone());
            let first = play(&mut one, u64::MAX);
            assert!(first == play(&mut two, 41), "{name}: events after {moment}");
        }
    }
}

#[test]
fn a_platform_s_clone_reads_the_very_same_scrapes() {
    let scrapes = |platform: &mut Simulated, slice: u64| {
        let from = platform.world().now();
        let mut scrapes = Vec::new();
        for second in 1..=SECONDS / 2 {
            let until = from + SimDuration::from_secs(second);
            while !platform.run(until, slice) {}
            scrapes.push((platform.observe(until), platform.drain_notable()));
        }
        scrapes
    };
    for name in PRESETS {
        let scenario = preset(name).expect("a preset");
        let mut platform = Simulated::new(World::new(scenario.topology, scenario.cluster, SEED));
        for moment in MOMENTS_MS.map(at_ms) {
            platform.run(moment, u64::MAX);
            let mut restored = platform.clone();
            let first = scrapes(&mut platform.clone(), u64::MAX);
            assert!(first.iter().any(|(scrape, _)| !scrape.observations.is_empty()));
            assert!(first == scrapes(&mut restored, 53), "{name}: scrapes after {moment}");
        }
    }
}
