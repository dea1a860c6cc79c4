//! Plays a scenario on the engine itself, without a healer, and writes down what happens.

use super::record::Record;
use crate::ids::ActionId;
use crate::scenario::Scenario;
use crate::sim::World;
use crate::units::{SimDuration, SimTime};

/// Something that the scenario plans.
#[derive(Clone, Copy, Debug)]
enum Item {
    Edit(usize),
    Fault(usize),
    Action(usize),
}

/// Plays `scenario` up to `until` (whole seconds). What the world refuses is written down and left out.
pub(super) fn play(scenario: &Scenario, seed: u64, until: SimTime) -> Record {
    let mut world = World::new(scenario.topology.clone(), scenario.cluster.clone(), seed);
    let mut record = Record::of(&world);
    let plan = plan(scenario);
    let mut next = 0;
    let mut end = SimTime::ZERO;
    while end < until {
        end += SimDuration::from_secs(1);
        while let Some((at, item)) = plan.get(next).copied().filter(|(at, _)| *at < end) {
            world.run(at, u64::MAX, &mut record);
            carry_out(scenario, item, next as u32, &mut world, &mut record);
            world.flush(&mut record);
            next += 1;
        }
        world.run(end, u64::MAX, &mut record);
        record.close(&world);
    }
    record
}

/// By time; of one moment edits come first, then faults, then actions.
fn plan(scenario: &Scenario) -> Vec<(SimTime, Item)> {
    let edits = scenario.edits.iter().enumerate().map(|(i, e)| (e.at, Item::Edit(i)));
    let faults = scenario.faults.iter().enumerate().map(|(i, f)| (f.at, Item::Fault(i)));
    let actions = scenario.actions.iter().enumerate().map(|(i, a)| (a.at, Item::Action(i)));
    let mut plan: Vec<(SimTime, Item)> = edits.chain(faults).chain(actions).collect();
    plan.sort_by_key(|(at, _)| *at);
    plan
}

fn carry_out(scenario: &Scenario, item: Item, number: u32, world: &mut World, record: &mut Record) {
    let now = world.now();
    let refused = match item {
        Item::Edit(i) => {
            record.note(now, "edit".to_owned());
            world.edit(&scenario.edits[i].edit).err().map(|e| e.to_string())
        }
        Item::Fault(i) => world.inject(scenario.faults[i].spec).err().map(|e| e.to_string()),
        Item::Action(i) => {
            let action = scenario.actions[i].action;
            record.note(now, action.name().to_owned());
            match world.apply(ActionId(number), action).status {
                crate::action::ActionStatus::Failed(error) => Some(error.to_string()),
                _ => None,
            }
        }
    };
    if let Some(why) = refused {
        record.note(now, format!("refused: {why}"));
    }
}
