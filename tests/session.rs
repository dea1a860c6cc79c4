//! A session is a function of scenario, seed and journal, and closes the loop.

use sickbay::ids::ServiceId;
use sickbay::pipeline::Autonomy;
use sickbay::scenario::Scenario;
use sickbay::session::{Command, CommandError, Session};
use sickbay::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use sickbay::telemetry::{Metric, Subject};
use sickbay::topology::{Call, Service, Topology, TopologyEdit};
use sickbay::units::{PerSecond, SimDuration, SimTime};
use sickbay::view::{Playback, Viewport, capture};

const SHOP: ServiceId = ServiceId(0);
const CART: ServiceId = ServiceId(1);

fn scenario() -> Scenario {
    let mut topology = Topology::default();
    let shop = Service { entry_rate: PerSecond(40.0), stages: vec![vec![Call::to(CART)]], ..Service::named("shop") };
    topology.push(shop);
    topology.push(Service::named("cart"));
    Scenario::of("two services", topology)
}

fn burst(duration_s: Option<u64>) -> Command {
    Command::Inject(FaultSpec {
        target: FaultTarget::Service(CART),
        kind: FaultKind::ErrorBurst,
        magnitude: 0.8,
        duration: duration_s.map(SimDuration::from_secs),
    })
}

/// A run with something of everything in its journal.
fn busy_session() -> Session {
    let mut session = Session::new(scenario(), 42);
    let commands = [
        Command::SetAutonomy(Autonomy::Auto),
        burst(None),
        Command::Edit(TopologyEdit::AddService(Box::new(Service::named("extra")))),
        Command::Edit(TopologyEdit::AddCall { from: CART, call: Call::to(ServiceId(2)) }),
        Command::Undo,
        Command::Redo,
        Command::SetPolicy("seed".into()),
        Command::StopAllFaults,
    ];
    for (i, command) in commands.into_iter().enumerate() {
        session.advance(SimTime::from_nanos((i as u64 + 1) * 4_321_987_654), u64::MAX);
        session.execute(command).expect("accepted");
    }
    session.advance(SimTime::from_secs(60), u64::MAX);
    session
}

#[test]
fn replaying_the_journal_gives_the_same_run() {
    let first = busy_session();
    let again = Session::replay(scenario(), 42, first.journal(), SimTime::from_secs(60)).expect("accepted again");
    assert_eq!(first.digest(), again.digest());
    assert_ne!(first.digest(), Session::replay(scenario(), 43, first.journal(), first.now()).expect("accepted").digest());
}

#[test]
fn slicing_cloning_and_drawing_change_nothing() {
    let straight = busy_session();
    let mut sliced = Session::new(scenario(), 42);
    for (at, command) in straight.journal() {
        while !sliced.advance(*at, 13) {
            capture(&sliced, &Viewport { selection: Some(CART), ..Viewport::default() }, &Playback::default());
        }
        sliced = sliced.clone();
        sliced.execute(command.clone()).expect("accepted");
    }
    while !sliced.advance(SimTime::from_secs(60), 101) {}
    assert_eq!(straight.digest(), sliced.digest());
}

#[test]
fn undo_takes_an_edit_back_without_rewinding_the_run() {
    let mut session = Session::new(scenario(), 7);
    session.advance(SimTime::from_secs(10), u64::MAX);
    let calls = |s: &Session| s.world().topology().edges().count();
    session.execute(Command::Edit(TopologyEdit::RemoveCall { from: SHOP, to: CART })).expect("accepted");
    session.advance(SimTime::from_secs(20), u64::MAX);
    assert_eq!((calls(&session), session.undo_label()), (0, Some("remove call shop -> cart")));
    let arrived = session.world().account().arrived;
    session.execute(Command::Undo).expect("accepted");
    assert_eq!((calls(&session), session.now()), (1, SimTime::from_secs(20)));
    assert_eq!(session.world().account().arrived, arrived);
    session.advance(SimTime::from_secs(30), u64::MAX);
    let rate = session.pipeline().latest(Subject::Edge { from: SHOP, to: CART }, Metric::RequestRate);
    assert!(rate.is_some_and(|r| r > 10.0), "traffic flows again: {rate:?}");
}

#[test]
fn a_refused_command_changes_nothing_and_is_not_journaled() {
    let mut session = Session::new(scenario(), 7);
    session.advance(SimTime::from_secs(3), u64::MAX);
    let digest = session.digest();
    assert!(matches!(session.execute(Command::SetPolicy("wishful".into())), Err(CommandError::UnknownPolicy(_))));
    assert_eq!(session.execute(Command::Undo), Err(CommandError::NothingToUndo));
    let cycle = TopologyEdit::AddCall { from: CART, call: Call::to(SHOP) };
    assert!(matches!(session.execute(Command::Edit(cycle)), Err(CommandError::Edit(_))));
    assert_eq!((session.digest(), session.journal().len()), (digest, 0));
}

#[test]
fn a_frame_is_bounded_and_its_columns_fit_the_view() {
    let session = busy_session();
    let (frame, columns) =
        capture(&session, &Viewport { selection: Some(CART), columns: 40, window_s: 50.0 }, &Playback::default());
    assert_eq!(frame.services.len(), 3);
    assert_eq!(frame.charts.len(), sickbay::view::CHARTS);
    for line in frame.charts.iter().flat_map(|c| &c.lines) {
        assert!(line.columns <= 40 && line.offset + 3 * line.columns <= columns.len());
        let times = columns[line.offset..line.offset + 3 * line.columns].chunks_exact(3);
        assert!(times.into_iter().all(|c| c[0] >= frame.window_s.0 && c[0] <= frame.window_s.1 && c[1] <= c[2]));
    }
    assert!(frame.log.len() <= sickbay::view::LOG_LEN_MAX);
}
