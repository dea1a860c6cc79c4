//! Charts on a canvas: our thin wrapper round plotters' own canvas backend, which draws on whole CSS px, smears lines
//! over two of them and knows nothing of device pixels.
//!
//! - The backing store has device pixels: CSS px times `devicePixelRatio`.
//! - plotters' integer coordinates are quarters of a device pixel: curves do not step.
//! - Everything is moved by half a device pixel, and straight lines are snapped, so that they are crisp.
//! - Joins are bevelled: mitres of a zigzag are most of the raster work.

use super::text_of;
use crate::view::chart::{ChartStyle, MARGIN_BOTTOM_PX, MARGIN_LEFT_PX, MARGIN_RIGHT_PX, MARGIN_TOP_PX, PlotArea, Scene, draw};
use crate::view::{ChartFrame, Marker};
use plotters::drawing::IntoDrawingArea;
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};
use plotters_canvas::CanvasBackend;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// plotters' units per device pixel.
const UNITS: i32 = 4;
/// Largest device pixel ratio that is drawn: beyond it nobody sees a difference, and the raster time grows with
/// its square.
const RATIO_MAX: f64 = 3.0;
/// Where a canvas keeps the upper end of its value axis between two draws: it lives and dies with the element.
const UPPER: &str = "data-upper";

type Outcome = Result<(), DrawingErrorKind<<CanvasBackend as DrawingBackend>::ErrorType>>;

/// plotters' canvas backend with finer units.
struct FineCanvas {
    inner: CanvasBackend,
    size: (u32, u32),
}

impl FineCanvas {
    /// Clears the canvas and prepares its transform, which the inner backend leaves alone.
    fn prepare(canvas: &HtmlCanvasElement) -> Result<Self, String> {
        let context = canvas.get_context("2d").map_err(|thrown| text_of(&thrown))?.ok_or("there is no 2d canvas")?;
        let context: CanvasRenderingContext2d = context.dyn_into().map_err(|_| "not a 2d context")?;
        let (width, height) = (canvas.width(), canvas.height());
        let share = 1.0 / f64::from(UNITS);
        context.reset_transform().map_err(|thrown| text_of(&thrown))?;
        context.clear_rect(0.0, 0.0, width.into(), height.into());
        context.set_transform(share, 0.0, 0.0, share, 0.5, 0.5).map_err(|thrown| text_of(&thrown))?;
        context.set_line_join("bevel");
        let inner = CanvasBackend::with_canvas_object(canvas.clone()).ok_or("there is no 2d canvas")?;
        Ok(Self { inner, size: (width * UNITS as u32, height * UNITS as u32) })
    }
}

/// The centre of a straight line `width` units wide near `at`, such that its sides are on device pixels' edges. With
/// the half pixel shift these are whole pixels for odd widths, halves for even ones.
fn snapped(at: i32, width: u32) -> i32 {
    let pixels = (width as i32 + UNITS / 2) / UNITS;
    let whole = (at + UNITS / 2).div_euclid(UNITS) * UNITS;
    if pixels % 2 == 0 && pixels > 0 { whole - UNITS / 2 } else { whole }
}

/// A horizontal or vertical line is moved to where it is crisp; others stay.
fn crisp(from: BackendCoord, to: BackendCoord, width: u32) -> (BackendCoord, BackendCoord) {
    let (mut from, mut to) = (from, to);
    if from.0 == to.0 {
        from.0 = snapped(from.0, width);
        to.0 = from.0;
    } else if from.1 == to.1 {
        from.1 = snapped(from.1, width);
        to.1 = from.1;
    }
    (from, to)
}

impl DrawingBackend for FineCanvas {
    type ErrorType = <CanvasBackend as DrawingBackend>::ErrorType;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }
    fn ensure_prepared(&mut self) -> Outcome {
        self.inner.ensure_prepared()
    }
    fn present(&mut self) -> Outcome {
        self.inner.present()
    }
    fn draw_pixel(&mut self, point: BackendCoord, colour: BackendColor) -> Outcome {
        self.inner.draw_pixel(point, colour)
    }
    /// As a path: the inner backend moves straight lines by half of its own pixel.
    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Outcome {
        self.draw_path([from, to], style)
    }
    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Outcome {
        self.inner.draw_rect(from, to, style, fill)
    }
    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Outcome {
        let mut path = path.into_iter();
        let (first, second, third) = (path.next(), path.next(), path.next());
        if let (Some(from), Some(to), None) = (first, second, third) {
            let (from, to) = crisp(from, to, style.stroke_width());
            return self.inner.draw_path([from, to], style);
        }
        self.inner.draw_path([first, second, third].into_iter().flatten().chain(path), style)
    }
    fn draw_circle<S: BackendStyle>(&mut self, centre: BackendCoord, radius: u32, style: &S, fill: bool) -> Outcome {
        self.inner.draw_circle(centre, radius, style, fill)
    }
    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, corners: I, style: &S) -> Outcome {
        self.inner.fill_polygon(corners, style)
    }
    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, at: BackendCoord) -> Outcome {
        self.inner.draw_text(text, style, at)
    }
}

/// Gives the canvas as many pixels as it covers on the screen and returns the plot's width in device pixels (0 if the
/// canvas is not laid out, or too small). Call it when the canvas' size or the device pixel ratio changes; it clears
/// the canvas only if the size did change.
pub fn fit(canvas: &HtmlCanvasElement) -> usize {
    let ratio = web_sys::window().map_or(1.0, |window| window.device_pixel_ratio()).clamp(1.0, RATIO_MAX);
    let (css_width, css_height) = (f64::from(canvas.client_width()), f64::from(canvas.client_height()));
    let (width, height) = ((css_width * ratio).round() as u32, (css_height * ratio).round() as u32);
    if (canvas.width(), canvas.height()) != (width, height) {
        canvas.set_width(width);
        canvas.set_height(height);
    }
    let room = css_height > MARGIN_TOP_PX + MARGIN_BOTTOM_PX;
    if room { ((css_width - MARGIN_LEFT_PX - MARGIN_RIGHT_PX).max(0.0) * ratio) as usize } else { 0 }
}

/// Draws a chart on a canvas that was [fitted](fit) and returns where the plot is, in CSS px. `columns` is the frame's
/// companion array, `style.scale` is set here.
///
/// # Errors
/// If the canvas is not laid out or too small, or the browser refuses; the text is for the console.
pub fn draw_chart(
    canvas: &HtmlCanvasElement,
    chart: &ChartFrame,
    columns: &[f64],
    window_s: (f64, f64),
    markers: &[Marker],
    style: &ChartStyle,
) -> Result<PlotArea, String> {
    if canvas.client_width() == 0 || canvas.width() == 0 {
        return Err(format!("chart {}: the canvas is not laid out", chart.title));
    }
    let ratio = f64::from(canvas.width()) / f64::from(canvas.client_width());
    let style = ChartStyle { scale: ratio * f64::from(UNITS), ..style.clone() };
    let area = FineCanvas::prepare(canvas)?.into_drawing_area();
    let scene = Scene { chart, columns, window_s, markers, style: &style, previous_upper: previous_upper(canvas, chart) };
    let place = draw(&area, &scene)?;
    remember_upper(canvas, chart, place.range.1);
    Ok(place)
}

/// The axis' upper end at the last draw, if that was of the same chart.
fn previous_upper(canvas: &HtmlCanvasElement, chart: &ChartFrame) -> Option<f64> {
    let remembered = canvas.get_attribute(UPPER)?;
    let (upper, title) = remembered.split_once(' ')?;
    if title == chart.title { upper.parse().ok() } else { None }
}

fn remember_upper(canvas: &HtmlCanvasElement, chart: &ChartFrame, upper: f64) {
    let remembered = format!("{upper} {}", chart.title);
    if canvas.get_attribute(UPPER).as_deref() != Some(&remembered) {
        // A canvas that forgets draws an axis that breathes, no more.
        let _ = canvas.set_attribute(UPPER, &remembered);
    }
}
