//! The drawing itself, from the ground up: bands, mesh and axes, fan, lines, marks.

use super::axis::Axis;
use super::lines::{columns_of, fan_within, paths};
use super::place::{MARGIN_BOTTOM_PX, MARGIN_LEFT_PX, MARGIN_RIGHT_PX, MARGIN_TOP_PX, PlotArea};
use super::range::upper_bound;
use super::style::{ChartStyle, Colour};
use crate::view::{ChartFrame, LogKind, Marker};
use plotters::chart::{ChartBuilder, ChartContext, LabelAreaPosition};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind};
use plotters::element::{Circle, DashedPathElement, PathElement, Polygon, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, TextStyle};
use plotters_backend::DrawingBackend;

/// Room for one time label, in px.
const TIME_TICK_PX: f64 = 64.0;
/// Room for one value label, in px.
const VALUE_TICK_PX: f64 = 28.0;
/// Smallest plot that is drawn, in px each way.
const PLOT_PX_MIN: f64 = 16.0;
/// Height of a detector's lane, in px.
const LANE_PX: f64 = 6.0;
/// Height of a mark, in px.
const MARK_PX: f64 = 7.0;
/// Height of the shade above a threshold, in px at most: where values are far beyond it, all would be of one colour.
const BAND_PX: f64 = 24.0;

type Plot<'a, DB> = ChartContext<'a, DB, Cartesian2d<Axis, Axis>>;
type Outcome<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// What is to be drawn.
pub struct Scene<'a> {
    /// The chart.
    pub chart: &'a ChartFrame,
    /// The frame's companion array: three numbers per column (time in s, min, max).
    pub columns: &'a [f64],
    /// Time in s at the plot's left and right edge.
    pub window_s: (f64, f64),
    /// Marks in time.
    pub markers: &'a [Marker],
    /// Colours and sizes.
    pub style: &'a ChartStyle,
    /// Upper end of the value axis at the last draw of this chart, which stays as long as it fits.
    pub previous_upper: Option<f64>,
}

/// Draws on `area` (which is not cleared) and returns where the plot is.
///
/// # Errors
/// If there is no room for a plot, or the backend fails; the text is for the console.
pub fn draw<DB: DrawingBackend>(area: &DrawingArea<DB, Shift>, scene: &Scene) -> Result<PlotArea, String> {
    let place = place(area, scene)?;
    draw_all(area, scene, &place).map_err(|error| format!("chart {}: {error}", scene.chart.title))?;
    Ok(place)
}

fn place<DB: DrawingBackend>(area: &DrawingArea<DB, Shift>, scene: &Scene) -> Result<PlotArea, String> {
    let (width, height) = area.dim_in_pixel();
    let scale = scene.style.scale;
    let place = PlotArea {
        left: MARGIN_LEFT_PX,
        top: MARGIN_TOP_PX,
        width: f64::from(width) / scale - MARGIN_LEFT_PX - MARGIN_RIGHT_PX,
        height: f64::from(height) / scale - MARGIN_TOP_PX - MARGIN_BOTTOM_PX,
        window_s: window(scene.window_s),
        range: (0.0, upper_bound(scene.chart, scene.previous_upper)),
    };
    if place.width < PLOT_PX_MIN || place.height < PLOT_PX_MIN || !place.width.is_finite() {
        return Err(format!("chart {}: no room in {width} x {height} units", scene.chart.title));
    }
    Ok(place)
}

/// A window that has a length.
fn window((from, to): (f64, f64)) -> (f64, f64) {
    let from = if from.is_finite() { from } else { 0.0 };
    if to.is_finite() && to > from { (from, to) } else { (from, from + 1.0) }
}

fn draw_all<DB: DrawingBackend>(area: &DrawingArea<DB, Shift>, scene: &Scene, place: &PlotArea) -> Outcome<DB> {
    let style = scene.style;
    let times = Axis::time(place.window_s, (place.width / TIME_TICK_PX) as usize);
    let values = Axis::value(place.range, (place.height / VALUE_TICK_PX) as usize);
    let mut plot: Plot<DB> = ChartBuilder::on(area)
        .margin_top(style.units(MARGIN_TOP_PX))
        .margin_right(style.units(MARGIN_RIGHT_PX))
        .set_label_area_size(LabelAreaPosition::Left, style.units(MARGIN_LEFT_PX))
        .set_label_area_size(LabelAreaPosition::Bottom, style.units(MARGIN_BOTTOM_PX))
        .build_cartesian_2d(times, values)?;
    draw_bands(&plot, scene, place)?;
    draw_axes(&mut plot, style)?;
    draw_fan(&plot, scene, place)?;
    draw_marks(&plot, scene, place)?;
    draw_lanes(&plot, scene, place)?;
    let drawn = draw_lines(&plot, scene, place)?;
    if drawn == 0 {
        draw_note(&plot, style, place, "No data yet")?;
    }
    area.present()
}

fn draw_axes<DB: DrawingBackend>(plot: &mut Plot<DB>, style: &ChartStyle) -> Outcome<DB> {
    plot.configure_mesh()
        .set_all_tick_mark_size(style.units(3.0))
        .axis_style(style.stroke(style.axis, 1.0))
        .bold_line_style(style.stroke(style.grid, 1.0))
        .label_style(label(style))
        .draw()
}

/// Labels in the page's own font: the canvas takes any CSS font family.
pub(super) fn label(style: &ChartStyle) -> TextStyle<'static> {
    let font = FontDesc::new(FontFamily::Name("system-ui, sans-serif"), style.font_px * style.scale, FontStyle::Normal);
    TextStyle { font, color: style.text.plotted().to_backend_color(), pos: Pos::default() }
}

/// Degraded and Critical as lines with a faint shade above them.
fn draw_bands<DB: DrawingBackend>(plot: &Plot<DB>, scene: &Scene, place: &PlotArea) -> Outcome<DB> {
    let Some((degraded, critical)) = scene.chart.thresholds else { return Ok(()) };
    let (from, to) = place.window_s;
    let upper = place.range.1;
    for (low, high, colour) in [(degraded, critical, scene.style.bands[0]), (critical, upper, scene.style.bands[1])] {
        if !low.is_finite() || low >= upper {
            continue;
        }
        let shade = upper * BAND_PX / place.height;
        let corners = [(from, low), (to, high.min(upper).min(low + shade))];
        plot.plotting_area().draw(&Rectangle::new(corners, colour.faded(0.08).filled()))?;
        let line = vec![(from, low), (to, low)];
        plot.plotting_area().draw(&PathElement::new(line, scene.style.stroke(colour.faded(0.6), 1.0)))?;
    }
    Ok(())
}

/// The 90 % interval as an area, the expected course as a dashed line.
fn draw_fan<DB: DrawingBackend>(plot: &Plot<DB>, scene: &Scene, place: &PlotArea) -> Outcome<DB> {
    let fan = fan_within(&scene.chart.forecast, place.window_s);
    if fan.len() < 2 {
        return Ok(());
    }
    let colour = slot(scene.style, scene.chart.lines.first().map_or(0, |line| line.slot));
    let upper = fan.iter().map(|point| (point.0, point.3));
    let lower = fan.iter().rev().map(|point| (point.0, point.1));
    let outline: Vec<_> = upper.chain(lower).collect();
    plot.plotting_area().draw(&Polygon::new(outline, colour.faded(0.16).filled()))?;
    let expected: Vec<_> = fan.iter().map(|point| (point.0, point.2)).collect();
    let (dash, gap) = (scene.style.units(4.0), scene.style.units(3.0));
    let stroke = scene.style.stroke(colour, 1.5);
    plot.plotting_area().draw(&DashedPathElement::new(expected, dash, gap, stroke))
}

/// Draws the lines and returns how many have points.
fn draw_lines<DB: DrawingBackend>(
    plot: &Plot<DB>,
    scene: &Scene,
    place: &PlotArea,
) -> Result<usize, DrawingAreaErrorKind<DB::ErrorType>> {
    let mut drawn = 0;
    for line in &scene.chart.lines {
        let columns = columns_of(line, scene.columns, place.window_s);
        drawn += usize::from(!columns.is_empty());
        let colour = slot(scene.style, line.slot);
        for path in paths(&columns) {
            if let [only] = path[..] {
                let dot = Circle::new(only, scene.style.units(1.5), colour.filled());
                plot.plotting_area().draw(&dot)?;
            } else {
                plot.plotting_area().draw(&PathElement::new(path, scene.style.stroke(colour, 1.5)))?;
            }
        }
    }
    Ok(drawn)
}

/// Strong ticks at the plot's top. Faults, decisions and edits, which explain what the lines do, also have a faint line
/// through the plot; alerts follow from the lines and are many.
fn draw_marks<DB: DrawingBackend>(plot: &Plot<DB>, scene: &Scene, place: &PlotArea) -> Outcome<DB> {
    let (upper, mark) = (place.range.1, place.range.1 * (1.0 - MARK_PX / place.height));
    let within = |marker: &&Marker| (place.window_s.0..=place.window_s.1).contains(&marker.at_s);
    for marker in scene.markers.iter().filter(within) {
        let Some(colour) = mark_colour(scene.style, marker.kind) else { continue };
        let faint = if marker.kind == LogKind::Alert { 0.0 } else { 0.4 };
        for (low, share, px) in [(0.0, faint, 1.0), (mark, 1.0, 2.0)] {
            let points = vec![(marker.at_s, low), (marker.at_s, upper)];
            plot.plotting_area().draw(&PathElement::new(points, scene.style.stroke(colour.faded(share), px)))?;
        }
    }
    Ok(())
}

/// At the plot's foot the injected truth as a bar, and above it a row a detector with a tick for each alarm, the combined
/// alarm last and strongest.
fn draw_lanes<DB: DrawingBackend>(plot: &Plot<DB>, scene: &Scene, place: &PlotArea) -> Outcome<DB> {
    let (style, chart) = (scene.style, scene.chart);
    let height = |rows: f64| place.range.1 * rows * LANE_PX / place.height;
    let (left, right) = place.window_s;
    for (from, to) in chart.truth.iter().copied().filter(|(from, to)| from.is_finite() && to.is_finite()) {
        let corners = [(from.clamp(left, right), 0.0), (to.clamp(left, right), height(0.8))];
        plot.plotting_area().draw(&Rectangle::new(corners, style.bands[1].faded(0.55).filled()))?;
    }
    for (row, lane) in chart.lanes.iter().enumerate() {
        let is_last = row + 1 == chart.lanes.len();
        let (colour, px) = if is_last { (style.text, 2.5) } else { (slot(style, row as u8), 1.5) };
        let (low, high) = (height(row as f64 + 1.1), height(row as f64 + 1.9));
        for at in lane.at_s.iter().copied().filter(|at| (left..=right).contains(at)) {
            plot.plotting_area().draw(&PathElement::new(vec![(at, low), (at, high)], style.stroke(colour, px)))?;
        }
    }
    Ok(())
}

fn mark_colour(style: &ChartStyle, kind: LogKind) -> Option<Colour> {
    match kind {
        LogKind::Fault => Some(style.bands[1]),
        LogKind::Alert => Some(style.bands[0]),
        LogKind::Decision => Some(style.slots[0]),
        LogKind::Edit => Some(style.axis),
        LogKind::Platform | LogKind::Service => None,
    }
}

fn draw_note<DB: DrawingBackend>(plot: &Plot<DB>, style: &ChartStyle, place: &PlotArea, text: &str) -> Outcome<DB> {
    let area = plot.plotting_area().strip_coord_spec();
    let middle = (style.units(place.width / 2.0), style.units(place.height / 2.0));
    area.draw_text(text, &label(style).pos(Pos::new(HPos::Center, VPos::Center)), middle)
}

fn slot(style: &ChartStyle, slot: u8) -> Colour {
    style.slots[usize::from(slot) % style.slots.len()]
}
