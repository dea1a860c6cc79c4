//! The page's model: the last frame, and what only the page knows (selection, open tab, menus, crosshair).
//!
//! The frame is the truth of the run and is never written here. Everything else may be lost by a reload without loss
//! to the run. All of it is signals, so that a new frame touches only the DOM nodes whose text changes.

use super::keep::{self, Keeping};
use super::scrubber::Seeking;
use super::share::Share;
use crate::ids::{DecisionId, FaultId, ServiceId};
use crate::protocol::ToWorker;
use crate::scenario::import::Preview;
use crate::session::Command;
use crate::sim::fault::{FaultSpec, FaultTarget};
use crate::topology::{Call, Service, TopologyEdit};
use crate::view::address::{Address, SEED};
use crate::view::{EdgeFrame, Frame, Overview, ServiceFrame};
use crate::web::link::Link;
use leptos::prelude::*;
use std::sync::Arc;

/// History in the charts when the page opens, in s: two minutes show a whole incident.
pub const WINDOW_S: f64 = 120.0;
/// CPU of one request to a service added by hand, in microseconds: light enough for its one instance to take the
/// traffic of any preset, so that drawing does not break what it draws on.
const NEW_SERVICE_CPU_US: f64 = 1_000.0;
/// How long a message stays, in ms: long enough to read two lines twice.
const MESSAGE_MS: u64 = 7_000;

/// What is selected in the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Selection {
    /// A service.
    Service(ServiceId),
    /// A call edge.
    Edge(ServiceId, ServiceId),
}

impl Selection {
    /// The service whose numbers are shown: for an edge, the callee.
    pub const fn service(self) -> ServiceId {
        match self {
            Self::Service(id) | Self::Edge(_, id) => id,
        }
    }
    /// The same as a target of faults.
    pub const fn target(self) -> FaultTarget {
        match self {
            Self::Service(id) => FaultTarget::Service(id),
            Self::Edge(from, to) => FaultTarget::Edge { from, to },
        }
    }
}

/// Tabs of the panel on the right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// What is wrong and what is being done.
    #[default]
    Story,
    /// The selected service.
    Service,
    /// The ledger.
    Decisions,
    /// Alerts.
    Alerts,
    /// The event log.
    Log,
    /// Services and edges as tables.
    Table,
}

/// An open fault menu.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OpenMenu {
    /// What it would break.
    pub target: FaultTarget,
    /// Upper left corner in CSS px of the window.
    pub at: (f64, f64),
}

/// What the crosshair shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CrosshairMode {
    /// Nothing.
    Off,
    /// A line in all charts.
    Line,
    /// A line, and the values there in the legends.
    #[default]
    Values,
}

/// State of the import dialog.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ImportState {
    /// Closed.
    #[default]
    Closed,
    /// Waiting for files or text.
    Asking,
    /// The worker is reading.
    Reading,
    /// What it found.
    Found(Arc<Preview>),
}

/// A message to the person at the page; `number` tells apart two with the same text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Counts up.
    pub number: u64,
    /// The text.
    pub text: String,
}

/// The model. A handle: copies share everything.
#[derive(Clone, Copy)]
pub struct Model {
    /// The newest frame; `None` until the first one.
    pub frame: RwSignal<Option<Arc<Frame>>>,
    /// Its companion array.
    pub columns: RwSignal<Arc<Vec<f64>>>,
    /// The whole run at a glance.
    pub overview: RwSignal<Overview>,
    /// The moment that is being sought.
    pub seeking: RwSignal<Seeking>,
    /// What is selected.
    pub selection: RwSignal<Option<Selection>>,
    /// Which tab is open.
    pub tab: RwSignal<Tab>,
    /// The fault menu.
    pub menu: RwSignal<Option<OpenMenu>>,
    /// The import dialog.
    pub import: RwSignal<ImportState>,
    /// The dialog for a new service: open, and who shall call it.
    pub naming: RwSignal<Option<Option<ServiceId>>>,
    /// A call to add as soon as the service of that name exists.
    pub pending_call: RwSignal<Option<(ServiceId, String)>>,
    /// The dialog that offers the whole run.
    pub share: RwSignal<Share>,
    /// The help sheet is open.
    pub help: RwSignal<bool>,
    /// The newest message.
    pub message: RwSignal<Option<Message>>,
    /// The speed that was asked for and that no frame has shown yet.
    pub speed_asked: RwSignal<Option<f64>>,
    /// Time under the crosshair, in s.
    pub crosshair: RwSignal<Option<f64>>,
    /// What the crosshair shows.
    pub crosshair_mode: RwSignal<CrosshairMode>,
    /// History in the charts, in s.
    pub window_s: RwSignal<f64>,
    /// Width of a chart's plot in device px.
    pub chart_columns: RwSignal<usize>,
    /// Grows when canvases must be drawn again although no frame came: theme, size.
    pub redraw: RwSignal<u64>,
    /// What the address asked for.
    pub address: RwSignal<Address>,
    /// What the browser keeps of this tab.
    pub keeping: StoredValue<Keeping>,
    link: StoredValue<Option<Link>, LocalStorage>,
}

impl Model {
    /// A model without a worker or a frame.
    pub fn new(address: Address) -> Self {
        Self {
            frame: RwSignal::new(None),
            columns: RwSignal::new(Arc::new(Vec::new())),
            overview: RwSignal::new(Overview::default()),
            seeking: RwSignal::new(Seeking::default()),
            selection: RwSignal::new(None),
            tab: RwSignal::new(Tab::Story),
            menu: RwSignal::new(None),
            import: RwSignal::new(ImportState::Closed),
            naming: RwSignal::new(None),
            pending_call: RwSignal::new(None),
            share: RwSignal::new(Share::Closed),
            help: RwSignal::new(false),
            message: RwSignal::new(None),
            speed_asked: RwSignal::new(None),
            crosshair: RwSignal::new(None),
            crosshair_mode: RwSignal::new(CrosshairMode::Values),
            window_s: RwSignal::new(WINDOW_S),
            chart_columns: RwSignal::new(300),
            redraw: RwSignal::new(0),
            address: RwSignal::new(address),
            keeping: StoredValue::new(Keeping::default()),
            link: StoredValue::new_local(None),
        }
    }
    /// Connects the worker.
    pub fn connect(self, link: Link) {
        self.link.set_value(Some(link));
    }
    /// Tells the worker; nothing happens before it is connected.
    pub fn send(self, message: &ToWorker) {
        self.link.with_value(|link| link.as_ref().map(|l| l.send(message)));
    }
    /// Does something to the run.
    pub fn command(self, command: Command) {
        self.send(&ToWorker::Do(command));
        keep::soon(self);
    }
    /// Changes the drawn system.
    pub fn edit(self, edit: TopologyEdit) {
        self.command(Command::Edit(edit));
    }
    /// Breaks something.
    pub fn inject(self, spec: FaultSpec) {
        self.command(Command::Inject(spec));
    }
    /// Takes one fault away.
    pub fn remove_fault(self, id: FaultId) {
        self.command(Command::RemoveFault(id));
    }
    /// Lets a decision be carried out, or forbids it.
    pub fn answer(self, id: DecisionId, approve: bool) {
        self.command(if approve { Command::Approve(id) } else { Command::Reject(id) });
    }
    /// Adds a call between two services.
    pub fn connect_services(self, from: ServiceId, to: ServiceId) {
        self.edit(TopologyEdit::AddCall { from, call: Call::to(to) });
    }
    /// Adds a service, and a call to it once it exists.
    pub fn add_service(self, name: &str, caller: Option<ServiceId>) {
        self.pending_call.set(caller.map(|from| (from, name.to_owned())));
        let mut service = Service::named(name);
        service.demand.cpu_us_mean = NEW_SERVICE_CPU_US;
        self.edit(TopologyEdit::AddService(Box::new(service)));
    }
    /// Selects, and shows the selection in the panel.
    pub fn select(self, selection: Option<Selection>) {
        self.selection.set(selection);
        match selection {
            Some(_) => self.tab.set(Tab::Service),
            None if self.tab.get_untracked() == Tab::Service => self.tab.set(Tab::Story),
            None => {}
        }
    }
    /// Shows a message for a while.
    pub fn say(self, text: impl Into<String>) {
        let number = self.message.with_untracked(|m| m.as_ref().map_or(0, |m| m.number)) + 1;
        self.message.set(Some(Message { number, text: text.into() }));
        let forget = move || {
            if self.message.with_untracked(|m| m.as_ref().is_some_and(|m| m.number == number)) {
                self.message.set(None);
            }
        };
        set_timeout(forget, std::time::Duration::from_millis(MESSAGE_MS));
    }
    /// Something of the frame now, tracked; the default before the first frame.
    pub fn read<T: Default>(self, f: impl FnOnce(&Frame) -> T) -> T {
        self.frame.with(|frame| frame.as_deref().map(f).unwrap_or_default())
    }
    /// The same without tracking, for event handlers.
    pub fn peek<T: Default>(self, f: impl FnOnce(&Frame) -> T) -> T {
        self.frame.with_untracked(|frame| frame.as_deref().map(f).unwrap_or_default())
    }
    /// Something of each frame; whoever reads it is woken only when it changes.
    pub fn memo<T: Default + PartialEq + Send + Sync + 'static>(
        self,
        f: impl Fn(&Frame) -> T + Send + Sync + 'static,
    ) -> Memo<T> {
        Memo::new(move |_| self.read(&f))
    }
    /// One service of each frame.
    pub fn service(self, id: ServiceId) -> Memo<Option<ServiceFrame>> {
        self.memo(move |frame| frame.service(id).cloned())
    }
    /// One edge of each frame.
    pub fn edge(self, from: ServiceId, to: ServiceId) -> Memo<Option<EdgeFrame>> {
        self.memo(move |frame| frame.edge(from, to).cloned())
    }
    /// The seed to start another run with.
    pub fn seed(self) -> u64 {
        self.frame
            .with_untracked(|f| f.as_ref().map(|f| f.seed))
            .unwrap_or_else(|| self.address.with_untracked(|a| a.seed.unwrap_or(SEED)))
    }
}
