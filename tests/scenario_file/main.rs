//! The scenario file: what is written is read back, what is wrong is told, nothing breaks the reader.

mod fuzz;
mod made;
mod problems;
mod round_trip;
