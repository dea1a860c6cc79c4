//! What speaks for each service being the cause, one number a kind of evidence, each with where it comes from.

use super::calls;
use super::kind::MetricKind;
use super::layout::Layout;
use super::order;
use super::shift::{self, Shift, Window, squeeze};
use super::store::Store;

/// A kind of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Clue {
    /// Processor use has risen.
    Cpu,
    /// Memory use has risen.
    Memory,
    /// Disk activity has risen.
    Disk,
    /// Pool, thread or connection use has risen.
    Pool,
    /// Callers see more latency than the service itself.
    Gap,
    /// Bytes, packets or sockets have risen.
    Socket,
    /// Its latency has risen by more than its callees explain.
    Latency,
    /// Its errors have risen by more than its callees explain.
    Errors,
    /// It calls its callees less often for each request of its own.
    FanOut,
    /// It is asked more often than usual.
    Traffic,
    /// It was conspicuous before others were.
    Order,
}

impl Clue {
    /// Number of kinds.
    pub const COUNT: usize = 11;
}

/// One piece: how strong, and which metric (index) or edge (index) or callee it is about.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Piece {
    /// Squeezed score; 0 is nothing, noise stays below about 1.
    pub strength: f64,
    /// Index of the metric, of the edge ([`Clue::Gap`]) or of the callee ([`Clue::FanOut`]).
    pub about: usize,
    /// What was usual, in the metric's unit.
    pub usual: f64,
    /// What it was, in the metric's unit.
    pub value: f64,
}

/// What speaks for one service.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence {
    /// By [`Clue`].
    pub pieces: [Piece; Clue::COUNT],
    /// How near processor use is to its limit, 0..=1; 0 if no metric says so.
    pub saturation: f64,
}

impl Evidence {
    /// The piece of that kind.
    pub fn of(&self, clue: Clue) -> Piece {
        self.pieces[clue as usize]
    }

    fn set(&mut self, clue: Clue, piece: Piece) {
        if piece.strength > self.pieces[clue as usize].strength {
            self.pieces[clue as usize] = piece;
        }
    }
}

/// Floors under the scale of a shift: relative to the usual level, relative to the median of the usual levels of the same
/// metric at all services (so that a service with next to nothing to do cannot shout), and absolute.
#[derive(Clone, Copy)]
pub struct Floors {
    /// Of the usual level.
    pub relative: f64,
    of_peers: f64,
    absolute: f64,
}

/// The floors of a kind.
pub fn floors(kind: MetricKind) -> Floors {
    let of = |relative, of_peers, absolute| Floors { relative, of_peers, absolute };
    match kind {
        // A share of successes, as 0..=1 or 0..=100: a third of a percent is the least that matters.
        MetricKind::Success => of(0.003, 0.0, 0.0),
        MetricKind::Errors => of(0.2, 0.1, 0.003),
        MetricKind::Cpu => of(0.1, 0.1, 0.0),
        MetricKind::Memory => of(0.05, 0.05, 0.0),
        MetricKind::Latency | MetricKind::CallLatency => of(0.1, 0.02, 0.0),
        _ => of(0.2, 0.1, 0.0),
    }
}

/// Shifts of one metric at all services.
pub struct MetricShifts {
    /// Index of the metric.
    pub metric: usize,
    /// What it measures.
    pub kind: MetricKind,
    /// By service; `None` where it is not measured.
    pub by_service: Vec<Option<Shift>>,
}

/// What all evidence of one window is drawn from.
pub struct Scene<'a> {
    /// Who and what is measured.
    pub layout: &'a Layout,
    /// The series.
    pub store: &'a Store,
    /// The window.
    pub window: Window,
    /// Shifts by metric.
    pub shifts: Vec<MetricShifts>,
    /// Requests in a sample, usual or in the window, whichever are fewer; by service; `None` where they are not counted.
    requests: Vec<Option<f64>>,
    /// What callers usually wait, median over all edges.
    pub usual_wait: f64,
    /// By service: what it waits longer than its callees take longer; only without measured edges.
    pub votes: Vec<Piece>,
}

impl Scene<'_> {
    /// Requests of `other` for each of `service`. A callee's count at most once: asked twice, it explains no more than
    /// all. What is behind an address may be asked by others too, so there is no such bound.
    fn weight(&self, other: usize, service: usize) -> f64 {
        let most = if self.layout.is_address(service) { f64::INFINITY } else { 1.0 };
        self.calls(other, service).min(most)
    }

    /// By how much longer the service waits for all its calls of one request, as far as it says so itself.
    fn waited(&self, service: usize) -> f64 {
        let calls: f64 = self.layout.callees(service).map(|callee| self.calls(callee, service)).sum();
        let waits = self.shifts.iter().filter(|shifts| shifts.kind == MetricKind::CallLatency);
        calls.max(1.0) * waits.filter_map(|shifts| shifts.by_service[service]).map(Shift::sure).fold(0.0, f64::max)
    }

    /// Requests of `callee` for each of `caller`'s, as if nobody else called it; 1 if they are not counted.
    pub fn calls(&self, callee: usize, caller: usize) -> f64 {
        match (self.requests[callee], self.requests[caller]) {
            (Some(callee), Some(caller)) if caller > 0.0 => callee / caller,
            _ => 1.0,
        }
    }

    /// Square root of the share of the target's shift that this one's makes up, at most 1; 1 if it cannot be told.
    fn felt(&self, metric: &MetricShifts, service: usize, own: Shift) -> f64 {
        let Some(target) = self.layout.target.map(|target| target.service) else { return 1.0 };
        let (Some(asked), Some(asked_target)) = (self.requests[service], self.requests[target]) else { return 1.0 };
        let Some(shift) = metric.by_service[target] else { return 1.0 };
        // A shift that drowns in the target's own noise is held against that noise.
        let least = if shift.score > 1.0 { shift.delta } else { shift.noise };
        let whole = least * asked_target;
        if whole > 0.0 { (own.delta * asked / whole).min(1.0).sqrt() } else { 1.0 }
    }
}

/// Evidence of all services in the window.
pub fn gather(layout: &Layout, store: &Store, window: Window) -> Vec<Evidence> {
    let wanted = (0..layout.metrics.len()).filter(|metric| layout.metrics[*metric].1 != MetricKind::Other);
    let shifts: Vec<MetricShifts> = wanted.map(|metric| shifts_of(layout, store, window, metric)).collect();
    let usual_wait = usual_latency(store, window);
    let requests = requests(layout, store, window);
    let mut scene = Scene { layout, store, window, shifts, requests, usual_wait, votes: Vec::new() };
    if layout.edges.is_empty() {
        scene.votes = (0..layout.services.len()).map(|caller| calls::vote(&scene, caller).unwrap_or_default()).collect();
    }
    let mut evidence: Vec<Evidence> = (0..layout.services.len()).map(|service| of_service(&scene, service)).collect();
    for (own, lead) in evidence.iter_mut().zip(order::leads(layout, store, window)) {
        own.set(Clue::Order, Piece { strength: lead, ..Piece::default() });
    }
    evidence
}

fn requests(layout: &Layout, store: &Store, window: Window) -> Vec<Option<f64>> {
    let mut requests = vec![None; layout.services.len()];
    for (i, own) in layout.own.iter().enumerate().filter(|(_, own)| layout.kind(**own) == MetricKind::Traffic) {
        let usual = shift::usual(&store.own[i], window).map(|usual| usual.median);
        let now = shift::level(&store.own[i], window, 1.0);
        let fewer = usual.map(|usual| now.map_or(usual, |now| now.min(usual)));
        requests[own.service] = requests[own.service].or(fewer);
    }
    requests
}

fn shifts_of(layout: &Layout, store: &Store, window: Window, metric: usize) -> MetricShifts {
    let kind = layout.metrics[metric].1;
    let floors = floors(kind);
    let columns = || layout.own.iter().enumerate().filter(move |(_, own)| own.metric == metric);
    let medians = columns().filter_map(|(i, _)| shift::usual(&store.own[i], window)).map(|usual| usual.median.abs());
    let absolute = floors.absolute.max(floors.of_peers * median(medians.collect()));
    let mut by_service = vec![None; layout.services.len()];
    for (i, own) in columns() {
        by_service[own.service] = shift::sustained(&store.own[i], window, kind.sign(), floors.relative, absolute);
    }
    MetricShifts { metric, kind, by_service }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// The median of what callers usually see, over all edges.
fn usual_latency(store: &Store, window: Window) -> f64 {
    median(store.callers.iter().filter_map(|series| shift::usual(series, window)).map(|usual| usual.median).collect())
}

fn of_service(scene: &Scene, service: usize) -> Evidence {
    let mut evidence = Evidence::default();
    for shifts in &scene.shifts {
        let Some(shift) = shifts.by_service[service] else { continue };
        let piece = Piece { strength: squeeze(shift.score), about: shifts.metric, usual: shift.usual, value: shift.value };
        match shifts.kind {
            MetricKind::Cpu => {
                evidence.saturation = evidence.saturation.max(saturation(&scene.layout.metrics[shifts.metric].0, shift));
                evidence.set(Clue::Cpu, piece);
            }
            MetricKind::Memory => evidence.set(Clue::Memory, piece),
            MetricKind::Disk => evidence.set(Clue::Disk, piece),
            MetricKind::Pool => evidence.set(Clue::Pool, piece),
            MetricKind::Network => evidence.set(Clue::Socket, piece),
            MetricKind::Traffic => evidence.set(Clue::Traffic, piece),
            _ => {}
        }
    }
    evidence.set(Clue::Latency, residual(scene, service, MetricKind::Latency));
    evidence.set(Clue::Errors, residual(scene, service, MetricKind::Success));
    evidence.set(Clue::Errors, residual(scene, service, MetricKind::Errors));
    evidence.set(Clue::FanOut, calls::fan_out(scene.store, scene.window, service));
    evidence.set(Clue::Gap, if scene.layout.edges.is_empty() { calls::wait(scene, service) } else { calls::gap(scene, service) });
    evidence
}

/// Use of a limit from which on work queues, and from which on it is surely exhausted, percent.
const NEAR_LIMIT: (f64, f64) = (70.0, 95.0);

/// 0 up to 70 % of the limit, 1 from 95 % on; nothing if it was always about as high. Only names with `%` or `percent`
/// tell that there is a limit.
fn saturation(name: &str, shift: Shift) -> f64 {
    let is_percent = name.contains('%') || name.to_lowercase().contains("percent");
    if !is_percent || shift.usual > 0.85 * shift.value {
        return 0.0;
    }
    ((shift.value - NEAR_LIMIT.0) / (NEAR_LIMIT.1 - NEAR_LIMIT.0)).clamp(0.0, 1.0)
}

/// Own-minus-callee: the share of the service's shift that no callee explains, times the squeezed score; mean over the
/// better half of the metrics of the kind, or the very one in which the service level in question is stated. What counts
/// is the shift times the requests that feel it: a callee that takes 2 s longer for one request in a hundred explains
/// 20 ms of its caller's mean.
fn residual(scene: &Scene, service: usize, kind: MetricKind) -> Piece {
    let mut pieces = Vec::new();
    let stated = scene.layout.target.and_then(|target| target.metric).filter(|metric| scene.layout.metrics[*metric].1 == kind);
    let is_asked = |metric: &&MetricShifts| metric.kind == kind && stated.is_none_or(|stated| metric.metric == stated);
    for metric in scene.shifts.iter().filter(is_asked) {
        let Some(own) = metric.by_service[service].filter(|own| own.delta > 0.0) else { continue };
        let impact = |other: usize| {
            let shift = metric.by_service[other]?;
            let alike = ALIKE * own.delta * (shift.score / own.score).min(1.0) * shift.score / (1.0 + shift.score);
            Some((shift.sure() * scene.weight(other, service)).max(alike))
        };
        let explained = explainers(scene.layout, service).filter_map(impact).fold(0.0, f64::max);
        let explained = if kind == MetricKind::Latency { explained.max(scene.waited(service)) } else { explained };
        let share = (1.0 - explained / own.delta).max(0.0);
        let felt = scene.felt(metric, service, own);
        let strength = share * felt * squeeze(own.score);
        pieces.push(Piece { strength, about: metric.metric, usual: own.usual, value: own.value });
    }
    pieces.sort_by(|a, b| b.strength.total_cmp(&a.strength));
    let count = scene.shifts.iter().filter(is_asked).filter(|metric| metric.by_service[service].is_some()).count();
    let half = &pieces[..pieces.len().min(count.div_ceil(2))];
    let Some(best) = half.first() else { return Piece::default() };
    Piece { strength: half.iter().map(|piece| piece.strength).sum::<f64>() / half.len() as f64, ..*best }
}

/// Share of a shift that a callee explains which has shifted as much in its own measure, whatever the requests say: shared
/// callees, retries and sampling upset the account, and trouble travels from callee to caller more often than back.
const ALIKE: f64 = 0.6;

/// Services whose shift may be the reason of this one's: callees, and for a mere address (a load balancer, seen by its
/// callers only) whatever else its callers call.
fn explainers(layout: &Layout, service: usize) -> impl Iterator<Item = usize> {
    let is_address = layout.is_address(service);
    let siblings = layout.callers(service).filter(move |_| is_address).flat_map(|caller| layout.callees(caller));
    layout.callees(service).chain(siblings).filter(move |other| *other != service && !(is_address && layout.is_address(*other)))
}
