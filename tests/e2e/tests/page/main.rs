//! The built page in headless Chromium, from its first frame to a healed fault.
//!
//! Elements are found by `data-testid`; ARCHITECTURE.md lists them. Tests run one after the other (`--test-threads=1`):
//! each has a browser and an engine of its own, and two at once starve each other on a small machine.

mod editing;
mod healing;
mod importing;
mod opening;
mod steps;
mod time;
mod validating;
