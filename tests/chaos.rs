//! What faults do: processes killed, databases gone, answers lost, disks full, clocks wrong, clients hostile. Each is made
//! on purpose while clients work, and afterwards everything that was acknowledged must be there, with its amount, exactly
//! once. A short form runs with the other tests; `make chaos` runs all of it. See docs/reliability.md.

mod books;
mod cluster;
mod journal;
mod kills;
mod load;
mod members;
mod patience;
mod payday;
mod replica;
mod stage;
mod table;
mod verdict;
