//! The table that `make chaos` prints: one row for each fault, also for one that failed.

use std::{fs::File, io::Write, path::Path};

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
        let Verdict { kinds, lost, doubled, absent, wrong } = verdict;
        let (lost, doubled, absent, wrong) = (lost.len(), doubled.len(), absent.len(), wrong.len());
        let operations: usize = kinds.values().sum();
        let lines: String = kinds.iter().map(|(kind, times)| format!("{kind}\t{times}\n")).collect();
        append("kinds", &lines);
        self.what = format!("{faults} | {operations} | {lost} | {doubled} | {absent} | {wrong}");
        match verdict.complaint() {
            None => self.done = Some(self.what.clone()),
            Some(complaint) => panic!("{}: {complaint}", self.fault),
        }
    }

    /// The fault was made, and what it must not do was not done; there are no facts to compare.
    pub fn pass(mut self, faults: &str, operations: usize) {
        self.done = Some(format!("{faults} | {operations} | - | - | - | -"));
    }
}

/// Whether a fault is left out on purpose, and on purpose only: one that was not made proves nothing.
pub fn left_out(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|set| !set.is_empty())
}

/// Says loudly that a fault was left out.
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
        append("rows", &format!("{line}\n"));
    }
}

/// For `make chaos`, which reads these files in the folder that it names.
fn append(file: &str, lines: &str) {
    if let Some(folder) = std::env::var_os("AZUKARI_CHAOS_TABLE") {
        let mut file = File::options().create(true).append(true).open(Path::new(&folder).join(file)).unwrap();
        file.write_all(lines.as_bytes()).unwrap();
    }
}
