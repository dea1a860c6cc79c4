//! The simulator against theory and its own laws.

mod conservation;
mod faults;
mod queueing;
mod world;
