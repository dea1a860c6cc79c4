//! Colours and sizes of a chart. The page reads them from its own style sheet; there are defaults for both themes.

use plotters::style::{RGBAColor, ShapeStyle};

/// A colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Colour {
    /// Red, green, blue.
    pub rgb: (u8, u8, u8),
    /// Opacity, 0..=1.
    pub alpha: f64,
}

impl Colour {
    /// An opaque colour from `0xrrggbb`.
    pub const fn hex(rgb: u32) -> Self {
        Self { rgb: ((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8), alpha: 1.0 }
    }
    /// Reads a style sheet's `#rgb` or `#rrggbb`.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.trim().strip_prefix('#')?;
        let value = u32::from_str_radix(digits, 16).ok()?;
        match digits.len() {
            6 => Some(Self::hex(value)),
            3 => Some(Self::hex((value >> 8 & 15) * 0x11_0000 + (value >> 4 & 15) * 0x1100 + (value & 15) * 0x11)),
            _ => None,
        }
    }
    /// The same colour, `share` (0..=1) as opaque.
    pub const fn faded(self, share: f64) -> Self {
        Self { rgb: self.rgb, alpha: self.alpha * share }
    }
    pub(super) const fn plotted(self) -> RGBAColor {
        let (red, green, blue) = self.rgb;
        RGBAColor(red, green, blue, self.alpha)
    }
    pub(super) const fn filled(self) -> ShapeStyle {
        ShapeStyle { color: self.plotted(), filled: true, stroke_width: 0 }
    }
}

/// How a chart looks.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartStyle {
    /// Lines, by slot.
    pub slots: [Colour; 4],
    /// The axes and their ticks.
    pub axis: Colour,
    /// The mesh.
    pub grid: Colour,
    /// Labels.
    pub text: Colour,
    /// Degraded and Critical: their bands (faded by the chart itself), and the marks of alerts and faults.
    pub bands: [Colour; 2],
    /// Size of labels in CSS px.
    pub font_px: f64,
    /// The backend's units per CSS px. The canvas sets it itself.
    pub scale: f64,
}

impl ChartStyle {
    /// On a light ground.
    pub const fn light() -> Self {
        Self {
            slots: [Colour::hex(0x1f6feb), Colour::hex(0x8250df), Colour::hex(0x0a7f77), Colour::hex(0xb35900)],
            axis: Colour::hex(0x8c959f),
            grid: Colour::hex(0xd8dee4),
            text: Colour::hex(0x57606a),
            bands: [Colour::hex(0xbf8700), Colour::hex(0xcf222e)],
            font_px: 11.0,
            scale: 1.0,
        }
    }
    /// On a dark ground.
    pub const fn dark() -> Self {
        Self {
            slots: [Colour::hex(0x58a6ff), Colour::hex(0xbc8cff), Colour::hex(0x39c5bb), Colour::hex(0xf0883e)],
            axis: Colour::hex(0x6e7681),
            grid: Colour::hex(0x2d333b),
            text: Colour::hex(0x9ea7b3),
            bands: [Colour::hex(0xd29922), Colour::hex(0xf85149)],
            font_px: 11.0,
            scale: 1.0,
        }
    }
    /// CSS px to the backend's units.
    pub(super) fn units(&self, px: f64) -> i32 {
        (px * self.scale).round() as i32
    }
    /// A stroke of `px` CSS px, at least one unit.
    pub(super) fn stroke(&self, colour: Colour, px: f64) -> ShapeStyle {
        ShapeStyle { color: colour.plotted(), filled: false, stroke_width: self.units(px).max(1) as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_sheet_colours_are_read_and_nonsense_is_not() {
        assert_eq!(Colour::parse(" #1f6feb").map(|colour| colour.rgb), Some((0x1f, 0x6f, 0xeb)));
        assert_eq!(Colour::parse("#0fa").map(|colour| colour.rgb), Some((0x00, 0xff, 0xaa)));
        assert_eq!(Colour::parse("#12345"), None);
        assert_eq!(Colour::parse("red"), None);
    }
}
