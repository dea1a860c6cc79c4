//! Charts, drawn by plotters on any of its backends: the page gives a canvas, the tests a recorder.
//!
//! Drawn: axes with our own round ticks, threshold bands, forecast fan, lines from min/max columns as one path each,
//! marks. Not drawn: captions, legends, axis titles. plotters measures those by a DOM element on wasm (several
//! times the cost of all the rest, and blocked by a strict style policy); the page writes them in HTML, which people
//! with a screen reader can read, too.
//!
//! Lengths: the caller works in CSS px; the backend's units are [`ChartStyle::scale`] times finer, so that integer
//! coordinates still are sub-pixel ones.

mod axis;
mod draw;
mod lines;
mod picture;
mod place;
mod range;
mod style;
mod ticks;

pub use draw::{Scene, draw};
pub use picture::{Picture, svg};
pub use place::{MARGIN_BOTTOM_PX, MARGIN_LEFT_PX, MARGIN_RIGHT_PX, MARGIN_TOP_PX, PlotArea};
pub use style::{ChartStyle, Colour};

#[cfg(test)]
mod tests;
