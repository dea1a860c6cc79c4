//! Frames: what is drawn, made from a session without touching it. Charts and the graph's layout are pure, too.

mod capture;
pub mod chart;
pub mod columns;
mod frame;
pub mod layout;

pub use capture::{Playback, Viewport, capture};
pub use frame::*;
