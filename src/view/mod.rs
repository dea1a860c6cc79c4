//! Frames: what is drawn, made from a session without touching it.

mod frame;

pub use frame::*;
