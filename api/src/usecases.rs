//! One function for each thing that can be done: it reads under lock, lets the domain decide, and writes.

pub mod access;
pub mod commit;
pub mod fee;
pub mod job;
pub mod platform;
pub mod proposal;
