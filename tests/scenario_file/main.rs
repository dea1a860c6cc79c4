//! The scenario file: what is written is read back, what is wrong is told, nothing breaks the reader.

mod commands;
mod fuzz;
mod made;
mod planned;
mod problems;
mod round_trip;
