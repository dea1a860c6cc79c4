//! Validation.

pub mod incidents;
