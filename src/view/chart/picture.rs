//! A chart as a picture of its own: SVG with title and legend, for where no page stands around it. The same chart gives the
//! same bytes on every machine: its coordinates are whole numbers, and no text is measured.

use super::draw::{Scene, draw, label};
use super::style::{ChartStyle, Colour};
use crate::view::{ChartFrame, Marker};
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::style::Color;
use plotters_backend::DrawingBackend;
use plotters_svg::SVGBackend;

/// Height of the line with title and legend, in px.
const HEAD_PX: u32 = 22;
/// Mean width of a character, as a share of the font's size: with what follows a text stands clear of it in any usual font.
const CHARACTER: f64 = 0.62;
/// Units per px: half a pixel is fine enough for what does not move.
const SCALE: f64 = 2.0;
/// Behind everything: a picture cannot know whether the page around it is dark.
const GROUND: Colour = Colour::hex(0xff_ff_ff);

/// What is to be drawn; as in [`Scene`].
pub struct Picture<'a> {
    /// The chart.
    pub chart: &'a ChartFrame,
    /// Three numbers per column (time in s, min, max).
    pub columns: &'a [f64],
    /// Time in s at the plot's left and right edge.
    pub window_s: (f64, f64),
    /// Marks in time.
    pub markers: &'a [Marker],
    /// Colours and sizes.
    pub style: &'a ChartStyle,
}

/// Draws a picture of `width` x `height` px.
///
/// # Errors
/// If there is no room for a plot.
pub fn svg(picture: &Picture, width: u32, height: u32) -> Result<String, String> {
    let style = ChartStyle { scale: SCALE, ..picture.style.clone() };
    let units = |px: u32| (f64::from(px) * SCALE) as u32;
    let mut out = String::new();
    {
        let area = SVGBackend::with_string(&mut out, (units(width), units(height))).into_drawing_area();
        area.fill(&GROUND.plotted()).map_err(|error| error.to_string())?;
        let (head, body) = area.split_vertically(units(HEAD_PX));
        write_head(&head, picture.chart, &style)?;
        let Picture { chart, columns, window_s, markers, .. } = *picture;
        draw(&body, &Scene { chart, columns, window_s, markers, style: &style, previous_upper: None })?;
        area.present().map_err(|error| error.to_string())?;
    }
    // It is drawn in units and shown in px: the view box stays.
    let size = |width: u32, height: u32| format!("width=\"{width}\" height=\"{height}\"");
    Ok(out.replacen(&size(units(width), units(height)), &size(width, height), 1))
}

/// Title, unit, and the lines' names in their colours.
fn write_head<DB: DrawingBackend>(
    area: &DrawingArea<DB, plotters::coord::Shift>,
    chart: &ChartFrame,
    style: &ChartStyle,
) -> Result<(), String> {
    let (mut left, top) = (style.units(super::MARGIN_LEFT_PX), style.units(6.0));
    // Lines of several units name theirs.
    let title = if chart.unit.is_empty() { chart.title.clone() } else { format!("{}, {}", chart.title, chart.unit) };
    let lines = chart.lines.iter().map(|line| (line.label.as_str(), style.slots[usize::from(line.slot) % style.slots.len()]));
    for (text, colour) in std::iter::once((title.as_str(), style.text)).chain(lines) {
        let font = label(style).font;
        let words = plotters::style::TextStyle { font, color: colour.plotted().to_backend_color(), ..label(style) };
        area.draw_text(text, &words, (left, top)).map_err(|error| error.to_string())?;
        left += style.units((text.chars().count() + 2) as f64 * style.font_px * CHARACTER);
    }
    Ok(())
}
