//! Undo and redo of edits of the drawn system. They are edits themselves: the run goes on, nothing is rewound.

use crate::ids::ServiceId;
use crate::topology::{Topology, TopologyEdit};
use std::collections::VecDeque;

/// Edits that can be taken back; older ones are forgotten.
const UNDO_LEN_MAX: usize = 200;

type Entry = (String, TopologyEdit);

/// Edits done and undone.
#[derive(Clone, Debug, Default)]
pub(super) struct EditHistory {
    done: VecDeque<Entry>,
    undone: Vec<Entry>,
}

impl EditHistory {
    /// A new edit; what was undone before cannot be repeated any more.
    pub fn done(&mut self, label: String, inverse: TopologyEdit) {
        self.undone.clear();
        self.push(label, inverse);
    }
    fn push(&mut self, label: String, inverse: TopologyEdit) {
        if self.done.len() >= UNDO_LEN_MAX {
            self.done.pop_front();
        }
        self.done.push_back((label, inverse));
    }
    /// What to apply to take back the last edit.
    pub fn last_done(&self) -> Option<Entry> {
        self.done.back().cloned()
    }
    /// The last edit was taken back; `again` repeats it.
    pub fn undone(&mut self, again: TopologyEdit) {
        if let Some((label, _)) = self.done.pop_back() {
            self.undone.push((label, again));
        }
    }
    /// What to apply to repeat the edit taken back last.
    pub fn last_undone(&self) -> Option<Entry> {
        self.undone.last().cloned()
    }
    /// The edit was repeated; `inverse` takes it back.
    pub fn redone(&mut self, inverse: TopologyEdit) {
        if let Some((label, _)) = self.undone.pop() {
            self.push(label, inverse);
        }
    }
    pub fn undo_label(&self) -> Option<&str> {
        self.done.back().map(|(label, _)| label.as_str())
    }
    pub fn redo_label(&self) -> Option<&str> {
        self.undone.last().map(|(label, _)| label.as_str())
    }
}

/// An edit in words.
pub(super) fn label(edit: &TopologyEdit, topology: &Topology) -> String {
    let name = |id: &ServiceId| topology.name(*id).to_owned();
    match edit {
        TopologyEdit::AddService(service) => format!("add service {}", service.name),
        TopologyEdit::RemoveService(id) => format!("remove service {}", name(id)),
        TopologyEdit::Configure(id, _) => format!("configure {}", name(id)),
        TopologyEdit::Rename(id, to) => format!("rename {} to {to}", name(id)),
        TopologyEdit::AddCall { from, call } => format!("add call {} -> {}", name(from), name(&call.to)),
        TopologyEdit::RemoveCall { from, to } => format!("remove call {} -> {}", name(from), name(to)),
        TopologyEdit::RedirectCall { from, to, new_to } => {
            format!("redirect call {} -> {} to {}", name(from), name(to), name(new_to))
        }
        TopologyEdit::Restore(services) => format!("restore {} services", services.len()),
    }
}
