//! One file a pattern: its source, what was chosen, and how its signature is measured.

pub(super) mod p01;
pub(super) mod p02;
pub(super) mod p03;
pub(super) mod p04;
pub(super) mod p05;
pub(super) mod p07;
pub(super) mod p08;
pub(super) mod p09;
pub(super) mod p10;
pub(super) mod p11;
pub(super) mod p12;
pub(super) mod p16;
