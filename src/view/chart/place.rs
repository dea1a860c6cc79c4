//! Where a chart's plot is within its canvas, and what a point of it means: the page's crosshair lives on this.

/// Left of the plot: room for `1000 ms`-long labels. Fixed, so that the plots of several charts are aligned.
pub const MARGIN_LEFT_PX: f64 = 44.0;
/// Right of the plot: half a time label.
pub const MARGIN_RIGHT_PX: f64 = 12.0;
/// Above the plot: half a value label.
pub const MARGIN_TOP_PX: f64 = 8.0;
/// Below the plot: time labels.
pub const MARGIN_BOTTOM_PX: f64 = 22.0;

/// The plot within the canvas, in CSS px from the canvas' upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlotArea {
    /// Left edge in px.
    pub left: f64,
    /// Upper edge in px.
    pub top: f64,
    /// Width in px, above 0.
    pub width: f64,
    /// Height in px, above 0.
    pub height: f64,
    /// Time in s at the left and right edge.
    pub window_s: (f64, f64),
    /// Value at the lower and upper edge, in the chart's unit.
    pub range: (f64, f64),
}

impl PlotArea {
    /// Where a time is, in px; outside of the plot if the time is outside of the window.
    pub fn x_of(&self, time_s: f64) -> f64 {
        self.left + self.width * (time_s - self.window_s.0) / (self.window_s.1 - self.window_s.0)
    }
    /// Which time is at `x_px`; `None` outside of the plot.
    pub fn time_at(&self, x_px: f64) -> Option<f64> {
        let share = (x_px - self.left) / self.width;
        (0.0..=1.0).contains(&share).then_some(self.window_s.0 + share * (self.window_s.1 - self.window_s.0))
    }
    /// Where a value is, in px; values outside of the range are drawn at its ends.
    pub fn y_of(&self, value: f64) -> f64 {
        let share = (value - self.range.0) / (self.range.1 - self.range.0);
        self.top + self.height * (1.0 - share.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_places_are_each_others_inverse_within_the_plot() {
        let area = PlotArea { left: 40.0, top: 10.0, width: 200.0, height: 80.0, window_s: (60.0, 160.0), range: (0.0, 50.0) };
        assert_eq!(area.x_of(110.0), 140.0);
        assert_eq!(area.time_at(140.0), Some(110.0));
        assert_eq!((area.time_at(39.0), area.time_at(241.0)), (None, None));
        assert_eq!((area.y_of(0.0), area.y_of(25.0), area.y_of(50.0), area.y_of(99.0)), (90.0, 50.0, 10.0, 10.0));
    }
}
