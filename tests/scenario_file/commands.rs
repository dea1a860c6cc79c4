//! Nothing breaks a session: commands with nonsense ids and extreme amounts are carried out or refused, and the books balance.

use super::made::{NAMES, Random};
use sickbay::ids::{DecisionId, FaultId, ServiceId};
use sickbay::pipeline::Autonomy;
use sickbay::scenario::file::read;
use sickbay::session::{Command, Session};
use sickbay::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use sickbay::topology::{Call, Service, TopologyEdit};
use sickbay::units::{SimDuration, SimTime};
use std::panic::{AssertUnwindSafe, catch_unwind};

const SYSTEM: &str =
    "sickbay: 1\nservices: {users: {kind: client, rate: 20/s, calls: [web]}, web: {replicas: 2, calls: [cart]}, cart: {}}";
/// Happenings of one session at most: a spike of a hundred times is a lot of traffic.
const HAPPENINGS_MAX: u64 = 60_000;

#[test]
fn any_sequence_of_commands_leaves_the_books_balanced() {
    let scenario = read(SYSTEM).expect("right").scenario;
    for seed in 0..12 {
        let random = &mut Random(seed);
        let mut session = Session::new(scenario.clone(), seed);
        let mut done = Vec::new();
        for second in 1..=15 {
            for _ in 0..random.below(4) {
                done.push((second, command(random)));
            }
            let commands = done.iter().filter(|(at, _)| *at == second).map(|(_, command)| command.clone());
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                for command in commands {
                    // A refusal is an answer.
                    let _ = session.execute(command);
                }
                session.advance(SimTime::from_secs(second), HAPPENINGS_MAX);
                session.world().check().map_err(|e| e.to_string())
            }));
            assert!(matches!(outcome, Ok(Ok(()))), "seed {seed}, second {second}: {outcome:?}\nafter {done:#?}");
        }
    }
}

fn id(random: &mut Random) -> ServiceId {
    ServiceId(random.pick(&[0, 1, 1, 2, 2, 3, 4_095, 4_096, u32::MAX]))
}

fn command(random: &mut Random) -> Command {
    let number = random.pick(&[0, 1, 2, 77, u32::MAX]);
    match random.below(12) {
        0..=3 => Command::Inject(fault(random)),
        4 => Command::RemoveFault(FaultId(number)),
        5 => Command::StopAllFaults,
        6 | 7 => Command::Edit(edit(random)),
        8 => random.pick(&[Command::Undo, Command::Redo]),
        9 => Command::SetAutonomy(random.pick(&Autonomy::ALL)),
        10 => Command::SetPolicy(random.pick(&["rules", "bandit", "seed", "kubernetes", "none", "", "nonsense"]).to_owned()),
        _ => random.pick(&[Command::Approve(DecisionId(number)), Command::Reject(DecisionId(number))]),
    }
}

fn fault(random: &mut Random) -> FaultSpec {
    let kind = random.pick(&FaultKind::ALL);
    let (service, other, number) = (id(random), id(random), random.pick(&[0, 1, 2, 255, u32::MAX]));
    let target = random.pick(&[
        FaultTarget::Service(service),
        FaultTarget::Edge { from: service, to: other },
        FaultTarget::Instance { service, ordinal: number },
        FaultTarget::Node(number),
        FaultTarget::Zone(number as u8),
        FaultTarget::Zones(number as u8, 0),
        FaultTarget::Monitoring,
    ]);
    let scale = kind.scale();
    let extremes = [scale.min, scale.usual, scale.max, 0.0, -1.0, 1e308, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE];
    let lengths = [None, Some(SimDuration::ZERO), Some(SimDuration::from_secs(2)), Some(SimDuration::from_nanos(u64::MAX))];
    FaultSpec { target, kind, magnitude: random.pick(&extremes), duration: random.pick(&lengths) }
}

fn edit(random: &mut Random) -> TopologyEdit {
    let (from, to, name) = (id(random), id(random), random.pick(NAMES));
    match random.below(8) {
        0 => TopologyEdit::AddService(Box::new(Service { stages: vec![vec![Call::to(to)]], ..Service::named(name) })),
        1 => TopologyEdit::RemoveService(from),
        2 => TopologyEdit::Configure(from, Box::new(Service { replicas: 3, ..Service::named(name) })),
        3 => TopologyEdit::Rename(from, random.pick(&["", name]).to_owned()),
        4 => TopologyEdit::AddCall { from, call: Call::to(to) },
        5 => TopologyEdit::RemoveCall { from, to },
        6 => TopologyEdit::RedirectCall { from, to, new_to: id(random) },
        _ => TopologyEdit::Restore(vec![(from, None)]),
    }
}
