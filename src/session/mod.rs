//! A session closes the loop: world, platform, pipeline, journal.

mod command;

pub use command::{Command, Journal};
