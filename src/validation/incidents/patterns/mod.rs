//! One file a pattern: its source, what was chosen, and how its signature is measured.

pub(super) mod p01;
pub(super) mod p02;
pub(super) mod p03;
pub(super) mod p04;
pub(super) mod p05;
pub(super) mod p06;
pub(super) mod p07;
pub(super) mod p08;
pub(super) mod p09;
pub(super) mod p10;
pub(super) mod p11;
pub(super) mod p12;
pub(super) mod p13;
pub(super) mod p14;
pub(super) mod p15;
pub(super) mod p16;
pub(super) mod p17;
pub(super) mod p18;
pub(super) mod p19;
pub(super) mod p20;
