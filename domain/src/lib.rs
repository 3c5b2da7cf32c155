//! The rules of Azukari, pure: no storage, no network, no clock, no randomness.

pub mod ids;
pub mod machine;
pub mod money;
pub mod names;
pub mod policy;
