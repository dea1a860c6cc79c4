//! Frames: what is drawn, made from a session without touching it; and how it reads. Charts and the graph's layout are
//! pure, too.

pub mod address;
mod capture;
pub mod chart;
pub mod columns;
pub mod format;
mod frame;
mod insight;
pub mod layout;
mod lookup;
mod overview;
pub mod pace;
pub mod picks;
pub mod postmortem;
mod suspects;
pub mod words;

pub use capture::{Playback, Viewport, capture};
pub use frame::*;
pub use insight::Insight;
pub use overview::{Overview, overview};
pub use suspects::SuspectFrame;
