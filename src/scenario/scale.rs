//! The scale model of a scenario: the system, its machines and everything planned, shrunk alike (see
//! [`crate::topology::Shrink`]).
//!
//! A scenario says how large the real system is and, with `scale`, how many of its replicas one replica of the model stands
//! for. What is planned speaks of the real system, too, and is shrunk with it; what cannot be shrunk (one instance out of
//! ten, one hot key) is left out and told, never bent. Rates and counts of the running model are the model's own.

use super::{PlannedAction, PlannedEdit, PlannedFault, Scenario};
use crate::action::Action;
use crate::ids::ServiceId;
use crate::sim::fault::{FaultKind, FaultSpec, FaultTarget};
use crate::topology::{Arrivals, Balancing, Service, Shrink, Step, TopologyEdit};
use crate::units::{Millicores, SimTime};

/// Most remarks on what a model does not keep.
const NOTES_MAX: usize = 20;
/// A request's CPU time may be this much longer before it is worth a remark.
const SLOWDOWN_WORTH_SAYING: f64 = 1.02;

/// Which of the plans, by its place in the scenario's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planned {
    /// A fault.
    Fault(usize),
    /// An edit.
    Edit(usize),
    /// An action.
    Action(usize),
}

/// Something planned that a model of this scale cannot do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unscalable {
    /// What.
    pub planned: Planned,
    /// Why not.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// Why something cannot be shrunk, and what to write instead.
type Refusal = (String, String);

impl Scenario {
    /// What is run: the scenario itself, or its model if [`Scenario::scale`] says so; and what had to be left out of it.
    pub fn model(&self) -> (Self, Vec<Unscalable>) {
        let mut model = self.clone();
        if self.scale <= 1 {
            return (model, Vec::new());
        }
        model.topology = self.topology.scaled(self.scale);
        model.cluster = self.cluster.scaled(self.scale, &model.topology);
        (model.faults, model.edits, model.actions) = (Vec::new(), Vec::new(), Vec::new());
        let mut refused = Vec::new();
        let mut drawn = Drawn::of(self);
        for planned in self.by_time() {
            let shrunk = match planned {
                Planned::Fault(i) => drawn.fault(&self.faults[i]).map(|fault| model.faults.push(fault)),
                Planned::Edit(i) => {
                    model.edits.push(drawn.edit(&self.edits[i]));
                    Ok(())
                }
                Planned::Action(i) => drawn.action(&self.actions[i]).map(|action| model.actions.push(action)),
            };
            if let Err((message, help)) = shrunk {
                refused.push(Unscalable { planned, message, help });
            }
        }
        (model, refused)
    }

    /// Everything planned in the order of time; of the same time, edits come first.
    fn by_time(&self) -> Vec<Planned> {
        let edits = self.edits.iter().enumerate().map(|(i, p)| (p.at, 0, i, Planned::Edit(i)));
        let faults = self.faults.iter().enumerate().map(|(i, p)| (p.at, 1, i, Planned::Fault(i)));
        let actions = self.actions.iter().enumerate().map(|(i, p)| (p.at, 2, i, Planned::Action(i)));
        let mut all: Vec<(SimTime, u8, usize, Planned)> = edits.chain(faults).chain(actions).collect();
        all.sort_unstable_by_key(|(at, list, index, _)| (*at, *list, *index));
        all.into_iter().map(|(_, _, _, planned)| planned).collect()
    }

    /// What the model does not keep, a sentence each, at most `NOTES_MAX`; empty if nothing is scaled.
    pub fn scale_notes(&self) -> Vec<String> {
        let services = self.topology.services().filter(|_| self.scale > 1);
        services.flat_map(|(_, service)| notes(service, self.scale)).take(NOTES_MAX).collect()
    }
}

fn notes(service: &Service, scale: u32) -> Vec<String> {
    let (name, by) = (&service.name, service.shrink(scale));
    let mut notes = Vec::new();
    let slowdown = by.slowdown(service.cpu_limit);
    let is_idle = service.replicas == 0 || service.demand.cpu_us_mean <= 0.0 && service.endpoints.is_empty();
    if slowdown > SLOWDOWN_WORTH_SAYING && !is_idle {
        let cpu = by.part(service.cpu_limit.0);
        notes.push(format!(
            "{name}: {} replicas become {} of {cpu}m CPU, so that a request's CPU time takes {slowdown:.1} times as long",
            service.replicas, by.replicas
        ));
    }
    let steps = || service.endpoints.iter().flat_map(|e| &e.steps);
    if steps().any(|step| matches!(step, Step::Cached(lookup) if lookup.zipf > 0.5)) {
        notes.push(format!("{name}: with fewer keys behind its cache the hit ratio may differ by a few per cent"));
    }
    if service.calls().any(|call| call.policy.balancing == Balancing::RingHash) {
        notes.push(format!("{name}: its calls stick to instances by key, and fewer instances share keys less evenly"));
    }
    if let Arrivals::Closed { users, .. } = service.workload.arrivals
        && !users.is_multiple_of(scale)
    {
        notes.push(format!("{name}: {users} users become {}", users.div_ceil(scale)));
    }
    notes
}

/// How many replicas each service is drawn with as the edits go by: what one of the model's instances stands for.
struct Drawn<'a> {
    scenario: &'a Scenario,
    replicas: Vec<u32>,
}

impl<'a> Drawn<'a> {
    fn of(scenario: &'a Scenario) -> Self {
        let mut drawn = Self { scenario, replicas: vec![0; scenario.topology.slots()] };
        scenario.topology.services().for_each(|(id, service)| drawn.set(id, service));
        drawn
    }
    fn set(&mut self, id: ServiceId, service: &Service) {
        if self.replicas.len() <= id.index() {
            self.replicas.resize(id.index() + 1, 0);
        }
        self.replicas[id.index()] = service.replicas;
    }
    fn shrink(&self, id: ServiceId) -> Shrink {
        Shrink::of(self.replicas.get(id.index()).copied().unwrap_or(0), self.scenario.scale)
    }
    fn is_merged(&self, id: ServiceId) -> bool {
        self.shrink(id).instances(1).is_none()
    }
    /// So many instances of the system in the model's.
    fn instances(&self, id: ServiceId, count: u32) -> Result<u32, Refusal> {
        let by = self.shrink(id);
        by.instances(count).ok_or_else(|| {
            let message = format!(
                "in a 1:{} model one instance stands for {:.4}, and {count} cannot be told",
                self.scenario.scale, by.stands_for
            );
            (message, "give a multiple of what one instance stands for, or a scale that divides it".to_owned())
        })
    }
    /// What is said of one instance or one node is said of several in the model.
    fn single(&self, what: &str) -> Refusal {
        let message =
            format!("in a 1:{} model one {what} stands for several, so that one alone cannot be chosen", self.scenario.scale);
        (message, "choose a whole service or zone, or run without a scale".to_owned())
    }

    fn edit(&mut self, planned: &PlannedEdit) -> PlannedEdit {
        let scale = self.scenario.scale;
        let mut shrunk = planned.clone();
        match &mut shrunk.edit {
            TopologyEdit::AddService(service) => {
                self.set(ServiceId(self.replicas.len() as u32), service);
                **service = service.scaled(scale);
            }
            TopologyEdit::Configure(id, service) => {
                self.set(*id, service);
                **service = service.scaled(scale);
            }
            TopologyEdit::Restore(services) => {
                for (id, service) in services.iter_mut().filter_map(|(id, service)| Some((*id, service.as_mut()?))) {
                    self.set(id, service);
                    *service = service.scaled(scale);
                }
            }
            TopologyEdit::AddCall { from, call } => call.policy = call.policy.scaled(&self.shrink(*from)),
            TopologyEdit::RemoveService(_)
            | TopologyEdit::Rename(..)
            | TopologyEdit::RemoveCall { .. }
            | TopologyEdit::RedirectCall { .. } => {}
        }
        shrunk
    }

    fn fault(&self, planned: &PlannedFault) -> Result<PlannedFault, Refusal> {
        let FaultSpec { target, kind, magnitude, .. } = planned.spec;
        let mut shrunk = *planned;
        match target {
            FaultTarget::Node(_) if self.scenario.cluster.is_merged(self.scenario.scale) => return Err(self.single("node")),
            FaultTarget::Instance { service, .. } if self.is_merged(service) => return Err(self.single("instance")),
            FaultTarget::Service(id) => match kind {
                FaultKind::InstanceKill | FaultKind::Hang => {
                    shrunk.spec.magnitude = f64::from(self.instances(id, magnitude.round() as u32)?);
                }
                FaultKind::HotKey if self.is_merged(id) => {
                    let message =
                        format!("in a 1:{} model an instance has more of all keys than in the system", self.scenario.scale);
                    return Err((message, "a hot key is one instance's trouble; run without a scale".to_owned()));
                }
                _ => {}
            },
            _ => {}
        }
        Ok(shrunk)
    }

    fn action(&self, planned: &PlannedAction) -> Result<PlannedAction, Refusal> {
        let mut shrunk = *planned;
        match &mut shrunk.action {
            Action::ScaleUp { service, by } => *by = self.instances(*service, *by)?,
            Action::ScaleTo { service, replicas } => *replicas = self.instances(*service, *replicas)?,
            Action::Evict { service, .. } if self.is_merged(*service) => return Err(self.single("instance")),
            Action::CordonNode { .. } | Action::UncordonNode { .. } if self.scenario.cluster.is_merged(self.scenario.scale) => {
                return Err(self.single("node"));
            }
            Action::Resize { service, cpu } => *cpu = Millicores(self.shrink(*service).part(cpu.0)),
            Action::RateLimit { service, per_s } => *per_s = self.shrink(*service).part(*per_s),
            Action::SetPool { from, size, .. } => *size = self.shrink(*from).part(*size).max(1),
            _ => {}
        }
        Ok(shrunk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::file::read;

    /// Thirty instances of `web` on thirty machines, three of `db`, and what is planned for them.
    fn written(plan: &str) -> Scenario {
        let text = format!(
            "sickbay: 1\ncluster: {{ zones: 3, nodes_per_zone: 10, node: {{ cpu: 16, memory: 64Gi }} }}\nservices:\n  \
             users: {{ kind: client, rate: 900/s, calls: [web] }}\n  \
             web: {{ replicas: 30, replicas_max: 100, cpu: 2, calls: [{{ to: db, pool: {{ size: 20 }} }}] }}\n  \
             db: {{ replicas: 3, replicas_max: 20, cpu: 8 }}\n{plan}"
        );
        read(&text).unwrap_or_else(|problems| panic!("{problems:#?}")).scenario
    }

    fn planned(plan: &str) -> (Scenario, Vec<Unscalable>) {
        Scenario { scale: 10, ..written(plan) }.model()
    }

    #[test]
    fn counts_of_instances_are_told_in_the_model_s_own() {
        let (model, refused) = planned(
            "faults: [{ at: 1s, kind: instance_kill, target: web, magnitude: 20 }]\n\
             actions: [{ at: 2s, do: scale, service: web, by: 10 }, { at: 3s, do: scale_to, service: db, replicas: 6 },\n  \
             { at: 4s, do: set_pool, edge: web -> db, size: 30 }, { at: 5s, do: resize, service: db, cpu: 20 }]\n\
             edits: [{ at: 6s, service: web, set: { replicas: 60, replicas_max: 60 } }]\n",
        );
        assert_eq!(refused, []);
        let (web, db) = (ServiceId(1), ServiceId(2));
        assert_eq!(model.faults[0].spec.magnitude, 2.0);
        let actions: Vec<Action> = model.actions.iter().map(|a| a.action).collect();
        let expected = [
            Action::ScaleUp { service: web, by: 1 },
            Action::ScaleTo { service: db, replicas: 2 },
            Action::SetPool { from: web, to: db, size: 30 },
            Action::Resize { service: db, cpu: Millicores(6_000) },
        ];
        assert_eq!(actions, expected);
        assert!(matches!(&model.edits[0].edit, TopologyEdit::Configure(_, service) if service.replicas == 6));
    }

    #[test]
    fn what_a_model_cannot_do_is_left_out_and_told() {
        let (model, refused) = planned(
            "faults: [{ at: 1s, kind: instance_kill, target: web, magnitude: 3 }, { at: 1s, kind: hang, target: \"web[0]\" },\n  \
             { at: 1s, kind: outage, target: node 4 }, { at: 1s, kind: hot_key, target: web },\n  \
             { at: 1s, kind: outage, target: zone a }]\n\
             actions: [{ at: 2s, do: scale, service: db, by: 1 }, { at: 2s, do: cordon_node, service: web, node: 1 }]\n",
        );
        let which: Vec<Planned> = refused.iter().map(|r| r.planned).collect();
        let faults = (0..4).map(Planned::Fault);
        assert_eq!(which, faults.chain([0, 1].map(Planned::Action)).collect::<Vec<_>>());
        assert_eq!((model.faults.len(), model.actions.len()), (1, 0), "a zone is a zone in the model, too");
    }

    #[test]
    fn an_edit_changes_what_one_instance_stands_for() {
        let by = |scenario: &Scenario| scenario.actions.first().map(|a| a.action);
        let scale = "actions: [{ at: 5s, do: scale, service: db, by: 10 }]\n";
        let (model, refused) = planned(scale);
        assert_eq!((by(&model), refused.len()), (None, 1), "one instance stands for three, and ten is no multiple");
        let edit = format!("edits: [{{ at: 4s, service: db, set: {{ replicas: 10 }} }}]\n{scale}");
        let (model, refused) = planned(&edit);
        assert_eq!((by(&model), refused.len()), (Some(Action::ScaleUp { service: ServiceId(2), by: 1 }), 0));
    }

    #[test]
    fn a_scenario_that_is_not_scaled_is_its_own_model() {
        let mut scenario = written("");
        assert_eq!(scenario.model(), (scenario.clone(), Vec::new()));
        assert!(scenario.scale_notes().is_empty());
        scenario.scale = 10;
        assert!(scenario.scale_notes().is_empty(), "2.4 cores of 8 are enough: {:?}", scenario.scale_notes());
        scenario.scale = 100;
        assert!(scenario.scale_notes().iter().any(|note| note.starts_with("web: 30 replicas become 1 of 600m CPU")));
    }
}
