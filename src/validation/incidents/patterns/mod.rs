//! One file a pattern: its source, what was chosen, and how its signature is measured.

pub(super) mod p01;
pub(super) mod p02;
pub(super) mod p10;
pub(super) mod p16;
