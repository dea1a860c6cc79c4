//! Ground truth: the simulated system. Nothing but `platform::simulated`, `scenario` and `session` may look inside.

pub mod fault;
