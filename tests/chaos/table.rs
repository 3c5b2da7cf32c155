//! The table that `make chaos` prints: one row for each fault, also for one that failed.

use std::{fs::File, io::Write};

use super::verdict::Verdict;

/// A row that is written when this value goes away, as failed unless it was completed.
pub struct Row {
    fault: String,
    what: String,
    done: Option<String>,
}

impl Row {
    /// A fault that is about to be made.
    pub fn of(fault: impl Into<String>) -> Self {
        Self { fault: fault.into(), what: "did not get to its end".into(), done: None }
    }

    /// The fault was made, and this is what became of the marketplace. Panics if anything is wrong with it.
    pub fn judge(mut self, faults: &str, verdict: &Verdict) {
        let Verdict { operations, lost, doubled, absent, wrong } = verdict;
        let (lost, doubled, absent, wrong) = (lost.len(), doubled.len(), absent.len(), wrong.len());
        self.what = format!("{faults} | {operations} | {lost} | {doubled} | {absent} | {wrong}");
        match verdict.complaint() {
            None => self.done = Some(self.what.clone()),
            Some(complaint) => panic!("{}: {complaint}", self.fault),
        }
    }

    /// The fault was made, and nothing was found wrong that could be counted.
    pub fn pass(mut self, faults: &str, operations: usize) {
        self.done = Some(format!("{faults} | {operations} | 0 | 0 | 0 | 0"));
    }
}

/// Says loudly that a fault could not be made on this machine.
pub fn skip(fault: &str, why: &str) {
    let mut row = Row::of(fault);
    row.done = Some(format!("SKIPPED: {why} | 0 | - | - | - | -"));
}

impl Drop for Row {
    fn drop(&mut self) {
        let line = match &self.done {
            Some(done) => format!("| {} | {done} | ok |", self.fault),
            None => format!("| {} | {} | FAILED |", self.fault, self.what),
        };
        println!("{line}");
        if let Some(path) = std::env::var_os("AZUKARI_CHAOS_TABLE") {
            let mut table = File::options().create(true).append(true).open(path).unwrap();
            writeln!(table, "{line}").unwrap();
        }
    }
}
