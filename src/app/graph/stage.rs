//! The stage of the graph: camera, layout, and what pointers do to it (pan, zoom, pinch, draw an edge, long press).
//!
//! Lengths are CSS px; "world" is the layout's plane, "screen" is the SVG element's box.

use super::plan::{NODE_HEIGHT, NODE_WIDTH, Plan, plan_of};
use super::route::distance;
use crate::app::model::{Model, OpenMenu, Selection};
use crate::ids::ServiceId;
use crate::sim::fault::FaultTarget;
use leptos::prelude::*;
use std::time::Duration;
use web_sys::{PointerEvent, WheelEvent};

/// Smallest and largest zoom by hand.
const ZOOM: (f64, f64) = (0.2, 3.0);
/// Smallest and largest zoom that fitting chooses: below, nobody can read it; above, it looks like a toy.
const FIT_ZOOM: (f64, f64) = (0.2, 1.25);
/// Room that the tools take at the foot, in px, where they would stand before a service.
const TOOLS_PX: f64 = 48.0;
/// How far the tools reach from the left, in px.
const TOOLS_WIDTH_PX: f64 = 210.0;
/// Below this zoom nodes show only their name and state, larger.
const FAR_ZOOM: f64 = 0.58;
/// Movement that makes a press a drag.
const DRAG_PX: f64 = 5.0;
/// A press of this length opens the fault menu (what touch systems take as a long press).
const LONG_PRESS: Duration = Duration::from_millis(550);

type Point = (f64, f64);

/// What part of the world is seen: `screen = world * zoom + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// Offset to the right.
    pub x: f64,
    /// Offset down.
    pub y: f64,
    /// Zoom.
    pub zoom: f64,
}

/// An edge being drawn from a port: its caller, and the world point under the pointer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Draft {
    /// The caller.
    pub from: ServiceId,
    /// Where the pointer is.
    pub at: Point,
}

/// Pointers that are down: id, where it began, where it is, on the screen.
#[derive(Clone, Debug, Default)]
struct Gesture {
    pointers: Vec<(i32, Point, Point)>,
    dragging: bool,
    press: u64,
}

/// State of the stage. A handle: copies share everything.
#[derive(Clone, Copy)]
pub struct Stage {
    /// The page's model.
    pub model: Model,
    /// The SVG element.
    pub svg: NodeRef<leptos::svg::Svg>,
    /// The camera.
    pub camera: RwSignal<Camera>,
    /// The layout; changes with the structure only.
    pub plan: Memo<Plan>,
    /// What has the keyboard's focus among nodes and edges.
    pub focus: RwSignal<Option<Selection>>,
    /// The edge being drawn.
    pub draft: RwSignal<Option<Draft>>,
    /// The edge under the pointer.
    pub hovered: RwSignal<Option<Selection>>,
    touched: RwSignal<bool>,
    /// How often a layout was asked for.
    asked: RwSignal<u64>,
    gesture: StoredValue<Gesture>,
}

impl Stage {
    /// A stage for the model's frames.
    pub fn new(model: Model) -> Self {
        let structure = model.memo(|f| Some((f.scenario.clone(), f.seed, f.structure)));
        let asked = RwSignal::new(0);
        let plan = Memo::new(move |before: Option<&Plan>| {
            let asked = asked.get();
            let coming = model.pending_call.get_untracked();
            structure.get().map(|_| model.peek(|f| plan_of(f, asked, coming.as_ref(), before))).unwrap_or_default()
        });
        let camera = RwSignal::new(Camera { x: 0.0, y: 0.0, zoom: 1.0 });
        let stage = Self {
            model,
            svg: NodeRef::new(),
            camera,
            plan,
            focus: RwSignal::new(None),
            draft: RwSignal::new(None),
            hovered: RwSignal::new(None),
            touched: RwSignal::new(false),
            asked,
            gesture: StoredValue::new(Gesture::default()),
        };
        let run = model.memo(|f| Some((f.scenario.clone(), f.seed)));
        Effect::new(move |_| run.track_and(|| stage.touched.set(false)));
        Effect::new(move |fitted: Option<(String, u64, u64)>| {
            let about = plan.with(|p| p.about.clone());
            // An edit moves the camera only if something would be out of sight.
            if fitted.as_ref() != Some(&about) || !untrack(|| stage.sees_all()) {
                untrack(|| stage.fit_unless_touched());
            }
            about
        });
        let resized = window_event_listener(leptos::ev::resize, move |_| stage.fit_unless_touched());
        on_cleanup(move || resized.remove());
        stage
    }
    /// Lays everything out anew, shows it, and keeps showing everything until the camera is moved by hand.
    pub fn fit(self) {
        self.touched.set(false);
        self.asked.update(|asked| *asked += 1);
        self.fit_unless_touched();
    }
    fn fit_unless_touched(self) {
        let size = self.plan.with_untracked(|p| p.size);
        let Some((width, height)) = self.screen_size() else { return };
        if self.touched.get_untracked() || size.0 <= 0.0 || width <= 0.0 {
            return;
        }
        let within = |height: f64| {
            let zoom = (width / size.0).min(height / size.1).clamp(FIT_ZOOM.0, FIT_ZOOM.1);
            let centred = |room: f64, used: f64| ((room - used * zoom) / 2.0).max(0.0);
            Camera { x: centred(width, size.0), y: (height - size.1 * zoom) / 2.0, zoom }
        };
        let camera = within(height);
        self.camera.set(if self.is_behind_tools(camera, height) { within(height - TOOLS_PX) } else { camera });
    }
    /// Whether a service would stand behind the tools in the lower left corner.
    fn is_behind_tools(self, camera: Camera, height: f64) -> bool {
        let hidden = |(x, y): &Point| {
            let left = (x - NODE_WIDTH / 2.0) * camera.zoom + camera.x;
            let bottom = (y + NODE_HEIGHT / 2.0) * camera.zoom + camera.y;
            left < TOOLS_WIDTH_PX && bottom > height - TOOLS_PX
        };
        self.plan.with_untracked(|p| p.nodes.values().any(hidden))
    }
    /// Whether the camera shows everything.
    fn sees_all(self) -> bool {
        let (size, camera) = (self.plan.with_untracked(|p| p.size), self.camera.get_untracked());
        self.screen_size().is_some_and(|(width, height)| {
            let (right, bottom) = (size.0 * camera.zoom + camera.x, size.1 * camera.zoom + camera.y);
            camera.x >= 0.0 && camera.y >= 0.0 && right <= width && bottom <= height
        })
    }
    /// Whether all is so small that only names and states can be read.
    pub fn is_far(self) -> bool {
        self.camera.with(|c| c.zoom < FAR_ZOOM)
    }
    /// Zooms about the middle of the stage.
    pub fn zoom_by(self, factor: f64) {
        if let Some((width, height)) = self.screen_size() {
            self.zoom_at(factor, (width / 2.0, height / 2.0));
        }
    }
    fn zoom_at(self, factor: f64, at: Point) {
        self.touched.set(true);
        self.camera.update(|c| {
            let zoom = (c.zoom * factor).clamp(ZOOM.0, ZOOM.1);
            let scale = zoom / c.zoom;
            *c = Camera { x: at.0 - (at.0 - c.x) * scale, y: at.1 - (at.1 - c.y) * scale, zoom };
        });
    }
    fn screen_size(self) -> Option<Point> {
        let rect = self.svg.get_untracked()?.get_bounding_client_rect();
        Some((rect.width(), rect.height()))
    }
    fn screen(self, client: Point) -> Point {
        self.svg.get_untracked().map_or(client, |svg| {
            let rect = svg.get_bounding_client_rect();
            (client.0 - rect.left(), client.1 - rect.top())
        })
    }
    fn world(self, client: Point) -> Point {
        let (at, camera) = (self.screen(client), self.camera.get_untracked());
        ((at.0 - camera.x) / camera.zoom, (at.1 - camera.y) / camera.zoom)
    }
    /// Where a world point is in the window, for menus opened by the keyboard.
    pub fn client(self, world: Point) -> Point {
        let camera = self.camera.get_untracked();
        let (x, y) = (world.0 * camera.zoom + camera.x, world.1 * camera.zoom + camera.y);
        self.svg.get_untracked().map_or((x, y), |svg| {
            let rect = svg.get_bounding_client_rect();
            (x + rect.left(), y + rect.top())
        })
    }
    /// The service whose box holds the world point.
    fn node_at(self, at: Point) -> Option<ServiceId> {
        let hit = |centre: &Point| (centre.0 - at.0).abs() <= NODE_WIDTH / 2.0 && (centre.1 - at.1).abs() <= NODE_HEIGHT / 2.0;
        self.plan.with_untracked(|p| p.nodes.iter().find(|(_, centre)| hit(centre)).map(|(id, _)| *id))
    }
    /// The wheel zooms about the pointer.
    pub fn on_wheel(self, event: &WheelEvent) {
        event.prevent_default();
        let lines = if event.delta_mode() == 1 { 16.0 } else { 1.0 };
        let steps = (-event.delta_y() * lines / 400.0).clamp(-0.5, 0.5);
        self.zoom_at(1.0 + steps, self.screen(client_of(event)));
    }
    /// A pointer goes down on the stage or something on it (`pressed`).
    pub fn on_down(self, event: &PointerEvent, pressed: Option<FaultTarget>) {
        if event.button() != 0 {
            return;
        }
        let at = client_of(event);
        let press = self.gesture.try_update_value(|g| {
            g.pointers.retain(|(id, ..)| *id != event.pointer_id());
            g.pointers.push((event.pointer_id(), at, at));
            g.dragging = g.pointers.len() > 1;
            g.press += 1;
            g.press
        });
        if let (Some(target), "touch") = (pressed, event.pointer_type().as_str()) {
            set_timeout(move || self.long_pressed(press, target, at), LONG_PRESS);
        }
    }
    fn long_pressed(self, press: Option<u64>, target: FaultTarget, at: Point) {
        let still = self.gesture.with_value(|g| Some(g.press) == press && !g.dragging && g.pointers.len() == 1);
        if still {
            self.gesture.update_value(|g| g.dragging = true);
            self.model.menu.set(Some(OpenMenu { target, at }));
        }
    }
    /// A port was pressed: an edge begins.
    pub fn on_port(self, event: &PointerEvent, from: ServiceId) {
        event.stop_propagation();
        event.prevent_default();
        self.capture(event);
        self.draft.set(Some(Draft { from, at: self.world(client_of(event)) }));
    }
    /// A pointer moves.
    pub fn on_move(self, event: &PointerEvent) {
        let at = client_of(event);
        if self.draft.with_untracked(Option::is_some) {
            self.draft.update(|d| d.iter_mut().for_each(|d| d.at = self.world(at)));
            return;
        }
        let Some((before, after)) = self.moved(event.pointer_id(), at) else { return };
        match (before.as_slice(), after.as_slice()) {
            ([from], [to]) => self.pan(event, *from, *to),
            ([a, b], [c, d]) => self.pinch((*a, *b), (*c, *d)),
            _ => {}
        }
    }
    fn moved(self, pointer: i32, at: Point) -> Option<(Vec<Point>, Vec<Point>)> {
        self.gesture.try_update_value(|g| {
            let now = |g: &Gesture| g.pointers.iter().map(|p| p.2).collect::<Vec<_>>();
            let before = now(g);
            let moving = g.pointers.iter_mut().find(|(id, ..)| *id == pointer)?;
            if !g.dragging && distance(moving.1, at) < DRAG_PX {
                return None;
            }
            moving.2 = at;
            g.dragging = true;
            Some((before, now(g)))
        })?
    }
    fn pan(self, event: &PointerEvent, from: Point, to: Point) {
        self.capture(event);
        self.touched.set(true);
        self.camera.update(|c| {
            c.x += to.0 - from.0;
            c.y += to.1 - from.1;
        });
    }
    fn pinch(self, before: (Point, Point), after: (Point, Point)) {
        let factor = distance(after.0, after.1) / distance(before.0, before.1).max(1.0);
        let middle = ((after.0.0 + after.1.0) / 2.0, (after.0.1 + after.1.1) / 2.0);
        self.zoom_at(factor, self.screen(middle));
    }
    fn capture(self, event: &PointerEvent) {
        if let Some(svg) = self.svg.get_untracked() {
            // Refused when the pointer is up already; then there is nothing to capture.
            let _ = svg.set_pointer_capture(event.pointer_id());
        }
    }
    /// A pointer goes up: an edge ends on a service, or on nothing, which asks for a new one.
    pub fn on_up(self, event: &PointerEvent) {
        self.gesture.update_value(|g| g.pointers.retain(|(id, ..)| *id != event.pointer_id()));
        let Some(draft) = self.draft.get_untracked() else { return };
        self.draft.set(None);
        match self.node_at(draft.at) {
            Some(to) if to == draft.from => {}
            Some(to) => self.model.connect_services(draft.from, to),
            None => self.model.naming.set(Some(Some(draft.from))),
        }
    }
    /// A pointer was taken away by the system.
    pub fn on_cancel(self) {
        self.gesture.set_value(Gesture::default());
        self.draft.set(None);
    }
    /// Whether the click that just came ends a drag and means nothing else.
    pub fn click_ends_drag(self) -> bool {
        self.gesture.try_update_value(|g| std::mem::take(&mut g.dragging)).unwrap_or(false)
    }
}

fn client_of(event: &web_sys::MouseEvent) -> Point {
    (f64::from(event.client_x()), f64::from(event.client_y()))
}

/// Tracks a memo and then does something untracked.
trait TrackAnd {
    fn track_and(&self, f: impl FnOnce());
}

impl<T: Send + Sync + 'static> TrackAnd for Memo<T> {
    fn track_and(&self, f: impl FnOnce()) {
        self.track();
        untrack(f);
    }
}
