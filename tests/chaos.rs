//! What faults do: processes killed, databases gone, answers lost, disks full, clocks wrong, clients hostile. Each is made
//! on purpose while clients work, and afterwards everything that was acknowledged must be there, with its amount, exactly
//! once. A short form runs with the other tests; `make chaos` runs all of it. See docs/reliability.md.

mod books;
mod clocks;
mod cluster;
mod disk;
mod exhausted;
mod hostile;
mod journal;
mod kills;
mod load;
mod lost_answers;
mod members;
mod outage;
mod payday;
mod proxy;
mod races;
mod replica;
mod smuggling;
mod stage;
mod stopping;
mod table;
mod tampered;
mod verdict;

use crate::harness::patience;
